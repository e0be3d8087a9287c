package protect

import (
	"context"
	"math/rand/v2"

	"golang.org/x/sync/errgroup"

	"upset/faults"
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/netlist"
)

// Coverage is what a mechanism does with upsets, counted.
type Coverage struct {
	Kind mechanism.Kind
	// Harmful upsets violate on the machine without the mechanism. Of those Reported
	// end with an alarm and Stopped do no harm without one.
	Harmful, Reported, Stopped int
	// Masked upsets do nothing without the mechanism; False of them raise its alarm.
	Masked, False int
	// Own upsets hit the mechanism's own flops: OwnAlarms raise the alarm, OwnHarm
	// violate.
	Own, OwnAlarms, OwnHarm int
	AreaGE                  float64
}

// Everywhere is the choice of a mechanism wherever it can stand.
func Everywhere(k mechanism.Kind) (out []mechanism.Choice) {
	switch {
	case k == mechanism.Lockstep:
		return []mechanism.Choice{{Block: mechanism.Whole, Kind: k}}
	case k.Checker():
		return []mechanism.Choice{{Block: mechanism.Home(k), Kind: k}}
	}
	for _, b := range netlist.Blocks() {
		if b != "pmu" && (k != mechanism.Duplicate || mechanism.Duplicable(b)) {
			out = append(out, mechanism.Choice{Block: b, Kind: k})
		}
	}
	return out
}

// measureStream keeps these draws apart from all others.
const measureStream = 0x6d656173 // "meas"

// Measure injects upsets with and without a mechanism that stands wherever it can: n
// into the flops that it guards (for a checker, those of its block), own into its own
// flops, all uniform over bits and cycles of the first input.
func Measure(ctx context.Context, e *engine.Engine, k mechanism.Kind, cells mechanism.Cells, seed uint64, n, own, workers int) (Coverage, error) {
	c := Coverage{Kind: k}
	t := e.Table()
	d, err := mechanism.New(t, Everywhere(k), cells, seed)
	if err != nil {
		return c, err
	}
	if err := Equip(e, d); err != nil {
		return c, err
	}
	cost, err := mechanism.NewPricing(t, t.Areas(nil), nil, cells).Total(d.Choices())
	if err != nil {
		return c, err
	}
	c.AreaGE = cost.LogicGE
	var pool []netlist.SiteID
	for i := range t.Registers {
		r := &t.Registers[i]
		if r.IsSRAM() || r.Observer || k.Checker() && r.Block != mechanism.Home(k) {
			continue
		}
		for b := range r.Bits() {
			if id := r.First + netlist.SiteID(b); k.Checker() || d.Protects(id) {
				pool = append(pool, id)
			}
		}
	}
	r := rand.New(rand.NewPCG(seed, measureStream+uint64(k)))
	sites := make([]faults.Site, 0, n+own)
	for range n {
		sites = append(sites, faults.Site{ID: pool[r.IntN(len(pool))], Cycle: r.Uint64N(e.Cycles())})
	}
	if added := d.Bits() - t.Bits(); added > 0 {
		for range own {
			sites = append(sites, faults.Site{ID: netlist.SiteID(t.Bits() + r.IntN(added)), Cycle: r.Uint64N(e.Cycles())})
		}
	}
	workers = max(1, workers)
	parts := make([]Coverage, workers)
	group, ctx := errgroup.WithContext(ctx)
	for part := range workers {
		group.Go(func() error {
			w, err := e.Worker()
			if err != nil {
				return err
			}
			g := Guard(d)
			for i := part; i < len(sites); i += workers {
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := parts[part].measure(w, g, sites[i], i >= n); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return c, err
	}
	for _, p := range parts {
		c.Harmful, c.Reported, c.Stopped = c.Harmful+p.Harmful, c.Reported+p.Reported, c.Stopped+p.Stopped
		c.Masked, c.False = c.Masked+p.Masked, c.False+p.False
		c.Own, c.OwnAlarms, c.OwnHarm = c.Own+p.Own, c.OwnAlarms+p.OwnAlarms, c.OwnHarm+p.OwnHarm
	}
	return c, nil
}

// measure counts one upset.
func (c *Coverage) measure(w *engine.Worker, g faults.Guard, s faults.Site, own bool) error {
	with, err := w.Inject(0, s, g)
	if err != nil {
		return err
	}
	alarm := with.Outcome == faults.Detected
	if own {
		c.Own++
		if alarm {
			c.OwnAlarms++
		}
		if harmful(with.Outcome) {
			c.OwnHarm++
		}
		return nil
	}
	bare, err := w.Inject(0, s, nil)
	if err != nil {
		return err
	}
	switch {
	case harmful(bare.Outcome):
		c.Harmful++
		switch {
		case alarm:
			c.Reported++
		case !harmful(with.Outcome):
			c.Stopped++
		}
	case bare.Outcome == faults.Masked:
		c.Masked++
		if alarm {
			c.False++
		}
	}
	return nil
}
