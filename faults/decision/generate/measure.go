package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"upset/faults/decision"
	"upset/faults/mechanism"
	"upset/faults/protect"
	"upset/faults/provenance"
	"upset/models/selection"
	"upset/models/selection/tasks"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats"
)

// The experiment (our choice): the classifier that selection is compared with, the
// seed of the faults and of the pools, and the confidence of intervals and limits.
const (
	classifier = "fashion-dscnn"
	seed       = 1
	confidence = 0.95
	config     = isa.U55x128
)

// experiment measures what is not stored yet.
type experiment struct {
	faults, persistent, workers int
	only                        string // a single task, empty for all
	made                        provenance.Made
	common                      *shared
	list                        []decision.Fault
	design                      *mechanism.Design
}

func (x *experiment) machine() decision.Machine {
	return decision.Machine{Config: config, ECC: npu.ECCSECDED, Workers: x.workers}
}

// run measures the classifier and then all tasks, and stores each when it is done.
func (x *experiment) run(ctx context.Context) error {
	var err error
	if x.made, err = provenance.Now(ctx); err != nil {
		return err
	}
	if err := x.reference(ctx); err != nil {
		return err
	}
	registry, err := tasks.All()
	if err != nil {
		return err
	}
	for i := range registry {
		t := &registry[i]
		if t.Kind != selection.OnNPU || x.only != "" && t.Name != x.only {
			continue
		}
		if err := x.task(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// reference measures the classifier and its protection, or takes them as stored.
func (x *experiment) reference(ctx context.Context) error {
	p, rows, err := openClassifier()
	if err != nil {
		return err
	}
	c, err := decision.NewClassifier(classifier, p, rows, x.machine(), decision.MaxStruck, seed)
	if err != nil {
		return err
	}
	x.list = decision.Draw(c.Table(), seed, x.faults)
	stored, err := load[shared](sharedFile)
	if err != nil {
		return err
	}
	if stored != nil && stored.Faults == x.faults && stored.Probe == x.made.Probe && stored.Mechanisms == x.made.Mechanisms && stored.check() == nil {
		x.common = stored
		x.design, err = equipment(c, stored.Design)
		return err
	}
	q := stats.Question{Violation: stats.ViolationCritical}.Normal(confidence)
	r := &shared{
		Made: x.made, NPU: config.String(), Classifier: classifier, Faults: x.faults, Seed: seed, Confidence: confidence,
		LambdaFlop: q.Scenario.Flop, Rates: q.Scenario.Name, BudgetFIT: q.BudgetFIT, TargetSPFM: q.Target.SPFM, Flops: decision.Flops(c.Table()),
	}
	if r.Design, err = x.protect(ctx, p, rows, q); err != nil {
		return err
	}
	if x.design, err = equipment(c, r.Design); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "protection of %s: %s, proven %v\n", classifier, strings.TrimSpace(x.design.String()), r.Design.Proven)
	plain, err := c.Run(ctx, x.list, nil, x.workers, nil)
	if err != nil {
		return err
	}
	guarded, err := c.Run(ctx, x.list, x.design, x.workers, nil)
	if err != nil {
		return err
	}
	r.Plain, r.Protected = gather(plain), gather(guarded)
	if r.Blocks, r.Struck, err = blocks(c, x.list); err != nil {
		return err
	}
	x.common = r
	return store(sharedFile, r)
}

// equipment makes the mechanisms of a design.
func equipment(c *decision.Subject, d design) (*mechanism.Design, error) {
	list, err := protect.Choices(d.Choice)
	if err != nil {
		return nil, err
	}
	return mechanism.New(c.Table(), list, mechanism.DefaultCells(), seed)
}

// blocks names the block of every fault by a letter.
func blocks(c *decision.Subject, list []decision.Fault) (names []string, letters string, err error) {
	known := map[string]byte{}
	for i := range c.Table().Registers {
		x := &c.Table().Registers[i]
		if _, ok := known[x.Block]; !ok && !x.IsSRAM() && !x.Observer {
			known[x.Block] = 'a' + byte(len(names))
			names = append(names, x.Block)
		}
	}
	text := make([]byte, len(list))
	for i, f := range list {
		place, err := c.Table().Place(f.Flop)
		if err != nil {
			return nil, "", err
		}
		text[i] = known[place.Register.Block]
	}
	return names, string(text), nil
}

// task injects the shared faults into one task, on the plain and on the protected
// machine, unless that is stored.
func (x *experiment) task(ctx context.Context, t *selection.Task) error {
	start := time.Now()
	w, err := t.Build(seed)
	if err != nil {
		return fmt.Errorf("task %s: %w", t.Name, err)
	}
	run, err := selection.NewRun(w, seed, config)
	if err != nil {
		return fmt.Errorf("task %s: %w", t.Name, err)
	}
	golden, err := digest(run)
	if err != nil {
		return err
	}
	stored, err := load[measured](taskFile(t.Name))
	if err != nil {
		return err
	}
	if stored != nil && stored.Golden == golden && stored.Epsilon == t.Epsilon && stored.Persistent.N == x.persistent && x.common.same(stored) {
		return nil
	}
	s, err := decision.NewTask(t, run, x.machine(), decision.MaxStruck, seed)
	if err != nil {
		return err
	}
	m := &measured{Made: x.made, Golden: golden, Faults: x.faults, Task: t.Name, Family: t.Family, Metric: string(t.Metric), Epsilon: t.Epsilon, Scorers: s.Scorers()}
	for _, v := range []struct {
		design *mechanism.Design
		to     *events
	}{{nil, &m.Plain}, {x.design, &m.Protected}} {
		hits, err := s.Run(ctx, x.list, v.design, x.workers, nil)
		if err != nil {
			return err
		}
		*v.to = gather(hits)
	}
	transient := time.Since(start)
	list, err := s.RunPersistent(ctx, x.machine(), seed, x.persistent, nil)
	if err != nil {
		return err
	}
	m.Persistent = count(list)
	fmt.Fprintf(os.Stderr, "%s: changed %d, consequential %d, after protection %d; %.1f s, persistent ones %.1f s\n", t.Name,
		len(m.Plain.Changed), len(m.Plain.Consequential), len(m.Protected.Consequential), transient.Seconds(), (time.Since(start) - transient).Seconds())
	return store(taskFile(t.Name), m)
}

// digest is of everything that a fault-free decision read and gave.
func digest(r *selection.Run) (string, error) {
	h := sha256.New()
	if err := json.NewEncoder(h).Encode([]any{r.Calls, r.Scores, r.Outcome}); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}

func count(list []decision.Upset) (m memory) {
	m.N = len(list)
	for i := range list {
		u := &list[i]
		for _, x := range []struct {
			to *int
			is bool
		}{{&m.Visible, u.Visible}, {&m.Changed, u.Changed}, {&m.Consequential, u.Consequential}, {&m.DUE, u.DUE}} {
			if x.is {
				*x.to++
			}
		}
	}
	return m
}
