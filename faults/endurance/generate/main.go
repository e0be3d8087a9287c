// Command generate treats upset badly, or fuzzes all its readers, or watches the memory of
// a long campaign. It prints what it finds; with -store it keeps it and writes
// docs/endurance.md. Run it from the project's root:
//
//	go run ./faults/endurance/generate -kills 100
//	go run ./faults/endurance/generate -fuzz 1m
//	go run ./faults/endurance/generate -keep 8
//	go run ./faults/endurance/generate -growth 1h
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"upset/faults/endurance"
	"upset/models/zoo"
)

const (
	stored = "faults/endurance/summary.json"
	page   = "docs/endurance.md"
)

// options are those of the command line.
type options struct {
	kills, injections, rounds, disks, full, keep int
	seed                                         uint64
	fuzz, budget, growth, every                  time.Duration
	only, corpus, network, program               string
	page, store                                  bool
}

func main() {
	var o options
	flag.IntVar(&o.kills, "kills", 0, "kill so many processes, and break disks")
	flag.Uint64Var(&o.seed, "seed", 1, "`seed` of every random draw")
	flag.IntVar(&o.injections, "injections", 6000, "injections of a campaign that is treated badly")
	flag.IntVar(&o.rounds, "rounds", 5, "rounds of two processes on every folder")
	flag.IntVar(&o.disks, "disks", 20, "trials of each failure of a disk, for each use of it")
	flag.IntVar(&o.full, "full", 15, "trials on a full disk")
	flag.DurationVar(&o.fuzz, "fuzz", 0, "fuzz every target for this `time`")
	flag.DurationVar(&o.budget, "budget", 0, "fuzz for this core `time` in all, the targets first that have had least; without it every target")
	flag.StringVar(&o.corpus, "corpus", "", "`folder` of inputs that reached something new, from which fuzzing goes on; without it the user's cache")
	flag.IntVar(&o.keep, "keep", 0, "keep so many inputs of the corpus beside each target at most, which reach statements that no other reaches")
	flag.StringVar(&o.only, "only", "", "fuzz, or keep inputs of, targets that match this `expression` alone, as in models/tflite.FuzzParse")
	flag.DurationVar(&o.growth, "growth", 0, "watch the memory of a campaign for this `time`")
	flag.DurationVar(&o.every, "every", 10*time.Second, "`time` between two looks at it")
	flag.StringVar(&o.network, "network", "../shared/models/kws_ref_model.tflite", "`file` of the network of -growth")
	flag.StringVar(&o.program, "program", "", "`file` of upset; without it the program is built")
	flag.BoolVar(&o.store, "store", false, "keep what is found in "+stored+" and write "+page)
	flag.BoolVar(&o.page, "page", false, "write "+page+" from what is stored")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func say(format string, values ...any) { fmt.Printf(format+"\n", values...) }

func run(ctx context.Context, o options) error {
	if o.kills <= 0 && o.fuzz <= 0 && o.keep <= 0 && o.growth <= 0 && !o.page {
		return errors.New("say -kills N, -fuzz TIME, -keep N, -growth TIME or -page")
	}
	var s endurance.Summary
	at := revision(ctx) // of what is tested: the checkout may move on meanwhile
	work, err := os.MkdirTemp("", "endurance")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	var bad []error
	if o.kills > 0 || o.growth > 0 {
		if o.program, err = program(ctx, o.program, work); err != nil {
			return err
		}
	}
	if o.kills > 0 {
		if s.Torture, err = torture(ctx, o, work, at); err != nil {
			return err
		}
		bad = append(bad, s.Torture.Sound())
	}
	if o.fuzz > 0 {
		f, err := fuzz(ctx, o, at)
		if err != nil {
			return err
		}
		if list := f.Failures(); len(list) > 0 {
			bad = append(bad, fmt.Errorf("%d targets failed", len(list)))
		}
	}
	if o.keep > 0 {
		if err := keepInputs(ctx, o); err != nil {
			return err
		}
	}
	if o.growth > 0 {
		p := endurance.Program{Path: o.program}
		if s.Growth, err = p.Grow(ctx, o.network, filepath.Join(work, "growth"), o.growth, o.every, say); err != nil {
			return err
		}
		s.Growth.Revision = at
		s.Growth.Network = strings.TrimSuffix(filepath.Base(o.network), ".tflite")
		say("slope behind the first quarter: alive %s; resident %s; peak %.0f MiB; %d injections", s.Growth.Live, s.Growth.Resident, s.Growth.PeakMiB, s.Growth.Injections)
	}
	if o.store || o.page {
		bad = append(bad, keep(s))
	}
	return errors.Join(bad...)
}

// keep puts what was found into what is stored, and writes the page.
func keep(s endurance.Summary) error {
	all, err := endurance.Read(stored)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if s.Torture != nil {
		all.Torture = s.Torture
	}
	if s.Fuzzing != nil {
		if all.Fuzzing != nil {
			list, err := endurance.Targets(".", nil)
			if err != nil {
				return err
			}
			s.Fuzzing.Add(all.Fuzzing, list)
		}
		all.Fuzzing = s.Fuzzing
	}
	if s.Growth != nil {
		all.Growth = s.Growth
	}
	if all.Growth != nil {
		if err := all.Growth.Fit(); err != nil {
			return err
		}
	}
	if err := all.Store(stored); err != nil {
		return err
	}
	text, err := all.Page()
	if err != nil {
		return err
	}
	return os.WriteFile(page, text, 0o644)
}

// program is the file of upset, which is built if there is none.
func program(ctx context.Context, file, work string) (string, error) {
	if file != "" {
		return filepath.Abs(file)
	}
	file = filepath.Join(work, "upset")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", file, "./cmd/upset")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return file, cmd.Run()
}

// torture runs all scenarios.
func torture(ctx context.Context, o options, work, at string) (*endurance.Torture, error) {
	models, err := zoo.Dir()
	if err != nil {
		return nil, err
	}
	if models, err = filepath.Abs(models); err != nil {
		return nil, err
	}
	h := &endurance.Harness{Program: endurance.Program{Path: o.program}, Dir: work, Models: models, Seed: o.seed, Injections: o.injections, Say: say}
	t, err := h.Torture(ctx, endurance.Doses{Kills: o.kills, Twice: o.rounds, Disks: o.disks, Full: o.full})
	if t == nil {
		return nil, err
	}
	t.Revision = at
	all := t.Total()
	say("revision %s: %s\nseed %d, %d trials, %d processes, %d kills, %d disk failures, %d clock jumps, %.0f s: %d lost, %d doubled, %d wrong, %d panics",
		t.Revision, t.Program, t.Seed, all.Trials, all.Processes, all.Kills, all.Failures, all.Jumps, t.Seconds, all.Lost, all.Doubled, all.Wrong, all.Panics)
	return t, err
}

// revision is that of the checkout, "with changes" if there are some.
func revision(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	text := strings.TrimSpace(string(out))
	changed, err := exec.CommandContext(ctx, "git", "status", "--porcelain", "--", ":(top)*.go", ":(top)*.s", ":(top)go.mod").Output()
	if err != nil || len(changed) > 0 {
		text += " with changes"
	}
	return text
}

// targets are those that the command line asks for, and the folder of what was found for them.
func targets(o options) (list []endurance.Target, corpus string, err error) {
	only, err := regexp.Compile(o.only)
	if err != nil {
		return nil, "", err
	}
	if list, err = endurance.Targets(".", only); err != nil {
		return nil, "", err
	}
	if corpus = o.corpus; corpus == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil, "", err
		}
		corpus = filepath.Join(cache, "upset-fuzz")
	}
	corpus, err = filepath.Abs(corpus)
	return list, corpus, err
}

