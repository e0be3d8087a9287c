package campaign

import (
	"maps"
	"slices"

	"upset/faults"
	"upset/stats"
	"upset/stats/result"
)

// tally counts outcomes by cell, and by cell and layer.
type tally struct {
	frame  *Frame
	cells  []result.Outcomes
	layers map[[2]int]result.Outcomes // cell and layer number
	inputs [][]result.Outcomes        // by input and cell
	// rounds are counts by round and cell, where the rounds followed the failures.
	rounds   [][]result.Outcomes
	adaptive bool
	// deadline is nil where the counts are those of a plan, which no deadline changes.
	deadline *Deadline
	reported []reported // alarms, stops and ends by the watchdog, with a deadline
}

// newTally is an empty tally of a campaign.
func newTally(f *Frame, s Spec) *tally {
	return &tally{frame: f, adaptive: s.Sampling == SamplingAdaptive, cells: make([]result.Outcomes, len(f.Cells)), layers: make(map[[2]int]result.Outcomes)}
}

// enter counts a record by input.
func (t *tally) enter(cell int, input uint32, n result.Outcomes) {
	for len(t.inputs) <= int(input) {
		t.inputs = append(t.inputs, nil)
	}
	if t.inputs[input] == nil {
		t.inputs[input] = make([]result.Outcomes, len(t.cells))
	}
	t.inputs[input][cell] = t.inputs[input][cell].Add(n)
}

// byInput is the count over a list of cells, input by input.
func (t *tally) byInput(cells []int) []result.Outcomes {
	out := make([]result.Outcomes, t.frame.Inputs)
	for i := range out {
		if i < len(t.inputs) && t.inputs[i] != nil {
			for _, c := range cells {
				out[i] = out[i].Add(t.inputs[i][c])
			}
		}
	}
	return out
}

// one is the count of a single outcome.
func one(o faults.Outcome) (n result.Outcomes) {
	switch o {
	case faults.Masked:
		n.Masked = 1
	case faults.Latent:
		n.Latent = 1
	case faults.SDCTolerable:
		n.SDCTolerable = 1
	case faults.SDCCritical:
		n.SDCCritical = 1
	case faults.StrayWrite:
		n.StrayWrite = 1
	case faults.DUEDetected:
		n.DUEDetected = 1
	case faults.DUEHang:
		n.DUEHang = 1
	case faults.Detected:
		n.Detected = 1
	case faults.Corrected:
		n.Corrected = 1
	}
	return n
}

// add counts a record of a round and a cell.
func (t *tally) add(round, cell int, r faults.Record) {
	n := one(r.Outcome)
	if _, ok := r.Latency(); ok && t.deadline != nil {
		x := reported{cell, r, t.deadline.Overdue(r)}
		if x.overdue {
			n = result.Outcomes{Overdue: 1}
		}
		t.reported = append(t.reported, x)
	}
	if t.adaptive {
		for len(t.rounds) <= round {
			t.rounds = append(t.rounds, make([]result.Outcomes, len(t.cells)))
		}
		t.rounds[round][cell] = t.rounds[round][cell].Add(n)
	}
	t.cells[cell] = t.cells[cell].Add(n)
	key := [2]int{cell, t.frame.Segments[t.frame.segmentAt(r.Site.Cycle)].Layer}
	t.layers[key] = t.layers[key].Add(n)
	t.enter(cell, r.Input, n)
}

// sum is the count over a list of cells.
func (t *tally) sum(cells []int) (o result.Outcomes) {
	for _, c := range cells {
		o = o.Add(t.cells[c])
	}
	return o
}

// roundShares are the shares of the injections that the rounds of an adaptive campaign
// have, and nil where all rounds count as one.
//
// Where a round follows the failures of those before, the pooled proportion of a stratum
// is too low on average: after few failures fewer injections follow, so that they weigh
// more. Weights that do not depend on the outcomes undo that. They need every stratum in
// every round; during an unfinished round all count as one.
func (t *tally) roundShares() []float64 {
	if len(t.rounds) < 2 {
		return nil
	}
	shares, whole := make([]float64, len(t.rounds)), 0.0
	for k, cells := range t.rounds {
		for _, stratum := range t.frame.Strata {
			n := 0
			for _, c := range stratum {
				n += cells[c].Total()
			}
			if n == 0 {
				return nil
			}
			shares[k] += float64(n)
		}
		whole += shares[k]
	}
	for k := range shares {
		shares[k] /= whole
	}
	return shares
}

// portion is the share of a stratum that is estimated from one round.
type portion struct {
	share float64
	count result.Outcomes
}

// parts splits a stratum by rounds.
func (t *tally) parts(cells []int, shares []float64) []portion {
	if shares == nil {
		return []portion{{1, t.sum(cells)}}
	}
	out := make([]portion, len(shares))
	for k, share := range shares {
		out[k].share = share
		for _, c := range cells {
			out[k].count = out[k].count.Add(t.rounds[k][c])
		}
	}
	return out
}

