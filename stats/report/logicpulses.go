package report

import (
	"strings"

	"upset/stats/result"
)

// logicPulseText says what pulses in logic add, or that they are not assessed.
func logicPulseText(p *result.LogicPulses) string {
	if p == nil {
		return "not assessed: no rate is declared (--set-fit-per-kge, docs/set.md)"
	}
	text := significant(p.FITPerKGE, nearest) + " FIT for 1,000 GE declared: "
	if len(p.Blocks) == 0 {
		return text + "not assessed"
	}
	text += limitsText(p.Unprotected) + " FIT without the design"
	if p.Protected != nil {
		text += ", " + limitsText(*p.Protected) + " beside it"
	}
	return text + ", in no rate of flops; not assessed: " + significant(p.AtOutputs, nearest) + " FIT at outputs, " +
		significant(p.Unmeasured, nearest) + " FIT in blocks without gates (" + strings.Join(p.NotCovered, ", ") + ")"
}

// logicPulseSections show the blocks whose pulses were injected, and what is left out.
func logicPulseSections(p *result.LogicPulses) []section {
	if p == nil || len(p.Blocks) == 0 {
		return nil
	}
	s := section{
		heading: "Pulses in logic",
		note: "Patterns measured on gates of a second implementation (docs/set.md), injected without the design, and those that violate beside it. " +
			"A hardened cell and three copies of a flop take a pulse over like a plain flop; parity sees an odd number of wrong bits of a group, unless its check bit took over the wrong value, too; " +
			"a copy of a block sees all. Pulses in gates of the mechanisms are not injected: those of voters are among the upsets, others raise alarms.",
		table: &table{columns: columns("block", ">logic GE", ">captured", ">injected", ">violate", ">FIT", ">injected beside", ">violate", ">with check bits right", ">FIT beside")},
	}
	for _, b := range p.Blocks {
		beside := []string{"-", "-", "-", "-"}
		if b.RemainingFIT != nil {
			beside = []string{count(b.ProtectedN), count(b.Remaining), count(b.RemainingRight), limitsText(*b.RemainingFIT)}
		}
		s.table.add(append([]string{b.Block, significant(b.GE, nearest), intervalText(b.Captured), count(b.N), count(b.Violating), limitsText(b.FIT)}, beside...)...)
	}
	for _, name := range p.NotCovered {
		s.table.add(name, "no gates", "not known", "-", "-", "not assessed", "-", "-", "-", "not assessed")
	}
	s.pairs = []pair{
		{"declared rate", significant(p.FITPerKGE, nearest) + " FIT for 1,000 gate equivalents"},
		{"without the design", limitsText(p.Unprotected) + " FIT; with upsets " + limitsText(p.TotalUnprotected) + " FIT"},
	}
	if p.Protected != nil && p.Total != nil && p.CheckBitsRight != nil {
		s.pairs = append(s.pairs,
			pair{"beside the design", limitsText(*p.Protected) + " FIT; with upsets " + limitsText(*p.Total) + " FIT"},
			pair{"if check bits hold right values", limitsText(*p.CheckBitsRight) + " FIT"})
	}
	s.pairs = append(s.pairs,
		pair{"at outputs, not assessed", significant(p.AtOutputs, nearest) + " FIT"},
		pair{"blocks without gates, not assessed", significant(p.Unmeasured, nearest) + " FIT: " + strings.Join(p.NotCovered, ", ")})
	return []section{s}
}
