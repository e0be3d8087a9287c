package campaign

import (
	"slices"

	"upset/stats"
	"upset/stats/result"
)

// heat fills in the matrix of blocks and layers. Within a stratum the injections
// that fell into a layer are a uniform sample of that part, so each part enters
// with its exact weight.
func (a *aggregate) heat(c *result.Campaign) error {
	h := &c.Heat
	h.Blocks = a.blockNames()
	index := make(map[int]int)
	for _, s := range a.f.Segments {
		i, ok := index[s.Layer]
		if !ok {
			i = len(h.Layers)
			index[s.Layer] = i
			h.Layers = append(h.Layers, result.Layer{Index: s.Layer, Name: s.Name})
		}
		h.Layers[i].Cycles += int64(s.cycles())
	}
	overlaps := a.f.overlaps()
	for b, block := range h.Blocks {
		for l, layer := range h.Layers {
			cell, sampled, err := a.heatCell(block, layer.Index, overlaps)
			if err != nil {
				return err
			}
			if sampled {
				cell.Block, cell.Layer = b, l
				h.Cells = append(h.Cells, cell)
			}
		}
	}
	return nil
}

// heatCell is one block during one layer.
func (a *aggregate) heatCell(block string, layer int, overlaps []map[int]uint64) (cell result.HeatCell, sampled bool, err error) {
	_, crit, violating, _ := a.counters()
	var bad, worst []stats.Stratum
	for _, cells := range a.strata {
		if a.f.group(cells).Block != block {
			continue
		}
		var sites float64
		var o result.Outcomes
		for _, x := range cells {
			sites += float64(a.f.Groups[a.f.Cells[x].Group].Bits) * float64(overlaps[a.f.Cells[x].Phase][layer])
			o = o.Add(a.t.layers[[2]int{x, layer}])
		}
		sampled = sampled || o.Total() > 0
		cell.Weight += sites / a.f.sites()
		v, k := violating(o), crit(o)
		bad = append(bad, stats.Stratum{Weight: sites, N: o.Total(), Failures: v, Exact: a.t.exact(cells, v)})
		worst = append(worst, stats.Stratum{Weight: sites, N: o.Total(), Failures: k, Exact: a.t.exact(cells, k)})
	}
	if !sampled {
		return cell, false, nil
	}
	if cell.AVF, err = a.share(bad); err != nil {
		return cell, false, err
	}
	cell.Critical, err = a.share(worst)
	return cell, true, err
}

// share normalises the weights of some strata and combines them.
func (a *aggregate) share(list []stats.Stratum) (result.Interval, error) {
	var whole float64
	for _, s := range list {
		whole += s.Weight
	}
	for i := range list {
		list[i].Weight /= whole
	}
	t, err := stats.CombineTwoSided(list, a.confidence)
	return interval(t), err
}

// overlaps are the cycles that each phase shares with each layer.
func (f *Frame) overlaps() []map[int]uint64 {
	out := make([]map[int]uint64, len(f.Phases))
	for p, phase := range f.Phases {
		out[p] = make(map[int]uint64)
		for _, s := range f.Segments {
			for _, span := range phase.Spans {
				if n := span.overlap(s.Span); n > 0 {
					out[p][s.Layer] += n
				}
			}
		}
	}
	return out
}

// rates fills in FIT and SPFM of the selected sites.
func (a *aggregate) rates(c *result.Campaign) (err error) {
	rates := stats.Rates{Flop: a.q.Scenario.Flop, SRAM: a.q.Scenario.SRAM, Duty: a.q.Duty}
	c.FIT.Raw = stats.RawFIT(a.exposures, rates, false)
	if c.FIT.Violating, err = residual(a.exposures, a.q, stats.ViolationAny, false, a.limit); err != nil {
		return err
	}
	if c.FIT.Critical, err = residual(a.exposures, a.q, stats.ViolationCritical, false, a.limit); err != nil {
		return err
	}
	_, _, _, due := a.counters()
	dues := a.exposed(a.strata, due, due)
	if c.FIT.DUE, err = residual(dues, a.q, stats.ViolationAny, false, a.limit); err != nil {
		return err
	}
	for _, m := range []struct {
		into      *result.Limits
		violation string
		flops     bool
	}{
		{&c.SPFM.Any, stats.ViolationAny, true},
		{&c.SPFM.Critical, stats.ViolationCritical, true},
		{&c.SPFMWithSRAM.Any, stats.ViolationAny, false},
		{&c.SPFMWithSRAM.Critical, stats.ViolationCritical, false},
	} {
		t, err := stats.MeasuredSPFM(a.exposures, rates, m.violation, m.flops, a.limit)
		if err != nil {
			return err
		}
		*m.into = limits(t)
	}
	return nil
}

// verdicts judges the whole machine: sites that the campaign left out are unknown
// and count as failing in the upper limits.
func (a *aggregate) verdicts(c *result.Campaign) error {
	q := a.q.Question
	q.Confidence = a.limit
	list, _, err := stats.JudgeMatrix(append(slices.Clone(a.exposures), a.f.leftOut()...), q)
	if err != nil {
		return err
	}
	for _, v := range list {
		c.Verdicts = append(c.Verdicts, result.Verdict(v))
	}
	return nil
}
