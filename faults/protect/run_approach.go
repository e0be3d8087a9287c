package protect

import (
	"math"
	"slices"

	"upset/faults/mechanism"
)

// Numbers of the search over single registers (our choice).
const (
	// priceBisections find the least prices that make a design feasible.
	priceBisections = 24
	// mostPrice is the largest multiple of the prices of the bound that is tried.
	mostPrice = 1 << 12
)

// priceSteps are multiples of the least prices from which a design is thinned out.
var priceSteps = []float64{1, 1.03, 1.1, 1.25, 1.6, 2.5}

// tighter are shares of the limits that the search keeps where it found nothing
// otherwise.
var tighter = []float64{0.9, 0.75, 0.5, 0.3, 0.15}

// approach finds a design of small area that meets the target with the margin, and a
// bound that no design falls below. Prices of the bound, raised until a design meets the
// target, choose an option for every unit; what is not needed is then taken back. The
// joint limits decide by their exact value.
func (pr *Problem) approach() (Found, error) {
	f := Found{Assignment: pr.none()}
	d := pr.dual()
	undercut := pr.incumbent()
	if d.hopeless() {
		f.whole, f.Searched, f.Bound = true, 1, undercut
		return f, nil
	}
	low := d.ascend(undercut)
	f.Bound = max(pr.base, min(low.area, undercut))
	if low.area >= undercut {
		f.whole, f.Searched = true, d.steps
		return f, nil
	}
	w := newWeigher(pr)
	best := undercut
	take := func(a Assignment) error {
		w.thin(a)
		area, _ := pr.Area(a)
		if area >= best {
			return nil
		}
		ok, err := pr.feasible(a)
		if ok {
			best, f.Feasible, f.Assignment = area, true, a
		}
		return err
	}
	for _, prices := range d.directions(low.prices) {
		least, ok := w.leastMultiple(d, prices)
		for _, step := range priceSteps {
			if a, _, _ := d.cheapest(scaled(prices, least*step)); ok && w.fits(a) {
				if err := take(a); err != nil {
					return f, err
				}
			}
		}
	}
	// Where limits pull in opposite directions, as reported errors do, no multiple of the
	// prices may do: then the other limits are set tighter than they are.
	for _, share := range tighter {
		if f.Feasible {
			break
		}
		for _, a := range d.tightened(share).visited(w) {
			if err := take(a); err != nil {
				return f, err
			}
		}
	}
	for k := mechanism.HardenLight; k < mechanism.NumKinds && !f.Feasible; k++ {
		if a := pr.everything(k); w.fits(a) {
			if err := take(a); err != nil {
				return f, err
			}
		}
	}
	f.Searched = d.steps + w.tried
	if f.Feasible {
		again := d.ascend(best)
		f.Bound = max(f.Bound, min(again.area, best))
	}
	f.whole = f.Feasible && f.Bound >= best*(1-2*tolerance)
	f.Optimal = f.whole
	return f, nil
}

// tightened is the relaxation under a share of the limits of residual and SPFM.
func (d *dual) tightened(share float64) *dual {
	out := *d
	out.rows, out.steps = slices.Clone(d.rows), 0
	for i := range out.rows {
		if x := &out.rows[i]; x.limit != limitDUE && x.limit != limitPermanent {
			x.cap *= share
		}
	}
	return &out
}

// visited are designs on the way of an ascent that fit, the first and each cheaper one.
func (d *dual) visited(w *weigher) (list []Assignment) {
	least := math.Inf(1)
	d.seen = func(a Assignment) {
		if area, _ := d.pr.Area(a); area < least && w.fits(a) {
			least, list = area, append(list, a)
		}
	}
	d.ascend(math.Inf(1))
	return list
}

// directions are the prices of the bound, and those in which one limit counts more.
func (d *dual) directions(prices []float64) [][]float64 {
	sum := 0.0
	for _, p := range prices {
		sum += p
	}
	if sum == 0 {
		sum = d.pr.most()
	}
	all := slices.Clone(prices)
	list := [][]float64{prices}
	for i := range d.rows {
		all[i] += sum / 4
		more := slices.Clone(prices)
		more[i] += sum / 4
		list = append(list, more)
	}
	return append(list, all)
}

func scaled(list []float64, by float64) []float64 {
	out := make([]float64, len(list))
	for i, x := range list {
		out[i] = x * by
	}
	return out
}

// weigher tells quickly whether a design meets the target.
type weigher struct {
	pr    *Problem
	nets  []weights
	tried int64
}

// weights are what the options of one network contribute to its limits.
type weights struct {
	pr     *Problem
	shares [][][numLimits]sums // by unit and option
	double [][numLimits]sums   // by unit, of a duplicated block
	plain  bool                // the joint limit is that of Fay and Feuer
}

