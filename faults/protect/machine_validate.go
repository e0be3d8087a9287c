package protect

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"

	"upset/faults"
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/netlist"
)

// Double is an upset injected twice on a protected machine: on the fast engine, and
// plainly with all mechanisms running from cycle 0 to the end, also where the upset hits
// what none of them protects.
type Double struct {
	Site        faults.Site
	Input       int
	Fast, Plain faults.Record
}

// Same reports whether both say the same.
func (d *Double) Same() bool { return d.Fast.Same(d.Plain) }

// validateStream keeps these draws apart from all others.
const validateStream = 0x67756172 // "guar"

// repeatStream keeps the order of plain runs apart from all draws.
const repeatStream = 0x72657065 // "repe"

// mechanismShare is the part of a sample that hits the mechanisms' own storage,
// liveShare the part that is drawn until the machine is simulated, since most upsets
// die at once, and cellShare the part that hits the RAM where events there have
// several cells; all in tenths (our choice).
const (
	mechanismShare = 3
	liveShare      = 4
	cellShare      = 1
	liveTries      = 200
)

// Validate draws n events in the flops of a protected machine and in its mechanisms,
// with multi-cell upsets also in its RAM, and injects each twice. Progress may be nil.
// Once enough, which may be nil, says so, no further plain run begins and only those done
// are returned, at least one; what has begun is finished.
func Validate(ctx context.Context, e *engine.Engine, d *mechanism.Design, seed uint64, n, workers int, progress func(done int), enough func() bool) ([]Double, error) {
	if n < 1 {
		return nil, errors.New("no samples: ask for at least one")
	}
	if err := Equip(e, d); err != nil {
		return nil, err
	}
	list, err := drawDoubles(e, d, seed, n)
	if err != nil {
		return nil, err
	}
	if enough != nil {
		rng := rand.New(rand.NewPCG(seed, repeatStream))
		rng.Shuffle(n, func(i, k int) { list[i], list[k] = list[k], list[i] })
	}
	done, err := e.Some(ctx, n, workers, func(w *engine.Worker) (func(int) error, error) {
		g, err := Standing(e, d)
		return func(i int) (err error) {
			x := &list[i]
			x.Plain, err = w.PlainGuarded(x.Input, x.Site, g)
			return err
		}, err
	}, progress, enough)
	return list[:done], err
}

// guardOf is the guard of a site, nil where the machine is the plain one.
func guardOf(d *mechanism.Design, g faults.Guard, s faults.Site) faults.Guard {
	if d.Protects(s.ID) {
		return g
	}
	return nil
}

// drawDoubles draws the sample with its fast records, in the order of cycles.
func drawDoubles(e *engine.Engine, d *mechanism.Design, seed uint64, n int) ([]Double, error) {
	var flops, added, cells []netlist.SiteID
	t := e.Table()
	data, check := t.RAM()
	for _, r := range []*netlist.Register{data, check} {
		for b := 0; r != nil && e.Options().Model.Kind == faults.MCU && b < r.Bits(); b++ {
			cells = append(cells, r.First+netlist.SiteID(b))
		}
	}
	for i := range t.Registers {
		if r := &t.Registers[i]; !r.IsSRAM() && !r.Observer {
			for b := range r.Bits() {
				flops = append(flops, r.First+netlist.SiteID(b))
			}
		}
	}
	for id := t.Bits(); id < d.Bits(); id++ {
		added = append(added, netlist.SiteID(id))
	}
	w, err := e.Worker()
	if err != nil {
		return nil, err
	}
	g := Guard(d)
	rng := rand.New(rand.NewPCG(seed, validateStream))
	list := make([]Double, n)
	for i := range list {
		x := &list[i]
		x.Input = rng.IntN(e.Inputs())
		pool, tries := flops, 1
		switch part := i % 10; {
		case part < mechanismShare && len(added) > 0:
			pool = added
		case part < mechanismShare+liveShare:
			tries = liveTries
		case part < mechanismShare+liveShare+cellShare && len(cells) > 0:
			pool, tries = cells, liveTries
		}
		for range tries {
			x.Site = faults.Site{ID: pool[rng.IntN(len(pool))], Cycle: rng.Uint64N(e.Cycles())}
			if x.Fast, err = w.Inject(x.Input, x.Site, guardOf(d, g, x.Site)); err != nil {
				return nil, err
			}
			if !x.Fast.Path.Pruned() && x.Fast.Outcome != faults.Masked {
				break
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Double) int {
		if a.Input != b.Input {
			return a.Input - b.Input
		}
		return int(int64(a.Site.Cycle) - int64(b.Site.Cycle))
	})
	return list, nil
}
