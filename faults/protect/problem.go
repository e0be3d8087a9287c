package protect

import (
	"fmt"
	"math"
	"slices"

	"upset/faults/mechanism"
	"upset/netlist"
	"upset/stats"
)

// Option sets.
const (
	// OptionsPaper is {none, harden, duplicate}.
	OptionsPaper = "paper"
	// OptionsFull adds light hardening, parity, triplication, lock-step of the whole
	// NPU, and checkers beside all of these.
	OptionsFull = "full"
)

// kindsOf lists the mechanisms of an option set for one unit of flops. Interleaved
// parity is one where events of several bits count: elsewhere parity does the same for
// less.
func kindsOf(set string, several float64) ([]mechanism.Kind, error) {
	switch set {
	case OptionsPaper:
		return []mechanism.Kind{mechanism.Harden}, nil
	case "", OptionsFull:
		kinds := []mechanism.Kind{mechanism.HardenLight, mechanism.Harden, mechanism.Parity, mechanism.Triplicate}
		if several > 0 {
			kinds = append(kinds, mechanism.ParityInterleaved)
		}
		return kinds, nil
	}
	return nil, fmt.Errorf("unknown option set %q: choose %s or %s", set, OptionsPaper, OptionsFull)
}

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

// Option is one mechanism for a unit or a block, with its effect.
type Option struct {
	Kind mechanism.Kind
	Area float64 // added logic in gate equivalents
	// Shared is what the first register of a class adds beside its Area: an alarm that
	// all of them share. It is 0 where whole classes are units.
	Shared float64
	RAM    int // added bits of SRAM
	// Keep multiplies the weight of every injection: the share of upsets that
	// flip a hardened cell, or the rate of a voter that stands for its flop, whose
	// pulses do what an upset of the flop does. Stops says that no upset violates.
	Keep  float64
	Stops bool
	// Raw multiplies the raw rate that SPFM is measured against: the least ratio of a
	// hardened cell, 1 for all others.
	Raw float64
	// Alarms is the rate of alarms in bits whose every upset raises one.
	Alarms float64
}

// Target is what a design has to meet.
type Target struct {
	Question stats.Question
	// BudgetDUE is the availability budget in FIT; 0 means none.
	BudgetDUE float64
	// Margin is the largest share of a limit that the estimate may take, so that
	// an independent proof is likely to hold.
	Margin Shares
	// Reach is the largest share of a limit that the joint upper limit may take;
	// 0 takes all of it.
	Reach Shares
	// Several is the share of events that hit more than one bit; 0 where single upsets
	// alone count. [Pairs] measures what a design then leaves.
	Several float64
}

// Shares are shares of the limits of residual FIT and of SPFM.
type Shares [limitDUE]float64

// Even is the same share of both.
func Even(share float64) Shares { return Shares{share, share} }

// between is the geometric mean of two margins.
func (s Shares) between(t Shares) Shares {
	for i := range s {
		s[i] = math.Sqrt(s[i] * t[i])
	}
	return s
}

// beside reports margins so close that nothing is searched between them (our choice:
// a fiftieth).
func (s Shares) beside(t Shares) bool {
	for i := range s {
		if s[i] < t[i]/1.02 {
			return false
		}
	}
	return true
}

// divided is the shares of the given limits divided by a factor.
func (s Shares) divided(by float64, which [limitDUE]bool) Shares {
	for i := range s {
		if which[i] {
			s[i] /= by
		}
	}
	return s
}

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

// choice is a unit with a mechanism.
func (u Unit) choice(k mechanism.Kind) mechanism.Choice {
	c := mechanism.Choice{Block: u.Block, Classes: []netlist.Class{u.Class}, Kind: k}
	if u.Register != "" {
		c.Registers = []string{u.Register}
	}
	return c
}

// registers reports whether single registers are units.
func (pr *Problem) registers() bool {
	return slices.ContainsFunc(pr.Evidence.Units, func(u Unit) bool { return u.Register != "" })
}

// cluster is the registers of a class of a block under one mechanism, which share an
// alarm.
type cluster struct {
	class netlist.Class
	kind  mechanism.Kind
}

