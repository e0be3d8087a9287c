package endurance

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// Exit codes of the program, see its help.
var (
	done      = []int{0}
	shown     = []int{0, 4} // an assessment may also find that the target is not met
	doneOrNot = []int{0, 3}
)

// Kills are the kills of each kind of trial, as shares of all (our choice).
var shares = []struct {
	name  string
	parts int
	run   func(*Harness, context.Context, int) (Scenario, error)
}{
	{"run and resume", 5, (*Harness).runs},
	{"plan, shard and merge", 5, (*Harness).shards},
	{"work", 4, (*Harness).works},
	{"submit", 3, (*Harness).submits},
	{"assess", 6, (*Harness).assessments},
}

// Kills runs the scenarios in which processes are killed, so many times in all.
func (h *Harness) Kills(ctx context.Context, kills int) ([]Scenario, error) {
	parts := 0
	for _, x := range shares {
		parts += x.parts
	}
	var list []Scenario
	for _, x := range shares {
		s, err := x.run(h, ctx, (kills*x.parts+parts-1)/parts)
		if err != nil {
			return list, err
		}
		list = append(list, s)
	}
	return list, nil
}

// question are the arguments that say which campaign.
func (h *Harness) question(injections int) []string {
	return []string{filepath.Join(h.Models, Network+".tflite"), "--inputs", filepath.Join(h.Models, Network+".inputs"), "--seed", strconv.FormatUint(h.Seed, 10), "--injections", strconv.Itoa(injections), "--workers", "1"}
}

// undisturbedRun is a campaign in one process.
func (h *Harness) undisturbedRun(ctx context.Context, dir string) (reference, error) {
	e, err := h.Program.run(ctx, nil, append([]string{"campaign", "run", "--out", dir}, h.question(h.Injections)...)...)
	if err == nil && e.code != 0 {
		err = fmt.Errorf("exit %d: %s", e.code, e.last())
	}
	if err != nil {
		return reference{}, err
	}
	return undisturbed(dir, e.took)
}

// runs kills campaign run and campaign resume.
func (h *Harness) runs(ctx context.Context, kills int) (Scenario, error) {
	return h.storm(ctx, "run and resume", kills, h.undisturbedRun, func(ctx context.Context, t *trial) error {
		run := append([]string{"campaign", "run", "--out", t.dir}, h.question(h.Injections)...)
		for {
			args := run
			if _, err := os.Stat(filepath.Join(t.dir, "records.log")); err == nil && t.rng.IntN(2) == 0 {
				args = []string{"campaign", "resume", t.dir, "--workers", "1"}
			}
			e, err := t.do(ctx, false, append([]int{0}, t.unbegun(args)...), args...)
			if err != nil {
				return err
			}
			if !e.killed && e.code == 0 {
				return t.complete()
			}
		}
	})
}

// unbegun is the code of a resume that finds a log without a header: nothing was stored.
func (t *trial) unbegun(args []string) []int {
	if args[1] == "resume" {
		return []int{2}
	}
	return nil
}

// planned plans a campaign in shards, under fire.
func (t *trial) planned(ctx context.Context, shards int) error {
	args := append([]string{"campaign", "plan", "--out", t.dir, "--shards", strconv.Itoa(shards)}, t.question(t.Injections)...)
	for {
		e, err := t.do(ctx, false, done, args...)
		if err != nil || !e.killed {
			return err
		}
	}
}

// shards kills campaign plan, shard and merge.
func (h *Harness) shards(ctx context.Context, kills int) (Scenario, error) {
	const shards = 4
	return h.storm(ctx, "plan, shard and merge", kills, h.undisturbedRun, func(ctx context.Context, t *trial) error {
		if err := t.planned(ctx, shards); err != nil {
			return err
		}
		for {
			e, err := t.do(ctx, false, doneOrNot, "campaign", "merge", t.dir, "--format", "json")
			switch {
			case err != nil:
				return err
			case e.killed:
				continue
			case e.code == 0:
				return t.complete()
			}
			var m struct {
				Missing []int `json:"missing"`
				Shards  int   `json:"shards"`
			}
			if err := json.Unmarshal([]byte(e.out), &m); err != nil {
				return fmt.Errorf("merge: %w: %s", err, e.out)
			}
			t.rng.Shuffle(len(m.Missing), func(a, b int) { m.Missing[a], m.Missing[b] = m.Missing[b], m.Missing[a] })
			for _, k := range m.Missing {
				// A shard that was killed is left to the next merge to notice.
				if _, err := t.do(ctx, false, done, "campaign", "shard", t.dir, "--shard", fmt.Sprintf("%d/%d", k, m.Shards), "--workers", "1"); err != nil {
					return err
				}
			}
		}
	})
}

