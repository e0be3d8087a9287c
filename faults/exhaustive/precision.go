package exhaustive

import (
	"fmt"
	"math"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/netlist"
	"upset/stats"
	"upset/stats/result"
)

// Targets of campaigns that stop on their precision (our choice).
const (
	// MostInjections is the median number of injections at the stop over that of the
	// fixed-size campaign which reaches the precision in half of the cases.
	MostInjections = 1.3
	// fixedDraws and fixedSteps are the campaigns drawn of each size, and the sizes
	// tried, on the way to the size of that campaign.
	fixedDraws = 60
	fixedSteps = 3
)

// Stop says how campaigns of one kind that stop on their precision fare.
type Stop struct {
	Sampling string
	stats.Precision
	Repeats int
	// Covered campaigns hold the true critical AVF in their interval; Below and Above
	// lie below and above it.
	Covered, Below, Above int
	// Upper and Lower count campaigns whose one-sided limits of the violating rate
	// hold the truth.
	Upper, Lower int
	Reached      int // the precision
	Median       int // injections at the stop
	Most         int
	Rounds       int // median
	Fixed        int // injections of the fixed-size campaign
	Truth, Mean  float64
	P            float64 // Holm-corrected chance of so few covered at the target
}

// Ratio is the price of stopping: injections at the stop over those of the fixed size.
func (s *Stop) Ratio() float64 { return float64(s.Median) / float64(s.Fixed) }

// Holds reports that neither target is refuted.
func (s *Stop) Holds() bool { return s.P >= risk && s.Ratio() <= MostInjections }

// bench runs campaigns of package campaign against the table instead of a machine.
type bench struct {
	shape campaign.Shape
	sites *netlist.Table
	index []int32 // flop of the table by site
	table *Table
}

func newBench(t *Table, e *engine.Engine) (*bench, error) {
	if t.Digest != Digest(e) {
		return nil, fmt.Errorf("truth table: of another network, machine or set of inputs; rebuild it with: go run ./faults/exhaustive/generate")
	}
	b := &bench{shape: campaign.ShapeOf(e), sites: e.Table(), table: t}
	flop := int32(0)
	for _, r := range b.sites.Select(netlist.Filter{NoSRAM: true}) {
		first := int(r.First)
		b.index = append(b.index, make([]int32, max(0, first+r.Bits()-len(b.index)))...)
		for k := range r.Bits() {
			b.index[first+k] = flop
			flop++
		}
	}
	return b, nil
}

// run is a campaign over the flops, as its log would be read.
func (b *bench) run(s campaign.Spec) (*result.Campaign, error) {
	s.Sites, s.Confidence = campaign.SitesFlops, confidence
	p, err := campaign.NewPlain(b.sites, s)
	if err != nil {
		return nil, err
	}
	stored, err := campaign.FromTruth(b.shape, p, s, func(f campaign.Fault) faults.Outcome {
		return b.table.Outcome(f.Input, int(f.Site.Cycle), int(b.index[f.Site.ID]))
	})
	if err != nil {
		return nil, err
	}
	return stored.Campaign(campaign.Question{})
}

// runs repeats a campaign under seeds that follow each other.
func (b *bench) runs(s campaign.Spec, repeats int) ([]*result.Campaign, error) {
	out := make([]*result.Campaign, repeats)
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range out {
		s := s
		s.Seed += uint64(i)
		group.Go(func() (err error) {
			out[i], err = b.run(s)
			return err
		})
	}
	return out, group.Wait()
}

// truth is the share of all flop upsets with one of the outcomes.
func (b *bench) truth(outcomes ...faults.Outcome) float64 {
	n := 0
	for _, o := range b.table.outcomes {
		if slices.Contains(outcomes, faults.Outcome(o)) {
			n++
		}
	}
	return float64(n) / float64(b.table.Sites())
}

// Stops draws campaigns that stop on their precision from the table, for each sampling
// and precision so many, and compares them with campaigns of fixed size.
func Stops(t *Table, e *engine.Engine, samplings []string, precisions []stats.Precision, repeats int, seed uint64) ([]Stop, error) {
	b, err := newBench(t, e)
	if err != nil {
		return nil, err
	}
	critical, violating := b.truth(faults.SDCCritical), b.truth(Violating...)
	var out []Stop
	for _, sampling := range samplings {
		for _, p := range precisions {
			spec := campaign.Spec{Seed: seed, Sampling: sampling, Margin: p.Absolute, Relative: p.Relative}
			list, err := b.runs(spec, repeats)
			if err != nil {
				return nil, err
			}
			s := Stop{Sampling: sampling, Precision: p, Truth: critical}
			s.gather(list, violating)
			if s.Fixed, err = b.fixed(spec, p, s.Median); err != nil {
				return nil, err
			}
			out = append(out, s)
		}
	}
	chances := make([]float64, len(out))
	for i := range out {
		chances[i] = fewer(out[i].Covered, out[i].Repeats, atLeast)
	}
	for i, v := range stats.Holm(chances) {
		out[i].P = v
	}
	return out, nil
}

// gather counts what campaigns show.
func (s *Stop) gather(list []*result.Campaign, violating float64) {
	var sizes, rounds []int
	for _, c := range list {
		i := c.AVF.Critical
		s.Repeats++
		switch {
		case i.High < s.Truth:
			s.Below++
		case i.Low > s.Truth:
			s.Above++
		default:
			s.Covered++
		}
		rate := violating * c.FIT.Raw // flops only, all of one raw rate
		if rate <= c.FIT.Violating.Upper {
			s.Upper++
		}
		if rate >= c.FIT.Violating.Lower {
			s.Lower++
		}
		if s.Excess(total(i)) <= 1 {
			s.Reached++
		}
		s.Mean += i.Estimate / float64(len(list))
		s.Most = max(s.Most, c.Injections)
		sizes, rounds = append(sizes, c.Injections), append(rounds, c.Rounds)
	}
	s.Median, s.Rounds = median(sizes), median(rounds)
}

// total is an interval in the form that a precision looks at.
func total(i result.Interval) stats.Total {
	return stats.Total{Estimate: i.Estimate, Lower: i.Low, Upper: i.High}
}

// fixed is the number of injections with which half of the fixed-size campaigns reach the
// precision. Widths shrink with the root of the size, so that every step comes nearer.
func (b *bench) fixed(spec campaign.Spec, p stats.Precision, start int) (int, error) {
	spec.Margin, spec.Relative = 0, 0
	n := float64(start)
	for range fixedSteps {
		spec.Injections = int(math.Ceil(n))
		list, err := b.runs(spec, fixedDraws)
		if err != nil {
			return 0, err
		}
		var wide []float64
		for _, c := range list {
			wide = append(wide, p.Excess(total(c.AVF.Critical)))
		}
		x := median(wide)
		if math.IsInf(x, 1) {
			return 0, fmt.Errorf("campaigns of %d injections see no critical failure: choose a precision that needs more", spec.Injections)
		}
		n *= x * x
	}
	return int(math.Ceil(n)), nil
}

// median of values; the lower one of two.
func median[T int | float64](list []T) T {
	slices.Sort(list)
	return list[(len(list)-1)/2]
}
