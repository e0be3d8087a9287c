package engine

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"upset/faults"
	"upset/npu/isa"
)

// Output is what the record has the hash of, on every path, and nil where the output
// is right.
func TestOutput(t *testing.T) {
	e := engine(t, "fashion-tiny", isa.U55x128, 2, faults.Options{})
	w := worker(t, e)
	rng := rand.New(rand.NewPCG(61, 1))
	flops := flopSites(e.Table())
	wrong := map[faults.Path]int{}
	for i := range 6000 {
		r, err := w.Inject(i&1, faults.Site{ID: flops[rng.IntN(len(flops))], Cycle: rng.Uint64N(e.Cycles())}, nil)
		if err != nil {
			t.Fatal(err)
		}
		out, g := w.Output(), e.Golden(i&1)
		switch {
		case out == nil:
			if r.Outcome == faults.SDCCritical || r.Outcome == faults.SDCTolerable || r.Output != 0 && r.Output != g.Hash {
				t.Fatalf("%+v has no output", r)
			}
		default:
			sum := sha256.Sum256(out)
			if binary.BigEndian.Uint64(sum[:8]) != r.Output || r.Output == g.Hash {
				t.Fatalf("%+v: the output is another one", r)
			}
			wrong[r.Path]++
		}
	}
	if wrong[faults.PathHandOff] == 0 || wrong[faults.PathEnd] == 0 {
		t.Errorf("wrong outputs by path: %v", wrong)
	}
}