// works kills processes that share a folder. Two are at it all the time.
func (h *Harness) works(ctx context.Context, kills int) (Scenario, error) {
	return h.storm(ctx, "work", kills, h.undisturbedRun, func(ctx context.Context, t *trial) error {
		calm := t.left
		t.left = 0
		if err := t.planned(ctx, 4); err != nil {
			return err
		}
		t.left = calm
		return t.pair(ctx, func(b *blow) (ending, error) {
			return t.Program.run(ctx, b, "campaign", "work", t.dir, "--workers", "1", "--lease", "1", "--format", "json")
		})
	})
}

// pair keeps two processes at work until both have ended by themselves.
func (t *trial) pair(ctx context.Context, run func(*blow) (ending, error)) error {
	type end struct {
		ending
		err error
	}
	ends := make(chan end)
	start := func() {
		t.s.Processes++
		var b *blow
		if t.left > 0 {
			t.left--
			b = &blow{after: timeBelow(t)}
		}
		go func() {
			e, err := run(b)
			ends <- end{e, err}
		}()
	}
	start()
	start()
	var failed error
	for open := 2; open > 0; {
		e := <-ends
		open--
		switch {
		case e.panicked():
			t.s.Panics++
			t.s.note("trial %d: %s", t.s.Trials, head(e.errs, 2000))
		case e.err != nil:
			failed = e.err
		case e.killed:
			t.s.Kills++
			t.jump()
			if ctx.Err() == nil {
				start()
				open++
			}
		case e.code != 0:
			failed = fmt.Errorf("exit %d: %s", e.code, e.last())
		}
	}
	if failed != nil {
		return failed
	}
	return t.complete()
}

// submits kills campaign submit, which starts processes of its own: sometimes with them,
// sometimes alone, so that they go on while it is started again.
func (h *Harness) submits(ctx context.Context, kills int) (Scenario, error) {
	return h.storm(ctx, "submit", kills, h.undisturbedRun, func(ctx context.Context, t *trial) error {
		calm := t.left
		t.left = 0
		if err := t.planned(ctx, 3); err != nil {
			return err
		}
		t.left = calm
		for {
			e, err := t.do(ctx, t.rng.IntN(2) == 0, doneOrNot, "campaign", "submit", t.dir, "--engine", "local", "--workers", "2", "--cpus", "1", "--lease", "1", "--format", "json")
			if err != nil {
				return err
			}
			if !e.killed && e.code == 0 {
				return t.complete()
			}
		}
	})
}

// assessment are the arguments of an assessment of which nothing depends on time: the checks
// of the tool on the job, which are injected anew each time, are left out.
func (h *Harness) assessment(dir string) []string {
	return append([]string{"assess", "--out", dir, "--evidence", "0", "--format", "json"}, h.question(h.Injections/2)...)
}

// undisturbedAssessment is an assessment.
func (h *Harness) undisturbedAssessment(ctx context.Context, dir string) (reference, error) {
	e, err := h.Program.run(ctx, nil, h.assessment(dir)...)
	if err == nil && e.code != 0 && e.code != 4 {
		err = fmt.Errorf("exit %d: %s", e.code, e.last())
	}
	if err != nil {
		return reference{}, err
	}
	ref, err := undisturbed(dir, e.took)
	if err != nil {
		return ref, err
	}
	if ref.text, err = timeless([]byte(e.out)); err != nil {
		return ref, err
	}
	ref.proofs, err = ledger(dir)
	return ref, err
}

// ledger is the file of all proofs of a folder.
func ledger(dir string) (string, error) {
	data, err := os.ReadFile(filepath.Join(dir, "proofs.json"))
	if err != nil {
		return "", err
	}
	return timeless(data)
}

// assessments kills assess, wherever it is: in the campaign, the search, the proof. It has to come to the same verdict, protection, proof and ledger.
func (h *Harness) assessments(ctx context.Context, kills int) (Scenario, error) {
	return h.storm(ctx, "assess", kills, h.undisturbedAssessment, func(ctx context.Context, t *trial) error {
		for {
			e, err := t.do(ctx, false, shown, h.assessment(t.dir)...)
			if err != nil {
				return err
			}
			if e.killed {
				continue
			}
			return t.assessed(e)
		}
	})
}

// assessed compares an assessment with the undisturbed one.
func (t *trial) assessed(e ending) error {
	if err := t.complete(); err != nil {
		return err
	}
	text, err := timeless([]byte(e.out))
	if err != nil {
		return err
	}
	if text != t.want.text {
		return fmt.Errorf("another result: %s", difference(text, t.want.text))
	}
	proofs, err := ledger(t.dir)
	if err != nil {
		return err
	}
	if proofs != t.want.proofs {
		return fmt.Errorf("another ledger of proofs: %s", difference(proofs, t.want.proofs))
	}
	return nil
}
