package tasks

import (
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"upset/models/selection"
	"upset/npu/isa"
)

// goldenRuns are kept, since every test reads some of them.
var goldenRuns = map[string]*selection.Run{}

// goldenRun decides a seed of a task without faults.
func goldenRun(t *testing.T, task *selection.Task, seed uint64) *selection.Run {
	t.Helper()
	name := fmt.Sprint(task.Name, seed)
	if r := goldenRuns[name]; r != nil {
		return r
	}
	w, err := task.Build(seed)
	if err != nil {
		t.Fatal(err)
	}
	r, err := selection.NewRun(w, seed, isa.U55x128)
	if err != nil {
		t.Fatal(err)
	}
	goldenRuns[name] = r
	return r
}

// onNPU calls f for every task of the NPU.
func onNPU(t *testing.T, f func(t *testing.T, task *selection.Task)) {
	t.Helper()
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		if all[i].Kind == selection.OnNPU {
			t.Run(all[i].Name, func(t *testing.T) { f(t, &all[i]) })
		}
	}
}

// Rules refuse scorers that are not theirs, and checks runs of other tasks.
func TestRefusals(t *testing.T) {
	onNPU(t, func(t *testing.T, task *selection.Task) {
		w, err := task.Build(1)
		if err != nil {
			t.Fatal(err)
		}
		short := selection.Table{Scale: 1, Width: 42, Data: make([]byte, 42)}
		for _, scores := range [][]selection.Table{nil, {{}}, {short}, slices.Repeat([]selection.Table{short}, len(w.Scorers))} {
			if _, err := w.Rule.Decide(selection.FromTables(scores...)); err == nil {
				t.Errorf("%d tables: no error", len(scores))
			}
		}
		if _, err := task.Check([]selection.Run{{Workload: &selection.Workload{}}}); err == nil {
			t.Error("no error for a run of another task")
		}
	})
}

// Only a changed outcome has a consequence; some flipped bits of answers change the
// outcome, and not all do. A greedy rule may do better by accident.
func TestSingleFlips(t *testing.T) {
	onNPU(t, func(t *testing.T, task *selection.Task) {
		run := goldenRun(t, task, 1)
		rng := rand.New(rand.NewPCG(1, 0))
		changed, harmful := 0, 0
		const least, most = 40, 400
		flips := 0
		for ; flips < least || flips < most && (changed == 0 || changed == flips); flips++ {
			k := rng.IntN(len(run.Calls))
			c := run.Calls[k]
			golden, err := run.Source.Infer(c.Scorer, c.Row, c.Input)
			if err != nil {
				t.Fatal(err)
			}
			output := slices.Clone(golden)
			output[rng.IntN(len(output))] ^= 1 << rng.IntN(8)
			faulty, err := run.Struck(k, output)
			if err != nil {
				t.Fatal(err)
			}
			if v := run.Workload.Rule.Consequence(run.Scores, run.Outcome, faulty); math.IsNaN(v) || faulty.Equal(run.Outcome) && v > 1e-9 {
				t.Fatalf("consequence %v of %+v", v, faulty)
			}
			e := task.Effect(run, faulty)
			if e.Distance < 0 || e.Distance > 1 || e.Consequence < 0 || e.Consequence > 1 {
				t.Fatalf("%+v", e)
			}
			if e.Changed {
				changed++
			}
			if e.Consequential {
				harmful++
			}
		}
		t.Logf("of %d flipped bits of scores %d change the outcome, %d with a consequence", flips, changed, harmful)
		if changed == 0 || changed == flips {
			t.Errorf("%d of %d flips change the outcome", changed, flips)
		}
	})
}

// Answers without any difference still give a decision, the same one twice.
func TestEqualScores(t *testing.T) {
	onNPU(t, func(t *testing.T, task *selection.Task) {
		golden := goldenRun(t, task, 1)
		var first selection.Outcome
		for k := range 2 {
			r, err := selection.RunFrom(golden.Workload, 1, newGarbage("zeros", 1, golden))
			if err != nil {
				t.Fatal(err)
			}
			if k == 1 && !r.Outcome.Equal(first) {
				t.Errorf("%v, then %v", first, r.Outcome)
			}
			first = r.Outcome
		}
	})
}

// maxBytes bounds the embedded data of a task, so that the program stays small (our
// choice).
const maxBytes = 1 << 20

// Every task has its folder: a README with the title, and data for the checked seeds.
func TestFolders(t *testing.T) {
	for _, s := range Stores() {
		total := int64(0)
		err := fs.WalkDir(s.Stored, ".", func(_ string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			if err == nil {
				total += info.Size()
			}
			return err
		})
		if err != nil || total == 0 || total > maxBytes {
			t.Errorf("%s: %d bytes of data, error %v", s.Task, total, err)
		}
		for _, seed := range selection.Seeds() {
			if !s.IsStored(seed) {
				t.Errorf("%s: nothing is stored for seed %d", s.Task, seed)
			}
		}
		text, err := os.ReadFile(filepath.Join(s.Task, "README.md"))
		if err != nil {
			t.Error(err)
			continue
		}
		all, err := All()
		if err != nil {
			t.Fatal(err)
		}
		task, err := all.ByName(s.Task)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"# " + task.Name, task.Title, "## Claim", "## What runs where", "## What differs"} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s/README.md lacks %q", s.Task, want)
			}
		}
	}
}
