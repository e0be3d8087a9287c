package tasks

import (
	"bytes"
	"testing"

	"upset/models/selection"
)

// TestChecks builds every task for its seeds, compares the scores of the
// functional machine with the reference kernels byte for byte, and asserts the
// task's check.
func TestChecks(t *testing.T) {
	onNPU(t, func(t *testing.T, task *selection.Task) {
		var runs []selection.Run
		for _, seed := range selection.Seeds() {
			run := goldenRun(t, task, seed)
			reference, err := run.Workload.Reference()
			if err != nil {
				t.Fatal(err)
			}
			for k := range run.Scores {
				if !bytes.Equal(run.Scores[k].Data, reference[k].Data) {
					t.Fatalf("seed %d: scorer %s differs from the reference kernels", seed, run.Workload.Scorers[k].Name)
				}
			}
			if run.Outcome.Metric != task.Metric {
				t.Errorf("seed %d: the outcome is a %s, the task says %s", seed, run.Outcome.Metric, task.Metric)
			}
			runs = append(runs, *run)
		}
		c, err := task.Check(runs)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %.4f (threshold %.4f, baseline %.4f); %s", c.Metric, c.Measured, c.Threshold, c.Baseline, c.Note)
		if !c.Pass {
			t.Errorf("the check fails")
		}
	})
}