// keepInputs keeps inputs of the corpus beside the targets.
func keepInputs(ctx context.Context, o options) error {
	list, corpus, err := targets(o)
	if err != nil {
		return err
	}
	for _, t := range list {
		kept, err := t.Keep(ctx, ".", corpus, filepath.Join("..", "shared"), o.keep)
		if err != nil {
			return err
		}
		if len(kept) > 0 {
			say("%-28s %-20s keeps %s", t.Package, t.Name, strings.Join(kept, " "))
		}
	}
	return nil
}

// fuzz fuzzes the targets.
func fuzz(ctx context.Context, o options, at string) (*endurance.Fuzzing, error) {
	list, corpus, err := targets(o)
	if err != nil {
		return nil, err
	}
	if o.budget > 0 {
		had := &endurance.Fuzzing{}
		if all, err := endurance.Read(stored); err == nil && all.Fuzzing != nil {
			had = all.Fuzzing
		}
		list = had.Next(list, o.fuzz, o.budget)
	}
	f := &endurance.Fuzzing{}
	for i := range list { // each is kept at once, so that a run that is cut short is worth its time
		one, err := endurance.Fuzz(ctx, ".", corpus, list[i:i+1], o.fuzz, say)
		if err != nil {
			return nil, err
		}
		one.Revisions = []string{at}
		f.Targets = append(f.Targets, one.Targets...)
		if o.store {
			if err := keep(endurance.Summary{Fuzzing: one}); err != nil {
				return nil, err
			}
		}
	}
	n, seconds := f.Total()
	say("%d targets, %d executions in %.1f core-minutes, %d failed, %d too slow to find anything", len(f.Targets), n, seconds/60, len(f.Failures()), len(f.Idle()))
	for _, t := range f.Idle() {
		say("too slow: %s %s, %.1f executions a second", t.Package, t.Name, t.Rate())
	}
	return f, nil
}
