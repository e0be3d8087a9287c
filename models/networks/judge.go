package networks

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"

	"upset/models/compile"
	"upset/models/driver"
	"upset/models/reference"
	"upset/models/tflite"
	"upset/npu"
	"upset/npu/isa"
)

// cycleLimit ends a run that hangs (our choice: far above the longest network).
const cycleLimit = 1_000_000_000

// Use counts the operators of one kind in one file by where they run.
type Use struct {
	Name               string
	NPU, Host, Refused int
}

// Result is what became of one file.
type Result struct {
	File
	Refused string // why it cannot be opened
	Failed  string // why an inference ended without an output
	Uses    []Use  // operators of the graph, by name
	Stream  int    // operations of its command streams
	Host    int    // operators that the host computes
	MACs    int64  // of the command streams

	Equal, Different int    // cases with and without equal bytes
	DifferentBytes   int    // of OutputBytes, over all cases
	OutputBytes      int    // of all cases that ran
	Sequences        int    // cases among Equal that keep their state
	Cycles           uint64 // of the first case on the cycle-level machine; 0 when it was not run
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
	n, err := driver.Open(data, f.Config)
	if err != nil {
		r.Refused = err.Error()
		r.countRefused(data)
		return r, nil
	}
	r.count(n, data)
	if r.MACs > limits.MACs {
		return r, nil
	}
	cases := f.Cases
	if r.MACs > manyMACs {
		cases = cases[:min(len(cases), fewCases)]
	}
	for i, c := range cases {
		if err := r.compare(n, c, i == 0 && r.MACs <= limits.Cycle); err != nil {
			return nil, err
		}
		if r.Failed != "" {
			return r, nil
		}
	}
	if len(f.Cases) == 0 {
		_, err := r.infer(n, make([]byte, n.InputBytes()), r.MACs <= limits.Cycle)
		r.fail(err)
	}
	return r, nil
}

// compare runs one case.
func (r *Result) compare(n *driver.Network, c Case, cycles bool) error {
	in, err := os.ReadFile(c.Input)
	if err != nil {
		return fmt.Errorf("networks: %w", err)
	}
	want, err := os.ReadFile(c.Output)
	if err != nil {
		return fmt.Errorf("networks: %w", err)
	}
	var got []byte
	if c.Sequence {
		got, err = sequence(n, in)
	} else {
		got, err = r.infer(n, in, cycles)
	}
	if err != nil {
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
	var m *machinesError
	switch {
	case errors.As(err, &m):
		r.Machines = m.text
	case err != nil:
		r.Failed = err.Error()
	}
}

// machinesError tells that the two machines differ.
type machinesError struct{ text string }

func (e *machinesError) Error() string { return e.text }

// infer runs one inference on the functional machine and, if asked, on the
// cycle-level machine, whose memory must be equal afterwards.
func (r *Result) infer(n *driver.Network, in []byte, cycles bool) ([]byte, error) {
	if !cycles {
		return n.RunFunctional(in)
	}
	p, err := n.Whole(1)
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
	if err := p.Load(&got, in); err != nil {
		return nil, err
	}
	m := npu.New(p.Config, npu.DefaultSystem(), npu.ECCNone, &got)
	p.Start(m)
	if st := m.Run(cycleLimit); st != npu.Done {
		return nil, &machinesError{fmt.Sprintf("the cycle-level machine ends with a %s: %s", st, m.Describe())}
	}
	r.Cycles += m.Cycle()
	if !bytes.Equal(want.SRAM, got.SRAM) {
		return nil, &machinesError{fmt.Sprintf("%d bytes of memory differ between the machines", different(got.SRAM, want.SRAM))}
	}
	return p.ReadOutputs(&want), nil
}

// sequence runs inferences one after the other with state kept.
func sequence(n *driver.Network, in []byte) ([]byte, error) {
	size := n.InputBytes()
	if size == 0 || len(in)%size != 0 {
		return nil, fmt.Errorf("a sequence of %d bytes is no multiple of the input of %d bytes", len(in), size)
	}
	return n.RunSequence(in, len(in)/size)
}

// count fills in what runs where.
func (r *Result) count(n *driver.Network, data []byte) {
	for _, p := range n.Programs() {
		r.Stream += len(p.Operations)
		for i := range p.Operations {
			r.MACs += p.Operations[i].MACs
		}
	}
	m, err := tflite.Parse(data)
	if err != nil || len(m.Subgraphs) == 0 {
		return // another form than a TensorFlow Lite file
	}
	host := map[int]bool{}
	for _, s := range n.Stages {
		if s.Program == nil {
			host[s.Operator] = true
		}
	}
	r.Host = len(host)
	for i := range m.Subgraphs[0].Operators {
		u := r.use(m.Subgraphs[0].Operators[i].Name())
		if host[i] {
			u.Host++
		} else {
			u.NPU++
		}
	}
}

// countRefused says for each operator of a refused file whether by itself the
// NPU or the host would take it.
func (r *Result) countRefused(data []byte) {
	m, err := tflite.Parse(data)
	if err != nil || len(m.Subgraphs) == 0 {
		return
	}
	g := &m.Subgraphs[0]
	for i := range g.Operators {
		u := r.use(g.Operators[i].Name())
		if alone(m, i, r.Config) == nil {
			u.NPU++
			continue
		}
		if _, err := reference.Prepare(g, &g.Operators[i]); err == nil {
			u.Host++
			continue
		}
		u.Refused++
	}
}

// alone compiles one operator by itself.
func alone(m *tflite.Model, i int, cfg isa.Config) error {
	g := &m.Subgraphs[0]
	part := tflite.Subgraph{Tensors: g.Tensors, Operators: g.Operators[i : i+1]}
	for _, id := range g.Operators[i].Inputs {
		if id >= 0 && id < len(g.Tensors) && g.Tensors[id].Data == nil && !slices.Contains(part.Inputs, id) {
			part.Inputs = append(part.Inputs, id)
		}
	}
	part.Outputs = g.Operators[i].Outputs
	_, err := compile.Compile(&tflite.Model{Version: m.Version, Subgraphs: []tflite.Subgraph{part}}, compile.Options{Config: cfg})
	return err
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
