package npu_test

import (
	"bytes"
	"strings"
	"testing"

	"upset/npu"
	"upset/npu/isa"
)

// systems are maps in which the parts of a program lie elsewhere than by default.
func systems() map[string]npu.System {
	base := npu.DefaultSystem()
	base.DRAM = npu.Timing{BeatInterval: 4, ReadLatency: 100, WriteLatency: 60}
	with := func(change func(m *npu.Map)) npu.System {
		s := base
		s.Map = npu.DefaultMap()
		change(&s.Map)
		return s
	}
	return map[string]npu.System{
		"bases": with(func(m *npu.Map) {
			m.SRAM, m.Flash = npu.Window{Base: 0x70000000, Size: 4 << 20}, npu.Window{Base: 0x10000000, Size: 16 << 20}
		}),
		"constants in SRAM": with(func(m *npu.Map) {
			m.SRAM = npu.Window{Base: 0x31000000, Size: 4 << 20}
			m.Constants, m.Port1, m.Commands, m.Flash = npu.InSRAM, 0, 0, npu.Window{}
		}),
		"arena in DRAM": with(func(m *npu.Map) {
			m.DRAM = npu.Window{Base: 0x31000000, Size: 8 << 20}
			m.SRAM = npu.Window{Base: 0x20000000, Size: 384 << 10}
			m.Arena, m.Port1 = npu.InDRAM, 1|1<<1
		}),
		"all in DRAM, narrow ports": with(func(m *npu.Map) {
			m.DRAM = npu.Window{Base: 0xe0000000, Size: 0x20000000}
			m.Arena, m.Constants, m.Fast, m.Port1 = npu.InDRAM, npu.InDRAM, npu.InDRAM, 0xff
			m.Ports[1] = npu.Port{Burst: 256, Reads: 2, Writes: 1}
		}),
	}
}

// TestMaps runs networks in other maps: outputs and memory are those of the functional
// machine, which knows the default one only, and nothing is written outside.
func TestMaps(t *testing.T) {
	for _, name := range []string{"micro_speech_quantized", "hello_world_int8"} {
		p := velaProgram(t, isa.U55x128, name)
		input := bytes.Repeat([]byte{17, 230, 99}, p.InputBytes()/3+1)[:p.InputBytes()]
		var want isa.Memory
		if err := p.Load(&want, input); err != nil {
			t.Fatal(err)
		}
		out, err := p.RunFunctional(input)
		if err != nil {
			t.Fatal(err)
		}
		cycles := map[uint64]bool{}
		for what, sys := range systems() {
			if err := sys.Fits(p.Usage()); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			mem := new(isa.Memory)
			if err := p.Load(mem, input); err != nil {
				t.Fatal(err)
			}
			m := npu.New(p.Config, sys, npu.ECCNone, mem)
			m.WindowLo, m.WindowHi = isa.SRAMBase, isa.SRAMBase+uint32(p.SRAMBytes())
			m.Start(p.StreamAddr(), 4*len(p.Commands), p.Bases())
			if st := m.Run(100_000_000); st != npu.Done {
				t.Fatalf("%s, %s: %v: %s", name, what, st, m.Describe())
			}
			if !bytes.Equal(p.ReadOutputs(mem), out) {
				t.Errorf("%s, %s: other outputs", name, what)
			}
			if m.S.Bus.Stray != 0 {
				t.Errorf("%s, %s: %d writes outside the arena", name, what, m.S.Bus.Stray)
			}
			if sys.Map.Port1&2 != 0 && m.Events[npu.EvAXIWriteBeat] != 0 || sys.Map.Port1&1 == 0 && m.Events[npu.EvAXIReadBeat1] != 0 {
				t.Errorf("%s, %s: traffic on the other port", name, what)
			}
			cycles[m.Cycle()] = true
		}
		if len(cycles) < 3 {
			t.Errorf("%s: the maps make no difference in time: %v", name, cycles)
		}
	}
}

// TestMapEdges reads and writes where memories begin and end, and where they do not lie.
func TestMapEdges(t *testing.T) {
	sys := npu.DefaultSystem()
	sys.Map = npu.DefaultMap()
	sys.Map.SRAM, sys.Map.DRAM = npu.Window{Base: 0x20000000, Size: 1 << 10}, npu.Window{Base: 0x60000000, Size: 1 << 12}
	sys.Map.Arena, sys.Map.Constants = npu.InDRAM, npu.InSRAM
	mem := &isa.Memory{SRAM: bytes.Repeat([]byte{1}, 96), Flash: bytes.Repeat([]byte{7}, 16), FastLo: 64, FastHi: 96}
	for i := range mem.SRAM {
		mem.SRAM[i] = byte(i)
	}
	m := npu.New(isa.U55x64, sys, npu.ECCNone, mem)
	for addr, want := range map[uint32]uint64{
		0x20000000: 0x4746454443424140, 0x20000018: 0x5f5e5d5c5b5a5958, // the fast scratch memory
		0x20000020: 0x0707070707070707, 0x20000030: 0, // constants, and nothing behind them
		0x60000000: 0x0706050403020100, 0x60000038: 0x3f3e3d3c3b3a3938, 0x60000040: 0, 0x60000ff8: 0,
	} {
		if v, ok := m.Read8(addr); !ok || v != want {
			t.Errorf("%#x holds %#x, %t; want %#x", addr, v, ok, want)
		}
	}
	for _, addr := range []uint32{0x20000400, 0x1ffffff8, 0x60001000, isa.SRAMBase, isa.FlashBase + 32<<20, 0, 0xfffffff8} {
		if _, ok := m.Read8(addr); ok {
			t.Errorf("%#x answers", addr)
		}
	}
}

// TestFits tells which memory is too small, and the remedy.
func TestFits(t *testing.T) {
	s := npu.DefaultSystem()
	for _, c := range []struct {
		u    npu.Usage
		want string
	}{
		{npu.Usage{Arena: isa.SRAMSize, Constants: isa.FlashSize}, ""},
		{npu.Usage{Arena: isa.SRAMSize - 16, Fast: 17}, "arena in 2097152 bytes of sram"},
		{npu.Usage{Constants: isa.FlashSize + 1}, "weights and commands in 33554432 bytes of flash"},
		{npu.Usage{Arena: isa.MaxSRAM, Fast: 1}, "that are simulated"},
		{npu.Usage{Constants: isa.MaxFlash + 1}, "that are simulated"},
	} {
		err := s.Fits(c.u)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.u, err, c.want)
		}
	}
	s.Map = npu.DefaultMap()
	s.Map.Constants = npu.InSRAM
	if err := s.Fits(npu.Usage{Arena: 1 << 20, Constants: 1<<20 + 1}); err == nil || !strings.Contains(err.Error(), "arena, weights and commands") {
		t.Errorf("constants beside the arena: %v", err)
	}
}
