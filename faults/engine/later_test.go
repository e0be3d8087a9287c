package engine

import (
	"slices"
	"testing"

	"upset/faults"
	"upset/faults/golden"
	"upset/models/nettest"
	"upset/models/network"
	"upset/npu/isa"
)

// What stays for good though the inferences that are followed do not read it is latent
// and not settled: the owner of a port's write channel, on a port that this network does
// not write through. Where the NPU is reset it is nothing.
func TestNotSettled(t *testing.T) {
	for _, reload := range []bool{false, true} {
		e := engine(t, "fashion-tiny", isa.U55x64, 3, faults.Options{AssumeReload: reload})
		id, err := e.Table().Parse("dma.axi1.wowner.0")
		if err != nil {
			t.Fatal(err)
		}
		s := faults.Site{ID: id, Cycle: e.Cycles() - 50}
		fast, err := worker(t, e).Inject(1, s, nil)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := worker(t, e).Plain(1, s)
		if err != nil {
			t.Fatal(err)
		}
		o, c := faults.Latent, faults.CauseUnsettled
		if reload {
			o, c = faults.Masked, faults.CauseNone
		}
		if plain.Outcome != o || plain.Cause != c || !fast.Same(plain) {
			t.Errorf("reload %t: fast %+v, plain %+v", reload, fast, plain)
		}
	}
}

// Data that an inference inherits through the memory are followed against the fault-free
// machine along the same inputs: a wrong byte of an image
// that lies in the arena from the start is not settled.
func TestInheritedMemory(t *testing.T) {
	in := nettest.Inputs(t, "fashion-tiny", 1)[0]
	from := nettest.Shipped(t, "fashion-tiny", isa.U55x64)
	input := from.Inputs[0]
	// The image lies in the arena from the start, and the host writes it no more.
	p := &network.Program{Name: "an image in the arena", Config: from.Config, Commands: from.Commands, Flash: from.Flash, ArenaSize: from.ArenaSize, FastSize: from.FastSize,
		Inputs: []network.Binding{{Name: "unread", Type: input.Type, Shape: input.Shape, Offset: -1, Size: input.Size, Quant: input.Quant}}, Outputs: from.Outputs,
		Constants: []network.Constant{{Name: "image", Offset: input.Offset, Data: in}}, Operations: from.Operations}
	e, err := New(p, [][]byte{in, in}, faults.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !e.Inherits.KeepsData() {
		t.Fatal("constants in the arena are not inherited")
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
		golden.Again(m, p, l.Input, e.Cycles())
		if k == 5 {
			at := slices.Index(e.Inherits.Mem, true)
			m.Mem.SRAM[at] ^= 0x40
		}
		if ok, err := e.Settled(m, 0, k); err != nil || ok != (k != 5) && k <= 5 {
			t.Errorf("inference %d: settled %t, %v", k, ok, err)
		}
		m.Run(e.Cycles() + e.Watchdog())
	}
	compareOptions(t, e, 200)
}
