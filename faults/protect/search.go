package protect

import (
	"math"
	"slices"
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