// unitOption is the effect and the area of a mechanism on a unit.
func unitOption(u Unit, k mechanism.Kind, p *mechanism.Pricing, cells mechanism.Cells, several float64) (Option, error) {
	cost, err := p.Cost(u.choice(k))
	if err != nil {
		return Option{}, err
	}
	o := Option{Kind: k, RAM: cost.SRAMBits, Keep: cells.Keep(k), Raw: cells.Of(k).LeastSER()}
	if u.Register != "" {
		o.Shared = p.SharedGE(u.choice(k))
	}
	o.Area = cost.LogicGE - o.Shared
	switch k {
	case mechanism.Parity, mechanism.ParityInterleaved:
		// At most every upset is seen, also of those that would have been masked,
		// and of the parity bits.
		o.Stops, o.Alarms = true, u.Bits+float64(p.ParityBits(u.choice(k)))
	case mechanism.SECDED:
		// The code corrects every single upset by construction: campaigns on a
		// machine with it take the RAM as known.
		o.Stops, o.Keep = true, 0
	}
	o.several(several, u.Bits)
	return o, nil
}

// several lets a share of events hit two bits, which on the machine without mechanisms
// violate as often as single upsets (docs/faultmodels.md): parity does not see them,
// also where they begin at a parity bit, and of two hardened cells either may flip.
func (o *Option) several(share, bits float64) {
	switch {
	case share == 0:
	case o.Kind == mechanism.Parity:
		o.Stops, o.Keep = false, share*o.Alarms/bits
	case o.Kind == mechanism.HardenLight, o.Kind == mechanism.Harden:
		o.Keep *= 1 + share*(1-o.Keep)
	}
}

// duplication gives a block the option to be duplicated, unless it holds RAM whose
// outcome is not known: that stays as it is, next to its duplicated control.
func (pr *Problem) duplication(b *Block, p *mechanism.Pricing) error {
	if !mechanism.Duplicable(b.Name) {
		return nil
	}
	cost, err := p.Cost(mechanism.Choice{Block: b.Name, Kind: mechanism.Duplicate})
	if err != nil {
		return err
	}
	o := &Option{Kind: mechanism.Duplicate, Area: cost.LogicGE, Keep: 1, Raw: 1, Stops: true}
	for _, i := range b.Units {
		if u := pr.Evidence.Units[i]; !u.SRAM {
			o.Alarms += 2 * u.Bits // at most every upset of either copy
		}
	}
	b.Duplicate = o
	return nil
}

// sums are what Fay and Feuer's limit needs of weighted counts, in shares of the
// limit.
type sums struct {
	mean     float64 // Σ w·x
	variance float64 // Σ w²·x
	largest  float64 // max w
	raw      float64 // Σ w·n
}

// plus joins two sets of counts.
func (a sums) plus(b sums) sums {
	return sums{a.mean + b.mean, a.variance + b.variance, math.Max(a.largest, b.largest), a.raw + b.raw}
}

// under is the effect of an option.
func (a sums) under(o *Option) sums {
	if o.Stops {
		return sums{largest: a.largest * o.Keep, raw: a.raw * o.Keep}
	}
	return sums{a.mean * o.Keep, a.variance * o.Keep * o.Keep, a.largest * o.Keep, a.raw * o.Keep}
}

