package protect

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"golang.org/x/sync/errgroup"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/netlist"
	"upset/stats"
)

// stuckUnit is a stratum of stuck-at faults: the flops of one class in one block that
// something depends on.
type stuckUnit struct {
	block string
	class netlist.Class
	bits  int
	// rate is the permanent rate of these flops in FIT.
	rate  float64
	spans []netlist.SiteID // first bits of its registers
	ends  []int            // number of bits up to the end of each
}

// bit is the k-th flop of the unit.
func (u *stuckUnit) bit(k int) netlist.SiteID {
	from := 0
	for i, end := range u.ends {
		if k < end {
			return u.spans[i] + netlist.SiteID(k-from)
		}
		from = end
	}
	return 0
}

// Effect is what a permanent fault does over all inputs and networks, the worst first
// last: it is safe only if it is masked on all of them.
type effect uint8

const (
	effectSafe     effect = iota // masked everywhere
	effectOutvoted               // a voter delivers the right value and says nothing
	effectDetected               // stopped or reported before it did harm, wherever it would
	effectHarm                   // violates on some input, without a report before
)

// effectOf sorts an outcome.
func effectOf(o faults.Outcome, violation string, watchdog bool, within campaign.Deadline) effect {
	n := within.Worst(o)
	switch {
	case n.Violating(violation, watchdog, true) > 0:
		return effectHarm
	case o == faults.Corrected:
		return effectOutvoted
	case o == faults.Masked, o == faults.SDCTolerable:
		return effectSafe
	}
	return effectDetected
}

// stuckAt is one stuck-at fault of a sample.
type stuckAt struct {
	unit int
	flaw faults.Flaw
	// departs is the first cycle at which the flop reads wrong, by network and input.
	departs [][]uint64
}

// stuckSample is a stratified sample of stuck-at faults. Each flop is as likely stuck
// at 0 as at 1 (our choice).
type stuckSample struct {
	engines   []*engine.Engine
	units     []stuckUnit
	faults    []stuckAt
	violation string
	watchdog  bool
	within    campaign.Deadline
	workers   int
	spent     uint64 // simulated cycles
	progress  func(done, total int)
}

// stuckUnits lists the strata of a machine. Rate turns a choice of all flops of a class
// of a block into FIT.
func stuckUnits(t *netlist.Table, rate func(c mechanism.Choice) float64) (units []stuckUnit) {
	at := map[[2]string]int{}
	for i := range t.Registers {
		r := &t.Registers[i]
		if r.IsSRAM() || r.Observer {
			continue
		}
		key := [2]string{r.Block, r.Class.String()}
		k, ok := at[key]
		if !ok {
			k = len(units)
			at[key] = k
			units = append(units, stuckUnit{block: r.Block, class: r.Class})
		}
		u := &units[k]
		u.bits += r.Bits()
		u.spans, u.ends = append(u.spans, r.First), append(u.ends, u.bits)
	}
	for i := range units {
		u := &units[i]
		// Which mechanism it is does not matter for the flops that a choice covers.
		u.rate = rate(mechanism.Choice{Block: u.block, Classes: []netlist.Class{u.class}, Kind: mechanism.Harden})
	}
	return units
}

// leastStuck is the fewest faults of a stratum (our choice).
const leastStuck = 2

// stuckStream keeps these draws apart from all others.
const stuckStream = 0x737475636b // "stuck"

// draw draws n faults, spread over the strata by their rates. Draw and seed decide
// which.
func (s *stuckSample) draw(n int, seed, draw uint64) {
	total := 0.0
	for _, u := range s.units {
		total += u.rate
	}
	r := rand.New(rand.NewPCG(seed, stuckStream+draw<<40))
	for i := range s.units {
		u := &s.units[i]
		k := max(leastStuck, int(math.Round(float64(n)*u.rate/total)))
		for range k {
			f := faults.Flaw{ID: u.bit(r.IntN(u.bits)), High: r.IntN(2) == 1}
			s.faults = append(s.faults, stuckAt{unit: i, flaw: f})
		}
	}
}

