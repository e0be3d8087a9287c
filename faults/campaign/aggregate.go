package campaign

import (
	"fmt"
	"slices"
	"strings"

	"upset/faults"
	"upset/stats"
	"upset/stats/result"
)

// Campaign makes the result of a stored campaign. An incomplete one gives a
// provisional result and says so. Wall time and rates are left at zero.
func (s *Stored) Campaign(q Question) (*result.Campaign, error) {
	q = q.normal(s.Spec)
	if err := q.Check(s.Frame.Inputs); err != nil {
		return nil, err
	}
	t, err := s.tally(q.Deadline)
	if err != nil {
		return nil, err
	}
	a := &aggregate{s: s, f: s.Frame, t: t, q: q, strata: s.Frame.reportStrata(s.Spec, t)}
	anyOf, criticalOf := s.Spec.violations()
	if a.confidence, err = lookConfidence(s.Spec, s.Spec.Confidence); err != nil {
		return nil, err
	}
	if a.limit, err = lookConfidence(s.Spec, q.Confidence); err != nil {
		return nil, err
	}
	a.exposures = a.exposed(a.strata, anyOf, criticalOf)
	c := a.head()
	for _, step := range []func(*result.Campaign) error{a.vulnerability, a.robust, a.blocks, a.heat, a.rates, a.safety, a.fmeda, a.verdicts, a.pulses, a.conclude, a.latencies} {
		if err := step(c); err != nil {
			return nil, err
		}
	}
	c.Warnings = a.warnings(c)
	return c, nil
}

// aggregate makes one result.
type aggregate struct {
	s          *Stored
	f          *Frame
	t          *tally
	q          Question
	strata     [][]int
	exposures  []stats.Exposure
	confidence float64 // of each interval, looks accounted for
	limit      float64 // of each one-sided limit, the same
}

// head fills in what needs no statistics.
func (a *aggregate) head() *result.Campaign {
	s, f := a.s, a.f
	c := &result.Campaign{
		NPU: f.NPU, Model: s.Spec.Model, SpecDigest: s.Spec.Digest(), ResultDigest: s.ResultDigest(),
		Seed: s.Spec.Seed, Injections: len(s.Records), Sampling: s.Spec.Sampling, Inputs: f.Inputs, Shares: f.Shares,
		Cycles: int64(f.Cycles), Confidence: s.Spec.Confidence, Duty: a.q.Duty, Paths: map[string]int{}, Assumptions: a.assumptions(),
		Incomplete: !s.Complete, Identity: s.identity(),
	}
	for _, r := range s.Records {
		if r.Cause == faults.CauseUnsettled {
			c.NotSettled++
		}
		if r.Cause == faults.CauseForgiven {
			c.Forgiven++
		}
		c.Paths[r.Path.String()]++
		switch {
		case r.Path.Pruned():
			c.Pruned++
		case r.Path == faults.PathCached:
			c.Cached++
		case r.Path == faults.PathEnd:
			c.ToEnd++
		}
	}
	c.Simulated = c.Injections - c.Pruned - c.Cached
	for _, r := range s.Rounds {
		if i, ok := slices.BinarySearch(s.Index, r.end()-1); ok && i == r.end()-1 {
			c.Rounds++
		}
	}
	anyOf, _ := s.Spec.violations()
	rounds := a.t.roundShares()
	for _, cells := range a.strata {
		o := a.t.sum(cells)
		c.Outcomes = c.Outcomes.Add(o)
		class, phase := f.names(cells)
		g := f.group(cells)
		x := result.Stratum{
			Block: g.Block, Class: class, Phase: phase, SRAM: g.SRAM,
			Weight: float64(f.stratumSites(cells)) / f.sites(), Bits: f.bits(cells),
			Exact: a.t.exact(cells, anyOf(o)), RateScale: g.Scale, N: o.Total(), Outcomes: o,
		}
		if rounds != nil && !x.Exact {
			for _, p := range a.t.parts(cells, rounds) {
				x.Parts = append(x.Parts, result.StratumPart{Share: p.share, Outcomes: p.count})
			}
		}
		c.Strata = append(c.Strata, x)
	}
	return c
}

// names describes the classes and phases of a stratum.
func (f *Frame) names(cells []int) (class, phase string) {
	var classes []string
	phases := make(map[string][]int)
	for _, c := range cells {
		n := f.Groups[f.Cells[c].Group].Class
		if !slices.Contains(classes, n) {
			classes = append(classes, n)
		}
		if p := f.Cells[c].Phase; !slices.Contains(phases[n], p) {
			phases[n] = append(phases[n], p)
		}
	}
	for _, n := range classes {
		slices.Sort(phases[n])
		if !slices.Equal(phases[n], phases[classes[0]]) {
			return strings.Join(classes, "+"), "mixed"
		}
	}
	return strings.Join(classes, "+"), f.phaseNames(phases[classes[0]])
}

// phaseNames describes a rising list of phases. The last phase stands for all
// others together.
func (f *Frame) phaseNames(list []int) string {
	n := len(f.Phases)
	if len(list) >= n-1 || list[len(list)-1] == n-1 {
		return f.Phases[n-1].Name
	}
	var names []string
	for i := 0; i < len(list); {
		k := i
		for k+1 < len(list) && list[k+1] == list[k]+1 {
			k++
		}
		first, last := f.Phases[list[i]].First, f.Phases[list[i]].Last
		for _, p := range list[i : k+1] {
			first, last = min(first, f.Phases[p].First), max(last, f.Phases[p].Last)
		}
		names = append(names, layerNames(first, last))
		i = k + 1
	}
	return strings.Join(names, ", ")
}

