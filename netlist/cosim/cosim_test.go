package cosim_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"upset/models/network"
	"upset/netlist/cosim"
	"upset/netlist/gate"
	"upset/netlist/rtl"
	"upset/npu"
	"upset/npu/isa"
)

const shared = "../../../shared"

// run makes a run of a model. The models beside the project are left out where the whole
// folder is.
func run(t testing.TB, file string, c isa.Config) cosim.Run {
	t.Helper()
	data, err := os.ReadFile(filepath.FromSlash(file))
	if err != nil {
		t.Fatal(err)
	}
	n, err := network.Open(data, c)
	if err != nil {
		t.Fatal(err)
	}
	p, err := n.Whole(1)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(uint64(c), uint64(len(data))))
	input := make([]byte, p.InputBytes())
	for i := range input {
		input[i] = byte(rng.Uint32())
	}
	return cosim.Run{Name: filepath.Base(file), Start: func() *npu.Machine {
		var mem isa.Memory
		if err := p.Load(&mem, input); err != nil {
			t.Fatal(err)
		}
		m := npu.New(c, npu.DefaultSystem(), npu.ECCNone, &mem)
		p.Start(m)
		return m
	}}
}

// runs are a shipped network and operations of many kinds.
func runs(t testing.TB, c isa.Config) []cosim.Run {
	list := []cosim.Run{run(t, "../../testdata/models/fashion-tiny.tflite", c)}
	if _, err := os.Stat(shared); err != nil {
		return list
	}
	for _, n := range []string{"conv_3x3_int16", "dw_3x3", "avgpool_3x3_same", "maxpool_3x3_int16", "softmax_int8", "add_diff", "resize_nn_2x", "fc_sparse"} {
		list = append(list, run(t, shared+"/models/ops/"+n+".tflite", c))
	}
	return list
}

// Machine and gates are equal in every clock, without faults and after flips.
func TestBlocksEqualTheirGates(t *testing.T) {
	o := cosim.Options{Clocks: 20_000, Flips: 600, Seed: 3, Workers: 2}
	if os.Getenv("UPSET_FULL") == "1" {
		o.Clocks, o.Flips = 500_000, 20_000
	}
	for _, c := range isa.Configs {
		list := runs(t, c)
		for _, name := range cosim.Blocks() {
			t.Run(fmt.Sprint(name, " ", c), func(t *testing.T) {
				b, err := cosim.Open(name, c)
				if err != nil {
					t.Fatal(err)
				}
				r, err := cosim.Validate(t.Context(), b, list, o, nil)
				if err != nil {
					t.Fatal(err)
				}
				for _, d := range r.Differences {
					t.Error(d)
				}
				if r.Clocks < o.Clocks || r.Flips < o.Flips || r.Seen == 0 {
					t.Errorf("%d clocks and %d flips, of which %d spread", r.Clocks, r.Flips, r.Seen)
				}
			})
		}
	}
}

// A gate that does something else is noticed: the comparison can fail. Not every one shows:
// some matter only in states that these runs do not reach.
func TestOtherGatesAreNoticed(t *testing.T) {
	const mutants, least = 8, 3
	c := isa.U55x32
	list := runs(t, c)
	for _, name := range cosim.Blocks() {
		rng := rand.New(rand.NewPCG(1, uint64(len(name))))
		found := 0
		for range mutants {
			n := gates(t, name, c)
			g := &n.Gates[rng.IntN(len(n.Gates))]
			switch g.Kind {
			case gate.And:
				g.Kind = gate.Or
			case gate.Or, gate.Nor, gate.Nand:
				g.Kind = gate.And
			case gate.Mux:
				g.A, g.B = g.B, g.A
			case gate.Xor:
				g.Kind = gate.Xnor
			case gate.Xnor:
				g.Kind = gate.Xor
			case gate.AndNot:
				g.Kind = gate.OrNot
			case gate.OrNot:
				g.Kind = gate.AndNot
			default:
				g.A = gate.One
			}
			b, err := cosim.NewBlock(c, boundary(name, c), n, pairs(t, name))
			if err != nil {
				t.Fatal(err)
			}
			r, err := cosim.Validate(context.Background(), b, list, cosim.Options{Clocks: 10_000, Flips: 100, Seed: 1, Workers: 2}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if r.Different > 0 {
				found++
			}
		}
		t.Logf("%s: %d of %d changed gates were noticed", name, found, mutants)
		if found < least {
			t.Errorf("%s: only %d of %d changed gates were noticed", name, found, mutants)
		}
	}
}

func gates(t testing.TB, name string, c isa.Config) *gate.Netlist {
	t.Helper()
	n, err := rtl.Gates(name, c)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func boundary(name string, c isa.Config) *npu.Boundary {
	b, err := cosim.Open(name, c)
	if err != nil {
		panic(err)
	}
	return b.Boundary
}

func pairs(t testing.TB, name string) cosim.Pairs {
	t.Helper()
	f, err := rtl.Map(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p, err := cosim.ReadPairs(f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
