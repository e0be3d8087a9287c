package endurance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// timeBelow is a random time below that of an undisturbed campaign.
func timeBelow(t *trial) time.Duration { return time.Duration(t.rng.Int64N(int64(t.want.took) + 1)) }

// difference shows the first line in which two texts differ.
func difference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d is %q, undisturbed %q", i+1, strings.TrimSpace(a[i]), strings.TrimSpace(b[i]))
		}
	}
	return fmt.Sprintf("%d lines, undisturbed %d", len(a), len(b))
}

// Twice starts two processes on one folder at once: of a campaign, of its shards, of an
// assessment, and of the cache of fault-free runs. One of them may be turned away, with a
// word that says why; then the folder is as one process leaves it.
func (h *Harness) Twice(ctx context.Context, rounds int) (Scenario, error) {
	s := Scenario{Name: "two processes on a folder"}
	run, err := h.undisturbedRun(ctx, filepath.Join(h.Dir, "twice-run"))
	if err != nil {
		return s, err
	}
	assess, err := h.undisturbedAssessment(ctx, filepath.Join(h.Dir, "twice-assess"))
	if err != nil {
		return s, err
	}
	for round := range rounds {
		for _, k := range []struct {
			name string
			want reference
			one  func(context.Context, *trial) error
		}{{"campaign", run, twoRuns}, {"shard", run, twoShards}, {"assess", assess, twoAssessments}, {"cache", run, twoCaches}} {
			t := &trial{Harness: h, s: &s, want: k.want, dir: filepath.Join(h.Dir, fmt.Sprintf("twice-%s-%d", k.name, round)), rng: h.random("twice "+k.name, round)}
			if err := k.one(ctx, t); err != nil {
				if ctx.Err() != nil {
					return s, ctx.Err()
				}
				s.Wrong++
				s.note("%s, round %d: %v", k.name, round, err)
				h.say("two processes on a folder, %s: %v", k.name, err)
			}
			s.Litter += litter(t.dir)
			s.Trials++
			if err := os.RemoveAll(t.dir); err != nil {
				return s, err
			}
		}
		h.say("two processes on a folder, round %d: %d lost, %d doubled, %d wrong, %d panics", round+1, s.Lost, s.Doubled, s.Wrong, s.Panics)
	}
	return s, nil
}

// both runs two command lines at once. At least one must end well.
func (t *trial) both(ctx context.Context, good func(int) bool, a, b []string) error {
	var first error
	ends := make(chan ending)
	for i, args := range [][]string{a, b} {
		t.s.Processes++
		wait := time.Duration(0)
		if i > 0 {
			wait = timeBelow(t) / 4
		}
		go func() {
			time.Sleep(wait)
			e, err := t.Program.run(ctx, nil, args...)
			if err != nil {
				e.errs += "\n" + err.Error()
				e.code = -2
			}
			ends <- e
		}()
	}
	well := 0
	for range 2 {
		switch e := <-ends; {
		case e.panicked():
			t.s.Panics++
			t.s.note("%s", head(e.errs, 2000))
		case good(e.code):
			well++
		case e.code == 1 && strings.Contains(e.errs, "another process"):
		default:
			first = fmt.Errorf("exit %d: %s", e.code, e.last())
		}
	}
	if first == nil && well == 0 {
		first = errors.New("both were turned away")
	}
	return first
}

func wellDone(code int) bool { return code == 0 }

func twoRuns(ctx context.Context, t *trial) error {
	args := append([]string{"campaign", "run", "--out", t.dir}, t.question(t.Injections)...)
	if err := t.both(ctx, wellDone, args, args); err != nil {
		return err
	}
	return t.complete()
}

// twoShards runs the same shard twice at once, and a merge in the middle of it.
func twoShards(ctx context.Context, t *trial) error {
	if err := t.planned(ctx, 2); err != nil {
		return err
	}
	shard := func(k int) []string {
		return []string{"campaign", "shard", t.dir, "--shard", fmt.Sprintf("%d/2", k), "--workers", "1"}
	}
	merge := []string{"campaign", "merge", t.dir}
	if err := t.both(ctx, wellDone, shard(1), shard(1)); err != nil {
		return err
	}
	if err := t.both(ctx, func(code int) bool { return code == 0 || code == 3 }, shard(2), merge); err != nil {
		return err
	}
	if err := t.both(ctx, func(code int) bool { return code == 0 || code == 3 }, merge, merge); err != nil {
		return err
	}
	if err := t.merged(ctx, 2, shard); err != nil {
		return err
	}
	return t.complete()
}

// manyRounds is more than a campaign of a test has.
const manyRounds = 20

// merged merges, and runs the shards of the rounds that are planned then, until the
// campaign is complete.
func (t *trial) merged(ctx context.Context, n int, shard func(k int) []string) error {
	for range manyRounds {
		e, err := t.calm(ctx, []int{0, 3}, "campaign", "merge", t.dir)
		if err != nil || e.code == 0 {
			return err
		}
		for k := 1; k <= n; k++ {
			if _, err := t.calm(ctx, done, shard(k)...); err != nil {
				return err
			}
		}
	}
	return errors.New("the campaign has no end")
}

func twoAssessments(ctx context.Context, t *trial) error {
	args := t.assessment(t.dir)
	good := func(code int) bool { return code == 0 || code == 4 }
	if err := t.both(ctx, good, args, args); err != nil {
		return err
	}
	e, err := t.calm(ctx, shown, args...)
	if err != nil {
		return err
	}
	return t.assessed(e)
}

// twoCaches runs two shards at once that share a folder of fault-free runs, which is also
// spoilt in between.
func twoCaches(ctx context.Context, t *trial) error {
	if err := t.planned(ctx, 4); err != nil {
		return err
	}
	runs := filepath.Join(t.dir, "runs")
	shard := func(k int) []string {
		return []string{"campaign", "shard", t.dir, "--shard", fmt.Sprintf("%d/4", k), "--workers", "1", "--runs", runs}
	}
	if err := t.both(ctx, wellDone, shard(1), shard(2)); err != nil {
		return err
	}
	files, _ := filepath.Glob(filepath.Join(runs, "*.runs"))
	for _, name := range files {
		if info, err := os.Stat(name); err == nil && info.Size() > 0 {
			_ = os.Truncate(name, t.rng.Int64N(info.Size()))
		}
	}
	if err := t.both(ctx, wellDone, shard(3), shard(4)); err != nil {
		return err
	}
	if err := t.merged(ctx, 4, shard); err != nil {
		return err
	}
	return t.complete()
}