// assumptions lists the inputs of the verdict.
func (a *aggregate) assumptions() result.Assumptions {
	s, q := a.s.Spec, a.q
	as := result.Assumptions{
		Target: q.Target.Name, Scenario: q.Scenario.Name, LambdaFlop: q.Scenario.Flop, LambdaSRAM: q.Scenario.SRAM,
		BudgetFIT: q.BudgetFIT, BudgetDUE: q.BudgetDUE, Violation: q.Violation, Criterion: s.Criterion,
		Watchdog: !s.NoWatchdog, AssumeReload: s.AssumeReload, ECC: s.ECC, Inventory: s.Inventory,
		InputsAre: q.InputsAre, Duty: q.Duty, Confidence: q.Confidence, PermanentFITPer100kGE: q.Permanent.FITPer100kGE,
		ClockHz: q.Deadline.ClockHz, FTTISeconds: q.Deadline.FTTI, AlarmLatency: int64(q.Deadline.Reaction),
		Credit: q.Deadline.credited().String(), MemoryMap: memoryMap(s.System),
	}
	if !as.AssumeReload {
		as.Followed = faults.MaxFollowed
	}
	if as.Watchdog {
		as.WatchdogCycles = int64(a.f.Watchdog)
		if s := a.f.Shares; s != nil && s.Jobs > 1 {
			as.WatchdogJobs = s.Jobs
		}
	}
	if s.Criterion != a.f.Criterion && a.f.Criterion != "" {
		as.Criterion = fmt.Sprintf("%s (%s)", s.Criterion, a.f.Criterion)
	}
	if as.Fault = s.Fault; as.Fault == "" {
		as.Fault = faults.SEU.String()
	}
	if as.Inventory == "" {
		as.Inventory = "built-in"
	}
	for _, g := range a.f.Groups {
		if g.SRAM {
			as.SRAMBits += int64(g.Bits)
		} else {
			as.Flops += int64(g.Bits)
		}
	}
	return as
}

// counters are the four definitions of a failure in the tables.
func (a *aggregate) counters() (sdc, crit, violating, due counter) {
	spec := a.s.Spec
	return result.Outcomes.SDC, critical,
		func(o result.Outcomes) int {
			return o.Violating(stats.ViolationAny, !spec.NoWatchdog, spec.AssumeReload)
		},
		func(o result.Outcomes) int { return o.DUE(!spec.NoWatchdog) }
}

// proportion is the share of failures over some strata, weighted by their sites.
func (a *aggregate) proportion(strata [][]int, count counter) (result.Interval, error) {
	if a.sample() {
		i, _, err := a.overInputs(strata, count)
		return i, err
	}
	return a.share(a.t.shares(strata, a.t.roundShares(), count))
}

// vulnerability fills in the AVF of the whole NPU.
func (a *aggregate) vulnerability(c *result.Campaign) error {
	if a.sample() {
		anyOf, _ := a.s.Spec.violations()
		var err error
		if _, c.DesignEffect, err = a.overInputs(a.strata, anyOf); err != nil {
			return err
		}
	}
	c.InputSpread = a.inputSpread()
	return a.fill(a.strata, &c.AVF.SDC, &c.AVF.Critical, &c.AVF.Violating, &c.AVF.DUE)
}

// fill computes the four proportions of some strata.
func (a *aggregate) fill(strata [][]int, into ...*result.Interval) error {
	sdc, crit, violating, due := a.counters()
	for i, count := range []counter{sdc, crit, violating, due} {
		var err error
		if *into[i], err = a.proportion(strata, count); err != nil {
			return err
		}
	}
	return nil
}

// blocks fills in the table of blocks, in the order of the machine.
func (a *aggregate) blocks(c *result.Campaign) error {
	anyOf, criticalOf := a.s.Spec.violations()
	for _, name := range a.blockNames() {
		var strata [][]int
		b := result.BlockAVF{Block: name}
		for _, cells := range a.strata {
			if a.f.group(cells).Block == name {
				strata = append(strata, cells)
				b.Outcomes = b.Outcomes.Add(a.t.sum(cells))
				b.Bits += a.f.bits(cells)
			}
		}
		b.N = b.Outcomes.Total()
		if err := a.fill(strata, &b.AVFSDC, &b.AVFCritical, &b.AVFViolating, &b.AVFDUE); err != nil {
			return err
		}
		var err error
		if b.FITViolating, err = residual(a.exposed(strata, anyOf, criticalOf), a.q, stats.ViolationAny, false, a.limit); err != nil {
			return err
		}
		c.Blocks = append(c.Blocks, b)
	}
	return nil
}

// blockNames lists the blocks with selected bits in the order of the groups.
func (a *aggregate) blockNames() (names []string) {
	for _, g := range a.f.Groups {
		sampled := !g.Excluded && g.Bits > 0
		if sampled && !slices.Contains(names, g.Block) {
			names = append(names, g.Block)
		}
	}
	return names
}
