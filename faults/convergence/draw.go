// Package convergence studies the fast engine. It draws upsets so that rare ways
// through the engine are covered and injects each twice, on the fast engine and on
// the plain machine; and it measures how soon upsets die.
package convergence

import (
	"context"
	"math/rand/v2"
	"strings"

	"upset/faults"
	"upset/faults/engine"
	"upset/netlist"
)

// Quotas of a sample, in parts of quotaParts (our choice): categories that a
// uniform draw would hardly meet get a fixed share.
const (
	quotaParts   = 20
	quotaLeft    = 3 // the hand-off, the hang proof or the time shift ended the run
	quotaWeights = 3 // registers of the weight path
	quotaControl = 5 // control and configuration
	quotaPruned  = 5
	quotaLive    = 2 // simulated upsets of any flop
	quotaValues  = 1 // values that were followed where they waited
)

// Bounds of the search for samples that fill a quota (our choice).
const (
	searchBatch  = 256 // draws that are injected together, at most; they do not depend on the workers
	leastBatch   = 32
	searchEach   = 4  // draws for each sample that is looked for, within these bounds: on a large network a draw takes as long as a plain run of a small one
	searchRounds = 12 // batches in a row without a find before a quota is given up
)

// drawStream keeps these draws apart from all others.
const drawStream = 0x76616c69 // "vali"

// Categories of samples. A sample may belong to several.
const (
	All       = "all"
	Pruned    = "pruned"
	Control   = "control and configuration"
	Weights   = "weight path"
	HandOff   = "hand-off"
	HangProof = "hang proof"
	TimeShift = "time shift"
	Values    = "values"
	Rest      = "all others"
)

// Categories lists the categories in the order of tables.
func Categories() []string {
	return []string{Pruned, Control, Weights, HandOff, HangProof, TimeShift, Values, Rest, All}
}

// Sample is an upset and what the fast engine and the plain machine say of it.
type Sample struct {
	Input       int
	Site        faults.Site
	Fast, Plain faults.Record
}

// weightPath are the registers that the stream of weights passes.
func weightPath(r *netlist.Register) bool {
	return strings.HasPrefix(r.Name, "wd.") || strings.HasPrefix(r.Name, "dma.wgtfifo")
}

// valuePath are the registers that values pass from operand to result.
func valuePath(r *netlist.Register) bool {
	return r.Class == netlist.Datapath && (r.Block == "mac" || r.Block == "ao" || r.Name == "wd.buf" || r.Name == "dma.sclfifo")
}

func control(r *netlist.Register) bool {
	return r.Class == netlist.LocalControl || r.Class == netlist.GlobalControl || r.Class == netlist.Configuration
}

// Of lists the categories that a sample belongs to.
func Of(r *netlist.Register, p faults.Path) []string {
	list := []string{All}
	if p.Pruned() {
		list = append(list, Pruned)
	}
	if control(r) {
		list = append(list, Control)
	}
	if weightPath(r) {
		list = append(list, Weights)
	}
	switch p {
	case faults.PathHandOff:
		list = append(list, HandOff)
	case faults.PathHang:
		list = append(list, HangProof)
	case faults.PathShifted:
		list = append(list, TimeShift)
	case faults.PathValues:
		list = append(list, Values)
	}
	if len(list) == 1 {
		list = append(list, Rest)
	}
	return list
}

// pool is a set of sites to draw from.
type pool []netlist.SiteID

func poolOf(t *netlist.Table, keep func(r *netlist.Register) bool) (p pool) {
	for i := range t.Registers {
		r := &t.Registers[i]
		for b := range r.Bits() {
			if !keep(r) {
				break
			}
			p = append(p, r.First+netlist.SiteID(b))
		}
	}
	return p
}

// quota is a part of a sample: where it is drawn and what it keeps.
type quota struct {
	n    int
	pool pool
	keep func(r *faults.Record) bool
}

