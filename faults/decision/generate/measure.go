package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/criterion"
	"upset/faults/decision"
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/faults/protect"
	"upset/faults/provenance"
	"upset/models/network"
	"upset/models/selection"
	"upset/models/selection/tasks"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats"
	"upset/stats/result"
)

// The experiment (our choice): the classifier that selection is compared with, the
// seed of the faults and of the pools, and the confidence of intervals and limits.
const (
	classifier = "fashion-dscnn"
	seed       = 1
	confidence = 0.95
	config     = isa.U55x128
)

// results are everything that the page shows.
type results struct {
	provenance.Made
	NPU         string                  `json:"npu"`
	Classifier  string                  `json:"classifier"`
	Faults      int                     `json:"faults"`
	Seed        uint64                  `json:"seed"`
	Confidence  float64                 `json:"confidence"`
	Flops       int                     `json:"flops"`
	LambdaFlop  float64                 `json:"lambda_flop"`
	Rates       string                  `json:"rates"`
	BudgetFIT   float64                 `json:"budget_fit"`
	TargetSPFM  float64                 `json:"target_spfm"`
	Design      design                  `json:"design"`
	Plain       result.DecisionShares   `json:"classifier_plain"`
	Protected   result.DecisionShares   `json:"classifier_protected"`
	PlainBlocks []result.DecisionShares `json:"classifier_blocks"`
	Tasks       []taskResult            `json:"tasks"`
	// Earlier are shares that were measured over all rows of all networks.
	Earlier *earlier `json:"earlier,omitempty"`
}

// earlier are shares of tasks whose struck time was not all executed.
type earlier struct {
	Revision string `json:"revision"`
	Faults   int    `json:"faults"`
	Tasks    []struct {
		Task          string          `json:"task"`
		Changed       result.Interval `json:"changed"`
		Consequential result.Interval `json:"consequential"`
	} `json:"tasks"`
}

// readEarlier reads those shares.
func readEarlier() (*earlier, error) {
	text, err := os.ReadFile(filepath.Join("docs", "selection", "earlier.json"))
	if err != nil {
		return nil, err
	}
	e := new(earlier)
	return e, json.Unmarshal(text, e)
}

// design is the cheapest protection of the classifier.
type design struct {
	Violation    string          `json:"violation"`
	Choice       []result.Choice `json:"choice"`
	AreaOverhead float64         `json:"area_overhead"`
	Proven       bool            `json:"proven"`
	FITUpper     float64         `json:"fit_upper"`
	SPFMLower    float64         `json:"spfm_lower"`
}

// taskResult is one task.
type taskResult struct {
	Plain      result.Decision       `json:"plain"`
	Protected  result.DecisionShares `json:"protected"`
	Persistent result.Decision       `json:"persistent"`
	// Changed and Consequential are compared with the classifier's label on the same
	// faults.
	Changed       paired `json:"changed_against_label"`
	Consequential paired `json:"consequential_against_label"`
}

// paired is a comparison on common faults.
type paired struct {
	OnlyTask       int     `json:"only_task"`
	OnlyClassifier int     `json:"only_classifier"`
	Low            float64 `json:"low"`
	High           float64 `json:"high"`
	P              float64 `json:"p"`
	PHolm          float64 `json:"p_holm"`
}

type experiment struct {
	faults, persistent, workers int
	list                        []decision.Fault
	design                      *mechanism.Design
}

func (x *experiment) machine() decision.Machine {
	return decision.Machine{Config: config, ECC: npu.ECCSECDED, Workers: x.workers}
}

func (x *experiment) run(ctx context.Context) (*results, error) {
	p, rows, err := openClassifier()
	if err != nil {
		return nil, err
	}
	q := stats.Question{Violation: stats.ViolationCritical}.Normal(confidence)
	r := &results{
		NPU: config.String(), Classifier: classifier, Faults: x.faults, Seed: seed, Confidence: confidence,
		LambdaFlop: q.Scenario.Flop, Rates: q.Scenario.Name, BudgetFIT: q.BudgetFIT, TargetSPFM: q.Target.SPFM,
	}
	if r.Earlier, err = readEarlier(); err != nil {
		return nil, err
	}
	if err := x.protect(ctx, p, rows, q, r); err != nil {
		return nil, err
	}
	c, err := decision.NewClassifier(classifier, p, rows, x.machine(), decision.MaxStruck, seed)
	if err != nil {
		return nil, err
	}
	x.list = decision.Draw(c.Table(), seed, x.faults)
	r.Flops = decision.Flops(c.Table())
	labels, err := c.Run(ctx, x.list, nil, x.workers, nil)
	if err != nil {
		return nil, err
	}
	guarded, err := c.Run(ctx, x.list, x.design, x.workers, nil)
	if err != nil {
		return nil, err
	}
	plain, protected := result.Decision{Confidence: confidence}, result.Decision{Confidence: confidence}
	if err := c.Fill(&plain, labels); err != nil {
		return nil, err
	}
	if err := c.Fill(&protected, guarded); err != nil {
		return nil, err
	}
	r.Plain, r.Protected, r.PlainBlocks = plain.Whole, protected.Whole, plain.Blocks
	registry, err := tasks.All()
	if err != nil {
		return nil, err
	}
	for i := range registry {
		if registry[i].Kind != selection.OnNPU {
			continue
		}
		t, err := x.task(ctx, &registry[i], labels)
		if err != nil {
			return nil, err
		}
		r.Tasks = append(r.Tasks, *t)
		fmt.Fprintf(os.Stderr, "%s: changed %d, consequential %d, after protection %d\n", registry[i].Name, t.Plain.Whole.Changed.Failures, t.Plain.Whole.Consequential.Failures, t.Protected.Consequential.Failures)
	}
	correct(r.Tasks)
	return r, nil
}

