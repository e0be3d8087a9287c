package protect

import (
	"context"
	"errors"
	"math/rand/v2"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/netlist"
	"upset/netlist/transient"
	"upset/npu"
	"upset/stats"
)

// BlockPulses is what pulses in the logic of a block do, injected in the patterns that were
// measured on its gates (docs/set.md). A pulse that is not captured in the clock that was drawn
// counts among those that do nothing.
type BlockPulses struct {
	Block string
	GE    float64 // area of the logic that was struck
	// Captured is the sum of the shares of pulses captured in clocks of both kinds, of which
	// every injection has one, with 95 % limits. AtOutputs is the share that is taken over
	// behind an output of the block only.
	Captured  transient.Share
	AtOutputs float64
	// Share is the part of the operating time, 1 for a single network.
	Share float64
	// N pulses were injected. PlainAny and PlainCritical violate without mechanisms. ApartAny and
	// ApartCritical violate beside the mechanisms where check bits hold what belongs to the
	// right values; Any and Critical do so there or where check bits took over what belongs to
	// the wrong ones, see [mechanism.Standing.Pulse].
	N, PlainAny, PlainCritical int
	ApartAny, ApartCritical    int
	Any, Critical              int
}

// PulsesOptions say which pulses are injected.
type PulsesOptions struct {
	Seed    uint64
	N       int // pulses in each block
	Workers int
	// Within is what detection is held against.
	Within campaign.Deadline
	// Progress, which may be nil, is called from one goroutine at a time.
	Progress func(done, total int)
}

// pulsesStream keeps these draws apart from all others.
const pulsesStream = 0x70756c73 // "puls"

// Pulses injects pulses in the logic of every block that was measured, uniformly over cycles and
// inputs, and those that violate once more beside the design: mechanisms only look on, so that
// what does no harm without them does none with them. The watchdog, and whether the NPU is reloaded
// between inferences, are those of the engine.
func Pulses(ctx context.Context, e *engine.Engine, d *mechanism.Design, o PulsesOptions) ([]BlockPulses, error) {
	if o.N < 1 {
		return nil, errors.New("no pulses: ask for at least one in each block")
	}
	e = e.With(faults.Model{Kind: faults.SET})
	if err := Equip(e, d); err != nil {
		return nil, err
	}
	blocks, events := drawPulses(e, o)
	tally, total := shares(blocks)
	err := strikeAll(ctx, e, events, o.Workers, func(w *engine.Worker) (func(int) error, error) {
		beside, err := newPulseGuards(e, d)
		part := tally()
		return func(i int) error { return part[events[i].unit].strike(w, events[i], beside, e.Options(), o.Within) }, err
	}, o.Progress)
	if err != nil {
		return nil, err
	}
	for _, p := range total() {
		for i := range p {
			blocks[i].plus(&p[i])
		}
	}
	return blocks, nil
}

// drawPulses draws the events of every measured block.
func drawPulses(e *engine.Engine, o PulsesOptions) (blocks []BlockPulses, events []event) {
	set := e.Transients()
	rng := rand.New(rand.NewPCG(o.Seed, pulsesStream))
	for i, b := range set.Blocks {
		places := set.Places(i)
		if len(places) == 0 {
			continue // nothing is captured
		}
		for range o.N {
			s := faults.Site{ID: places[rng.IntN(len(places))], Cycle: rng.Uint64N(e.Cycles())}
			events = append(events, event{unit: len(blocks), input: rng.IntN(e.Inputs()), site: s})
		}
		both := transient.Share{Value: b.Idle.Value + b.Active.Value, Low: b.Idle.Low + b.Active.Low, High: b.Idle.High + b.Active.High}
		blocks = append(blocks, BlockPulses{Block: b.Name, GE: b.GE, Captured: both, AtOutputs: b.Outputs.Value, Share: 1})
	}
	return blocks, events
}

// pulseGuards are the mechanisms of a design beside a pulse, at both ends of what check bits hold;
// nil without mechanisms.
type pulseGuards struct{ apart, together faults.Guard }

func newPulseGuards(e *engine.Engine, d *mechanism.Design) (*pulseGuards, error) {
	if len(d.Choices()) == 0 {
		return nil, nil
	}
	m, err := e.Begin(0)
	if err != nil {
		return nil, err
	}
	g, err := d.NewStanding(m)
	if err != nil {
		return nil, err
	}
	return &pulseGuards{&pulseGuard{&guard{g, d}, g, false}, &pulseGuard{&guard{g, d}, g, true}}, nil
}

// pulseGuard lets standing mechanisms take part in the injection of a pulse.
type pulseGuard struct {
	*guard
	standing *mechanism.Standing
	together bool
}

// Pulses says that the guard takes pulses.
func (g *pulseGuard) Pulses() {}

// Upset applies the pulse.
func (g *pulseGuard) Upset(m *npu.Machine, _ faults.Site, cells []netlist.SiteID) (before, after uint8, done bool, o faults.Outcome, c faults.Cause) {
	before, after, err := g.standing.Pulse(m, g.together, cells...)
	if err != nil { // a site that does not exist is never drawn
		return before, after, true, faults.StrayWrite, faults.CauseStray
	}
	return before, after, false, 0, 0
}

// strike injects a pulse without the mechanisms and, where it violates, with them.
func (u *BlockPulses) strike(w *engine.Worker, x event, beside *pulseGuards, o faults.Options, within campaign.Deadline) error {
	violates := func(g faults.Guard) (any, critical int, err error) {
		r, err := w.Inject(x.input, x.site, g)
		if err != nil {
			return 0, 0, err
		}
		n := within.Count(r)
		return n.Violating(stats.ViolationAny, !o.NoWatchdog, o.AssumeReload), n.Violating(stats.ViolationCritical, !o.NoWatchdog, o.AssumeReload), nil
	}
	any, critical, err := violates(nil)
	if err != nil {
		return err
	}
	u.N++
	u.PlainAny, u.PlainCritical = u.PlainAny+any, u.PlainCritical+critical
	if any+critical == 0 {
		return nil
	}
	apart, together := [2]int{any, critical}, [2]int{any, critical}
	if beside != nil {
		if apart[0], apart[1], err = violates(beside.apart); err != nil {
			return err
		}
		if together[0], together[1], err = violates(beside.together); err != nil {
			return err
		}
	}
	u.ApartAny, u.ApartCritical = u.ApartAny+apart[0], u.ApartCritical+apart[1]
	u.Any, u.Critical = u.Any+max(apart[0], together[0]), u.Critical+max(apart[1], together[1])
	return nil
}

// plus adds the counts of other pulses in the block.
func (u *BlockPulses) plus(o *BlockPulses) {
	u.N, u.PlainAny, u.PlainCritical = u.N+o.N, u.PlainAny+o.PlainAny, u.PlainCritical+o.PlainCritical
	u.Any, u.Critical, u.ApartAny, u.ApartCritical = u.Any+o.Any, u.Critical+o.Critical, u.ApartAny+o.ApartAny, u.ApartCritical+o.ApartCritical
}
