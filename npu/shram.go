package npu

import (
	"encoding/binary"
	"math/bits"

	"upset/npu/isa"
)

// ECC selects the protection of the shared buffer's words. Arm's public
// material only says that a build with ECC on the internal RAMs exists; word
// width and code are our choice.
type ECC uint8

// Protection options of the shared buffer.
const (
	ECCNone   ECC = iota
	ECCParity     // one parity bit per byte: an error is reported
	ECCSECDED     // (72,64) code: single errors corrected, double errors reported
)

// RAMState is the RAM of the shared buffer.
//
// The check bits are kept as their difference from the code of the stored data
// (the syndrome), which is the same information: a flipped data bit toggles its
// column of the code, a flipped check bit toggles itself, a write clears it.
type RAMState struct {
	Mem     [isa.MaxSHRAM]byte `npu:"8,sram,n=shram"`
	Syn     [eccWords]uint8    `npu:"8,sram,n=ecc"`
	SynLive uint16             `npu:"model"` // number of words whose syndrome is not zero
}

// SBState is the control of the shared buffer: the full and busy flags of its
// double-buffered areas, and the write port of the IFM channel.
type SBState struct {
	IBFull  [2]uint8 `npu:"1,local"` // IFM buffer holds a block
	IBSel   uint8    `npu:"1,local"` // IFM buffer that is consumed next
	ABFull  [2]uint8 `npu:"1,local"` // accumulator buffer holds finished sums
	ABBusy  [2]uint8 `npu:"1,local"` // accumulator buffer is claimed by the MAC array
	OBFull  [2]uint8 `npu:"1,local"` // output buffer may be written to memory
	OBBusy  [2]uint8 `npu:"1,local"` // output buffer is claimed by the output stage
	OBSlots [2]uint8 `npu:"7,local"` // bricks in the output buffer

	WrData  uint64 `npu:"64,data"`  // IFM write port: bytes to store
	WrAddr  uint16 `npu:"16,local"` // and where
	WrBytes uint8  `npu:"4,local"`  // how many, 0 = idle

	Wait [portUnits]uint8 `npu:"model"` // clocks that a unit's accesses have had, see Machine.served
}

// hsiao holds the columns of the (72,64) code for the 64 data bits: the 56
// words of weight three and eight of weight five (Hsiao 1970).
var hsiao = func() (c [64]uint8) {
	n := 0
	for _, w := range []int{3, 5} {
		for v := 1; v < 256 && n < 64; v++ {
			if bits.OnesCount8(uint8(v)) == w {
				c[n] = uint8(v)
				n++
			}
		}
	}
	return c
}()

var hsiaoBit = func() (t [256]int8) {
	for i := range t {
		t[i] = -1
	}
	for i, c := range hsiao {
		t[c] = int8(i)
	}
	return t
}()

// FlipRAM flips one stored bit of the shared buffer: bit 0..7 of the byte at
// addr. The check bits keep their stored value, so the syndrome changes.
func (m *Machine) FlipRAM(addr, bit int) {
	m.S.RAM.Mem[addr] ^= 1 << bit
	switch m.ECC {
	case ECCParity:
		m.toggleSyndrome(addr>>3, 1<<(addr&7))
	case ECCSECDED:
		m.toggleSyndrome(addr>>3, hsiao[addr&7*8+bit])
	}
}

// FlipCheck flips one stored check bit (0..7) of a 64-bit word.
func (m *Machine) FlipCheck(word, bit int) { m.toggleSyndrome(word, 1<<bit) }

func (m *Machine) toggleSyndrome(word int, x uint8) {
	sb := &m.S.RAM
	was := sb.Syn[word] != 0
	sb.Syn[word] ^= x
	switch is := sb.Syn[word] != 0; {
	case is && !was:
		sb.SynLive++
	case was && !is:
		sb.SynLive--
	}
}

// checkWord decodes the word at index w before it is used: it returns the word
// as the decoder delivers it, and reports an ECC fault where the code sees an
// error that it cannot correct.
func (m *Machine) checkWord(w int) uint64 {
	v := binary.LittleEndian.Uint64(m.S.RAM.Mem[w*8:])
	s := m.S.RAM.Syn[w]
	if s == 0 {
		return v
	}
	if m.ECC == ECCParity {
		m.eccFault()
		return v
	}
	if bits.OnesCount8(s) == 1 { // a check bit
		m.count(EvECC, 1)
		return v
	}
	if b := hsiaoBit[s]; b >= 0 {
		m.count(EvECC, 1)
		return v ^ 1<<b
	}
	m.eccFault()
	return v
}

