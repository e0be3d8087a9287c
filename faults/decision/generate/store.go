package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"upset/faults/decision"
	"upset/faults/provenance"
	"upset/models/selection"
	"upset/models/selection/tasks"
	"upset/stats/report"
	"upset/stats/result"
)

// shared is what all tasks are compared with: the list of faults, the classifier and
// its protection. It is measured first.
type shared struct {
	provenance.Made
	NPU        string  `json:"npu"`
	Classifier string  `json:"classifier"`
	Faults     int     `json:"faults"`
	Seed       uint64  `json:"seed"`
	Confidence float64 `json:"confidence"`
	Flops      int     `json:"flops"`
	LambdaFlop float64 `json:"lambda_flop"`
	Rates      string  `json:"rates"`
	BudgetFIT  float64 `json:"budget_fit"`
	TargetSPFM float64 `json:"target_spfm"`
	Design     design  `json:"design"`
	// Blocks are those of the machine; Struck has a letter for each fault, "a" for the
	// first block.
	Blocks    []string `json:"blocks"`
	Struck    string   `json:"struck"`
	Plain     events   `json:"plain"`
	Protected events   `json:"protected"`
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

// measured is one task under those faults.
type measured struct {
	provenance.Made
	// Golden is the digest of the fault-free decision and of all scores.
	Golden     string                  `json:"golden"`
	Faults     int                     `json:"faults"`
	Task       string                  `json:"task"`
	Family     string                  `json:"family"`
	Metric     string                  `json:"metric"`
	Epsilon    float64                 `json:"epsilon"`
	Scorers    []result.DecisionScorer `json:"scorers"`
	Plain      events                  `json:"plain"`
	Protected  events                  `json:"protected"`
	Persistent memory                  `json:"persistent"`
}

// events are the faults that did something, by their numbers.
type events struct {
	Visible       numbers `json:"visible"`
	Label         numbers `json:"label"`
	Changed       numbers `json:"changed"`
	Consequential numbers `json:"consequential"`
	DUE           numbers `json:"due"`
}

// memory counts flipped bits of programs.
type memory struct {
	N             int `json:"n"`
	Visible       int `json:"visible"`
	Changed       int `json:"changed"`
	Consequential int `json:"consequential"`
	DUE           int `json:"due"`
}

// numbers are ascending numbers from 0. As text they are the steps between them,
// the first one from −1.
type numbers []int

// MarshalText writes the steps.
func (n numbers) MarshalText() ([]byte, error) {
	var b []byte
	last := -1
	for i, k := range n {
		if k <= last {
			return nil, fmt.Errorf("number %d after %d", k, last)
		}
		if i > 0 {
			b = append(b, ' ')
		}
		b = strconv.AppendInt(b, int64(k-last), 10)
		last = k
	}
	return b, nil
}

// UnmarshalText reads the steps.
func (n *numbers) UnmarshalText(text []byte) error {
	*n = nil
	last := -1
	for _, f := range strings.Fields(string(text)) {
		step, err := strconv.Atoi(f)
		if err != nil || step < 1 || step > 1<<40 {
			return fmt.Errorf("step %q: want a whole number from 1", f)
		}
		last += step
		*n = append(*n, last)
	}
	return nil
}

// has reports the membership of all numbers below n.
func (n numbers) has(size int) []bool {
	list := make([]bool, size)
	for _, k := range n {
		list[k] = true
	}
	return list
}

// gather makes events of hits.
func gather(hits []decision.Hit) (e events) {
	for i := range hits {
		h := &hits[i]
		for _, x := range []struct {
			to *numbers
			is bool
		}{{&e.Visible, h.Visible}, {&e.Label, h.Label}, {&e.Changed, h.Changed}, {&e.Consequential, h.Consequential}, {&e.DUE, h.DUE()}} {
			if x.is {
				*x.to = append(*x.to, i)
			}
		}
	}
	return e
}

// within reports whether all events are of faults below n.
func (e *events) within(n int) bool {
	for _, list := range []numbers{e.Visible, e.Label, e.Changed, e.Consequential, e.DUE} {
		if k := len(list); k > 0 && list[k-1] >= n {
			return false
		}
	}
	return true
}

var (
	folder      = filepath.Join("docs", "selection")
	sharedFile  = filepath.Join(folder, "shared.json")
	earlierFile = filepath.Join(folder, "earlier.json")
)

// taskFile is where a task is stored.
func taskFile(task string) string { return filepath.Join(folder, "tasks", task+".json") }

// store writes a value so that a file is whole or not there.
func store(name string, v any) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return report.WriteFileAtomic(name, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", " ")
		return e.Encode(v)
	})
}

// load reads a stored value; without the file it returns nil.
func load[T any](name string) (*T, error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	v := new(T)
	if err := json.Unmarshal(text, v); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return v, nil
}

// study is everything that the page shows.
type study struct {
	shared
	tasks   []measured
	missing []string // tasks that are not measured
	earlier *earlier
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

// read reads what is stored.
func read() (*study, error) {
	common, err := load[shared](sharedFile)
	if err != nil {
		return nil, err
	}
	if common == nil {
		return nil, fmt.Errorf("there is no %s: run with -measure", sharedFile)
	}
	if err := common.check(); err != nil {
		return nil, err
	}
	s := &study{shared: *common}
	if s.earlier, err = load[earlier](earlierFile); err != nil {
		return nil, err
	}
	registry, err := tasks.All()
	if err != nil {
		return nil, err
	}
	for i := range registry {
		if registry[i].Kind != selection.OnNPU {
			continue
		}
		name := registry[i].Name
		m, err := load[measured](taskFile(name))
		switch {
		case err != nil:
			return nil, err
		case m == nil || !s.same(m):
			s.missing = append(s.missing, name)
		case m.Task != name || !m.Plain.within(s.Faults) || !m.Protected.within(s.Faults):
			return nil, fmt.Errorf("%s is not of task %s and %d faults", taskFile(name), name, s.Faults)
		default:
			s.tasks = append(s.tasks, *m)
		}
	}
	if len(s.tasks) == 0 {
		return nil, errors.New("no task is measured with the faults of " + sharedFile)
	}
	return s, nil
}

// same reports whether a task was measured with these faults by a program that does
// the same.
func (s *shared) same(m *measured) bool {
	return m.Faults == s.Faults && m.Probe == s.Probe && m.Mechanisms == s.Mechanisms
}

func (s *shared) check() error {
	if s.Faults < 1 || len(s.Struck) != s.Faults || !s.Plain.within(s.Faults) || !s.Protected.within(s.Faults) {
		return fmt.Errorf("%s does not hold %d faults", sharedFile, s.Faults)
	}
	for _, c := range []byte(s.Struck) {
		if c < 'a' || int(c-'a') >= len(s.Blocks) {
			return fmt.Errorf("%s: a fault in block %q of %d", sharedFile, c, len(s.Blocks))
		}
	}
	return nil
}
