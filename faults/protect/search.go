package protect

import (
	"math"
	"slices"

	"upset/faults/mechanism"
)

// Found is the outcome of a search.
type Found struct {
	Assignment Assignment
	// Feasible says that the assignment meets the target with the margin.
	Feasible bool
	// Searched counts the partial and whole designs looked at; Optimal says that
	// none cheaper exists within the option set and the margin.
	Searched int64
	Optimal  bool
	// Bound is an area that no design of the option set within the margin falls below;
	// that of the design where it is optimal.
	Bound float64

	whole bool // nothing was left unsearched
}

// maxNodes ends a search that does not end by itself (our choice: a few seconds).
const maxNodes = 4_000_000

// besideNodes bounds the search beside a set of checkers (our choice).
const besideNodes = maxNodes / 16

// nodes is the bound of the search.
func (pr *Problem) nodes() int64 {
	if pr.beside != nil || pr.hasty {
		return besideNodes
	}
	return maxNodes
}

// incumbent is the area that a design has to undercut.
func (pr *Problem) incumbent() float64 {
	if pr.least > 0 {
		return pr.least
	}
	return math.Inf(1)
}

// searcher is a branch and bound over the units in order. A block is first tried
// duplicated, then unit by unit.
type searcher struct {
	pr      *Problem
	nets    []bounds
	order   []position
	best    float64
	found   Found
	err     error
	factor  float64 // -ln(1 - confidence)
	current Assignment
}

// load is what is decided so far contributes to every limit, by network.
type load [MaxNetworks][numLimits]sums

// bounds are what is known of one network before the search.
type bounds struct {
	pr      *Problem
	order   []position
	tails   [][numLimits]curve // by position: units from there to the end
	largest [][numLimits]float64
	plain   bool // the joint limit is that of Fay and Feuer for every design
	rooms   [limitDUE]map[float64]float64
}

// position is the next decision: a unit, and the block that it begins, or -1.
type position struct {
	unit   int
	block  int
	begins bool
	next   int // position behind the block
}

// Search finds the assignment of least area that meets the target with the margin,
// by branch and bound. A branch is cut when its area, with that of the relaxed rest
// for any one limit, is not below the best known; or when the joint upper limit of
// what is decided lies beyond the target. Both are admissible: the estimate never
// exceeds what the joint limit leaves room for (see room), and the limit hardly
// falls when counts are added (see monotone). The exact limit decides at the leaves.
//
// Where registers are decided on one by one there are too many of them: see
// [Problem.approach].
func (pr *Problem) Search() (Found, error) {
	if pr.registers() || pr.quick {
		return pr.approach()
	}
	s := &searcher{pr: pr, best: pr.incumbent(), current: pr.none()}
	s.found.Assignment = pr.none()
	for b := range pr.Blocks {
		units := pr.Blocks[b].Units
		for i, u := range units {
			s.order = append(s.order, position{u, b, i == 0, len(s.order) + len(units) - i})
		}
	}
	for _, network := range pr.networks() {
		b := bounds{pr: network, order: s.order, plain: network.several() && !pr.estimateOnly}
		for limit := range b.rooms {
			b.rooms[limit] = map[float64]float64{}
		}
		b.prepareTails()
		s.nets = append(s.nets, b)
	}
	s.factor = -math.Log(1 - pr.Target.Question.Confidence)
	greedy, ok, err := pr.Greedy()
	if err != nil {
		return Found{}, err
	}
	if ok {
		if area, _ := pr.Area(greedy); area < s.best {
			s.best = area
			s.found.Assignment, s.found.Feasible = greedy, true
		}
	}
	s.visit(0, pr.base, load{})
	s.found.whole = s.found.Searched < pr.nodes()
	s.found.Optimal = s.found.Feasible && s.found.whole
	if s.found.Bound = s.best; !s.found.whole {
		s.found.Bound = pr.relaxation(s.best).area
	}
	return s.found, s.err
}

