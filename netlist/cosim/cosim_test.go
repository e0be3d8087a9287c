package cosim_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"upset/models/driver"
	"upset/netlist/cosim"
	"upset/netlist/gate"
	"upset/npu"
	"upset/npu/isa"
)

func TestDev(t *testing.T) {
	dir := os.Getenv("RTL")
	mod := os.Getenv("MOD")
	c, _ := isa.ParseConfig(os.Getenv("NPU"))
	f, err := os.Open(dir + "/netlists/" + mod + "-" + c.String() + ".gates")
	if err != nil {
		t.Fatal(err)
	}
	n, err := gate.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	mf, err := os.Open(dir + "/" + mod + ".map")
	if err != nil {
		t.Fatal(err)
	}
	pairs, err := cosim.ReadPairs(mf)
	if err != nil {
		t.Fatal(err)
	}
	var b *npu.Boundary
	switch mod {
	case "traversal":
		b = npu.TraversalBoundary()
	case "weight_decoder":
		b = npu.WeightDecoderBoundary()
	}
	if v := os.Getenv("MUT"); v != "" {
		k, _ := strconv.Atoi(v)
		g := &n.Gates[k%len(n.Gates)]
		t.Log(k, *g)
		switch g.Kind {
		case gate.And:
			g.Kind = gate.Or
		case gate.Mux:
			g.A, g.B = g.B, g.A
		default:
			g.Kind ^= 1
		}
	}
	blk, err := cosim.NewBlock(c, b, n, pairs)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(os.Getenv("MODEL"))
	if err != nil {
		t.Fatal(err)
	}
	nw, err := driver.Open(data, c)
	if err != nil {
		t.Fatal(err)
	}
	p := nw.Program()
	rng := rand.New(rand.NewPCG(1, 1))
	run := cosim.Run{Name: p.Name, Start: func() *npu.Machine {
		var mem isa.Memory
		in := make([]byte, p.InputBytes())
		for i := range in {
			in[i] = byte(rng.Uint32())
		}
		if err := p.Load(&mem, in); err != nil {
			t.Fatal(err)
		}
		m := npu.New(c, npu.DefaultSystem(), npu.ECCNone, &mem)
		p.Start(m)
		return m
	}}
	count, _ := strconv.Atoi(os.Getenv("N"))
	src := cosim.NewStretches([]cosim.Run{run}, count, 1000, 1)
	var plan cosim.Plan
	if os.Getenv("FLIPS") != "" {
		plan = cosim.NewEvery(blk.Bits(), 20, 1)
	}
	g, err := cosim.NewGroup(blk, src, plan)
	if err != nil {
		t.Fatal(err)
	}
	for g.Clock() {
		if g.Result.Different > 20 {
			break
		}
	}
	r := &g.Result
	t.Log(r.Clocks, r.Flips, r.Seen, r.Long, r.Cut, r.Different)
	for _, d := range r.Differences {
		t.Log(d)
	}
}
