package faults

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"upset/models/driver"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

func shipped(t testing.TB, name string, c isa.Config) *driver.Program {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", "models", name+".tflite"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := driver.Open(data, c)
	if err != nil {
		t.Fatal(err)
	}
	return n.Program()
}

func shippedInputs(t testing.TB, name string, n int) (out [][]byte) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "testdata", "models", name+".inputs", "in_*.bin"))
	if err != nil || len(files) < n {
		t.Fatalf("inputs of %s: %v", name, err)
	}
	for _, f := range files[:n] {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

func TestMix(t *testing.T) {
	for _, name := range []string{"fashion-tiny", "fashion-dscnn"} {
		p := shipped(t, name, isa.U55x128)
		begin := time.Now()
		e, err := New(p, shippedInputs(t, name, 8), Options{ECC: npu.ECCSECDED}, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Log(name, e.Cycles(), "golden", time.Since(begin))
		w, err := e.Worker()
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(1, 2))
		flops := 0
		for i := range e.Table().Registers {
			if !e.Table().Registers[i].IsSRAM() {
				flops += e.Table().Registers[i].Bits()
			}
		}
		var all []netlist.SiteID
		for i := range e.Table().Registers {
			r := &e.Table().Registers[i]
			if r.IsSRAM() {
				continue
			}
			for b := range r.Bits() {
				all = append(all, r.First+netlist.SiteID(b))
			}
		}
		n := 1500
		begin = time.Now()
		count := map[string]map[string]int{}
		causes := map[string]int{}
		end := 0
		for i := range n {
			s := Site{all[rng.IntN(len(all))], rng.Uint64N(e.Cycles())}
			r, err := w.Inject(i%8, s, nil)
			if err != nil {
				t.Fatal(err)
			}
			pl, _ := e.Table().Place(s.ID)
			k := pl.Register.Block
			if count[k] == nil {
				count[k] = map[string]int{}
			}
			count[k][r.Outcome.String()]++
			causes[r.Cause.String()]++
			if r.ToEnd {
				end++
			}
		}
		d := time.Since(begin)
		t.Log(flops, d, float64(n)/d.Seconds(), "toEnd", end, causes)
		for k, v := range count {
			t.Log(k, v)
		}
	}
}
