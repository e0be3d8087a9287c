// Package check says what a file is and where each of its operators would run, before
// anything is compiled, with the reason and what its owner can do.
package check

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"upset/models/compile"
	"upset/models/container"
	"upset/models/network"
	"upset/models/reference"
	"upset/models/tflite"
	"upset/npu/isa"
)

// Place says who computes an operator.
type Place string

// Places.
const (
	NPU     Place = "npu"
	Host    Place = "host"
	Refused Place = "refused" // neither can
	Nobody  Place = "nobody"  // its result is known before the inference
)

// Operator is one operator of the graph.
type Operator struct {
	Index  int
	Name   string // of its kind, for example CONV_2D
	Output string // name of its first output
	Place  Place
	Reason string // why not on the NPU, and where it is refused why not on the host
	Remedy string // what the owner can do; empty where nothing is needed
}

// Problem is what is wrong with the file as a whole.
type Problem struct {
	Reason string
	Remedy string
	Lines  []string // of a program, for the remedy
}

// Report is the answer for one file.
type Report struct {
	Format    string     // what the file is, in words
	Config    isa.Config // the configuration that the answer is for
	Compiled  bool       // the file holds command streams for the NPU
	Operators []Operator
	Problems  []Problem // each of them keeps the network from running
	Memory    []Memory  // what the NPU's part needs of the memories of the system, where known
}

// Runs reports whether the network can run.
func (r *Report) Runs() bool { return len(r.Problems) == 0 && r.Count(Refused) == 0 }

// Count is the number of operators in a place.
func (r *Report) Count(p Place) int {
	n := 0
	for i := range r.Operators {
		if r.Operators[i].Place == p {
			n++
		}
	}
	return n
}

// Choice is what the user asked for.
type Choice struct {
	Config isa.Config
	Given  bool // the configuration; else one gives way to that of a compiled file
	network.Options
}

// Examine looks at the bytes of a file.
func Examine(data []byte, c Choice) *Report {
	r := &Report{Format: formatTFLite, Config: c.Config}
	if c.Alone && container.Delegates(data) == 0 {
		r.Problems = []Problem{{Reason: "a delegate is asked for, but the file is no ExecuTorch program with one", Remedy: "leave --delegate out"}}
		return r
	}
	if name := container.FormName(data); name != "" {
		r.Format = name
		r.opened(data, c)
		return r
	}
	if format, p := foreign(data, bytes.NewReader(data), int64(len(data))); p != nil {
		r.Format, r.Problems = format, []Problem{*p}
		return r
	}
	m, err := tflite.Parse(data)
	switch {
	case err != nil:
		r.Problems = []Problem{{Reason: err.Error(), Remedy: "get the file anew, or export the model again: it is damaged or not complete"}}
	case len(m.Subgraphs) == 0:
		r.Problems = []Problem{{Reason: "the model has no graph", Remedy: "export a model that computes something"}}
	case container.IsVela(m):
		r.compiled(data, m, c)
	default:
		m.Subgraphs[0].Lenient = c.Lenient
		ready, err := compile.Prepare(m)
		if err != nil {
			r.Problems = []Problem{{Reason: err.Error(), Remedy: "export the model again: its variables cannot be followed"}}
			return r
		}
		r.source(ready, c)
		r.number(&m.Subgraphs[0], &ready.Subgraphs[0])
	}
	return r
}

// source answers for a graph that has not been compiled yet.
func (r *Report) source(m *tflite.Model, c Choice) {
	g, opt := &m.Subgraphs[0], network.Compiling(r.Config, c.Options)
	for i := range g.Operators {
		o := describe(g, i)
		if err := compile.Supports(m, i, opt); err != nil {
			r.elsewhere(g, &o, err)
		}
		r.Operators = append(r.Operators, o)
	}
	if r.Count(Refused) > 0 && compile.SupportsAll(m, opt) == nil {
		for i := range r.Operators { // joined with its neighbours, each of them can
			r.Operators[i].Place, r.Operators[i].Reason, r.Operators[i].Remedy = NPU, "", ""
		}
	}
	for i := range r.Operators { // TFLite refuses these wherever they are computed
		if err := reference.Strict(g, &g.Operators[i]); err != nil {
			o := &r.Operators[i]
			o.Place, o.Reason, o.Remedy = Refused, shorten(err.Error()), reference.StrictRemedy
		}
	}
	r.about(g, c)
	if p := nature(g, r); p != nil {
		r.Problems = append(r.Problems, *p)
	} else if len(g.Operators) > 0 && r.Count(Host) == len(g.Operators) {
		r.Problems = append(r.Problems, Problem{
			Reason: "the network leaves nothing to do for the NPU: the host computes every operator",
			Remedy: "quantise the model to int8 as a whole", Lines: fullInteger,
		})
	}
}

