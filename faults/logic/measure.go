package logic

import (
	"context"
	"fmt"

	"upset/faults"
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/netlist/cosim"
	"upset/stats"
)

// Network is a program with its fault-free runs, and designs of mechanisms for it.
type Network struct {
	Name    string
	Engine  *engine.Engine
	Designs []*mechanism.Design
}

// Measured is what stuck outputs of gates of a block do.
type Measured struct {
	// Revision is that of the source it was measured with, where it is not that of the page.
	Revision string `json:",omitempty"`
	Block    string
	NPU      string
	Gates    int
	Hidden   int // gates from which nothing leads to an output or a flop
	// Faults is the length of the list; Sampled of them were injected, as Distinct experiments.
	Faults, Sampled, Distinct int
	Inputs                    int // over all networks
	// Shows is the number of sampled faults that show at a flop or an output on some input.
	Shows int
	// Outcomes are the worst of each fault over all networks and inputs, On those of each
	// network.
	Outcomes Outcomes
	On       []Outcomes
	Networks []string
	// Seen are the harmful faults that each design sees.
	Mechanisms []string
	Seen       []int
	Cycles     uint64
	Effects    []FaultEffect `json:"-"` // of the sample
}

// FaultEffect is what a fault of a sample does over all networks and inputs.
type FaultEffect struct {
	Fault   cosim.Stuck
	Shows   bool
	Outcome faults.Outcome
	Seen    []bool // by design: it raises an alarm wherever the fault does harm
}

// Outcomes counts faults by outcome.
type Outcomes [faults.NumOutcomes]int

// Harmful counts wrong outputs and writes to foreign places, which nothing reports.
func (o *Outcomes) Harmful() int {
	return o[faults.SDCTolerable] + o[faults.SDCCritical] + o[faults.StrayWrite]
}

// Stopped counts inferences that end without an output and with a report: by the NPU's own status or by the
// driver's watchdog.
func (o *Outcomes) Stopped() int { return o[faults.DUEDetected] + o[faults.DUEHang] }

// N counts all.
func (o *Outcomes) N() (n int) {
	for _, x := range o {
		n += x
	}
	return n
}

// harmful reports whether an outcome is a wrong output or a write to a foreign place.
func harmful(o faults.Outcome) bool {
	return o == faults.SDCTolerable || o == faults.SDCCritical || o == faults.StrayWrite
}

// severity orders outcomes: harm before a stop, a stop before none.
var severity = map[faults.Outcome]int{
	faults.Masked: 0, faults.DUEDetected: 1, faults.DUEHang: 2, faults.SDCTolerable: 3, faults.SDCCritical: 4, faults.StrayWrite: 5,
}

// Options of a measurement.
type Options struct {
	Faults  int // to be drawn; 0 for all
	Inputs  int // of each network
	Seed    uint64
	Workers int
	// Harmful says which outcomes harm without a report; nil takes wrong outputs and writes to foreign
	// places. Mechanisms stand beside faults that do.
	Harmful func(faults.Outcome) bool
	// Progress, which may be nil, is told what is done.
	Progress func(what string, done, total int)
}

