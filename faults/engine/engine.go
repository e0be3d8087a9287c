// Package engine injects faults into the machine and says what became of them. An injection
// restores a checkpoint of the fault-free run, steps the machine to the cycle of the upset,
// inverts bits of its State and goes on until the outcome is known. What follows is
// simulation only, and shortcuts that give the same record: see README.md.
package engine

import (
	"context"

	"upset/faults"
	"upset/faults/criterion"
	"upset/faults/golden"
	"upset/models/network"
	"upset/netlist"
	"upset/netlist/transient"
)

// Engine injects faults into the inferences of a program, whose fault-free runs it
// holds. It does not change after New and may be used by many workers at once.
type Engine struct {
	*golden.Runs
	table      *netlist.Table
	options    faults.Options
	criterion  criterion.Criterion
	decide     decisions
	cache      *cache      // nil where outcomes are not remembered
	stay       *lasting    // leaks that are known to stay
	transients *transients // of pulses in blocks that were measured
}

// plain returns the engine with everything off but checkpoints.
func (e *Engine) plain() *Engine {
	p := *e
	p.options.Engine, p.cache, p.decide = faults.AllOff, nil, e.standard()
	return &p
}

// With is the engine with another fault model: the fault-free runs are the same, and
// what a cache remembers is not.
func (e *Engine) With(m faults.Model) *Engine {
	p := *e
	p.options.Model, p.cache = m, newCache(e.options.Cache)
	return &p
}

// New runs every input without faults, twice, and checks the outputs against the
// functional machine. Progress, which may be nil, is called after each input.
func New(p *network.Program, inputs [][]byte, o faults.Options, progress func(done, total int)) (*Engine, error) {
	return NewContext(context.Background(), p, inputs, o, progress)
}

// NewContext is [New] that ends with the context's error when the context does.
func NewContext(ctx context.Context, p *network.Program, inputs [][]byte, o faults.Options, progress func(done, total int)) (*Engine, error) {
	runs, err := golden.New(ctx, p, inputs, o, progress)
	if err != nil {
		return nil, err
	}
	return From(runs, o)
}

// From is the engine on fault-free runs that were made with the same options.
func From(runs *golden.Runs, o faults.Options) (*Engine, error) {
	p := runs.Program()
	set, err := transient.Of(p.Config)
	if err != nil {
		return nil, err
	}
	o.System = runs.System()
	e := &Engine{Runs: runs, table: netlist.New(p.Config, o.ECC), options: o, criterion: o.Criterion.Resolve(p), cache: newCache(o.Cache), stay: newLasting()}
	e.decide = e.standard()
	e.transients = newTransients(e.table, set)
	if p.Retries() {
		e.cache = nil // what the host still may do is not part of a state
	}
	return e, nil
}

// Table is the site table of the machine.
func (e *Engine) Table() *netlist.Table { return e.table }

// Options returns the options of the experiment.
func (e *Engine) Options() faults.Options { return e.options }

// Criterion is the rule that tells critical from tolerable outputs.
func (e *Engine) Criterion() criterion.Criterion { return e.criterion }
