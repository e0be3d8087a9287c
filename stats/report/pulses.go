package report

import "upset/stats/result"

// pulseText says whether pulses in logic are part of a result. Those of a campaign of pulses are part
// of no verdict; beside upsets, a declared rate stands among the assumptions.
func pulseText(c result.Campaign) string {
	p := c.Pulses
	switch {
	case p == nil && c.Assumptions.PulseFITPerKGE > 0:
		return "in the residual with pulses above and in no other figure, at " + significant(c.Assumptions.PulseFITPerKGE, nearest) + " FIT for 1,000 GE of the blocks that have gates"
	case p == nil || p.Violating == nil:
		return "not assessed (docs/set.md)"
	}
	return limitsText(*p.Violating) + " FIT in the blocks that were measured, apart from the rates above"
}

// pulseSection tells which blocks had their pulses measured, and their rates apart from those of
// flops.
func pulseSection(p *result.Pulses) section {
	s := section{
		heading: "Pulses in logic",
		note: "Measured on gates of a second implementation (docs/set.md): what a pulse changes, and how often. In the other blocks a pulse changes one flop that " +
			"loads, which is assumed; how often is not known. None of the rates of flops above are those of pulses.",
		table: &table{columns: columns("block", "pulses are", ">logic GE", ">captured", ">injections", ">violating", ">violating FIT")},
	}
	for _, b := range p.Blocks {
		if !b.Measured {
			s.table.add(b.Block, "assumed", significant(b.GE, nearest), "not known", "-", "-", "not assessed")
			continue
		}
		fit := "no rate declared"
		if b.FIT != nil {
			fit = limitsText(*b.FIT)
		}
		s.table.add(b.Block, "measured", significant(b.GE, nearest), percent(b.Captured.Estimate, nearest), count(b.N), intervalText(b.Violating), fit)
	}
	if p.FITPerKGE == 0 {
		s.pairs = []pair{{"pulses in logic", "not assessed: no rate is declared (--set-fit-per-kge)"}}
		return s
	}
	s.pairs = []pair{{"declared rate", significant(p.FITPerKGE, nearest) + " FIT for 1,000 gate equivalents"}}
	if p.Violating != nil {
		s.pairs = append(s.pairs, pair{"violating, measured blocks", limitsText(*p.Violating) + " FIT"})
	}
	s.pairs = append(s.pairs,
		pair{"at outputs, not assessed", significant(p.AtOutputs, nearest) + " FIT"},
		pair{"other blocks, not assessed", significant(p.Unmeasured, nearest) + " FIT"})
	return s
}
