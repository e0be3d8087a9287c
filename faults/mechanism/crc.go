package mechanism

import (
	"sort"

	"upset/npu"
)

// crc is a checksum over the beats that the weight decoder takes from its channel.
// The command that issues an operation brings the value that the compiler has
// found for the operation's stream. At the end of every pass the two are compared.
type crc struct {
	streams map[uint32]uint32
	history []moment
	longest int // beats; an upset may ask for a stream of any length

	sum      uint64
	bank     uint64    // of the pass
	expected [4]uint64 // by bank

	valid  [4]uint8
	offset uint32
	pass   npu.WeightPass
	head   uint8
	beat   uint64
	stage  uint8
}

// polynomial is that of CRC-32 (IEEE 802.3), least significant bit first.
const polynomial = 0xedb88320

const crcBits = 32

// crcTable is the effect of a byte on the CRC.
var crcTable = func() (t [256]uint32) {
	for i := range t {
		c := uint32(i)
		for range 8 {
			c = c>>1 ^ polynomial&-(c&1)
		}
		t[i] = c
	}
	return t
}()

// next is the CRC behind one more beat.
func next(sum uint32, beat uint64) uint32 {
	for range 8 {
		sum = sum>>8 ^ crcTable[byte(sum)^byte(beat)]
		beat >>= 8
	}
	return sum
}

// streamCRC is the CRC of a stretch of memory.
func streamCRC(m *npu.Machine, addr uint32, beats int) uint32 {
	sum := ^uint32(0)
	for k := range beats {
		beat, _ := m.Read8(addr + 8*uint32(k))
		sum = next(sum, beat)
	}
	return sum
}

func (c *crc) regs() []reg {
	list := []reg{{"sum", crcBits, &c.sum}, {"bank", 2, &c.bank}}
	for i := range c.expected {
		list = append(list, reg{"expected", crcBits, &c.expected[i]})
	}
	return list
}

// consumed is the CRC of the part of the pass that the decoder has taken.
func (c *crc) consumed(m *npu.Machine) (sum uint32, live bool) {
	w := &m.S.WD
	if p := w.Pass(); p != npu.PassRun && p != npu.PassDrain {
		return 0, false
	}
	addr, beats := m.WeightStream(uint8(c.bank))
	return streamCRC(m, addr, min(c.longest, max(0, beats-int(w.Beats)))), true
}

// current is the bank of the pass that is under way: the stage has turned to the
// next one when it drains the last pass of an operation.
func current(m *npu.Machine) uint64 {
	t := &m.S.Trav.WD
	if m.S.WD.Pass() == npu.PassDrain && t.On == 0 {
		return uint64(t.Bank-1) & 3
	}
	return uint64(t.Bank & 3)
}

func (c *crc) sync(m *npu.Machine) {
	c.sum, c.bank, c.expected = 0, 0, [4]uint64{}
	if i := sort.Search(len(c.history), func(i int) bool { return c.history[i].cycle > m.Cycle() }); i > 0 {
		h := &c.history[i-1]
		c.sum, c.bank, c.expected = h.sum, h.bank, h.expected
	}
	if sum, live := c.consumed(m); live {
		c.sum = uint64(sum)
	}
}

// needed reports whether the value for a bank may still be compared.
func (c *crc) needed(m *npu.Machine, b int) bool {
	return m.S.CC.OpValid[b] != 0 || m.S.WD.Pass() != npu.PassIdle && current(m) == uint64(b)
}

func (c *crc) agrees(m *npu.Machine) bool {
	if m.S.WD.Pass() != npu.PassIdle && m.S.WD.Pass() != npu.PassInit {
		if c.bank != current(m) {
			return false
		}
		if _, beats := m.WeightStream(uint8(c.bank)); beats > c.longest {
			return false
		}
		if sum, live := c.consumed(m); live && uint64(sum) != c.sum {
			return false
		}
	}
	for b := range c.expected {
		addr, beats := m.WeightStream(uint8(b))
		if beats > 0 && c.needed(m, b) && (beats > c.longest || c.expected[b] != uint64(streamCRC(m, addr, beats))) {
			return false
		}
	}
	return true
}

func (c *crc) before(m *npu.Machine) bool {
	d, w := &m.S.DMA, &m.S.WD
	c.valid, c.offset = m.S.CC.OpValid, m.S.CC.Offset
	c.pass, c.head, c.stage = w.Pass(), d.WgtHead, m.S.Trav.WD.Bank
	c.beat = d.WgtFIFO[d.WgtHead&(uint8(len(d.WgtFIFO))-1)]
	return false
}

func (c *crc) after(m *npu.Machine) bool {
	if c.pass == npu.PassInit {
		c.sum, c.bank = mask(crcBits), uint64(c.stage&3)
	}
	if m.S.DMA.WgtHead != c.head {
		c.sum = uint64(next(uint32(c.sum), c.beat))
	}
	for b := range c.expected {
		if c.valid[b] == 0 && m.S.CC.OpValid[b] != 0 {
			if v, ok := c.streams[c.offset]; ok {
				c.expected[b] = uint64(v)
			}
		}
	}
	return c.pass == npu.PassDrain && m.S.WD.Pass() != npu.PassDrain && c.sum != c.expected[c.bank&3]
}

// crcGates is the number of exclusive ors with two inputs that step the CRC by a
// beat: a tree for every bit, nothing shared.
func crcGates() (n int) {
	for k := range crcBits {
		inputs := 0
		for i := range 64 {
			inputs += int(next(0, 1<<i) >> k & 1)
		}
		for i := range crcBits {
			inputs += int(next(1<<i, 0) >> k & 1)
		}
		n += max(0, inputs-1)
	}
	return n
}