func newWeigher(pr *Problem) *weigher {
	w := &weigher{pr: pr}
	for _, n := range pr.networks() {
		x := weights{pr: n, plain: n.several(), shares: make([][][numLimits]sums, len(pr.Options)), double: make([][numLimits]sums, len(pr.Options))}
		for b := range pr.Blocks {
			for _, u := range pr.Blocks[b].Units {
				x.shares[u] = make([][numLimits]sums, len(pr.Options[u]))
				for limit := range numLimits {
					for k := range pr.Options[u] {
						x.shares[u][k][limit] = n.share(u, limit, &pr.Options[u][k])
					}
					if o := pr.Blocks[b].Duplicate; o != nil {
						x.double[u][limit] = n.share(u, limit, o)
					}
				}
			}
		}
		w.nets = append(w.nets, x)
	}
	return w
}

// fits reports whether a design meets the target with the margin on every network, as
// [Problem.feasible] does, which has the last word.
func (w *weigher) fits(a Assignment) bool {
	w.tried++
	for i := range w.nets {
		if !w.nets[i].fit(a) {
			return false
		}
	}
	return true
}

func (x *weights) fit(a Assignment) bool {
	pr := x.pr
	var total [numLimits]sums
	for b := range pr.Blocks {
		if a.Duplicate[b] {
			total[limitDUE].mean += pr.Blocks[b].Duplicate.Alarms * pr.unit(limitDUE, false)
		}
		for _, u := range pr.Blocks[b].Units {
			s := &x.shares[u][a.Option[u]]
			if a.Duplicate[b] && !pr.Evidence.Units[u].SRAM {
				s = &x.double[u]
			}
			for limit := range numLimits {
				total[limit] = total[limit].plus(s[limit])
			}
		}
	}
	for limit, s := range total {
		if !math.IsInf(pr.caps[limit], 1) && s.mean > pr.caps[limit]*(1+tolerance) {
			return false
		}
	}
	if pr.estimateOnly {
		return true
	}
	q := pr.Target.Question
	related := 1.0
	if pr.Evidence.FlopBits > 0 {
		related = pr.related(a) / pr.Evidence.FlopBits
	}
	fit, flops := pr.Target.Reach[limitFIT], pr.Target.Reach[limitSPFM]*related
	if jointUpper(total[limitFIT], q.Confidence) <= fit && jointUpper(total[limitSPFM], q.Confidence) <= flops {
		return true
	}
	if x.plain && total[limitFIT].raw > 2*fit && total[limitSPFM].raw > 2*flops {
		return false
	}
	ok, err := pr.feasibleAlone(a) // the joint limit may be that of another case
	return ok && err == nil
}

// leastMultiple is about the least multiple of prices with which the design that they
// choose fits.
func (w *weigher) leastMultiple(d *dual, prices []float64) (least float64, ok bool) {
	fits := func(by float64) bool {
		a, _, _ := d.cheapest(scaled(prices, by))
		return w.fits(a)
	}
	high := 1.0
	for !fits(high) {
		if high *= 2; high > mostPrice {
			return 0, false
		}
	}
	low := 0.0
	if high > 1 {
		low = high / 2
	}
	for range priceBisections {
		if middle := (low + high) / 2; fits(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	return high, true
}

// thin takes back what a design does not need, the dearest first, and goes on until
// nothing is left to take back.
func (w *weigher) thin(a Assignment) {
	type unit struct{ block, unit int }
	var order []unit
	for b := range w.pr.Blocks {
		for _, u := range w.pr.Blocks[b].Units {
			order = append(order, unit{b, u})
		}
	}
	area := func(x unit) float64 { return w.pr.Options[x.unit][a.Option[x.unit]].Area }
	for changed := true; changed; {
		changed = false
		slices.SortStableFunc(order, func(x, y unit) int { return compare(area(y), area(x)) })
		for _, x := range order {
			u := x.unit
			if a.Option[u] == 0 || a.Duplicate[x.block] && !w.pr.Evidence.Units[u].SRAM {
				continue
			}
			before := a.Option[u]
			for _, k := range w.pr.cheaper(u, before) {
				if a.Option[u] = k; w.fits(a) {
					changed = true
					break
				}
				a.Option[u] = before
			}
		}
	}
}

// cheaper are the options of a unit with less area than one, the cheapest first.
func (pr *Problem) cheaper(unit, than int) (list []int) {
	options := pr.Options[unit]
	for k := range options {
		if options[k].Area < options[than].Area {
			list = append(list, k)
		}
	}
	slices.SortStableFunc(list, func(a, b int) int { return compare(options[a].Area, options[b].Area) })
	return list
}
