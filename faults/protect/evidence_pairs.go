package protect

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/stats"
)

// UnitPairs is what events of several bits do that begin in one unit: the registers of
// a class in a block, or what the mechanisms add to it.
type UnitPairs struct {
	Block, Class string
	// Bits is the number of bits, scaled as the raw rate of the unit is. Every event
	// begins at one of them, so that their rate is Bits × FIT per flop × the share of
	// events that have several bits.
	Bits float64
	// Added marks what the mechanisms add, which the machine without them has not.
	Added bool
	// N events were injected beside the mechanisms: Any and Critical violate, Alarms
	// raise an alarm of a mechanism, DUE are reported by the NPU or the watchdog. The
	// rest does nothing.
	N, Any, Critical, Alarms, DUE int
	// PlainAny, PlainCritical and PlainDUE are the counts of the same events on the
	// machine without the mechanisms.
	PlainAny, PlainCritical, PlainDUE int
}

// PairsOptions say which events are injected.
type PairsOptions struct {
	// Model is pair, or mcu with several flops; the zero value is taken as pair.
	Model   faults.Model
	Seed    uint64
	N       int // events in all; every unit gets at least a few, see leastPairs
	Workers int
	// Within is what detection is held against: which detectors count, and how late.
	Within campaign.Deadline
	// Population is that of the plain machine; nil takes the built-in one.
	Population campaign.Population
	// Progress, which may be nil, is called from one goroutine at a time.
	Progress func(done, total int)
}

// leastPairs is the least number of events that begin in a unit (our choice).
const leastPairs = 20

// pairsStream keeps these draws apart from all others.
const pairsStream = 0x70616972 // "pair"

// Pairs injects events of several bits into the flops of the machine beside a design,
// and into those that the design adds, uniformly over bits, cycles and inputs within a
// unit, and each once more without the design. The watchdog, and whether the NPU is
// reloaded between inferences, are those of the engine; its own fault model is not
// looked at.
func Pairs(ctx context.Context, e *engine.Engine, d *mechanism.Design, o PairsOptions) ([]UnitPairs, error) {
	if o.Model.Kind == faults.SEU {
		o.Model = faults.Model{Kind: faults.Pair}
	}
	switch {
	case !o.Model.Several():
		return nil, fmt.Errorf("events of several bits: %s faults have one: choose the fault model pair or mcu", o.Model)
	case o.N < 1:
		return nil, errors.New("no events of several bits: ask for at least one")
	}
	e = e.With(o.Model)
	if err := Equip(e, d); err != nil {
		return nil, err
	}
	base := o.Population
	if base == nil {
		var err error
		if base, err = campaign.NewPlain(e.Table(), campaign.Spec{}.For(e)); err != nil {
			return nil, err
		}
	}
	units, events := drawPairs(e, NewPopulation(base, d), o)
	tally, total := shares(units)
	err := strikeAll(ctx, e, events, o.Workers, func(w *engine.Worker) (func(int) error, error) {
		g, part := Guard(d), tally()
		return func(i int) error {
			return part[events[i].unit].strike(w, events[i], guardOf(d, g, events[i].site), e.Options(), o.Within)
		}, nil
	}, o.Progress)
	if err != nil {
		return nil, err
	}
	for _, p := range total() {
		for i := range p {
			units[i].plus(&p[i])
		}
	}
	return units, nil
}

// drawPairs lists the units of a population and draws the events.
func drawPairs(e *engine.Engine, pop *Population, o PairsOptions) (units []UnitPairs, events []event) {
	groups := pop.Groups()
	total := 0.0
	sampled := func(g campaign.Group) bool { return !g.SRAM && !g.Excluded && !g.Known && g.Bits > 0 }
	for _, g := range groups {
		if sampled(g) {
			total += groupBits(g)
		}
	}
	rng := rand.New(rand.NewPCG(o.Seed, pairsStream))
	for i, g := range groups {
		if !sampled(g) {
			continue
		}
		added := i >= len(groups)-len(pop.added)
		for range max(leastPairs, int(float64(o.N)*groupBits(g)/total)) {
			s := faults.Site{ID: pop.Bit(i, rng.Uint64N(g.Bits)), Cycle: rng.Uint64N(e.Cycles())}
			events = append(events, event{len(units), rng.IntN(e.Inputs()), s, added})
		}
		units = append(units, UnitPairs{Block: g.Block, Class: g.Class, Bits: groupBits(g), Added: added})
	}
	return units, events
}