// unit returns the factor that turns bits into a share of a limit; 0 where the
// limit does not apply.
func (pr *Problem) unit(limit int, sram bool) float64 {
	q, rate := pr.Target.Question, pr.rate(sram)
	switch {
	case limit == limitFIT:
		return rate / q.BudgetFIT
	case limit == limitSPFM && !sram && pr.Evidence.FlopBits > 0:
		return 1 / ((1 - q.Target.SPFM) * pr.Evidence.FlopBits)
	case limit == limitDUE && pr.Target.BudgetDUE > 0:
		return rate / pr.Target.BudgetDUE
	}
	return 0
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

// share is what a unit under an option contributes to a limit.
func (pr *Problem) share(unit, limit int, o *Option) sums {
	if limit == limitRelated || limit == limitJoint {
		s := pr.events[unit][limitSPFM].under(o)
		c := pr.caps[limitRelated]
		if limit == limitJoint {
			c = pr.joint
		}
		if !math.IsInf(c, 1) {
			s.mean += c * pr.unrelated(unit, o)
		}
		return s
	}
	e := pr.events[unit][limit]
	if limit == limitPermanent {
		if pr.permanent == nil {
			return sums{}
		}
		return sums{mean: pr.permanent[unit][o.Kind]}
	}
	if limit == limitDUE {
		u := pr.Evidence.Units[unit]
		if o.Kind == mechanism.Duplicate {
			return sums{} // counted once for the block
		}
		left := e.under(o)
		left.mean += o.Alarms * pr.unit(limitDUE, u.SRAM)
		return left
	}
	return e.under(o)
}

// unrelated is the share of the raw rate of all flops that the hardened cells of a unit
// take from the denominator of SPFM.
func (pr *Problem) unrelated(unit int, o *Option) float64 {
	u := &pr.Evidence.Units[unit]
	if u.SRAM || pr.Evidence.FlopBits == 0 {
		return 0
	}
	return (1 - o.Raw) * u.Bits / pr.Evidence.FlopBits
}

// related is the number of flop bits that SPFM is measured against, hardened ones as
// many as their ratio says.
func (pr *Problem) related(a Assignment) float64 {
	bits := pr.Evidence.FlopBits
	for b := range pr.Blocks {
		for _, i := range pr.Blocks[b].Units {
			if u := &pr.Evidence.Units[i]; !u.SRAM {
				bits -= (1 - pr.option(a, b, i).Raw) * u.Bits
			}
		}
	}
	return max(bits, 0)
}

// Assignment is a design: an option index for every unit, and the blocks that are
// duplicated, whose flops have no option of their own.
type Assignment struct {
	Option    []int
	Duplicate []bool // by block
	// Lockstep stands for all blocks duplicated as one.
	Lockstep bool
}

// clone copies an assignment.
func (a Assignment) clone() Assignment {
	return Assignment{slices.Clone(a.Option), slices.Clone(a.Duplicate), a.Lockstep}
}

// none is the unprotected machine.
func (pr *Problem) none() Assignment {
	return Assignment{Option: make([]int, len(pr.Options)), Duplicate: make([]bool, len(pr.Blocks))}
}

// option is what an assignment does to a unit of a block.
func (pr *Problem) option(a Assignment, block, unit int) *Option {
	if a.Duplicate[block] && !pr.Evidence.Units[unit].SRAM {
		return pr.Blocks[block].Duplicate
	}
	return &pr.Options[unit][a.Option[unit]]
}

// Area is the logic and the SRAM bits that an assignment adds.
func (pr *Problem) Area(a Assignment) (logicGE float64, sramBits int) {
	logicGE = pr.base
	if a.Lockstep {
		logicGE += pr.lock
	}
	for b := range pr.Blocks {
		if a.Duplicate[b] && !a.Lockstep {
			logicGE += pr.Blocks[b].Duplicate.Area
		}
		shared := map[cluster]bool{}
		for _, u := range pr.Blocks[b].Units {
			o := pr.option(a, b, u)
			if o.Kind == mechanism.Duplicate {
				continue
			}
			logicGE += o.Area
			sramBits += o.RAM
			if c := (cluster{pr.Evidence.Units[u].Class, o.Kind}); o.Shared > 0 && !shared[c] {
				shared[c] = true
				logicGE += o.Shared
			}
		}
	}
	return logicGE, sramBits
}

// Choices lists the mechanisms of an assignment.
func (pr *Problem) Choices(a Assignment) (out []mechanism.Choice) {
	out = slices.Clone(pr.beside)
	if a.Lockstep {
		out = append(out, mechanism.Choice{Block: mechanism.Whole, Kind: mechanism.Lockstep})
	}
	for b := range pr.Blocks {
		if a.Duplicate[b] && !a.Lockstep {
			out = append(out, mechanism.Choice{Block: pr.Blocks[b].Name, Kind: mechanism.Duplicate})
		}
		at := map[cluster]int{}
		for _, u := range pr.Blocks[b].Units {
			o, unit := pr.option(a, b, u), pr.Evidence.Units[u]
			if o.Kind == mechanism.Duplicate || o.Kind == mechanism.None {
				continue
			}
			c := cluster{unit.Class, o.Kind}
			if i, ok := at[c]; ok && unit.Register != "" {
				out[i].Registers = append(out[i].Registers, unit.Register)
				continue
			}
			at[c] = len(out)
			out = append(out, unit.choice(o.Kind))
		}
	}
	return out
}
