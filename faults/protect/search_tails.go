package protect

import (
	"math"
)

// bounds are what is known of one network before the search.
type bounds struct {
	pr      *Problem
	order   []position
	tails   [][numLimits]curve // by position: units from there to the end
	largest [][numLimits]float64
	plain   bool // the joint limit is that of Fay and Feuer for every design
	rooms   [limitDUE]map[float64]float64
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
			if limit == limitSPFM && s.pr.joint > 0 {
				// What the hardened cells that are decided take from the denominator.
				reach -= reach * (fixed[limitJoint].mean - fixed[limitSPFM].mean) / s.pr.joint
			}
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
