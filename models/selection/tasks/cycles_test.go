package tasks

import (
	"context"
	"testing"

	"upset/models/selection"
	"upset/npu"
	"upset/npu/isa"
)

// TestCycles runs a few inferences of every scorer on the cycle-level machine: the
// bytes are those of the functional machine, and an inference is long enough
// for faults to have somewhere to strike.
func TestCycles(t *testing.T) {
	const rows, least = 3, 1000
	onNPU(t, func(t *testing.T, task *selection.Task) {
		run := *goldenRun(t, task, 1)
		first, count := run.Calls[:0:0], map[int]int{}
		for _, c := range run.Calls {
			if count[c.Scorer]++; count[c.Scorer] <= rows {
				first = append(first, c)
			}
		}
		run.Calls = first
		s, err := run.Execute(context.Background(), selection.Machine{Config: isa.U55x128, System: npu.DefaultSystem(), Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		for k, cycles := range s.Each {
			t.Logf("%s, %s: %d cycles", task.Name, run.Scorers[k].Name, cycles)
			if cycles <= least {
				t.Errorf("%s, %s: an inference takes %d cycles", task.Name, run.Scorers[k].Name, cycles)
			}
		}
	})
}