// Measure injects stuck outputs of gates into whole inferences of networks. Mechanisms stand beside those
// that do harm. All networks must be of the block's configuration and have designs of the same
// mechanisms, with the given names.
func Measure(ctx context.Context, b *cosim.Block, nets []Network, mechanisms []string, o Options) (*Measured, error) {
	if o.Harmful == nil {
		o.Harmful = harmful
	}
	list := NewList(b.Gates)
	sample := list.Sample(o.Faults, o.Seed)
	m := &Measured{
		Block: b.Boundary.Block, NPU: b.Config.String(), Gates: len(b.Gates.Gates), Hidden: list.Hidden,
		Faults: len(list.Faults), Sampled: len(sample), Mechanisms: mechanisms, Seen: make([]int, len(mechanisms)),
	}
	var distinct []cosim.Stuck
	at := map[cosim.Stuck]int{}
	for _, f := range sample {
		r := list.Representative(f)
		if _, ok := at[r]; !ok {
			at[r] = len(distinct)
			distinct = append(distinct, r)
		}
	}
	m.Distinct = len(distinct)
	worst := make([]FaultEffect, len(distinct))
	for i := range worst {
		worst[i].Seen = make([]bool, len(mechanisms))
		for k := range mechanisms {
			worst[i].Seen[k] = true
		}
	}
	for _, n := range nets {
		on, err := m.network(ctx, b, n, distinct, worst, o)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n.Name, err)
		}
		var count Outcomes
		for _, f := range sample {
			count[on[at[list.Representative(f)]]]++
		}
		m.Networks, m.On = append(m.Networks, n.Name), append(m.On, count)
	}
	for _, f := range sample {
		x := worst[at[list.Representative(f)]]
		x.Fault = f
		m.Effects = append(m.Effects, x)
		m.Outcomes[x.Outcome]++
		if x.Shows {
			m.Shows++
		}
		if o.Harmful(x.Outcome) {
			for k, seen := range x.Seen {
				if seen {
					m.Seen[k]++
				}
			}
		}
	}
	return m, nil
}

// network injects distinct faults on every input of a network and returns the worst outcomes.
func (m *Measured) network(ctx context.Context, b *cosim.Block, n Network, distinct []cosim.Stuck, worst []FaultEffect, o Options) ([]faults.Outcome, error) {
	on := make([]faults.Outcome, len(distinct))
	inputs := min(o.Inputs, n.Engine.Inputs())
	var jobs []Job
	for input := range inputs {
		from, err := Departs(b, n.Engine, input, distinct)
		if err != nil {
			return nil, err
		}
		for i, f := range distinct {
			if from[i] != cosim.Never {
				worst[i].Shows = true
				jobs = append(jobs, Job{f, input, from[i]})
			}
		}
	}
	which := map[cosim.Stuck]int{}
	for i, f := range distinct {
		which[f] = i
	}
	told := func(what string, total int) func(int) {
		return func(done int) {
			if o.Progress != nil {
				o.Progress(n.Name+", "+what, done, total)
			}
		}
	}
	effects, err := Run(ctx, b, n.Engine, jobs, nil, o.Workers, told("plain", len(jobs)))
	if err != nil {
		return nil, err
	}
	var again []Job
	for k, x := range effects {
		m.Cycles += x.Cycles
		i := which[jobs[k].Fault]
		if severity[x.Outcome] > severity[on[i]] {
			on[i] = x.Outcome
		}
		if severity[x.Outcome] > severity[worst[i].Outcome] {
			worst[i].Outcome = x.Outcome
		}
		if o.Harmful(x.Outcome) {
			again = append(again, jobs[k])
		}
	}
	m.Inputs += inputs
	if len(n.Designs) == 0 {
		return on, nil
	}
	guarded, err := Run(ctx, b, n.Engine, again, n.Designs, o.Workers, told("beside mechanisms", len(again)))
	if err != nil {
		return nil, err
	}
	for k, x := range guarded {
		m.Cycles += x.Cycles
		i := which[again[k].Fault]
		for d, seen := range x.Seen {
			worst[i].Seen[d] = worst[i].Seen[d] && seen
		}
	}
	return on, nil
}

// Share is a share of faults with a two-sided interval; exact where all faults of the list were injected.
type Share struct{ Estimate, Low, High float64 }

// Share is that of so many of the sample.
func (m *Measured) Share(count int, confidence float64) (Share, error) {
	s, err := ShareOf(count, m.Sampled, confidence)
	if m.Sampled == m.Faults {
		s.Low, s.High = s.Estimate, s.Estimate
	}
	return s, err
}

// ShareOf is a share with its Clopper–Pearson interval.
func ShareOf(count, n int, confidence float64) (Share, error) {
	if n == 0 {
		return Share{High: 1}, nil
	}
	low, high, err := stats.ClopperPearson(count, n, confidence)
	return Share{float64(count) / float64(n), low, high}, err
}
