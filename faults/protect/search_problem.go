package protect

import (
	"fmt"
	"math"
	"slices"

	"upset/faults/mechanism"
)

// Limits of a problem, in the order of their constraints.
const (
	limitFIT = iota
	limitSPFM
	limitDUE
	// limitRelated is SPFM with hardened cells as a lower raw rate: the residual of the
	// flops and, beside it, what these cells take from the denominator. It bounds the
	// estimate only; the joint limit is that of limitSPFM.
	limitRelated
	// limitJoint serves the search alone: a linear bound of the joint limit of SPFM with
	// what hardened cells take from the denominator, see leastSlope.
	limitJoint
	limitPermanent // harmful permanent faults of flops
	numLimits
)

// Problem is the choice of one option for every unit, or of duplication for a
// whole block.
type Problem struct {
	Evidence *Evidence
	Target   Target
	Options  [][]Option // by unit; the first is none
	Blocks   []Block
	caps     [numLimits]float64
	joint    float64  // what the whole raw rate of the flops weighs in limitJoint
	events   [][]sums // by unit: what its injections contribute to FIT and SPFM
	// beside are checkers that every design of the problem has, whose effect is in
	// the evidence already; base is their area.
	beside []mechanism.Choice
	set    int  // of checkers
	hasty  bool // a point of a front: the search ends early
	base   float64
	least  float64 // area that a design has to undercut, 0 for any
	// lock is the area of lock-step, 0 where it is no option.
	lock float64
	// rivals are the same machine running other networks, which must meet the target
	// as well: options and blocks are the same, evidence is not.
	rivals []*Problem
	// permanent are, by unit and mechanism, harmful permanent faults as a share of what
	// a design may have; nil without such a limit.
	permanent []map[mechanism.Kind]float64
	// quick is content with a design near the cheapest.
	quick bool
	// estimateOnly leaves the joint limits out of account.
	estimateOnly bool
}

// MaxNetworks is the most networks that are searched for at once (our choice).
const MaxNetworks = 6

// networks are the problem and its rivals.
func (pr *Problem) networks() []*Problem { return append([]*Problem{pr}, pr.rivals...) }

// Block is a run of units of one block and the option to duplicate it.
type Block struct {
	Name      string
	Units     []int
	Duplicate *Option
}

// NewProblem builds the problem of an option set. When coded is set, SECDED may be
// added to RAM that the campaign saw without it.
func NewProblem(ev *Evidence, p *mechanism.Pricing, target Target, set string, cells mechanism.Cells, coded bool) (*Problem, error) {
	kinds, err := kindsOf(set, target.Several)
	if err != nil {
		return nil, err
	}
	pr := &Problem{Evidence: ev, Target: target}
	for i, u := range ev.Units {
		options := []Option{{Keep: 1, Raw: 1}}
		list := kinds
		if u.SRAM {
			list = nil
			if coded {
				list = []mechanism.Kind{mechanism.SECDED}
			}
		}
		for _, k := range list {
			o, err := unitOption(u, k, p, cells, target.Several)
			if err != nil {
				return nil, err
			}
			options = append(options, o)
		}
		pr.Options = append(pr.Options, options)
		if n := len(pr.Blocks); n == 0 || pr.Blocks[n-1].Name != u.Block {
			pr.Blocks = append(pr.Blocks, Block{Name: u.Block})
		}
		b := &pr.Blocks[len(pr.Blocks)-1]
		b.Units = append(b.Units, i)
	}
	for i := range pr.Blocks {
		if err := pr.duplication(&pr.Blocks[i], p); err != nil {
			return nil, err
		}
	}
	return pr, pr.prepare()
}

// registers reports whether single registers are units.
func (pr *Problem) registers() bool {
	return slices.ContainsFunc(pr.Evidence.Units, func(u Unit) bool { return u.Register != "" })
}

// prepare computes what the units contribute.
func (pr *Problem) prepare() error {
	q := pr.Target.Question
	if !(q.BudgetFIT > 0) || !(q.Target.SPFM > 0 && q.Target.SPFM < 1) {
		return fmt.Errorf("protection for a budget of %v FIT and an SPFM of %v: the budget must be positive, the SPFM below 1", q.BudgetFIT, q.Target.SPFM)
	}
	if s := pr.Target.Several; !(s >= 0 && s <= 1) {
		return fmt.Errorf("share %v of events of several bits: must be from 0 to 1", s)
	}
	for limit := range limitDUE {
		m, reach := pr.Target.Margin[limit], &pr.Target.Reach[limit]
		if !(m > 0 && m <= 1) {
			return fmt.Errorf("margin %v: must be above 0 and at most 1", m)
		}
		if *reach == 0 {
			*reach = 1
		}
		pr.caps[limit] = m
	}
	pr.caps[limitDUE], pr.caps[limitRelated], pr.caps[limitPermanent] = 1, pr.caps[limitSPFM], 1
	pr.caps[limitJoint] = math.Inf(1)
	pr.joint = pr.Target.Reach[limitSPFM] * leastSlope(q.Confidence)
	pr.events = make([][]sums, len(pr.Evidence.Units))
	for i, u := range pr.Evidence.Units {
		pr.events[i] = make([]sums, numLimits)
		for limit := range limitDUE {
			for _, p := range u.Pieces {
				w, x := p.Weight*pr.unit(limit, u.SRAM), float64(p.Violations(q.Violation))
				pr.events[i][limit] = pr.events[i][limit].plus(sums{w * x, w * w * x, w, w * float64(p.N)})
			}
		}
		for _, p := range u.Pieces {
			pr.events[i][limitDUE].mean += p.Weight * pr.unit(limitDUE, u.SRAM) * float64(p.DUE)
		}
	}
	return nil
}
