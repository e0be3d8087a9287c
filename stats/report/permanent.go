package report

import (
	"upset/stats/result"
)

// stuckPairs say what the permanent SPFM of a verdict is made of.
func stuckPairs(s *result.Safety) []pair {
	if s == nil || s.StuckAts == nil {
		return nil
	}
	x := s.StuckAts
	gates := "; no gates between flops have a share of the declared rate"
	if x.LogicFIT > 0 && x.GatesFIT > 0 {
		gates = "; the gates between them have " + percent(1-x.FlopShare, nearest) + " of the declared rate, of which " + percent(x.GatesFIT/x.LogicFIT, nearest) + " is measured and the rest not assessed"
	} else if x.LogicFIT > 0 {
		gates = "; the gates between them have " + percent(1-x.FlopShare, nearest) + " of the declared rate and are not assessed"
	}
	return []pair{{"permanent, flops alone", metricText(x.FlopSPFM) + ", from " + count(x.Faults) + " stuck-at faults" + gates}}
}

// stuckSections show what stuck-at faults did.
func stuckSections(s *result.Safety, of string) []section {
	if s.StuckAts == nil {
		return nil
	}
	x := s.StuckAts
	asked := ""
	if x.Faults < x.Asked {
		asked = " of " + count(x.Asked) + " asked for: the bound on cycles (--stuck-at-cycles) allows no more"
	}
	blocks := &table{columns: columns("block", ">faults", ">safe", ">harmful")}
	for _, b := range x.Blocks {
		blocks.add(b.Block, count(b.Safe.N), intervalText(b.Safe), intervalText(b.Harmful))
	}
	mechanisms := &table{columns: columns("mechanism", ">harmful faults", ">seen", ">coverage")}
	for _, m := range x.Mechanisms {
		cover := "not assessed: no harmful fault in the sample"
		if m.Coverage.N > 0 {
			cover = intervalText(m.Coverage)
		}
		mechanisms.add(m.Mechanism, count(m.Coverage.N), count(m.Coverage.Failures), cover)
	}
	rest := "which are not assessed"
	logic := &table{columns: columns("block", ">FIT", ">not seen", ">faults", ">safe", ">harmful", ">seen by the design")}
	for _, b := range x.Logic {
		rest = "of which those of the blocks below are measured"
		cover := "no harmful fault"
		if b.Coverage.N > 0 {
			cover = intervalText(b.Coverage)
		}
		logic.add(b.Block, significant(b.FIT, nearest), percent(b.Hidden, nearest), count(b.Safe.N), intervalText(b.Safe), intervalText(b.Harmful), cover)
	}
	open := &table{columns: columns("block", "class", ">harmful, FIT", ">faults with harm", ">faults")}
	for _, u := range x.Open {
		open.add(u.Block, u.Class, significant(u.FIT, nearest), count(u.Failures), count(u.N))
	}
	out := []section{
		{
			heading: "Permanent faults of flops, " + of, pageOnly: true, table: blocks,
			note: "Stuck-at faults on the machine as it is, stuck at 0 as often as at 1; two-sided intervals. A fault is safe only if it is masked on all inputs and networks, harmful if one of them goes wrong unnoticed.",
			pairs: []pair{
				{"sample", count(x.Faults) + " faults" + asked + ", and " + count(x.Searched) + " others for the search"},
				{"inferences", count(x.Inputs) + " inputs of " + count(x.Networks) + " networks; " + count(int64(x.Cycles)) + " cycles simulated"},
				{"declared rate", significant(x.FlopFIT, nearest) + " FIT in flops (" + percent(x.FlopShare, nearest) + "), " + significant(x.LogicFIT, nearest) + " FIT in the gates between them, " + rest},
				{"SPFM of flops", metricText(x.FlopSPFM) + " with the design, " + metricText(x.Reachable) + " with the best mechanism on every flop"},
			},
		},
		{heading: "Coverage of permanent faults, " + of, pageOnly: true, table: mechanisms, note: "Share of the harmful stuck-at faults of what a mechanism guards that do no harm beside the design."},
		{heading: "Harmful permanent faults, " + of, pageOnly: true, table: open, note: emptyNote(len(x.Open), "No fault of the sample did harm.")},
	}
	if len(x.Logic) > 0 {
		out = append(out, section{
			heading: "Permanent faults of gates, " + of, pageOnly: true, table: logic,
			note: "Outputs of gates that are stuck, in blocks that were written a second time and synthesised; the gates stand in for the block in whole inferences (docs/permanent.md). Not seen: the share of the gates whose effect this cannot show; they are not assessed.",
		})
	}
	return out
}