// prepareTails computes the relaxation of everything behind each position.
func (s *bounds) prepareTails() {
	n := len(s.order)
	s.tails = make([][numLimits]curve, n+1)
	s.largest = make([][numLimits]float64, n+1)
	whole := make([][numLimits]curve, n+1) // by position where a block begins
	for limit := range numLimits {
		block := curve{}
		for i := n - 1; i >= 0; i-- {
			p := s.order[i]
			var points []point
			least := math.Inf(1)
			for k := range s.pr.Options[p.unit] {
				o := &s.pr.Options[p.unit][k]
				share := s.pr.share(p.unit, limit, o)
				points = append(points, point{share.mean, o.Area})
				least = math.Min(least, share.largest)
			}
			if s.duplicable(p) {
				least = math.Min(least, s.pr.share(p.unit, limit, s.pr.Blocks[p.block].Duplicate).largest)
			}
			s.largest[i][limit] = math.Max(s.largest[i+1][limit], least)
			if p.next == i+1 {
				block = curve{}
			}
			block = block.add(hull(points))
			behind := whole[p.next][limit]
			s.tails[i][limit] = block.add(behind)
			if p.begins {
				whole[i][limit] = s.withDuplicate(p, limit, block).add(behind)
			}
		}
	}
	for i, p := range s.order {
		if p.begins {
			s.tails[i] = whole[i]
		}
	}
}

// duplicable reports whether the unit can be part of a duplicated block.
func (s *bounds) duplicable(p position) bool {
	return s.pr.Blocks[p.block].Duplicate != nil && !s.pr.Evidence.Units[p.unit].SRAM
}

// withDuplicate is the curve of a whole block when it may also be duplicated.
func (s *bounds) withDuplicate(p position, limit int, block curve) curve {
	b := &s.pr.Blocks[p.block]
	if b.Duplicate == nil {
		return block
	}
	// RAM in the block keeps its own options beside the duplicated control.
	rest := curve{}
	for _, u := range b.Units {
		if s.pr.Evidence.Units[u].SRAM {
			var points []point
			for k := range s.pr.Options[u] {
				o := &s.pr.Options[u][k]
				points = append(points, point{s.pr.share(u, limit, o).mean, o.Area})
			}
			rest = rest.add(hull(points))
		}
	}
	points := block.points()
	for _, r := range rest.points() {
		alarms := 0.0
		if limit == limitDUE {
			alarms = b.Duplicate.Alarms * s.pr.unit(limitDUE, false)
		}
		points = append(points, point{r.share + alarms, r.area + b.Duplicate.Area})
	}
	return hull(points)
}

// visit decides what stands at a position and behind.
func (s *searcher) visit(at int, area float64, fixed load) {
	if s.err != nil || s.found.Searched >= s.pr.nodes() {
		return
	}
	s.found.Searched++
	if s.cut(at, area, fixed) {
		return
	}
	if at == len(s.order) {
		s.leaf(area)
		return
	}
	p := s.order[at]
	b := &s.pr.Blocks[p.block]
	if p.begins && b.Duplicate != nil {
		s.duplicate(p, area, fixed)
	}
	for _, k := range s.cheapFirst(p.unit) {
		o := &s.pr.Options[p.unit][k]
		s.current.Option[p.unit] = k
		s.visit(at+1, area+o.Area, s.with(fixed, p.unit, o))
	}
	s.current.Option[p.unit] = 0
}

// duplicate tries the block that begins here duplicated. Its RAM is decided with
// it, option by option.
func (s *searcher) duplicate(p position, area float64, fixed load) {
	b := &s.pr.Blocks[p.block]
	s.current.Duplicate[p.block] = true
	for n := range s.nets {
		fixed[n][limitDUE].mean += b.Duplicate.Alarms * s.pr.unit(limitDUE, false)
	}
	var ram []int
	for _, u := range b.Units {
		if s.pr.Evidence.Units[u].SRAM {
			ram = append(ram, u)
			continue
		}
		fixed = s.with(fixed, u, b.Duplicate)
	}
	s.ram(ram, p.next, area+b.Duplicate.Area, fixed)
	s.current.Duplicate[p.block] = false
}