// Corrected returns word w of the shared buffer as the code delivers it when it is read,
// and whether it can: a code that only detects cannot, nor can any correct two wrong bits.
func (m *Machine) Corrected(w int) (v uint64, ok bool) {
	v = binary.LittleEndian.Uint64(m.S.RAM.Mem[w*8:])
	s := m.S.RAM.Syn[w]
	switch {
	case s == 0:
		return v, true
	case m.ECC != ECCSECDED:
		return v, false
	case bits.OnesCount8(s) == 1: // a check bit
		return v, true
	}
	b := hsiaoBit[s]
	if b < 0 {
		return v, false
	}
	return v ^ 1<<b, true
}

func (m *Machine) eccFault() {
	m.S.CC.ECCFault = 1
	m.halt()
}

// ram reads eight bytes at any byte address, of which the caller uses the first
// ones; addresses behind the end wrap.
func (m *Machine) ram(addr, used int) uint64 {
	if m.Probe.Access != nil {
		m.Probe.Access(addr, 8, used, false)
	}
	if uint(addr) > uint(m.shramLast8) {
		return m.ramWrapped(addr)
	}
	if m.S.RAM.SynLive == 0 {
		return binary.LittleEndian.Uint64(m.S.RAM.Mem[addr:])
	}
	if addr&7 == 0 {
		return m.checkWord(addr >> 3)
	}
	lo, hi := m.checkWord(addr>>3), m.checkWord(addr>>3+1)
	k := uint(addr&7) * 8
	return lo>>k | hi<<(64-k)
}

func (m *Machine) ramWrapped(addr int) uint64 {
	var v uint64
	size := m.Spec.SHRAMBytes()
	for i := range 8 {
		a := int(uint(addr+i) % uint(size))
		w := m.checkWord(a >> 3)
		v |= w >> (8 * (a & 7)) & 0xff << (8 * i)
	}
	return v
}

// ramStore writes the low n bytes (1..8) of v at any byte address. A write of
// part of a protected word reads and corrects the word first. A token without lanes,
// which only an upset can make, writes nothing: n is 0.
func (m *Machine) ramStore(addr int, v uint64, n int) {
	if m.Probe.Journal != nil {
		m.Probe.Journal.note(Store{Addr: uint32(addr), Value: v, Bytes: uint8(n)})
	}
	if m.Probe.Access != nil {
		m.Probe.Access(addr, n, n, true)
	}
	if uint(addr) > uint(m.shramLast8) {
		size := m.Spec.SHRAMBytes()
		for i := range n {
			a := int(uint(addr+i) % uint(size))
			m.mend(a>>3, false)
			m.S.RAM.Mem[a] = byte(v >> (8 * i))
		}
		return
	}
	if m.S.RAM.SynLive != 0 && n > 0 {
		m.mend(addr>>3, n == 8 && addr&7 == 0)
		if (addr+n-1)>>3 != addr>>3 {
			m.mend((addr+n-1)>>3, false)
		}
	}
	if n == 8 {
		binary.LittleEndian.PutUint64(m.S.RAM.Mem[addr:], v)
		return
	}
	for i := range n {
		m.S.RAM.Mem[addr+i] = byte(v >> (8 * i))
	}
}

// mend settles the syndrome of a word that is about to be written, wholly or
// in part.
func (m *Machine) mend(word int, whole bool) {
	if m.S.RAM.Syn[word] == 0 {
		return
	}
	if !whole {
		v := m.checkWord(word)
		binary.LittleEndian.PutUint64(m.S.RAM.Mem[word*8:], v)
	}
	m.toggleSyndrome(word, m.S.RAM.Syn[word])
}

// stepWritePort retires the IFM write port.
func (m *Machine) stepWritePort() {
	sb := &m.S.SB
	if sb.WrBytes == 0 || !m.inputServed() {
		return
	}
	m.ramStore(int(sb.WrAddr), sb.WrData, int(min(sb.WrBytes, 8)))
	sb.WrBytes = 0
	m.wake(restIFM)
}

// canonicalSB: the length of an output buffer is set when the token that closes it
// enters the output stage, and needed until the buffer is drained.
func canonicalSB(sb *SBState, a *AOState) {
	closed := sb.OBFull
	for st, on := range a.Valid {
		if f := a.Flags[st]; on != 0 && f&aoClose != 0 {
			closed[f/aoBuffer&1] = 1
		}
	}
	for b, on := range closed {
		if on == 0 {
			sb.OBSlots[b] = 0
		}
	}
	if sb.WrBytes == 0 {
		sb.WrAddr = 0
	}
	sb.WrData &= lowBytes(sb.WrBytes)
}
