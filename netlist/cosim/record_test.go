package cosim_test

import (
	"os"
	"slices"
	"testing"

	"upset/models/network"
	"upset/netlist/cosim"
	"upset/netlist/gate"
	"upset/npu"
	"upset/npu/isa"
)

// replay does what a record says with another simulator, in which all patterns are alike.
type replay struct {
	t         *testing.T
	b         *cosim.Block
	s         *gate.Simulator
	registers []cosim.Register
	held      map[int][]uint64
	loads     int
	clocks    int
	moved     int // clocks in which a register changed
}

func (r *replay) Load(lane int, registers []uint64) {
	r.held[lane] = slices.Clone(registers)
	r.loads++
}

func (r *replay) Clock(lane int, run string, cycle uint64, in, out, registers []uint64) {
	if r.t.Failed() {
		return
	}
	bit := 0
	for _, x := range r.registers {
		for i := range x.Verilog.Bits {
			v := r.held[lane][bit>>6] >> (bit & 63) & 1
			r.s.SetSame([]gate.NetID{r.b.Gates.Q(x.Verilog.First + gate.FlopID(i))}, v)
			bit++
		}
	}
	r.s.SetSame(r.b.Gates.Input("rst"), 0)
	at := 0
	for _, s := range r.b.Boundary.Inputs {
		for nets := r.b.Gates.Input(s.Name); len(nets) > 0; at++ {
			n := min(64, len(nets))
			r.s.SetSame(nets[:n], in[at])
			nets = nets[n:]
		}
	}
	r.s.Evaluate()
	var column [gate.Patterns]uint64
	at = 0
	for _, s := range r.b.Boundary.Outputs {
		for nets := r.b.Gates.Output(s.Name); len(nets) > 0; at++ {
			n := min(64, len(nets))
			if r.s.GetNets(nets[:n], &column); column[0] != out[at] {
				r.t.Errorf("%s, cycle %d: output %s is %#x, recorded as %#x", run, cycle, s.Name, column[0], out[at])
			}
			nets = nets[n:]
		}
	}
	r.s.Clock()
	bit = 0
	for _, x := range r.registers {
		for i := range x.Verilog.Bits {
			have := r.s.Source(r.b.Gates.Q(x.Verilog.First + gate.FlopID(i)))[0] & 1
			if want := registers[bit>>6] >> (bit & 63) & 1; have != want {
				r.t.Errorf("%s, cycle %d: bit %d of %s is %d, recorded as %d", run, cycle, i, x.Machine, have, want)
			}
			bit++
		}
	}
	r.clocks++
	if !slices.Equal(r.held[lane], registers) {
		r.moved++
	}
	copy(r.held[lane], registers)
}

func TestRecordIsEnoughToDoItAgain(t *testing.T) {
	b, err := cosim.Open("traversal", isa.U55x32)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("../../testdata/models/fashion-tiny.tflite")
	if err != nil {
		t.Fatal(err)
	}
	n, err := network.Open(data, isa.U55x32)
	if err != nil {
		t.Fatal(err)
	}
	p := n.Program()
	run := cosim.Run{Name: p.Name, Most: 2000, Start: func() *npu.Machine {
		var mem isa.Memory
		if err := p.Load(&mem, make([]byte, p.InputBytes())); err != nil {
			t.Fatal(err)
		}
		m := npu.New(isa.U55x32, npu.DefaultSystem(), npu.ECCNone, &mem)
		p.Start(m)
		return m
	}}
	const stretches, clocks = 10, 150
	g, err := cosim.NewGroup(b, cosim.NewStretches([]cosim.Run{run}, stretches, clocks, 1), cosim.NewEvery(b.Bits(), 1, 1))
	if err != nil {
		t.Fatal(err)
	}
	registers := b.Registers()
	r := &replay{t: t, b: b, s: gate.New(b.Gates), registers: registers, held: map[int][]uint64{}}
	g.Recorder = r
	for g.Clock() {
	}
	if r.clocks != g.Result.Clocks || r.clocks < stretches*clocks/2 || r.loads < stretches+g.Result.Flips || g.Result.Flips == 0 || r.moved == 0 {
		t.Errorf("%d clocks, %d of them with a change, %d loads, %d flips", r.clocks, r.moved, r.loads, g.Result.Flips)
	}
}
