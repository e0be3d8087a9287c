package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"upset/faults/campaign"
	"upset/faults/criterion"
	"upset/faults/protect"
	"upset/models/inputs"
	"upset/npu/isa"
	"upset/stats"
)

// Limits of a sweep (our choice).
const (
	maxSweepCampaigns = 1000
	maxSweepRows      = 100_000
)

// sweepFile is the YAML form of a sweep.
type sweepFile struct {
	Networks   []sweepNetwork `yaml:"networks"`
	NPU        []string       `yaml:"npu"`
	Criteria   []string       `yaml:"criteria"`
	Scenarios  []string       `yaml:"scenarios"`
	Budgets    []figure       `yaml:"budgets"`
	Violations []string       `yaml:"violations"`
	Target     string         `yaml:"target"`
	Injections number         `yaml:"injections"`
	Confidence figure         `yaml:"confidence"`
	Seed       number         `yaml:"seed"`
	Protect    string         `yaml:"protect"`
}

// sweepNetwork is one network: a model and, where they do not lie beside it, its
// inputs. How pictures and sound are read goes before the flags of the same names.
type sweepNetwork struct {
	Model  string `yaml:"model"`
	Inputs string `yaml:"inputs"`
	Scale  string `yaml:"image-scale"`
	Resize bool   `yaml:"resize"`
	Rate   number `yaml:"rate"`

	read inputs.Options
}

// pictures says for every network how its inputs are read: as the flags say where the
// file says nothing.
func (s *sweepFile) pictures(flags inputs.Options) error {
	for i := range s.Networks {
		n := &s.Networks[i]
		n.read = flags
		n.read.Resize = flags.Resize || n.Resize
		if n.Scale != "" {
			scale, err := inputs.ParseScale(n.Scale)
			if err != nil {
				return fmt.Errorf("image-scale of %s: %w", n.Model, err)
			}
			n.read.Scale = scale
		}
		if n.Rate < 0 || n.Rate > maxRate {
			return fmt.Errorf("rate of %s: %d is not between 1 and %d samples per second", n.Model, int64(n.Rate), int64(maxRate))
		}
		if n.Rate != 0 {
			n.read.Rate = int(n.Rate)
		}
	}
	return nil
}

// sweepExample is what --example prints.
const sweepExample = `# A sweep: every network on every configuration under every criterion is one campaign;
# every campaign is judged for every raw rate, budget and violation.
networks:                       # paths are relative to this file
  - model: testdata/models/fashion-tiny.tflite
  - model: testdata/models/fashion-dscnn.tflite
    inputs: testdata/models/fashion-dscnn.inputs
    # image-scale: 0..1         # as the flags --image-scale, --resize and --rate, for this network
npu: [u55-32, u55-64, u55-128, u55-256]
criteria: [auto]                # auto, top1, any, tolerance:X
scenarios: [fidelity, li, finfet, planar90]
budgets: [0.2, 10]              # FIT
violations: [any, critical]
target: asil-d
injections: 4000                # for each campaign
confidence: 0.95
seed: 1
protect: none                   # none, paper or full: also search for the cheapest protection
`

// readSweep reads and checks the file of a sweep.
func readSweep(name string) (*sweepFile, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, usage("sweep: %w", pathError(name, err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxYAML+1))
	if err != nil {
		return nil, usage("sweep: %w", pathError(name, err))
	}
	s, err := parseSweep(data)
	if err != nil {
		return nil, usage("%s: %v; see upset sweep --example", name, err)
	}
	for i := range s.Networks {
		n := &s.Networks[i]
		n.Model = beside(name, n.Model)
		if n.Inputs != "" {
			n.Inputs = beside(name, n.Inputs)
		}
	}
	return s, nil
}

// beside is a path relative to the folder of a file.
func beside(file, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(file), path)
}