// strike injects one event with and without the mechanisms and counts it.
func (u *UnitPairs) strike(w *engine.Worker, x event, g faults.Guard, o faults.Options, within campaign.Deadline) error {
	with, err := w.Inject(x.input, x.site, g)
	if err != nil {
		return err
	}
	u.N++
	if with.Outcome == faults.Detected {
		u.Alarms++
	}
	bare := with
	switch {
	case x.added:
		bare = faults.Record{}
	case g != nil:
		if bare, err = w.Inject(x.input, x.site, nil); err != nil {
			return err
		}
	}
	count := func(r faults.Record, any, critical, due *int) {
		n := within.Count(r)
		*any += n.Violating(stats.ViolationAny, !o.NoWatchdog, o.AssumeReload)
		*critical += n.Violating(stats.ViolationCritical, !o.NoWatchdog, o.AssumeReload)
		*due += n.DUE(!o.NoWatchdog)
	}
	count(with, &u.Any, &u.Critical, &u.DUE)
	count(bare, &u.PlainAny, &u.PlainCritical, &u.PlainDUE)
	return nil
}

// plus adds the counts of other events of the unit.
func (u *UnitPairs) plus(o *UnitPairs) {
	u.N, u.Any, u.Critical, u.Alarms, u.DUE = u.N+o.N, u.Any+o.Any, u.Critical+o.Critical, u.Alarms+o.Alarms, u.DUE+o.DUE
	u.PlainAny, u.PlainCritical, u.PlainDUE = u.PlainAny+o.PlainAny, u.PlainCritical+o.PlainCritical, u.PlainDUE+o.PlainDUE
}

// PairsResidual is the rate of violating events of several bits in FIT, beside the
// mechanisms and without them, with one-sided joint limits. Rate is that of events of
// several bits per flop in FIT: the raw rate of a flop × duty × their share.
func PairsResidual(units []UnitPairs, rate float64, violation string, confidence float64) (protected, plain stats.Total, err error) {
	var with, bare []stats.Stratum
	for _, u := range units {
		n, p := u.Any, u.PlainAny
		if violation == stats.ViolationCritical {
			n, p = u.Critical, u.PlainCritical
		}
		with = append(with, stats.Stratum{Weight: u.Bits * rate, N: u.N, Failures: n})
		if !u.Added {
			bare = append(bare, stats.Stratum{Weight: u.Bits * rate, N: u.N, Failures: p})
		}
	}
	if protected, err = stats.Combine(with, confidence); err != nil {
		return protected, plain, err
	}
	plain, err = stats.Combine(bare, confidence)
	return protected, plain, err
}

// withPairs mixes events of two bits into the exposures of single upsets. Count says
// which events enter.
func withPairs(single []stats.Exposure, pairs []UnitPairs, share float64, count func(UnitPairs) (any, critical int)) []stats.Exposure {
	if share == 0 || pairs == nil {
		return single
	}
	out := slices.Clone(single)
	for i := range out {
		if !out[i].SRAM {
			out[i].Bits *= 1 - share
		}
	}
	for _, u := range pairs {
		any, critical := count(u)
		out = append(out, stats.Exposure{Bits: u.Bits * share, N: u.N, Any: any, Critical: critical})
	}
	return out
}

// violations and alarms are the counts of an event of two bits.
func (u UnitPairs) violations() (any, critical int) { return u.Any, u.Critical }

func (u UnitPairs) alarms() (any, critical int) { return u.Alarms + u.DUE, u.Alarms + u.DUE }
