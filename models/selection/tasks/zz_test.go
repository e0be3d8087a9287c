package tasks

import (
	"os"
	"strings"
	"testing"

	"upset/models/selection"
	"upset/npu/isa"
)

func zz(t *testing.T, what string, r *selection.Run) {
	switch {
	case strings.Contains(what, "influence-graph"):
		t.Log(what, 0)
	case strings.Contains(what, "transport"):
		a, b := 0, 0
		t.Log(what, a, b)
	}
}

func TestZZ(t *testing.T) {
	all, _ := All()
	cfg, _ := isa.ParseConfig("u55-128")
	for i := range all {
		task := &all[i]
		if task.Kind != selection.OnNPU || !strings.Contains(os.Getenv("ZZ"), task.Name) {
			continue
		}
		var golden []selection.Run
		for _, seed := range selection.Seeds() {
			w, err := task.Build(seed)
			if err != nil {
				t.Fatal(err)
			}
			r, err := selection.NewRun(w, seed, cfg)
			if err != nil {
				t.Fatal(err)
			}
			golden = append(golden, *r)
		}
		for i := range golden {
			zz(t, task.Name+" golden", &golden[i])
		}
		c, err := task.Check(golden)
		t.Logf("%s golden: %+v %v", task.Name, c, err)
		for _, kind := range garbageKinds {
			for seed := uint64(1); seed <= 3; seed++ {
				runs := make([]selection.Run, len(golden))
				bad := error(nil)
				for i := range golden {
					r, err := selection.RunFrom(golden[i].Workload, golden[i].Seed, newGarbage(kind, 1000*seed+golden[i].Seed, &golden[i]))
					if err != nil {
						bad = err
						break
					}
					r.Baselines = golden[i].Baselines
					runs[i] = *r
				}
				if bad != nil {
					t.Logf("%s: %v", kind, bad)
					continue
				}
				for i := range runs {
					zz(t, task.Name+" "+kind, &runs[i])
				}
				if os.Getenv("NOCHECK") != "" {
					continue
				}
				c, err := task.Check(runs)
				t.Logf("%s %s: pass %v measured %v th %v base %v; %s %v", task.Name, kind, c.Pass, c.Measured, c.Threshold, c.Baseline, c.Note, err)
			}
		}
	}
}
