package faults

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"upset/models/driver"
	"upset/netlist"
	"upset/netlist/transient"
	"upset/npu"
	"upset/npu/cone"
	"upset/npu/isa"
)

// Options define an experiment besides its program and inputs.
type Options struct {
	ECC          npu.ECC
	System       npu.System
	Criterion    Criterion
	NoWatchdog   bool  // a hang is still ended, but nothing reports it
	AssumeReload bool  // the NPU is reset and reloaded between inferences
	Checkpoints  int   // per inference; 0 chooses from memory and number of inputs
	Memory       int   // bytes for the fault-free runs; 0 is DefaultMemory, at least MinMemory
	Model        Model // what a fault is; the zero value is a single upset
	Cache        Cache
	Engine       Switches
}

// Switches turn parts of the fast engine off. Records do not depend on them, only
// the paths and the time that they take.
type Switches struct {
	NoPruning   bool
	NoEarlyExit bool
	NoHandOff   bool
	NoHangProof bool
}

// planted are mistakes that only tests switch on, to show that the comparison with
// plain runs finds them.
type planted struct {
	deadEarly  bool // a word of the buffer is taken for dead though it is still read
	ignoreSums bool // an early end does not look at the accumulators
	skipSetup  bool // differing configuration is taken for harmless
	dropByte   bool // the hand-off loses a byte
	hangAnyway bool // a machine that waits for memory is taken for stuck
	anyCycle   bool // the cache does not look at the cycle
	pruneAll   bool // every flop of the command queue is taken for dead
}

// AllOff leaves nothing but checkpoints.
var AllOff = Switches{true, true, true, true}

// Engine holds the fault-free runs of a program. It does not change after New and
// may be used by many workers at once.
type Engine struct {
	program    *driver.Program
	table      *netlist.Table
	options    Options
	criterion  Criterion
	points     int
	inputs     int
	golds      []*Golden
	life       lifeRecord // of the data in the shared buffer
	codes      *lifetimes // of its coded words
	future     *future
	jobs       []uint64  // cycles at which the jobs of the program begin
	inherits   inherited // by an inference from those before
	starts     *starts
	milestones []milestone
	begins     []uint64 // cycles at which operations begin their first job
	planted    planted
	cache      *cache  // nil where outcomes are not remembered
	follow     *follow // nil where all must be done on the clock
	traces     *recent[*cone.Trace]
	chains     *recent[chain]
	transients *transients // of pulses in blocks that were measured
}

// plain returns the engine with everything off but checkpoints.
func (e *Engine) plain() *Engine {
	p := *e
	p.options.Engine, p.cache, p.planted = AllOff, nil, planted{}
	return &p
}

// With is the engine with another fault model: the fault-free runs are the same, and
// what a cache remembers is not.
func (e *Engine) With(m Model) *Engine {
	p := *e
	p.options.Model, p.cache = m, newCache(e.options.Cache)
	return &p
}

// Checkpoints (our choice): the usual size of a point, of which the flops are 12 KiB and the rest pieces of memory that changed
// since the point before; the shared buffer changes as a whole. Points closer than closest cycles do not pay.
const (
	pointSize = 20 << 10 // besides the shared buffer
	minPoints = 16
	closest   = 64
)

// New runs every input without faults, twice, and checks the outputs against the
// functional machine. Progress, which may be nil, is called after each input.
func New(p *driver.Program, inputs [][]byte, o Options, progress func(done, total int)) (*Engine, error) {
	return NewContext(context.Background(), p, inputs, o, progress)
}

// NewContext is [New] that ends with the context's error when the context does.
func NewContext(ctx context.Context, p *driver.Program, inputs [][]byte, o Options, progress func(done, total int)) (*Engine, error) {
	if len(inputs) == 0 {
		return nil, errors.New("no inputs: give at least one")
	}
	if o.System == (npu.System{}) {
		o.System = npu.DefaultSystem()
	}
	if err := o.System.Fits(p.Usage()); err != nil {
		return nil, fmt.Errorf("program %s: %w", p.Name, err)
	}
	e := &Engine{program: p, table: netlist.New(p.Config, o.ECC), options: o, criterion: o.Criterion.Resolve(p), points: o.Checkpoints, inputs: len(inputs), future: newFuture(p), starts: new(starts), traces: new(recent[*cone.Trace]), chains: new(recent[chain]), cache: newCache(o.Cache)}
	set, err := transient.Of(p.Config)
	if err != nil {
		return nil, err
	}
	e.transients = newTransients(e.table, set)
	if p.Retries() {
		e.cache = nil // what the host still may do is not part of a state
	}
	e.follow = e.newFollow()
	if err := e.runAll(ctx, inputs, progress); err != nil {
		return nil, err
	}
	return e, nil
}

// runAll makes the fault-free runs: the first alone, since it measures the cycles
// of them all, the others side by side.
func (e *Engine) runAll(ctx context.Context, inputs [][]byte, progress func(done, total int)) error {
	e.golds = make([]*Golden, len(inputs))
	var mu sync.Mutex
	done := 0
	one := func(i int, cycles uint64) error {
		g, err := e.golden(ctx, inputs[i], next(inputs, i), cycles)
		if err != nil {
			return fmt.Errorf("input %d: %w", i, err)
		}
		e.golds[i] = g
		mu.Lock()
		defer mu.Unlock()
		done++
		if progress != nil {
			progress(done, len(inputs))
		}
		return nil
	}
	if err := one(0, 0); err != nil {
		return err
	}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := 1; i < len(inputs); i++ {
		group.Go(func() error {
			if err := one(i, e.golds[0].Cycles); err != nil {
				return err
			}
			e.golds[i].Ops = e.golds[0].Ops
			return nil
		})
	}
	return group.Wait()
}

// Table is the site table of the machine.
func (e *Engine) Table() *netlist.Table { return e.table }

// Program is the program under test.
func (e *Engine) Program() *driver.Program { return e.program }

// Options returns the options of the experiment.
func (e *Engine) Options() Options { return e.options }

// Criterion is the rule that tells critical from tolerable outputs.
func (e *Engine) Criterion() Criterion { return e.criterion }

// Inputs is the number of inputs.
func (e *Engine) Inputs() int { return len(e.golds) }

// Golden returns the fault-free run of an input.
func (e *Engine) Golden(input int) *Golden { return e.golds[input] }

// Cycles is the length of an inference, the same for all inputs.
func (e *Engine) Cycles() uint64 { return e.golds[0].Cycles }

// machine builds a machine with an input loaded.
func (e *Engine) machine(input []byte) (*npu.Machine, error) {
	mem := new(isa.Memory)
	if err := e.program.Load(mem, input); err != nil {
		return nil, err
	}
	m := npu.New(e.program.Config, e.options.System, e.options.ECC, mem)
	e.program.Attach(m)
	m.WindowLo, m.WindowHi = isa.SRAMBase, isa.SRAMBase+uint32(e.program.SRAMBytes())
	return m, nil
}