// ram decides the RAM of a duplicated block, then goes on behind it.
func (s *searcher) ram(units []int, next int, area float64, fixed load) {
	if len(units) == 0 {
		s.visit(next, area, fixed)
		return
	}
	u := units[0]
	for k := range s.pr.Options[u] {
		o := &s.pr.Options[u][k]
		s.current.Option[u] = k
		s.ram(units[1:], next, area+o.Area, s.with(fixed, u, o))
	}
	s.current.Option[u] = 0
}

// with adds what a unit contributes under an option.
func (s *searcher) with(fixed load, unit int, o *Option) load {
	for n := range s.nets {
		for limit := range numLimits {
			fixed[n][limit] = fixed[n][limit].plus(s.nets[n].pr.share(unit, limit, o))
		}
	}
	return fixed
}

// cheapFirst orders the options of a unit by area.
func (s *searcher) cheapFirst(unit int) []int {
	order := make([]int, len(s.pr.Options[unit]))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return compare(s.pr.Options[unit][a].Area, s.pr.Options[unit][b].Area)
	})
	return order
}

// cut reports that nothing better stands behind a position.
func (s *searcher) cut(at int, area float64, fixed load) bool {
	for n := range s.nets {
		if s.nets[n].cut(at, area, s.best, s.factor, &fixed[n]) {
			return true
		}
	}
	return false
}

// cut is the same for one network.
func (s *bounds) cut(at int, area, best, factor float64, fixed *[numLimits]sums) bool {
	confidence := s.pr.Target.Question.Confidence
	for limit := range numLimits {
		f := fixed[limit]
		left := s.pr.caps[limit] * (1 + tolerance)
		// Where more than half of everything sampled fails, the joint limit is
		// another one, but then above half of that, and so of what is decided.
		reach, joint := 0.0, false
		if limit < limitDUE {
			reach = s.pr.Target.Reach[limit]
			joint = s.plain && f.raw > 2*reach
		}
		if joint {
			f.largest = math.Max(f.largest, s.largest[at][limit])
			left = math.Min(left, s.room(limit, f.largest, confidence))
			if limit == limitSPFM && area+s.tails[at][limitJoint].at(s.room(limit, f.largest, confidence)-fixed[limitJoint].mean) >= best {
				return true
			}
		}
		if limit == limitJoint {
			continue
		}
		if area+s.tails[at][limit].at(left-f.mean) >= best {
			return true
		}
		if joint && limit == limitSPFM && s.pr.joint > 0 {
			// What the hardened cells that are decided take from the denominator.
			reach -= s.pr.Target.Reach[limitSPFM] * (fixed[limitJoint].mean - fixed[limitSPFM].mean) / s.pr.joint
		}
		// The limit is at most -ln α times its mean: most branches are clear.
		if joint && (f.mean+f.largest)*factor > reach && monotone(confidence)*jointUpper(f, confidence) > reach+tolerance {
			return true
		}
	}
	return false
}

// room remembers the room beside a weight.
func (s *bounds) room(limit int, largest, confidence float64) float64 {
	m, ok := s.rooms[limit][largest]
	if !ok {
		m = room(largest, confidence, s.pr.Target.Reach[limit])
		s.rooms[limit][largest] = m
	}
	return m
}

// several reports that every design has at least two sampled pieces of positive
// weight, so that no limit is that of a single binomial sample.
func (pr *Problem) several() bool {
	n := 0
	for i, u := range pr.Evidence.Units {
		if !u.SRAM {
			n += len(u.Pieces)
		}
		for _, o := range pr.Options[i] {
			if o.Keep == 0 && !u.SRAM {
				return false
			}
		}
	}
	return n > 1
}