// reportStrata are the strata of the result: those of the plan, or for uniform
// sampling the cells, merged by the number of injections that fell into them.
// That number depends on the draws only, never on an outcome.
func (f *Frame) reportStrata(s Spec, t *tally) [][]int {
	if s.Sampling != SamplingUniform {
		return f.Strata
	}
	drawn := make([]int, len(f.Cells))
	for i := range drawn {
		drawn[i] = t.cells[i].Total()
	}
	return f.merge(drawn)
}

// counter picks the failures out of a count.
type counter func(o result.Outcomes) int

// critical counts what the failure criterion calls critical.
func critical(o result.Outcomes) int { return o.SDCCritical }

// shares turns strata into samples weighted with their share of all sites: one for each
// of the rounds, see roundShares, or one in all.
func (t *tally) shares(strata [][]int, rounds []float64, count counter) (out []stats.Stratum) {
	all := t.frame.sites()
	for _, cells := range strata {
		weight := float64(t.frame.stratumSites(cells)) / all
		if o := t.sum(cells); t.exact(cells, count(o)) {
			out = append(out, stats.Stratum{Weight: weight, N: o.Total(), Exact: true})
			continue
		}
		for _, p := range t.parts(cells, rounds) {
			out = append(out, stats.Stratum{Weight: weight * p.share, N: p.count.Total(), Failures: count(p.count)})
		}
	}
	return out
}

// exact reports that the outcome of a stratum is proven. A failure among its
// samples refutes the proof, and the stratum counts as sampled like any other.
func (t *tally) exact(cells []int, failures int) bool {
	return failures == 0 && t.known(cells)
}

// known reports that a stratum's outcome is claimed to be known.
func (t *tally) known(cells []int) bool {
	return !slices.ContainsFunc(cells, func(c int) bool { return !t.frame.Groups[t.frame.Cells[c].Group].Known })
}

// group is that of the first cell of a stratum; block, kind of storage and scale
// are the same for all of them.
func (f *Frame) group(cells []int) Group { return f.Groups[f.Cells[cells[0]].Group] }

// bits is the mean number of bits that a list of cells exposes over an inference.
func (f *Frame) bits(cells []int) float64 {
	return float64(f.stratumSites(cells)) / float64(f.Cycles)
}

// violations are the counters of the two definitions of a violation.
func (s Spec) violations() (anyOf, criticalOf counter) {
	return func(o result.Outcomes) int {
			return o.Violating(stats.ViolationAny, !s.NoWatchdog, s.AssumeReload)
		}, func(o result.Outcomes) int {
			return o.Violating(stats.ViolationCritical, !s.NoWatchdog, s.AssumeReload)
		}
}

// exposures turns strata into what rates and verdicts are made of: one for each of the
// rounds, see roundShares, or one in all. Counters say what counts as violating.
func (t *tally) exposures(strata [][]int, rounds []float64, anyOf, criticalOf counter) (out []stats.Exposure) {
	for _, cells := range strata {
		bits, g := t.frame.bits(cells), t.frame.group(cells)
		if o := t.sum(cells); t.exact(cells, anyOf(o)) {
			out = append(out, stats.Exposure{Bits: bits, SRAM: g.SRAM, Scale: g.Scale, N: o.Total(), Critical: criticalOf(o), Exact: true})
			continue
		}
		for _, p := range t.parts(cells, rounds) {
			out = append(out, stats.Exposure{
				Bits: bits * p.share, SRAM: g.SRAM, Scale: g.Scale, N: p.count.Total(), Any: anyOf(p.count), Critical: criticalOf(p.count),
			})
		}
	}
	return out
}

// leftOut are the exposures that a filtered campaign never looks at: nothing is
// known of them, unless their group's outcome is known by proof.
func (f *Frame) leftOut() (out []stats.Exposure) {
	selected := float64(f.Phases[len(f.Phases)-1].cycles()) / float64(f.Cycles)
	for _, g := range f.Groups {
		bits := float64(g.Bits) * (1 - selected)
		if g.Excluded {
			bits = float64(g.Bits)
		}
		if bits > 0 {
			out = append(out, stats.Exposure{Bits: bits, SRAM: g.SRAM, Scale: g.Scale, Exact: g.Known})
		}
	}
	return out
}

// clone copies a tally.
func (t *tally) clone() *tally {
	c := &tally{frame: t.frame, adaptive: t.adaptive, cells: slices.Clone(t.cells), layers: maps.Clone(t.layers)}
	for _, cells := range t.rounds {
		c.rounds = append(c.rounds, slices.Clone(cells))
	}
	for _, cells := range t.inputs {
		c.inputs = append(c.inputs, slices.Clone(cells))
	}
	return c
}
