package npu_test

import (
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"upset/models/network"
	"upset/models/tflite"
	"upset/npu"
	"upset/npu/isa"
)

// Bounds of a hostile run (our choice): small memories and few cycles, so that a
// case takes milliseconds.
const (
	hostileCycles = 20_000
	hostileSRAM   = 1 << 16
	hostileFlash  = 1 << 14
)

// hostileRun runs a stream until the machine stops or the watchdog bites, and
// checks what must hold after any input.
func hostileRun(t *testing.T, c isa.Config, ecc npu.ECC, mem *isa.Memory, at uint32, words int, bases [8]uint32) npu.Status {
	t.Helper()
	return hostileRunOn(t, npu.DefaultSystem(), c, ecc, mem, at, words, bases)
}

// hostileRunOn is hostileRun on a system.
func hostileRunOn(t *testing.T, sys npu.System, c isa.Config, ecc npu.ECC, mem *isa.Memory, at uint32, words int, bases [8]uint32) npu.Status {
	t.Helper()
	sram, flash := len(mem.SRAM), len(mem.Flash)
	m := npu.New(c, sys, ecc, mem)
	m.Start(at, 4*words, bases)
	st := m.Run(hostileCycles)
	if m.Cycle() > hostileCycles {
		t.Fatalf("the watchdog of %d cycles lets %d pass", hostileCycles, m.Cycle())
	}
	if len(mem.SRAM) != sram || len(mem.Flash) != flash {
		t.Fatal("the run changed the size of a memory")
	}
	if stopped := m.S.CC.Run == 0; stopped == (st == npu.Timeout) || stopped && m.S.CC.IRQ == 0 || st == npu.Running {
		t.Fatalf("status %v with run %d and interrupt %d", st, m.S.CC.Run, m.S.CC.IRQ)
	}
	return st
}

// hostileProgram runs a program whose parts may be damaged.
func hostileProgram(t *testing.T, p *network.Program, edit func(flash []byte, words int)) npu.Status {
	t.Helper()
	mem := new(isa.Memory)
	if err := p.Load(mem, make([]byte, p.InputBytes())); err != nil {
		return npu.ParseError // too large to load: refused
	}
	mem.Flash = append([]byte(nil), mem.Flash...)
	edit(mem.Flash, len(p.Commands))
	return hostileRun(t, p.Config, npu.ECCNone, mem, p.StreamAddr(), len(p.Commands), p.Bases())
}

// patch overwrites bytes: each change is a 16-bit place and a byte that is
// combined with the old value by exclusive or.
func patch(b, changes []byte) {
	for ; len(changes) >= 3 && len(b) > 0; changes = changes[3:] {
		b[int(binary.LittleEndian.Uint16(changes))%len(b)] ^= changes[2]
	}
}

// hostilePrograms are small programs that use every block: a convolution with
// several blocks, a depthwise one and, where the data folder is there, Vela
// streams with tables, elementwise operations and rolling buffers.
func hostilePrograms(t testing.TB) []*network.Program {
	var list []*network.Program
	for _, c := range isa.Configs {
		r := rand.New(rand.NewPCG(uint64(c), 11))
		for _, l := range []layer{
			{h: 6, w: 7, d: 9, od: 19, kernel: 3, stride: 2},
			{h: 5, w: 6, d: 12, od: 12, kernel: 3, stride: 1, depthwise: true},
		} {
			p, _ := l.build(t, c, r)
			list = append(list, p)
		}
		for _, name := range []string{"hello_world_int8", "ops/softmax_int8", "ops/add_diff", "ops/resize_nn_2x", "ops/avgpool_3x3_same_int16", "ops/fc_sparse"} {
			data, err := os.ReadFile(filepath.Join("..", "..", "shared", "vela", "ethos-"+c.String(), name+"_vela.tflite"))
			if err != nil {
				continue
			}
			n, err := network.Open(data, c)
			if err != nil {
				t.Fatal(err)
			}
			if p := n.Program(); p != nil {
				list = append(list, p)
			}
		}
	}
	return list
}

