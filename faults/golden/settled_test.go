package golden

import (
	"testing"

	"upset/faults"
	"upset/npu"
	"upset/npu/isa"
)

// Fault-free inferences behind others are settled at every one of them, in any order of
// the inputs, with one input, too: nothing that they leave is taken for a fault's.
func TestFaultFreeIsSettled(t *testing.T) {
	for _, c := range isa.Configs {
		for inputs := 1; inputs <= 3; inputs++ {
			name := "fashion-tiny"
			if c == isa.U55x128 { // takes its buffers in four turns
				name = "fashion-dscnn"
			}
			e := runs(t, name, c, inputs, faults.Options{ECC: npu.ECCSECDED})
			if e.Inherits.KeepsData() {
				t.Errorf("%v: data reach from one inference to the next", c)
			}
			m, err := e.Begin(0)
			if err != nil {
				t.Fatal(err)
			}
			m.Run(e.Watchdog())
			for k := 1; k <= faults.MaxFollowed+1; k++ {
				l, err := e.Later(0, k)
				if err != nil {
					t.Fatal(err)
				}
				Again(m, e.program, l.Input, e.Cycles())
				if ok, err := e.Settled(m, 0, k); err != nil || !ok {
					t.Errorf("%v, %d inputs: inference %d: settled %t, %v", c, inputs, k, ok, err)
				}
				m.Run(e.Cycles() + e.Watchdog())
				if out := e.program.ReadOutputs(m.Mem); string(out) != string(l.Output) {
					t.Errorf("%v, %d inputs: inference %d gives another output", c, inputs, k)
				}
			}
		}
	}
}

// A word of the shared buffer that the next inference inherits keeps a machine from being
// settled, and one that it renews does not.
func TestInheritedWords(t *testing.T) {
	e := runs(t, "fashion-tiny", isa.U55x64, 2, faults.Options{ECC: npu.ECCParity})
	touched := map[bool]int{}
	for w, yes := range e.Inherits.coded[1] {
		m, err := e.Begin(0)
		if err != nil {
			t.Fatal(err)
		}
		if touched[yes]++; touched[yes] > 3 {
			continue
		}
		m.Run(e.Watchdog())
		Again(m, e.program, e.Golds[0].Next, e.Cycles())
		m.FlipRAM(w*faults.CodeWord, 3)
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
