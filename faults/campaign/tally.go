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
}

// newTally is an empty tally over a frame.
func newTally(f *Frame) *tally {
	return &tally{frame: f, cells: make([]result.Outcomes, len(f.Cells)), layers: make(map[[2]int]result.Outcomes)}
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

// add counts a record of a cell.
func (t *tally) add(cell int, r faults.Record) {
	n := one(r.Outcome)
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

// shares turns strata into samples weighted with their share of all sites.
func (t *tally) shares(strata [][]int, count counter) []stats.Stratum {
	all := t.frame.sites()
	out := make([]stats.Stratum, len(strata))
	for i, cells := range strata {
		o := t.sum(cells)
		out[i] = stats.Stratum{
			Weight: float64(t.frame.stratumSites(cells)) / all,
			N:      o.Total(), Failures: count(o), Exact: t.exact(cells, count(o)),
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

// exposures turns strata into what rates and verdicts are made of. Watchdog and
// reload say what counts as violating.
func (t *tally) exposures(s Spec, strata [][]int) []stats.Exposure {
	out := make([]stats.Exposure, len(strata))
	for i, cells := range strata {
		o, g := t.sum(cells), t.frame.group(cells)
		out[i] = stats.Exposure{
			Bits: t.frame.bits(cells), SRAM: g.SRAM, Scale: g.Scale, N: o.Total(),
			Any:      o.Violating(stats.ViolationAny, !s.NoWatchdog, s.AssumeReload),
			Critical: o.Violating(stats.ViolationCritical, !s.NoWatchdog, s.AssumeReload),
		}
		out[i].Exact = t.exact(cells, out[i].Any)
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
	c := &tally{frame: t.frame, cells: slices.Clone(t.cells), layers: maps.Clone(t.layers)}
	for _, cells := range t.inputs {
		c.inputs = append(c.inputs, slices.Clone(cells))
	}
	return c
}