// number gives operators the numbers that they have in the file, and adds those that
// need not be computed: handles of variables, and what constants alone decide.
func (r *Report) number(file, ready *tflite.Subgraph) {
	list, next := make([]Operator, 0, len(file.Operators)), 0
	for i := range file.Operators {
		if next < len(ready.Operators) && same(&file.Operators[i], &ready.Operators[next]) {
			o := r.Operators[next]
			o.Index = i
			list, next = append(list, o), next+1
			continue
		}
		o := describe(file, i)
		o.Place, o.Reason = Nobody, "known before the inference"
		list = append(list, o)
	}
	if next == len(ready.Operators) { // else they are another graph: numbers stay
		r.Operators = list
	}
}

// same tells an operator of a file in the graph that is made of it: tensors keep their
// numbers, and an assignment has an output in the graph only.
func same(file, ready *tflite.Operator) bool {
	if file.Code != ready.Code || file.Custom != ready.Custom {
		return false
	}
	return len(file.Outputs) == 0 || len(ready.Outputs) == 0 || file.Outputs[0] == ready.Outputs[0]
}

// elsewhere says who computes an operator that the NPU cannot execute.
func (r *Report) elsewhere(g *tflite.Subgraph, o *Operator, npu error) {
	op := &g.Operators[o.Index]
	if onFloats(g, op) {
		npu = errFloats
	}
	o.Place, o.Reason = Host, shorten(plain(npu, op))
	if _, err := reference.Prepare(g, op); err != nil {
		o.Place, o.Reason = Refused, both(npu, err, op)
	}
	o.Remedy = remedy(g, op, o.Place)
}

// opened answers for a compiled program of another form, which its reader judges as a
// whole.
func (r *Report) opened(data []byte, c Choice) {
	r.Compiled = true
	cfg, known, err := container.ConfigOf(data)
	if err == nil && known && (!c.Given || cfg == r.Config) {
		r.Config = cfg
	}
	var n *network.Network
	if err == nil {
		n, err = network.OpenWith(context.Background(), data, r.Config, c.Options)
	}
	if err != nil {
		p := r.streamProblem(err)
		if r.Format == container.FormExecuTorch && !errors.As(err, new(*container.MismatchError)) {
			p.Remedy = "lower the model again, with the Ethos-U backend of ExecuTorch"
		}
		if known := container.Delegates(data); known > 0 && !c.Alone {
			p.Remedy += fmt.Sprintf("; or run one of its %d delegates alone with --delegate, from 0 on", known)
		}
		r.Problems = []Problem{p}
		return
	}
	r.Format += streams(n)
	r.exactly(n, c)
	for i := range n.Stages {
		o := Operator{Index: i, Place: NPU}
		o.Name, o.Output = n.StageName(i)
		if n.Stages[i].Program == nil {
			o.Place, o.Reason = Host, "the compiler left it to the host"
		}
		r.Operators = append(r.Operators, o)
	}
}

// compiled answers for a file with command streams.
func (r *Report) compiled(data []byte, m *tflite.Model, c Choice) {
	r.Format, r.Compiled = formatVela, true
	g := &m.Subgraphs[0]
	for i := range g.Operators {
		o := describe(g, i)
		if op := &g.Operators[i]; !container.IsNPU(op) {
			o.Place, o.Reason = Host, "the compiler left it to the host"
			if _, err := reference.Prepare(g, op); err != nil {
				o.Place, o.Reason = Refused, plain(err, op)
			}
			o.Remedy = remedy(g, op, o.Place)
		}
		r.Operators = append(r.Operators, o)
	}
	cfg, _, err := container.ConfigOf(data)
	if err == nil && (!c.Given || cfg == r.Config) {
		r.Config = cfg
	}
	var n *network.Network
	if err == nil {
		n, err = network.FromVela(m, r.Config)
	}
	if err != nil {
		r.Problems = append(r.Problems, r.streamProblem(err))
		return
	}
	if err := n.Fits(c.System); err != nil {
		r.Problems = append(r.Problems, Problem{Reason: err.Error(), Remedy: "give the memories of your board with --system, or compile the source model for smaller ones"})
	}
	r.Format += streams(n)
	r.exactly(n, c)
}

// streams says how much the command streams of a file hold.
func streams(n *network.Network) string {
	operations, arena := 0, 0
	for _, p := range n.Programs() {
		operations, arena = operations+len(p.Operations), max(arena, p.SRAMBytes())
	}
	return fmt.Sprintf(": streams for %s with %d operations, %d bytes of arena", n.Config, operations, arena)
}

// describe names an operator, as one for the NPU.
func describe(g *tflite.Subgraph, i int) Operator {
	op := &g.Operators[i]
	o := Operator{Index: i, Name: op.Name(), Place: NPU}
	if len(op.Outputs) > 0 && op.Outputs[0] >= 0 {
		o.Output = g.Tensors[op.Outputs[0]].Name
	}
	return o
}