// correct applies Holm's correction over all comparisons.
func correct(list []taskResult) {
	var p []float64
	for i := range list {
		p = append(p, list[i].Changed.P, list[i].Consequential.P)
	}
	for k, v := range stats.Holm(p) {
		if k%2 == 0 {
			list[k/2].Changed.PHolm = v
		} else {
			list[k/2].Consequential.PHolm = v
		}
	}
}

// task injects the shared faults into one task, on the plain and on the protected
// machine.
func (x *experiment) task(ctx context.Context, t *selection.Task, labels []decision.Hit) (*taskResult, error) {
	s, err := decision.OpenTask(t, x.machine(), decision.MaxStruck, seed, nil)
	if err != nil {
		return nil, err
	}
	fill := func(exposure selection.Exposure) result.Decision {
		return result.Decision{
			Task: t.Name, Title: t.Title, Family: t.Family, Metric: string(t.Metric), NPU: config.String(), Exposure: string(exposure),
			ECC: "secded", Seed: seed, Confidence: confidence, Epsilon: t.Epsilon, Warnings: []result.Warning{},
		}
	}
	out := &taskResult{Plain: fill(selection.Transient), Persistent: fill(selection.Persistent)}
	hits, err := s.Run(ctx, x.list, nil, x.workers, nil)
	if err != nil {
		return nil, err
	}
	if err := s.Fill(&out.Plain, hits); err != nil {
		return nil, err
	}
	guarded, err := s.Run(ctx, x.list, x.design, x.workers, nil)
	if err != nil {
		return nil, err
	}
	protected := fill(selection.Transient)
	if err := s.Fill(&protected, guarded); err != nil {
		return nil, err
	}
	out.Protected = protected.Whole
	if out.Changed, err = pair(hits, labels, func(h *decision.Hit) bool { return h.Changed }); err != nil {
		return nil, err
	}
	if out.Consequential, err = pair(hits, labels, func(h *decision.Hit) bool { return h.Consequential }); err != nil {
		return nil, err
	}
	list, err := s.RunPersistent(ctx, x.machine(), seed, x.persistent, nil)
	if err != nil {
		return nil, err
	}
	return out, s.FillPersistent(&out.Persistent, list)
}

// pair compares an event with the classifier's label on common faults.
func pair(hits, labels []decision.Hit, event func(*decision.Hit) bool) (p paired, err error) {
	for i := range hits {
		a, b := event(&hits[i]), labels[i].Label
		switch {
		case a && !b:
			p.OnlyTask++
		case b && !a:
			p.OnlyClassifier++
		}
	}
	if p.Low, p.High, err = stats.PairedDifference(p.OnlyTask, p.OnlyClassifier, len(hits), confidence); err != nil {
		return p, err
	}
	p.P, err = stats.McNemar(p.OnlyTask, p.OnlyClassifier)
	return p, err
}

// openClassifier opens the classifier and its inputs.
func openClassifier() (*network.Program, [][]byte, error) {
	base := filepath.Join("testdata", "models", classifier)
	data, err := os.ReadFile(base + ".tflite")
	if err != nil {
		return nil, nil, err
	}
	n, err := network.Open(data, config)
	if err != nil {
		return nil, nil, err
	}
	names, err := filepath.Glob(filepath.Join(base+".inputs", "in_*.bin"))
	if err != nil || len(names) == 0 {
		return nil, nil, fmt.Errorf("no inputs in %s.inputs: %w", base, err)
	}
	slices.Sort(names)
	var rows [][]byte
	for _, name := range names {
		in, err := os.ReadFile(name)
		if err != nil {
			return nil, nil, err
		}
		size := n.Program().InputBytes()
		for ; len(in) >= size; in = in[size:] {
			rows = append(rows, in[:size])
		}
	}
	return n.Program(), rows, nil
}

// protect finds the cheapest protection with which the classifier meets the target,
// where a wrong class violates, and proves it.
func (x *experiment) protect(ctx context.Context, p *network.Program, rows [][]byte, q stats.Question, r *results) error {
	criterion, err := criterion.Parse("top1")
	if err != nil {
		return err
	}
	e, err := engine.New(p, rows, faults.Options{ECC: npu.ECCSECDED, Criterion: criterion}, nil)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "selection")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	folder := filepath.Join(dir, "campaign")
	spec := campaign.Spec{Seed: seed, Confidence: confidence}
	if _, err := campaign.Run(ctx, e, spec, folder, campaign.RunOptions{Workers: x.workers, Question: campaign.Question{Question: q}}); err != nil {
		return err
	}
	stored, err := campaign.Load(folder)
	if err != nil {
		return err
	}
	found, err := protect.Run(ctx, e, stored, protect.Options{Question: q, Set: protect.OptionsPaper, Dir: filepath.Join(folder, "protect"), Workers: x.workers})
	if err != nil {
		return err
	}
	r.Design = design{Violation: q.Violation, Choice: found.Choice, AreaOverhead: found.AreaOverhead, Proven: found.Meets}
	for _, a := range found.Proof.Attempts {
		r.Design.FITUpper, r.Design.SPFMLower = a.FITUpper, a.SPFMLower
	}
	var list []mechanism.Choice
	if len(found.Choice) > 0 {
		text, err := json.Marshal(found)
		if err != nil {
			return err
		}
		if list, err = protect.ReadChoices(bytes.NewReader(text)); err != nil {
			return err
		}
	}
	x.design, err = mechanism.New(e.Table(), list, mechanism.DefaultCells(), seed)
	fmt.Fprintf(os.Stderr, "protection of %s: %s, proven %v\n", classifier, strings.TrimSpace(x.design.String()), found.Meets)
	return err
}