// register is that of a fault of the sample.
func (s *stuckSample) register(fault int) *netlist.Register {
	p, err := s.engines[0].Table().Place(s.faults[fault].flaw.ID)
	if err != nil {
		return &netlist.Register{} // faults are drawn from the table
	}
	return p.Register
}

// depart finds when the faults show, on every input of every network.
func (s *stuckSample) depart(ctx context.Context) error {
	flaws := make([]faults.Flaw, len(s.faults))
	for i, f := range s.faults {
		flaws[i] = f.flaw
		s.faults[i].departs = make([][]uint64, len(s.engines))
		for k, e := range s.engines {
			s.faults[i].departs[k] = make([]uint64, e.Inputs())
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, s.workers))
	for k, e := range s.engines {
		s.spent += uint64(e.Inputs()) * e.Cycles()
		for input := range e.Inputs() {
			group.Go(func() error {
				list, err := e.Departures(ctx, input, flaws)
				for i := range list {
					s.faults[i].departs[k][input] = list[i]
				}
				return err
			})
		}
	}
	return group.Wait()
}

// run injects faults of the sample beside a design, nil for the machine as it is. Designs
// are those of the engines, one each. Faults that the list leaves out keep their effect.
func (s *stuckSample) run(ctx context.Context, designs []*mechanism.Design, which []int, out []effect) error {
	workers := max(1, s.workers)
	cycles := make([]uint64, workers)
	group, ctx := errgroup.WithContext(ctx)
	done := make(chan struct{}, 64)
	go func() {
		n := 0
		for range done {
			if n++; s.progress != nil {
				s.progress(n, len(which))
			}
		}
	}()
	for part := range workers {
		group.Go(func() error {
			var list []*engine.Worker
			var guards []faults.Guard
			for k, e := range s.engines {
				w, err := e.Worker()
				if err != nil {
					return err
				}
				list, guards = append(list, w), append(guards, nil)
				if designs != nil {
					guards[k] = Guard(designs[k])
				}
			}
			for i := part; i < len(which); i += workers {
				var err error
				f := &s.faults[which[i]]
				if out[which[i]], err = s.one(ctx, list, guards, f, &cycles[part]); err != nil {
					return err
				}
				done <- struct{}{}
			}
			return nil
		})
	}
	err := group.Wait()
	close(done)
	for _, n := range cycles {
		s.spent += n
	}
	return err
}

// one injects a fault into every inference until one is harmed.
func (s *stuckSample) one(ctx context.Context, list []*engine.Worker, guards []faults.Guard, f *stuckAt, cycles *uint64) (worst effect, err error) {
	for k, w := range list {
		for input, departs := range f.departs[k] {
			o, n, err := w.Stuck(ctx, input, f.flaw, departs, guards[k])
			if err != nil {
				return worst, fmt.Errorf("%s stuck: %w", s.engines[k].Table().Name(f.flaw.ID), err)
			}
			*cycles += n
			if worst = max(worst, effectOf(o, s.violation, s.watchdog, s.within)); worst == effectHarm {
				return worst, nil
			}
		}
	}
	return worst, nil
}

// all lists every fault of the sample.
func (s *stuckSample) all() []int {
	out := make([]int, len(s.faults))
	for i := range out {
		out[i] = i
	}
	return out
}

// strata are the weighted counts of an effect, in FIT. Scale multiplies the rate of a
// unit.
func (s *stuckSample) strata(of func(i int) bool, scale func(unit int) float64) []stats.Stratum {
	list := make([]stats.Stratum, len(s.units))
	for u := range s.units {
		list[u].Weight = s.units[u].rate * scale(u)
	}
	for i, f := range s.faults {
		list[f.unit].N++
		if of(i) {
			list[f.unit].Failures++
		}
	}
	return list
}
