package faults

import (
	"slices"
	"testing"

	"upset/models/driver"
	"upset/npu"
	"upset/npu/isa"
)

// What stays for good though the inferences that are followed do not read it is latent
// and not settled: the owner of a port's write channel, on a port that this network does
// not write through. Where the NPU is reset it is nothing.
func TestNotSettled(t *testing.T) {
	for _, reload := range []bool{false, true} {
		e := engine(t, "fashion-tiny", isa.U55x64, 3, Options{AssumeReload: reload})
		id, err := e.Table().Parse("dma.axi1.wowner.0")
		if err != nil {
			t.Fatal(err)
		}
		s := Site{id, e.Cycles() - 50}
		fast, err := worker(t, e).Inject(1, s, nil)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := worker(t, e).Plain(1, s)
		if err != nil {
			t.Fatal(err)
		}
		o, c := Latent, CauseUnsettled
		if reload {
			o, c = Masked, CauseNone
		}
		if plain.Outcome != o || plain.Cause != c || !fast.Same(plain) {
			t.Errorf("reload %t: fast %+v, plain %+v", reload, fast, plain)
		}
	}
}

// Fault-free inferences behind others are settled at every one of them, in any order of
// the inputs, with one input, too: nothing that they leave is taken for a fault's.
func TestFaultFreeIsSettled(t *testing.T) {
	for _, c := range isa.Configs {
		for inputs := 1; inputs <= 3; inputs++ {
			name := "fashion-tiny"
			if c == isa.U55x128 { // takes its buffers in four turns
				name = "fashion-dscnn"
			}
			e := engine(t, name, c, inputs, Options{ECC: npu.ECCSECDED})
			if e.inherits.keepsData() {
				t.Errorf("%v: data reach from one inference to the next", c)
			}
			m, err := e.Begin(0)
			if err != nil {
				t.Fatal(err)
			}
			m.Run(e.Watchdog())
			for k := 1; k <= MaxFollowed+1; k++ {
				l, err := e.later(0, k)
				if err != nil {
					t.Fatal(err)
				}
				again(m, e.program, l.input, e.Cycles())
				if ok, err := e.Settled(m, 0, k); err != nil || !ok {
					t.Errorf("%v, %d inputs: inference %d: settled %t, %v", c, inputs, k, ok, err)
				}
				m.Run(e.Cycles() + e.Watchdog())
				if out := e.program.ReadOutputs(m.Mem); string(out) != string(l.output) {
					t.Errorf("%v, %d inputs: inference %d gives another output", c, inputs, k)
				}
			}
		}
	}
}

// A word of the shared buffer that the next inference inherits keeps a machine from being
// settled, and one that it renews does not.
func TestInheritedWords(t *testing.T) {
	e := engine(t, "fashion-tiny", isa.U55x64, 2, Options{ECC: npu.ECCParity})
	touched := map[bool]int{}
	for w, yes := range e.inherits.coded[1] {
		m, err := e.Begin(0)
		if err != nil {
			t.Fatal(err)
		}
		if touched[yes]++; touched[yes] > 3 {
			continue
		}
		m.Run(e.Watchdog())
		again(m, e.program, e.golds[0].second.input, e.Cycles())
		m.FlipRAM(w*codeWord, 3)
		ok, err := e.Settled(m, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		stop := m.Run(e.Cycles() + e.Watchdog())
		if ok == yes || (stop == npu.ECCFault) != yes {
			t.Errorf("word %d, touched %t: settled %t, then %v", w, yes, ok, stop)
		}
	}
	if touched[true] == 0 || touched[false] == 0 {
		t.Errorf("words: %v", touched)
	}
}

// Data that an inference inherits through the memory are followed against the fault-free
// machine along the same inputs: a wrong byte of an image
// that lies in the arena from the start is not settled.
func TestInheritedMemory(t *testing.T) {
	in := shippedInputs(t, "fashion-tiny", 1)[0]
	from := shipped(t, "fashion-tiny", isa.U55x64)
	input := from.Inputs[0]
	// The image lies in the arena from the start, and the host writes it no more.
	p := &driver.Program{Name: "an image in the arena", Config: from.Config, Commands: from.Commands, Flash: from.Flash, ArenaSize: from.ArenaSize, FastSize: from.FastSize,
		Inputs: []driver.Binding{{Name: "unread", Type: input.Type, Shape: input.Shape, Offset: -1, Size: input.Size, Quant: input.Quant}}, Outputs: from.Outputs,
		Constants: []driver.Constant{{Name: "image", Offset: input.Offset, Data: in}}, Operations: from.Operations}
	e, err := New(p, [][]byte{in, in}, Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !e.inherits.keepsData() {
		t.Fatal("constants in the arena are not inherited")
	}
	m, err := e.Begin(0)
	if err != nil {
		t.Fatal(err)
	}
	m.Run(e.Watchdog())
	for k := 1; k <= MaxFollowed+1; k++ {
		l, err := e.later(0, k)
		if err != nil {
			t.Fatal(err)
		}
		again(m, p, l.input, e.Cycles())
		if k == 5 {
			at := slices.Index(e.inherits.mem, true)
			m.Mem.SRAM[at] ^= 0x40
		}
		if ok, err := e.Settled(m, 0, k); err != nil || ok != (k != 5) && k <= 5 {
			t.Errorf("inference %d: settled %t, %v", k, ok, err)
		}
		m.Run(e.Cycles() + e.Watchdog())
	}
	compareOptions(t, e, 200)
}