// leaf takes a whole design if it meets the target.
func (s *searcher) leaf(area float64) {
	ok, err := s.pr.feasible(s.current)
	if err != nil {
		s.err = err
		return
	}
	if ok && area < s.best {
		s.best = area
		s.found.Assignment, s.found.Feasible = s.current.clone(), true
	}
}

// Greedy protects, one after the other, what lowers the worst limit most per area
// until the target is met with the margin.
func (pr *Problem) Greedy() (Assignment, bool, error) {
	a := pr.none()
	for {
		ok, err := pr.feasible(a)
		if err != nil {
			return a, false, err
		}
		if ok {
			return a, true, nil
		}
		next, gain := a, 0.0
		area, _ := pr.Area(a)
		load := pr.worst(a)
		for _, c := range pr.neighbours(a) {
			cost, _ := pr.Area(c)
			better := load - pr.worst(c)
			if better <= 0 {
				continue
			}
			g := math.Inf(1)
			if cost > area {
				g = better / (cost - area)
			}
			if g > gain {
				next, gain = c, g
			}
		}
		if gain == 0 {
			return a, false, nil
		}
		a = next
	}
}

// load is what an assignment takes of a limit: its estimate and one more count of
// the largest weight.
func (pr *Problem) load(a Assignment, limit int) float64 {
	var sum sums
	for b := range pr.Blocks {
		for _, u := range pr.Blocks[b].Units {
			sum = sum.plus(pr.share(u, limit, pr.option(a, b, u)))
		}
	}
	return sum.mean + sum.largest
}

// worst is the most that an assignment takes of any limit.
func (pr *Problem) worst(a Assignment) (most float64) {
	for _, n := range pr.networks() {
		most = max(most, n.load(a, limitFIT), n.load(a, limitRelated), n.load(a, limitPermanent))
	}
	return most
}

// neighbours are the assignments that differ in one unit or in one duplication.
func (pr *Problem) neighbours(a Assignment) (out []Assignment) {
	for b := range pr.Blocks {
		if pr.Blocks[b].Duplicate != nil && !a.Duplicate[b] {
			c := a.clone()
			c.Duplicate[b] = true
			out = append(out, c)
		}
		for _, u := range pr.Blocks[b].Units {
			if pr.option(a, b, u).Kind == mechanism.Duplicate {
				continue
			}
			for k := range pr.Options[u] {
				if k != a.Option[u] {
					c := a.clone()
					c.Option[u] = k
					out = append(out, c)
				}
			}
		}
	}
	return out
}

// cheapest is the design of least area whose estimated residual is at most a rate in FIT
// and whose estimated SPFM at least a share. No joint limit enters it.
func (pr *Problem) cheapest(fit, spfm float64) (Assignment, error) {
	free, err := pr.relaxed(fit, spfm)
	if err != nil {
		return Assignment{}, err
	}
	found, err := free.Search()
	if !found.Feasible {
		return pr.none(), err
	}
	return found.Assignment, err
}

// relaxed is the problem with estimates as its only limits.
func (pr *Problem) relaxed(fit, spfm float64) (*Problem, error) {
	free := *pr
	free.Target.Question.Target.SPFM = min(max(spfm, math.SmallestNonzeroFloat32), 1-1e-9)
	free.Target.Question.BudgetFIT = max(fit, math.SmallestNonzeroFloat32)
	free.Target.BudgetDUE = 0
	free.estimateOnly = true
	if err := free.prepare(); err != nil {
		return nil, err
	}
	free.caps = [numLimits]float64{1, math.Inf(1), math.Inf(1), 1, math.Inf(1), math.Inf(1)}
	free.rivals = nil
	for _, r := range pr.rivals {
		x, err := r.relaxed(fit, spfm)
		if err != nil {
			return nil, err
		}
		free.rivals = append(free.rivals, x)
	}
	return &free, nil
}
