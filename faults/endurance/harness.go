package endurance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"upset/faults/campaign"
)

// Harness treats a program badly.
type Harness struct {
	Program Program
	Dir     string // for the folders of campaigns
	Models  string // folder of the shipped networks
	Seed    uint64
	// Injections are those of a campaign of one process. An assessment has half of them,
	// and as many faults in its proofs.
	Injections int
	// Say, which may be nil, gets a line after each trial.
	Say func(format string, values ...any)
}

// Network is the shipped network that is treated badly (our choice: the smallest one that
// has every part of a campaign).
const Network = "fashion-tiny"

// killsOfTrial is how often processes are killed in a trial before it may end (our choice:
// enough to meet the first, a later and the last moments of a campaign).
const killsOfTrial = 6

// reference is an undisturbed campaign.
type reference struct {
	digest  string
	records int
	took    time.Duration
	text    string // of the result, without what differs between any two runs
	proofs  string // the ledger of proofs
}

// trial is one campaign under way.
type trial struct {
	*Harness
	s    *Scenario
	rng  *rand.Rand
	dir  string
	want reference
	left int // kills
}

// storm repeats a kind of trial until so many processes were killed.
func (h *Harness) storm(ctx context.Context, name string, kills int, want func(context.Context, string) (reference, error), one func(context.Context, *trial) error) (Scenario, error) {
	s := Scenario{Name: name}
	stem := filepath.Join(h.Dir, strings.ReplaceAll(name, " ", "-"))
	ref, err := want(ctx, stem+"-undisturbed")
	if err != nil {
		return s, fmt.Errorf("%s, undisturbed: %w", name, err)
	}
	for s.Kills < kills && s.Trials < 3*(kills+1) && s.Wrong+s.Panics < mostNotes {
		if err := ctx.Err(); err != nil {
			return s, err
		}
		t := &trial{
			Harness: h, s: &s, want: ref, dir: fmt.Sprintf("%s-%d", stem, s.Trials), left: min(killsOfTrial, kills-s.Kills),
			rng: h.random(name, s.Trials),
		}
		if err := one(ctx, t); err != nil {
			if ctx.Err() != nil {
				return s, ctx.Err()
			}
			s.Wrong++
			s.note("trial %d: %v", s.Trials, err)
			h.say("%s, trial %d: %v", name, s.Trials+1, err)
		}
		s.Litter += litter(t.dir)
		s.Trials++
		h.say("%s, trial %d: %d kills so far, %d lost, %d doubled, %d wrong, %d panics", name, s.Trials, s.Kills, s.Lost, s.Doubled, s.Wrong, s.Panics)
		if err := os.RemoveAll(t.dir); err != nil {
			return s, err
		}
	}
	return s, nil
}

// random is the source of a trial: it follows from the seed, the scenario and the number.
func (h *Harness) random(name string, number int) *rand.Rand {
	f := fnv.New64a()
	_, _ = f.Write([]byte(name))
	return rand.New(rand.NewPCG(h.Seed, f.Sum64()+uint64(number)))
}

func (h *Harness) say(format string, values ...any) {
	if h.Say != nil {
		h.Say(format, values...)
	}
}

// do runs the program to its end, or to a kill at a random time while there are kills left.
// Any other exit code than those allowed is an error.
func (t *trial) do(ctx context.Context, alone bool, allowed []int, args ...string) (ending, error) {
	var b *blow
	if t.left > 0 {
		b = &blow{time.Duration(t.rng.Int64N(int64(t.want.took) + 1)), alone}
	}
	return t.struck(ctx, b, allowed, args...)
}

// calm runs the program to its end.
func (t *trial) calm(ctx context.Context, allowed []int, args ...string) (ending, error) {
	return t.struck(ctx, nil, allowed, args...)
}

func (t *trial) struck(ctx context.Context, b *blow, allowed []int, args ...string) (ending, error) {
	t.s.Processes++
	e, err := t.Program.run(ctx, b, args...)
	if e.panicked() {
		t.s.Panics++
		t.s.note("trial %d: upset %s: %s", t.s.Trials, strings.Join(args, " "), head(e.errs, 2000))
	}
	switch {
	case err != nil:
		return e, err
	case e.killed:
		t.s.Kills++
		t.left--
		t.jump()
	case !slices.Contains(allowed, e.code):
		return e, fmt.Errorf("upset %s: exit %d: %s", strings.Join(args, " "), e.code, e.last())
	}
	return e, nil
}

// head is the beginning of a text.
func head(s string, n int) string { return s[:min(len(s), n)] }

// jump is what a clock that jumps leaves on a disk: all files have random times from 1970
// to 2106.
func (t *trial) jump() {
	t.s.Jumps++
	_ = filepath.WalkDir(t.dir, func(path string, _ fs.DirEntry, err error) error {
		if err == nil {
			at := time.Unix(t.rng.Int64N(1<<32), 0)
			_ = os.Chtimes(path, at, at)
		}
		return nil
	})
}

// complete checks the log of a campaign that says that it is complete.
func (t *trial) complete() error {
	c, err := campaign.Load(t.dir)
	if err != nil {
		return err
	}
	seen := map[int]bool{}
	for _, i := range c.Index {
		if seen[i] {
			t.s.Doubled++
		}
		seen[i] = true
	}
	t.s.Lost += max(0, t.want.records-len(seen))
	t.s.Doubled += max(0, len(seen)-t.want.records)
	if d := c.ResultDigest(); !c.Complete || d != t.want.digest {
		return fmt.Errorf("complete: %v, %d records of digest %.16s; undisturbed %d of digest %.16s", c.Complete, len(seen), d, t.want.records, t.want.digest)
	}
	return nil
}

// litter counts files with temporary names below a folder.
func litter(dir string) (n int) {
	_ = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if name := filepath.Base(path); err == nil && (strings.HasSuffix(name, ".tmp") || strings.HasSuffix(name, ".part") || strings.HasSuffix(name, ".lease") || strings.HasSuffix(name, ".expired")) {
			n++
		}
		return nil
	})
	return n
}

// undisturbed is the reference of a folder that a process made in so much time.
func undisturbed(dir string, took time.Duration) (reference, error) {
	c, err := campaign.Load(dir)
	if err != nil {
		return reference{}, err
	}
	if !c.Complete {
		return reference{}, errors.New("the undisturbed campaign is not complete")
	}
	return reference{digest: c.ResultDigest(), records: len(c.Records), took: took}, nil
}

// timeless is a result in JSON without what differs between any two runs: times, rates,
// and the names of commands and folders.
func timeless(data []byte) (string, error) {
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return "", err
	}
	strip(v)
	out, err := json.MarshalIndent(v, "", " ")
	return string(out), err
}

// differing are the keys that timeless leaves out, and paths: how a record was found may
// depend on what a process had in its caches.
var differing = []string{"seconds", "rate", "command", "paths", "pruned"}

func strip(v any) {
	switch x := v.(type) {
	case map[string]any:
		for _, k := range differing {
			delete(x, k)
		}
		for k, y := range x {
			if text, ok := y.(string); ok && filepath.IsAbs(text) {
				delete(x, k)
			}
			strip(y)
		}
	case []any:
		for _, y := range x {
			strip(y)
		}
	}
}
