package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/urfave/cli/v2"

	"upset/models/selection"
	"upset/models/selection/tasks"
)

// selectionRun is the result of upset select run.
type selectionRun struct {
	NPU   string            `json:"npu"`
	Tasks []selectionResult `json:"tasks"`
}

// selectionResult is what one task did over all its seeds.
type selectionResult struct {
	selectionTask
	Seeds      []uint64 `json:"seeds"`
	Inferences int      `json:"inferences"`
	Cycles     uint64   `json:"cycles"` // of an inference, on average
	Total      uint64   `json:"total_cycles"`
	// ScoreDigest is the SHA-256 over the scores of all seeds.
	ScoreDigest string  `json:"score_digest"`
	Metric      string  `json:"metric"`
	Threshold   float64 `json:"threshold"`
	Measured    float64 `json:"measured"`
	Tolerance   float64 `json:"tolerance"`
	Baseline    float64 `json:"baseline"`
	Against     string  `json:"against"`
	// NotReproduced says which published effect does not show; Pass is then a test of
	// regression.
	NotReproduced string `json:"not_reproduced,omitempty"`
	Pass          bool   `json:"pass"`
	Note          string `json:"note"`
}

func selectRunCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "run",
		Usage:     "score the pools on the NPU, select, and check the result",
		ArgsUsage: "TASK...",
		Description: `Runs every inference that the decisions of the named tasks take on the
cycle-level machine, and checks what the publication promises.
Every task runs with three pools, those of --seed and of the two seeds after it. Seeds 1
to 3 are stored; others are trained anew, networks and pools, which takes up to some
minutes. Exit code 1 means that a check failed. With --task DIR it runs a task of your
own and prints its decision.

Examples:
  upset select run window-cascade
  upset select run conformal-selection --seed 7
  upset select run --all --format json`,
		Flags: commonFlags(&cli.BoolFlag{Name: "all", Usage: "all tasks of the NPU"}, taskFlag()),
		Action: func(c *cli.Context) error {
			o, err := readCommon(c)
			if err != nil {
				return err
			}
			if dir := c.String("task"); dir != "" {
				if c.Bool("all") || c.NArg() > 0 {
					return usage("--task runs a task of your own: name no other tasks")
				}
				return p.runOwn(c, o, dir)
			}
			list, err := chosenTasks(c.Args().Slice(), c.Bool("all"))
			if err != nil {
				return err
			}
			return p.selectRun(c.Context, o, list)
		},
	}
}

// chosenTasks finds the tasks that a command line names.
func chosenTasks(names []string, all bool) ([]*selection.Task, error) {
	registry, err := tasks.All()
	if err != nil {
		return nil, err
	}
	if all == (len(names) > 0) {
		return nil, usage("name the tasks to run, or give --all; upset select list shows them")
	}
	var list []*selection.Task
	for i := range registry {
		if all && registry[i].Kind == selection.OnNPU {
			list = append(list, &registry[i])
		}
	}
	seen := map[string]bool{}
	for _, name := range names {
		t, err := registry.ByName(name)
		if err != nil {
			return nil, bad(err)
		}
		if t.Kind != selection.OnNPU {
			return nil, usage("task %s has no scores of the NPU; it is a part of this program (%s)", name, t.Where)
		}
		if !seen[name] {
			list = append(list, t)
		}
		seen[name] = true
	}
	return list, nil
}

// selectRun runs tasks and prints their checks.
func (p *program) selectRun(ctx context.Context, o common, list []*selection.Task) error {
	r := selectionRun{NPU: o.config.String()}
	var failed []string
	for _, t := range list {
		one, err := p.selectTask(ctx, o, t)
		if err != nil {
			return fmt.Errorf("task %s: %w", t.Name, err)
		}
		r.Tasks = append(r.Tasks, *one)
		if !one.Pass {
			failed = append(failed, t.Name)
		}
	}
	if err := p.emitSelection(o, "select-run", r, r.table()); err != nil {
		return err
	}
	if len(failed) > 0 {
		return fmt.Errorf("the check of %s fails", strings.Join(failed, ", "))
	}
	return nil
}

// selectTask runs one task for all its seeds.
func (p *program) selectTask(ctx context.Context, o common, t *selection.Task) (*selectionResult, error) {
	r := &selectionResult{selectionTask: describeTask(t), Seeds: selection.SeedsFrom(o.seed), NotReproduced: t.Negative}
	runs := make([]selection.Run, len(r.Seeds))
	total := 0
	for i, seed := range r.Seeds {
		w, err := t.Build(seed)
		if err != nil {
			return nil, err
		}
		run, err := selection.NewRun(w, seed, o.config)
		if err != nil {
			return nil, err
		}
		runs[i] = *run
		total += len(run.Calls)
	}
	bar := p.progress(t.Name+": inferences", total)
	defer bar.finish()
	var done atomic.Int64
	machine := selection.Machine{
		Config: o.config, System: o.system, Workers: o.workers, Progress: func() { bar.set(int(done.Add(1))) },
	}
	digest := sha256.New()
	for i := range runs {
		s, err := runs[i].Execute(ctx, machine)
		if err != nil {
			return nil, err
		}
		r.Inferences, r.Total = r.Inferences+s.Inferences, r.Total+s.Cycles
		r.Cycles = r.Total / uint64(max(1, r.Inferences))
		digest.Write([]byte(s.Digest))
	}
	r.ScoreDigest = hex.EncodeToString(digest.Sum(nil))
	c, err := t.Check(runs)
	if err != nil {
		return nil, err
	}
	r.Metric, r.Threshold, r.Measured, r.Tolerance = c.Metric, c.Threshold, c.Measured, c.Tolerance
	r.Baseline, r.Against, r.Pass, r.Note = c.Baseline, c.Against, c.Pass, c.Note
	return r, nil
}

// table is the result as lines of a table.
func (r *selectionRun) table() [][]string {
	rows := [][]string{{"name", "inferences", "cycles", "scores", "threshold", "measured", "baseline", "check", "metric"}}
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', 4, 64) }
	for i := range r.Tasks {
		t := &r.Tasks[i]
		check := "fails"
		if t.Pass {
			check = "holds"
		}
		if t.NotReproduced != "" {
			check = "not reproduced, regression check " + check
		}
		rows = append(rows, []string{
			t.Name, strconv.Itoa(t.Inferences), strconv.FormatUint(t.Cycles, 10), t.ScoreDigest[:12], number(t.Threshold), number(t.Measured),
			number(t.Baseline), check, t.Metric,
		})
	}
	return rows
}
