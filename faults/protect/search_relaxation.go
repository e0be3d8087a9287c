package protect

import (
	"math"
)

// row is a linear limit on the estimate that every design within the target keeps: the
// sum of a share over all units is at most cap.
type row struct {
	pr    *Problem
	limit int
	cap   float64
}

// rows are the linear limits of all networks. The joint limits enter by their bounds,
// which are those of the exact search: see [room] and [leastSlope].
func (pr *Problem) rows() (list []row) {
	for _, n := range pr.networks() {
		for limit := range numLimits {
			if c := n.caps[limit]; !math.IsInf(c, 1) && n.limited(limit) {
				list = append(list, row{n, limit, c * (1 + tolerance)})
			}
		}
		if pr.estimateOnly || !n.several() {
			continue
		}
		for limit := range limitDUE {
			raw, largest := n.leastRaw(limit)
			reach := n.Target.Reach[limit]
			if raw <= 2*reach {
				continue // the joint limit may be that of another case, see [bounds.cut]
			}
			left := room(largest, n.Target.Question.Confidence, reach)
			list = append(list, row{n, limit, left})
			if limit == limitSPFM {
				list = append(list, row{n, limitJoint, left})
			}
		}
	}
	return list
}

// limited reports whether a limit says anything.
func (pr *Problem) limited(limit int) bool {
	switch limit {
	case limitDUE:
		return pr.Target.BudgetDUE > 0
	case limitPermanent:
		return pr.permanent != nil
	case limitJoint:
		return false
	}
	return true
}

// leastRaw is the least that any design leaves of what is sampled under a limit, and the
// largest weight that every design has.
func (pr *Problem) leastRaw(limit int) (raw, largest float64) {
	for b := range pr.Blocks {
		block := &pr.Blocks[b]
		for _, u := range block.Units {
			least := sums{largest: math.Inf(1), raw: math.Inf(1)}
			take := func(s sums) {
				least.largest, least.raw = min(least.largest, s.largest), min(least.raw, s.raw)
			}
			for k := range pr.Options[u] {
				take(pr.share(u, limit, &pr.Options[u][k]))
			}
			if block.Duplicate != nil && !pr.Evidence.Units[u].SRAM {
				take(pr.share(u, limit, block.Duplicate))
			}
			raw, largest = raw+least.raw, max(largest, least.largest)
		}
	}
	return raw, largest
}

// dual is the Lagrangian relaxation of a problem: its limits become prices.
type dual struct {
	pr     *Problem
	rows   []row
	shares [][][]float64 // by unit, option and row
	double [][]float64   // by block and row: of the duplicated flops; nil without
	steps  int64

	seen func(Assignment) // if not nil, called with every design of an ascent
}

func (pr *Problem) dual() *dual {
	d := &dual{pr: pr, rows: pr.rows(), shares: make([][][]float64, len(pr.Options)), double: make([][]float64, len(pr.Blocks))}
	for u := range pr.Options {
		for k := range pr.Options[u] {
			list := make([]float64, len(d.rows))
			for i, x := range d.rows {
				list[i] = x.pr.share(u, x.limit, &pr.Options[u][k]).mean
			}
			d.shares[u] = append(d.shares[u], list)
		}
	}
	for b := range pr.Blocks {
		o := pr.Blocks[b].Duplicate
		if o == nil {
			continue
		}
		d.double[b] = make([]float64, len(d.rows))
		for i, x := range d.rows {
			if x.limit == limitDUE {
				d.double[b][i] = o.Alarms * x.pr.unit(limitDUE, false)
			}
			for _, u := range pr.Blocks[b].Units {
				if !pr.Evidence.Units[u].SRAM {
					d.double[b][i] += x.pr.share(u, x.limit, o).mean
				}
			}
		}
	}
	return d
}

