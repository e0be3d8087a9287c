package networks

import (
	"bytes"
	"fmt"
	"os"
	"slices"

	"upset/models/check"
	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
)

// cycleLimit ends a run that hangs (our choice: far above the longest network).
const cycleLimit = 100_000_000

// Use counts the operators of one kind in one file by where they run.
type Use struct {
	Name               string
	NPU, Host, Refused int
	Before             int // known before the inference
}

// Result is what became of one file.
type Result struct {
	File
	Refused  string // why it cannot run, as upset check says
	Failed   string // why an inference ended without an output
	Uses     []Use  // operators of the graph, by name
	Compiled bool   // by others
	Stream   int    // operations of its command streams
	Host     int    // operators that the host computes
	Foretold int    // the same as upset check says before anything is compiled
	MACs     int64  // of the command streams

	Equal, Different int    // cases with and without equal bytes
	DifferentBytes   int    // of OutputBytes, over all cases
	OutputBytes      int    // of all cases that ran
	Sequences        int    // cases among Equal that keep their state
	Cycles           uint64 // of the first case on the cycle-level machine; 0 when it was not run
	Ran              bool   // an inference came to its end
	Machines         string // how the two machines differ; empty when they do not
}

// Right reports whether a file ran and no byte differed.
func (r *Result) Right() bool {
	return r.Refused == "" && r.Failed == "" && r.Machines == "" && r.Different == 0
}

// Limits bound the work on one file.
type Limits struct {
	MACs  int64 // above it a network does not run
	Cycle int64 // above as many MACs it does not run on the cycle-level machine
}

// A network of more than manyMACs runs at most fewCases cases (our choice: a
// page in about a minute).
const (
	manyMACs = 100_000_000
	fewCases = 2
)

// Judge opens a file and runs its cases. An error tells of unreadable data;
// whatever the network does is in the result.
func Judge(f File, limits Limits) (*Result, error) {
	data, err := os.ReadFile(f.Path)
	if err != nil {
		return nil, fmt.Errorf("networks: %w", err)
	}
	r := &Result{File: f}
	report := check.Examine(data, check.Choice{Config: f.Config, Given: true})
	r.count(report)
	if err := report.Err(); err != nil {
		r.Refused = err.Error()
		return r, nil
	}
	n, err := network.Open(data, f.Config)
	if err != nil {
		r.Failed = "though the check lets it pass: " + err.Error()
		return r, nil
	}
	r.measure(n)
	if r.MACs > limits.MACs {
		return r, nil
	}
	return r, r.cases(n, limits)
}

// cases runs the cases of the file, or an input of zeros where there is none.
func (r *Result) cases(n *network.Network, limits Limits) error {
	list := r.Cases
	if r.MACs > manyMACs {
		list = list[:min(len(list), fewCases)]
	}
	if len(list) == 0 {
		_, err := r.infer(n, make([]byte, n.InputBytes()), 1, r.MACs <= limits.Cycle)
		r.fail(err)
	}
	for i, c := range list {
		// The first case, and every sequence, runs on both machines.
		both := (i == 0 || c.Sequence) && r.MACs <= limits.Cycle
		if err := r.compare(n, c, both); err != nil {
			return err
		}
		if r.Failed != "" || r.Machines != "" {
			return nil
		}
	}
	return nil
}

// compare runs one case.
func (r *Result) compare(n *network.Network, c Case, both bool) error {
	in, err := os.ReadFile(c.Input)
	if err != nil {
		return fmt.Errorf("networks: %w", err)
	}
	want, err := os.ReadFile(c.Output)
	if err != nil {
		return fmt.Errorf("networks: %w", err)
	}
	frames := 1
	if size := n.InputBytes(); c.Sequence && size > 0 {
		frames = len(in) / size
	}
	got, err := r.infer(n, in, frames, both)
	if err != nil || r.Machines != "" {
		r.fail(err)
		return nil
	}
	r.OutputBytes += len(want)
	d := different(got, want)
	r.DifferentBytes += d
	if d > 0 {
		r.Different++
		return nil
	}
	r.Equal++
	if c.Sequence {
		r.Sequences++
	}
	return nil
}

// different counts the bytes of want that got does not have.
func different(got, want []byte) int {
	n := 0
	for i, b := range want {
		if i >= len(got) || got[i] != b {
			n++
		}
	}
	return n + max(0, len(got)-len(want))
}

func (r *Result) fail(err error) {
	if err != nil {
		r.Failed = err.Error()
	}
}

// infer runs a sequence of inferences on the functional machine and, for both, on
// the cycle-level machine, whose memory must be equal afterwards.
func (r *Result) infer(n *network.Network, in []byte, frames int, both bool) ([]byte, error) {
	p, err := n.Whole(frames)
	if err != nil {
		return nil, err
	}
	var want, got isa.Memory
	if err := p.Load(&want, in); err != nil {
		return nil, err
	}
	if err := p.Execute(&want); err != nil {
		return nil, err
	}
	r.Ran = true
	if !both {
		return p.ReadOutputs(&want), nil
	}
	if err := p.Load(&got, in); err != nil {
		return nil, err
	}
	m := npu.New(p.Config, npu.DefaultSystem(), npu.ECCNone, &got)
	p.Start(m)
	if st := m.Run(cycleLimit); st != npu.Done {
		r.Machines = fmt.Sprintf("the cycle-level machine ends with a %s: %s", st, m.Describe())
	} else if !bytes.Equal(want.SRAM, got.SRAM) {
		r.Machines = fmt.Sprintf("%d bytes of memory: %s", different(got.SRAM, want.SRAM), p.WhyDiffer())
	}
	if frames == 1 {
		r.Cycles = m.Cycle()
	}
	return p.ReadOutputs(&want), nil
}

// measure fills in what an open network has to do.
func (r *Result) measure(n *network.Network) {
	r.Host = 0
	for _, s := range n.Stages {
		if s.Program == nil {
			r.Host++
		}
	}
	for _, p := range n.Programs() {
		r.Stream += len(p.Operations)
		for i := range p.Operations {
			r.MACs += p.Operations[i].MACs
		}
	}
}

// count fills in what runs where.
func (r *Result) count(report *check.Report) {
	r.Compiled = report.Compiled
	r.Foretold = report.Count(check.Host)
	for _, o := range report.Operators {
		u := r.use(o.Name)
		switch o.Place {
		case check.NPU:
			u.NPU++
		case check.Host:
			u.Host++
		case check.Nobody:
			u.Before++
		default:
			u.Refused++
		}
	}
}

// use is the count of one kind of operator.
func (r *Result) use(name string) *Use {
	i := slices.IndexFunc(r.Uses, func(u Use) bool { return u.Name == name })
	if i < 0 {
		i = len(r.Uses)
		r.Uses = append(r.Uses, Use{Name: name})
	}
	return &r.Uses[i]
}
