package pattern

import (
	"testing"
	"time"

	"upset/models/selection"
	"upset/npu/isa"
)

func TestTry(t *testing.T) {
	for seed := uint64(1); seed <= 3; seed++ {
		start := time.Now()
		w, err := build(seed)
		if err != nil {
			t.Fatal(err)
		}
		r, err := selection.NewRun(w, seed, isa.U55x128)
		if err != nil {
			t.Fatal(err)
		}
		c, err := check([]selection.Run{*r})
		if err != nil {
			t.Fatal(err)
		}
		a, _ := w.Scorers[0].MACs()
		b, _ := w.Baselines[0].MACs()
		t.Logf("seed %d: %.4f vs %.4f; %s; pass %v; MACs %d %d; %v", seed, c.Measured, c.Baseline, c.Note, c.Pass, a, b, time.Since(start))
	}
}