func bytesOfWords(words []uint32) []byte {
	var b []byte
	for _, w := range words {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return b
}

// extremeStream sets every register to one value and starts every operation.
func extremeStream(value uint32) []uint32 {
	var s isa.Stream
	for r := range isa.Table {
		s.Set(isa.Reg(r), value)
	}
	for _, op := range []isa.Opcode{isa.OpConv, isa.OpDepthwise, isa.OpPool, isa.OpElementwise, isa.OpDMAStart, isa.OpKernelWait, isa.OpDMAWait} {
		s.Op(op, value&0xff)
	}
	s.Op(isa.OpStop, 0xffff)
	return s.Words
}

// FuzzStream runs any words as a command stream.
func FuzzStream(f *testing.F) {
	f.Add(uint8(0), []byte{})
	f.Add(uint8(1), bytesOfWords([]uint32{0xffff0000}))
	f.Add(uint8(2), bytesOfWords([]uint32{0x4020}))
	for _, value := range []uint32{0, 1, 2, 7, 0x7fff, 0xffff, 0x31000000, 0xffffffff} {
		f.Add(uint8(value)&3, bytesOfWords(extremeStream(value)))
	}
	for i, p := range hostilePrograms(f) {
		f.Add(uint8(i), bytesOfWords(p.Commands))
		f.Add(uint8(i)+16, bytesOfWords(p.Commands))
		f.Add(uint8(i)+48, bytesOfWords(p.Commands))
	}
	f.Fuzz(func(t *testing.T, c uint8, stream []byte) {
		stream = stream[:min(len(stream), hostileFlash)&^3]
		mem := &isa.Memory{SRAM: make([]byte, hostileSRAM), Flash: make([]byte, 2*hostileFlash)}
		r := rand.New(rand.NewPCG(uint64(c), 3))
		for i := range mem.Flash[:hostileFlash] {
			mem.Flash[i] = byte(r.Uint32())
		}
		copy(mem.Flash[hostileFlash:], stream)
		bases := [8]uint32{isa.FlashBase, isa.SRAMBase, isa.SRAMBase}
		if c&0x10 != 0 { // regions that start anywhere, also outside every memory
			bases = [8]uint32{r.Uint32(), isa.SRAMBase + hostileSRAM - 8, isa.FlashBase + 3, r.Uint32(), 0, 0xffffffff}
		}
		ecc := []npu.ECC{npu.ECCNone, npu.ECCParity, npu.ECCSECDED}[(c>>2)%3]
		sys := npu.DefaultSystem()
		if c&0x20 != 0 {
			sys = systems()[slices.Sorted(maps.Keys(systems()))[c>>6]]
		}
		hostileRunOn(t, sys, isa.Configs[c&3], ecc, mem, isa.FlashBase+hostileFlash, len(stream)/4, bases)
	})
}

// FuzzDamagedStream damages the words of streams that are otherwise whole.
func FuzzDamagedStream(f *testing.F) {
	programs := hostilePrograms(f)
	for i := range programs {
		f.Add(uint8(i), []byte{byte(16 * i), 0, 0xff, 3, 1, 0x80, byte(40 + i), 0, 1})
	}
	f.Fuzz(func(t *testing.T, which uint8, changes []byte) {
		p := programs[int(which)%len(programs)]
		hostileProgram(t, p, func(flash []byte, words int) {
			at := int(p.StreamAddr() - isa.FlashBase)
			patch(flash[at:at+4*words], changes)
		})
	})
}

// FuzzDamagedWeights damages weights, scales, tables and constants in flash.
func FuzzDamagedWeights(f *testing.F) {
	programs := hostilePrograms(f)
	for i := range programs {
		f.Add(uint8(i), []byte{0, 0, 0xff, 1, 0, 0x0f, byte(i), 1, 0x55})
	}
	f.Fuzz(func(t *testing.T, which uint8, changes []byte) {
		p := programs[int(which)%len(programs)]
		hostileProgram(t, p, func(flash []byte, _ int) { patch(flash[:len(p.Flash)], changes) })
	})
}

// FuzzContainer damages whole files and runs what can still be read.
func FuzzContainer(f *testing.F) {
	var files [][]byte
	root := filepath.Join("..", "..", "shared")
	if _, err := os.Stat(root); os.IsNotExist(err) {
		f.Skip("the data folder ../shared is absent")
	}
	for _, name := range []string{"hello_world_int8", "ops/softmax_int8", "ops/conv_3x3"} {
		data, err := os.ReadFile(filepath.Join(root, "vela", "ethos-u55-128", name+"_vela.tflite"))
		if err != nil {
			f.Fatal(err)
		}
		files = append(files, data)
	}
	for i := range files {
		f.Add(uint8(i), []byte{200, 1, 0xff})
	}
	f.Fuzz(func(t *testing.T, which uint8, changes []byte) {
		b := append([]byte(nil), files[int(which)%len(files)]...)
		patch(b, changes)
		m, err := tflite.Parse(b)
		if err != nil {
			return
		}
		n, err := network.FromVela(m, isa.U55x128)
		if err != nil {
			return
		}
		for _, p := range n.Programs() {
			if p.InputBytes() < 1<<20 {
				hostileProgram(t, p, func([]byte, int) {})
			}
		}
	})
}

// TestHostileOutcomes damages streams and weights at random and expects every way
// in which a run may end: the fuzzers would prove little if all damage were
// harmless, or all of it were refused at once.
func TestHostileOutcomes(t *testing.T) {
	programs := hostilePrograms(t)
	r := rand.New(rand.NewPCG(1, 1))
	seen := map[npu.Status]int{}
	for k := range 1000 {
		changes := make([]byte, 9)
		for i := range changes {
			changes[i] = byte(r.Uint32())
		}
		p := programs[k%len(programs)]
		seen[hostileProgram(t, p, func(flash []byte, words int) {
			if k&1 == 0 {
				at := int(p.StreamAddr() - isa.FlashBase)
				flash = flash[at : at+4*words]
			} else {
				flash = flash[:len(p.Flash)]
			}
			patch(flash, changes)
		})]++
	}
	for _, st := range []npu.Status{npu.Done, npu.ParseError, npu.BusError, npu.DecoderFault, npu.Timeout} {
		if seen[st] == 0 {
			t.Errorf("no run ends with %v: %v", st, seen)
		}
	}
}