// quotas are the parts of a sample under a fault model. Models that say nothing of the
// cells of the SRAM leave them out, and stuck faults know no shortcut to look for.
func quotas(t *netlist.Table, m faults.Model, n int) []quota {
	whole := poolOf(t, func(r *netlist.Register) bool { return !m.FlopsOnly() || !r.IsSRAM() })
	if m.Permanent() {
		return []quota{{n, whole, func(*faults.Record) bool { return true }}}
	}
	flop := func(r *netlist.Register) bool { return !r.IsSRAM() && !r.Observer }
	any := func(*faults.Record) bool { return true }
	live := func(r *faults.Record) bool { return !r.Path.Pruned() } // most upsets are pruned
	pruned := n * quotaPruned / quotaParts
	list := []quota{
		{n * quotaLeft / quotaParts, poolOf(t, flop), func(r *faults.Record) bool {
			return r.Path == faults.PathHandOff || r.Path == faults.PathHang || r.Path == faults.PathShifted
		}},
		{n * quotaValues / quotaParts, poolOf(t, valuePath), func(r *faults.Record) bool { return r.Path == faults.PathValues }},
		{n * quotaWeights / quotaParts, poolOf(t, weightPath), live},
		{n * quotaControl / quotaParts, poolOf(t, control), live},
		{n * quotaLive / quotaParts, poolOf(t, flop), live},
		// Half of the pruned ones are flops; the buffer alone would outnumber them.
		{pruned / 2, poolOf(t, func(r *netlist.Register) bool { return !r.IsSRAM() }), func(r *faults.Record) bool { return r.Path.Pruned() }},
		{pruned - pruned/2, poolOf(t, (*netlist.Register).IsSRAM), func(r *faults.Record) bool { return r.Path.Pruned() }},
	}
	if m.FlopsOnly() {
		list = list[:len(list)-1]
	}
	left := n
	for _, q := range list {
		left -= q.n
	}
	return append(list, quota{left, whole, any})
}

// draw fills the quotas with n samples and their fast records. What a quota does
// not find is drawn from everything, so that there are always n.
func draw(ctx context.Context, e *engine.Engine, seed uint64, n, workers int) ([]Sample, error) {
	rng := rand.New(rand.NewPCG(seed, drawStream))
	var out []Sample
	short := 0
	list := quotas(e.Table(), e.Options().Model, n)
	for i, q := range list {
		if i == len(list)-1 {
			q.n += short
		}
		got, err := fill(ctx, e, rng, q, workers)
		if err != nil {
			return nil, err
		}
		out, short = append(out, got...), short+q.n-len(got)
	}
	return out, nil
}

// fill draws samples of one quota by rejection.
func fill(ctx context.Context, e *engine.Engine, rng *rand.Rand, q quota, workers int) ([]Sample, error) {
	var out []Sample
	for idle := 0; len(out) < q.n && idle < searchRounds; idle++ {
		batch := make([]Sample, min(searchBatch, max(leastBatch, searchEach*q.n)))
		for k := range batch {
			batch[k] = Sample{Input: rng.IntN(e.Inputs()), Site: faults.Site{ID: q.pool[rng.IntN(len(q.pool))], Cycle: rng.Uint64N(e.Cycles())}}
		}
		err := each(ctx, e, batch, workers, func(w *engine.Worker, s *Sample) (err error) {
			s.Fast, err = w.Inject(s.Input, s.Site, nil)
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, s := range batch {
			if len(out) < q.n && q.keep(&s.Fast) {
				out, idle = append(out, s), -1
			}
		}
	}
	return out, nil
}

// each calls do for every sample, on so many workers. A worker takes its share in
// the order of inputs and cycles, along the fault-free run.
func each(ctx context.Context, e *engine.Engine, list []Sample, workers int, do func(w *engine.Worker, s *Sample) error) error {
	at := func(i int) (int, uint64) { return list[i].Input, list[i].Site.Cycle }
	return e.Each(ctx, len(list), workers, at, func(w *engine.Worker) (func(int) error, error) {
		return func(i int) error { return do(w, &list[i]) }, nil
	}, nil)
}