// cheapest is the design of least area and prices together, with that sum less what the
// limits are worth, which no design within the limits falls below; and by how much every
// limit is exceeded.
func (d *dual) cheapest(prices []float64) (a Assignment, bound float64, excess []float64) {
	d.steps++
	pr := d.pr
	a, bound = pr.none(), pr.base
	excess = make([]float64, len(d.rows))
	for i, x := range d.rows {
		bound -= prices[i] * x.cap
		excess[i] = -x.cap
	}
	for b := range pr.Blocks {
		block := &pr.Blocks[b]
		alone := 0.0 // of the flops
		for _, u := range block.Units {
			best := math.Inf(1)
			for k := range pr.Options[u] {
				if x := pr.Options[u][k].Area + dot(prices, d.shares[u][k]); x < best {
					best, a.Option[u] = x, k
				}
			}
			if pr.Evidence.Units[u].SRAM {
				bound += best
			} else {
				alone += best
			}
		}
		if d.double[b] != nil {
			if x := block.Duplicate.Area + dot(prices, d.double[b]); x < alone {
				a.Duplicate[b], alone = true, x
				add(excess, d.double[b])
			}
		}
		bound += alone
		for _, u := range block.Units {
			if a.Duplicate[b] && !pr.Evidence.Units[u].SRAM {
				a.Option[u] = 0
				continue
			}
			add(excess, d.shares[u][a.Option[u]])
		}
	}
	return a, bound, excess
}

// hopeless reports that what is best for a limit everywhere still exceeds it.
func (d *dual) hopeless() bool {
	for i, x := range d.rows {
		least := 0.0
		for b := range d.pr.Blocks {
			alone := 0.0 // of the flops
			for _, u := range d.pr.Blocks[b].Units {
				best := math.Inf(1)
				for k := range d.shares[u] {
					best = min(best, d.shares[u][k][i])
				}
				if d.pr.Evidence.Units[u].SRAM {
					least += best
				} else {
					alone += best
				}
			}
			if d.double[b] != nil {
				alone = min(alone, d.double[b][i])
			}
			least += alone
		}
		if least > x.cap {
			return true
		}
	}
	return false
}

func dot(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

func add(to, list []float64) {
	for i := range to {
		to[i] += list[i]
	}
}

// relaxed is a bound with the prices that show it.
type relaxed struct {
	area   float64
	prices []float64
}

// Numbers of the dual ascent (our choice).
const (
	ascentSteps = 600
	ascentWait  = 20 // steps without a better bound until the next are half as long
)

// ascend raises the prices until the bound is about as large as it gets, by steps along
// the excess (subgradient method with Polyak's step length, as in Held, Wolfe and
// Crowder, Mathematical Programming 6, 1974). Every bound on the way is valid. It ends
// early where the bound reaches an area that has to be undercut.
func (d *dual) ascend(undercut float64) relaxed {
	aim := undercut
	if math.IsInf(aim, 1) {
		aim = d.pr.most()
	}
	prices := make([]float64, len(d.rows))
	best := relaxed{math.Inf(-1), prices}
	length, waited := 1.0, 0
	for range ascentSteps {
		a, bound, excess := d.cheapest(prices)
		if d.seen != nil {
			d.seen(a)
		}
		if bound > best.area {
			best, waited = relaxed{bound, prices}, 0
		} else if waited++; waited == ascentWait {
			length, waited = length/2, 0
			prices = best.prices
			_, bound, excess = d.cheapest(prices)
		}
		norm := 0.0
		for i, x := range excess {
			if prices[i] > 0 || x > 0 {
				norm += x * x
			}
		}
		if best.area >= undercut || norm == 0 {
			break
		}
		step := length * max(aim-bound, 1e-3*aim) / norm
		next := make([]float64, len(prices))
		for i := range next {
			next[i] = max(0, prices[i]+step*excess[i])
		}
		prices = next
	}
	best.area *= 1 - tolerance // of sums in another order
	return best
}

// most is the area of the dearest option everywhere.
func (pr *Problem) most() float64 {
	sum := pr.base
	for u := range pr.Options {
		dearest := 0.0
		for _, o := range pr.Options[u] {
			dearest = max(dearest, o.Area+o.Shared)
		}
		sum += dearest
	}
	return sum
}

// relaxation is a bound on the area of every design within the target, at most what has
// to be undercut.
func (pr *Problem) relaxation(undercut float64) relaxed {
	x := pr.dual().ascend(undercut)
	x.area = max(pr.base, min(x.area, undercut))
	return x
}