// parseSweep reads a sweep from YAML and fills in what it leaves out.
func parseSweep(data []byte) (*sweepFile, error) {
	if len(data) > maxYAML {
		return nil, fmt.Errorf("more than %d bytes", maxYAML)
	}
	s := &sweepFile{
		NPU: []string{"u55-128"}, Criteria: []string{"auto"}, Scenarios: []string{stats.Scenarios()[0].Name}, Budgets: []figure{figure(stats.Budgets()[0])},
		Violations: []string{stats.ViolationAny}, Target: "asil-d", Injections: campaign.DefaultInjections, Confidence: 0.95, Seed: defaultSeed, Protect: "none",
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(s); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one document")
	}
	return s, s.check()
}

// check reports what is missing or unknown.
func (s *sweepFile) check() error {
	if len(s.Networks) == 0 {
		return errors.New("no networks")
	}
	for _, n := range s.Networks {
		if n.Model == "" {
			return errors.New("a network without a model")
		}
	}
	for what, n := range map[string]int{"npu": len(s.NPU), "criteria": len(s.Criteria), "scenarios": len(s.Scenarios), "budgets": len(s.Budgets), "violations": len(s.Violations)} {
		if n == 0 {
			return fmt.Errorf("the list %s is empty", what)
		}
	}
	campaigns := float64(len(s.Networks)) * float64(len(s.NPU)) * float64(len(s.Criteria))
	if rows := campaigns * float64(len(s.Scenarios)) * float64(len(s.Budgets)) * float64(len(s.Violations)); campaigns > maxSweepCampaigns || rows > maxSweepRows {
		return fmt.Errorf("%.0f campaigns and %.0f rows: at most %d and %d", campaigns, rows, maxSweepCampaigns, maxSweepRows)
	}
	for _, name := range s.NPU {
		if _, err := isa.ParseConfig(name); err != nil {
			return err
		}
	}
	for _, name := range s.Criteria {
		if _, err := criterion.Parse(name); err != nil {
			return err
		}
	}
	if _, err := s.questions(); err != nil {
		return err
	}
	if s.Protect != "none" && s.Protect != protect.OptionsPaper && s.Protect != protect.OptionsFull {
		return fmt.Errorf("protect: %q is not none, %s or %s", s.Protect, protect.OptionsPaper, protect.OptionsFull)
	}
	if s.Seed < 0 || s.Seed > maxExact {
		return fmt.Errorf("seed %d is not between 0 and %d", s.Seed, int64(maxExact))
	}
	if !confidenceSpan.has(float64(s.Confidence)) {
		return fmt.Errorf("confidence %v is not between %v and %v", s.Confidence, confidenceSpan.low, confidenceSpan.high)
	}
	spec := s.spec()
	return spec.Check()
}

// spec is the campaign that every network gets.
func (s *sweepFile) spec() campaign.Spec {
	return campaign.Spec{Seed: uint64(s.Seed), Injections: int(s.Injections), Confidence: float64(s.Confidence), Sites: campaign.SitesAll, Sampling: campaign.SamplingStratified}
}

// questions are all combinations of raw rates, budgets and violations.
func (s *sweepFile) questions() ([]campaign.Question, error) {
	target, err := stats.ASILByName(s.Target)
	if err != nil {
		return nil, err
	}
	var list []campaign.Question
	for _, name := range s.Scenarios {
		scenario, err := stats.ScenarioByName(name)
		if err != nil {
			return nil, err
		}
		for _, budget := range s.Budgets {
			if !fitSpan.has(float64(budget)) {
				return nil, fmt.Errorf("budget %v is not between %v and %v", budget, fitSpan.low, fitSpan.high)
			}
			for _, v := range s.Violations {
				if v != stats.ViolationAny && v != stats.ViolationCritical {
					return nil, fmt.Errorf("violation %q is neither any nor critical", v)
				}
				q := campaign.Question{}
				q.Target, q.Scenario, q.BudgetFIT, q.Violation, q.Duty = target, scenario, float64(budget), v, 1
				list = append(list, q)
			}
		}
	}
	return list, nil
}
