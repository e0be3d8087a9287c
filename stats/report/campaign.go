package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"upset/stats"
	"upset/stats/result"
)

// campaignDocument shows a campaign.
func campaignDocument(c result.Campaign) (document, error) {
	d := document{
		title:    "Fault-injection campaign: " + c.Model + " on " + c.NPU,
		subtitle: campaignSubtitle(c),
	}
	sections, err := campaignSections(c)
	if err != nil {
		return document{}, err
	}
	d.sections = append(sections, warningSection(c.Warnings)...)
	d.sections = append(d.sections, commandSection(c.Command)...)
	return d, nil
}

// campaignSubtitle is the line of facts under the title.
func campaignSubtitle(c result.Campaign) string {
	parts := []string{count(c.Injections) + " injections", "seed " + strconv.FormatUint(c.Seed, 10)}
	if c.Cycles > 0 {
		parts = append(parts, count(c.Cycles)+" cycles per inference")
	}
	if c.ResultDigest != "" {
		parts = append(parts, "result "+c.ResultDigest)
	}
	return strings.Join(parts, ", ")
}

// campaignSections are all parts of a campaign but warnings and command.
func campaignSections(c result.Campaign) ([]section, error) {
	plot, err := avfPlot(c.Blocks)
	if err != nil {
		return nil, err
	}
	level := significant(100*c.Confidence, nearest) + " %"
	sections := []section{
		verdictSection(c),
		{heading: "Inputs of the verdict", pairs: assumptionPairs(c.Assumptions)},
		{
			heading: "Outcomes", pairs: runPairs(c),
			note:  "Counts as drawn, not weighted by sites: for rates see the AVF below.",
			table: outcomeTable(c.Outcomes, c.Injections),
		},
		{
			heading: "Vulnerability (AVF) of the whole",
			note:    "Share of flipped bits over everything sampled, weighted by sites; two-sided " + level + " intervals.",
			pairs: []pair{
				{"violating", intervalText(c.AVF.Violating)},
				{"any SDC", intervalText(c.AVF.SDC)},
				{"critical SDC", intervalText(c.AVF.Critical)},
				{"DUE", intervalText(c.AVF.DUE)},
			},
		},
	}
	if r := c.DoublyRobust; r != nil {
		sections = append(sections, section{
			heading: "Vulnerability of the whole, doubly robust",
			note:    "Sharpened by a proxy of register and moment that is fitted to the injections, cross-fitted over " + count(r.Drawn) + " more sites; two-sided " + level + " intervals.",
			pairs:   []pair{{"violating", robustText(r.Violating)}, {"critical", robustText(r.Critical)}},
		})
	}
	sections = append(sections, []section{
		{
			heading: "Vulnerability (AVF) per block",
			note:    "Two-sided " + level + " intervals. <= marks an upper bound: no failure was seen.",
			table:   blockTable(c.Blocks), figure: plot,
		},
	}...)
	if len(c.Heat.Cells) > 0 {
		sections = append(sections, section{
			heading: "Vulnerability per block and layer", pageOnly: true,
			note:   "Share of violating outcomes, in per cent. <= marks an upper bound: no failure was seen. Empty: no samples.",
			figure: heatMap(c.Heat),
		})
	}
	if len(c.Verdicts) > 0 {
		sections = append(sections, section{
			heading: "Verdicts: raw rates x budgets x violation",
			note:    "Residual FIT and SPFM over flops, each with one-sided limits. A cell is met only if both are; the default cell is marked *.",
			table:   matrixTable(c.Verdicts),
		})
	}
	if c.Pulses != nil {
		sections = append(sections, pulseSection(c.Pulses))
	}
	if c.Safety != nil {
		sections = append(sections, levelSections(c.Safety, "without protection")...)
	}
	if len(c.ModeGroups) > 0 {
		sections = append(sections, modeGroupsSection(c.ModeGroups))
	}
	if len(c.FMEDA) > 0 {
		sections = append(sections, section{
			heading: "Failure modes (FMEDA), transient faults", pageOnly: true, table: fmedaTable(c.FMEDA),
			note: "Rates in FIT at the raw rates above, one-sided limits. Permanent faults are in the table of fault classes, where they are declared.",
		})
	}
	if len(c.Strata) > 0 {
		sections = append(sections, section{heading: "Strata", pageOnly: true, table: strataTable(c.Strata)})
	}
	return sections, nil
}

// robustText is an estimate with what the proxy saved.
func robustText(r result.RobustAVF) string {
	if !r.Used {
		return intervalText(r.Interval) + ", the plain proportion: " + r.Reason
	}
	return intervalText(r.Interval) + fmt.Sprintf(", as from %.2f times the injections", r.Efficiency)
}

// verdictSection is the verdict with the two metrics that decide it.
func verdictSection(c result.Campaign) section {
	a := c.Assumptions
	s := section{
		heading: "Verdict", verdict: c.Verdict,
		banner: sentence(c.Statement), pairs: []pair{{"targets", targetText(a)}},
	}
	s.pairs = append(s.pairs, decidedPairs(c.Decided)...)
	s.pairs = append(
		s.pairs,
		pair{"residual, any violation", limitsText(c.FIT.Violating) + " FIT"},
		pair{"residual, critical only", limitsText(c.FIT.Critical) + " FIT"},
		pair{"DUE (availability)", limitsText(c.FIT.DUE) + " FIT"},
		pair{"raw rate", significant(c.FIT.Raw, nearest) + " FIT"},
	)
	if c.SPFM != (result.ViolationLimits{}) {
		s.pairs = append(
			s.pairs,
			pair{"SPFM, both violations", "any " + metricText(c.SPFM.Any) + ", critical " + metricText(c.SPFM.Critical)},
		)
	}
	if c.SPFMWithSRAM != (result.ViolationLimits{}) {
		s.pairs = append(
			s.pairs,
			pair{"SPFM with SRAM", "any " + metricText(c.SPFMWithSRAM.Any) + ", critical " + metricText(c.SPFMWithSRAM.Critical) + " (never decides)"},
		)
	}
	s.pairs = append(s.pairs, pair{"permanent faults, LFM", permanentText(c)}, pair{"pulses in logic", pulseText(c)})
	return s
}

// permanentText says whether permanent faults are part of the verdict.
func permanentText(c result.Campaign) string {
	if c.Safety == nil {
		return "not assessed"
	}
	if c.Safety.NotAssessed != "" {
		return "not assessed (" + c.Safety.NotAssessed + ")"
	}
	return "LFM " + percent(c.Safety.LFM.Estimate, nearest) + ", see the integrity levels"
}

// targetText spells out what a target asks for.
func targetText(a result.Assumptions) string {
	budget := "residual <= " + significant(a.BudgetFIT, nearest) + " FIT"
	asil, err := stats.ASILByName(a.Target)
	if err != nil {
		return a.Target + ": " + budget
	}
	return asil.Name + ": " + budget + " and SPFM over flops >= " + metricPercent(asil.SPFM, nearest) +
		" %, each on its one-sided " + significant(100*a.Confidence, nearest) + " % limit"
}

// assumptionPairs are the inputs of a verdict.
func assumptionPairs(a result.Assumptions) []pair {
	watchdog := "none: a hang violates"
	if a.Watchdog {
		watchdog = "present"
		if a.WatchdogCycles > 0 {
			watchdog += ", limit " + count(a.WatchdogCycles) + " cycles"
			if a.WatchdogJobs > 0 {
				watchdog += " for the longest of " + count(a.WatchdogJobs) + " streams, each with its own"
			}
		}
	}
	persisting := "counts as violating"
	if a.Followed > 0 {
		persisting += ", at most " + count(a.Followed) + " inferences followed"
	}
	if a.AssumeReload {
		persisting = "harmless: reset and reload between inferences assumed"
	}
	scenario := a.Scenario
	if s, err := stats.ScenarioByName(a.Scenario); err == nil {
		scenario += " (" + s.Source + ")"
	}
	pairs := []pair{
		{"raw rates", scenario},
		{"", significant(a.LambdaFlop, nearest) + " FIT per flop, " + significant(a.LambdaSRAM, nearest) + " FIT per SRAM bit"},
		{"budget", significant(a.BudgetFIT, nearest) + " FIT"},
	}
	switch a.InputsAre {
	case stats.InputsFixed:
		pairs = append(pairs, pair{"intervals are for", "these inputs; upsets are the sample"})
	case stats.InputsSample:
		pairs = append(pairs, pair{"intervals are for", "the population that the inputs were drawn from, if at random"})
	}
	if a.BudgetDUE > 0 {
		pairs = append(pairs, pair{"budget for DUE", significant(a.BudgetDUE, nearest) + " FIT"})
	}
	pairs = append(pairs, timingPairs(a)...)
	if a.PulseFITPerKGE > 0 {
		pairs = append(pairs, pair{"pulses in logic", significant(a.PulseFITPerKGE, nearest) + " FIT for 1,000 gate equivalents, in blocks that have gates"})
	}
	return append(
		pairs,
		pair{"fault model", a.Fault},
		pair{"violation", a.Violation},
		pair{"criterion", a.Criterion},
		pair{"watchdog", watchdog},
		pair{"persisting fault", persisting},
		pair{"detectors credited", a.Credit},
		pair{"memory map", a.MemoryMap},
		pair{"ECC on SRAM", a.ECC},
		pair{"inventory", fmt.Sprintf("%s: %s flops, %s SRAM bits", a.Inventory, count(a.Flops), count(a.SRAMBits))},
		pair{"duty", percent(a.Duty, nearest)},
		pair{"confidence", significant(100*a.Confidence, nearest) + " % one-sided"},
	)
}

// runPairs say how the injections were resolved.
func runPairs(c result.Campaign) []pair {
	pairs := []pair{{"resolved", fmt.Sprintf("%s = %s simulated + %s cached + %s pruned; %s to the end",
		count(c.Injections), count(c.Simulated), count(c.Cached), count(c.Pruned), count(c.ToEnd))}}
	if c.NotSettled > 0 {
		pairs = append(pairs, pair{"not settled", fmt.Sprintf("%s of the %s persisting: their trace was neither gone nor harmful after %s inferences", count(c.NotSettled), count(c.Outcomes.Latent), count(c.Assumptions.Followed))})
	}
	if c.Shares != nil {
		pairs = append(pairs, sharesPair(c.Shares))
	}
	if c.Forgiven > 0 {
		pairs = append(pairs, pair{"forgiven", fmt.Sprintf("%s of the %s masked: the NPU handed a wrong value to the host, and the output of the network is right", count(c.Forgiven), count(c.Outcomes.Masked))})
	}
	if c.Sampling != "" {
		pairs = append(pairs, pair{"sampling", fmt.Sprintf("%s, %s rounds, %s inputs", c.Sampling, count(c.Rounds), count(c.Inputs))})
	}
	if text := accuracyText(c.Accuracy); text != "" {
		pairs = append(pairs, pair{"accuracy", text})
	}
	if c.Rate != (result.Rate{}) {
		pairs = append(pairs, pair{"rate", fmt.Sprintf("%s resolved/s, %s simulated/s, %s s in all",
			significant(c.Rate.Resolved, nearest), significant(c.Rate.Simulated, nearest), significant(c.Seconds.Total, nearest))})
	}
	return pairs
}

// outcomeClasses lists the classes of outcomes in the order of the tables.
func outcomeClasses(o result.Outcomes) []struct {
	name, key string
	n         int
} {
	return []struct {
		name, key string
		n         int
	}{
		{"masked", "masked", o.Masked},
		{"persisting", "latent", o.Latent},
		{"SDC, tolerable", "sdc_tolerable", o.SDCTolerable},
		{"SDC, critical", "sdc_critical", o.SDCCritical},
		{"stray write", "stray_write", o.StrayWrite},
		{"DUE, detected", "due_detected", o.DUEDetected},
		{"DUE, hang", "due_hang", o.DUEHang},
		{"detected", "detected", o.Detected},
		{"corrected", "corrected", o.Corrected},
	}
}

// outcomeTable shows counts. They are raw: shares need the weights.
func outcomeTable(o result.Outcomes, injections int) *table {
	t := &table{columns: columns("outcome", ">count", ">of injections")}
	for _, class := range outcomeClasses(o) {
		share := "-"
		if injections > 0 && class.n > 0 {
			share = percent(float64(class.n)/float64(injections), nearest)
		}
		t.add(class.name, count(class.n), share)
	}
	if o.Uncredited > 0 && injections > 0 {
		t.add("reported without credit", count(o.Uncredited), percent(float64(o.Uncredited)/float64(injections), nearest))
	}
	if o.Overdue > 0 && injections > 0 {
		t.add("reported too late", count(o.Overdue), percent(float64(o.Overdue)/float64(injections), nearest))
	}
	return t
}

// bitsText prints a mean number of bits, whole from a thousand on.
func bitsText(x float64) string {
	if x < 1000 {
		return significant(x, nearest)
	}
	return count(int64(math.Round(x)))
}

// blockTable shows the vulnerability of every block.
func blockTable(blocks []result.BlockAVF) *table {
	t := &table{columns: columns("block", ">bits", ">injections", ">violating", ">any SDC", ">critical SDC", ">DUE", ">violating FIT")}
	for _, b := range blocks {
		t.add(b.Block, bitsText(b.Bits), count(b.N), intervalText(b.AVFViolating), intervalText(b.AVFSDC),
			intervalText(b.AVFCritical), intervalText(b.AVFDUE), limitsText(b.FITViolating))
	}
	return t
}

// matrixTable sets verdicts as scenarios × (budget, violation).
func matrixTable(verdicts []result.Verdict) *table {
	t := &table{columns: columns("raw rates", ">FIT/flop", ">budget", "violation", ">residual FIT", ">SPFM over flops", "verdict")}
	type key struct {
		scenario, violation string
		lambda, budget      float64
	}
	rows := map[key]int{}
	for _, v := range verdicts {
		k := key{v.Scenario, v.Violation, v.LambdaFlop, v.BudgetFIT}
		row, ok := rows[k]
		if !ok {
			row = len(t.rows)
			rows[k] = row
			mark := ""
			if v.Default {
				mark = " *"
			}
			t.add(v.Scenario, significant(v.LambdaFlop, nearest), significant(v.BudgetFIT, nearest), v.Violation, "", "", verdictWord(v.Cell)+mark)
			t.rows[row][6].class = v.Cell
		}
		l := result.Limits{Estimate: v.Estimate, Lower: v.Lower, Upper: v.Upper}
		switch v.Metric {
		case stats.MetricFIT:
			t.rows[row][4] = cell{limitsText(l), v.Result}
		case stats.MetricSPFM:
			t.rows[row][5] = cell{metricText(l), v.Result}
		}
	}
	return t
}

// strataTable lists all strata with their counts.
func strataTable(strata []result.Stratum) *table {
	t := &table{columns: columns("block", "class", "phase", "cells", ">weight", ">n", ">masked", ">persisting", ">SDC tol.", ">SDC crit.", ">stray", ">DUE det.", ">DUE hang", ">detected", ">corrected")}
	late := slices.ContainsFunc(strata, func(s result.Stratum) bool { return s.Overdue > 0 })
	if late {
		t.columns = append(t.columns, columns(">too late")...)
	}
	for _, s := range strata {
		cells := "flops"
		if s.SRAM {
			cells = "SRAM"
		}
		if s.Exact {
			cells += ", exact"
		}
		row := []string{s.Block, s.Class, s.Phase, cells, significant(s.Weight, nearest), count(s.N)}
		for _, class := range outcomeClasses(s.Outcomes) {
			row = append(row, count(class.n))
		}
		if late {
			row = append(row, count(s.Overdue))
		}
		t.add(row...)
	}
	return t
}

// fmedaTable lists failure modes.
func fmedaTable(rows []result.FMEDARow) *table {
	t := &table{columns: columns("block", "class", "failure mode", "at the boundary", ">raw, FIT", ">rate, FIT", "mechanism", "fault", ">coverage")}
	for _, r := range rows {
		t.add(r.Block, r.Class, r.Mode, r.Effect, significant(r.LambdaRaw, nearest), limitsText(r.Lambda), r.Mechanism, strings.ReplaceAll(r.Fault, "_", " "), percent(r.Coverage, nearest))
	}
	return t
}

// modeGroupsSection lists the user's failure modes.
func modeGroupsSection(list []result.ModeGroup) section {
	t := &table{columns: columns("failure mode", "diagnostic point", ">rows", ">injections", ">rate, FIT", ">violating, FIT")}
	for _, g := range list {
		point := g.Point
		if point == "" {
			point = "none"
		}
		t.add(g.Mode, point, count(g.Rows), count(g.Injections), limitsText(g.Lambda), limitsText(g.Violating))
	}
	return section{heading: "Failure modes at the boundary of the IP", table: t,
		note: "Rates of the unprotected NPU added up by the failure modes of a filled sheet, with joint one-sided limits. Violating: what the campaign takes for single-point faults."}
}

// sharesPair says what ran where.
func sharesPair(s *result.Shares) pair {
	text := fmt.Sprintf("%s streams on the NPU, where faults strike", count(s.Jobs))
	if s.Jobs == 1 {
		text = "one stream on the NPU, where faults strike"
	}
	if s.Frames > 1 {
		text = fmt.Sprintf("sequences of %s inferences with state kept: ", count(s.Frames)) + text
	}
	if len(s.OnHost) == 0 {
		return pair{"shares", text + "; nothing on the host"}
	}
	return pair{"shares", text + "; on the host: " + tally(s.OnHost)}
}

// tally counts names in the order of their first appearance.
func tally(names []string) string {
	var order []string
	n := map[string]int{}
	for _, x := range names {
		if n[x]++; n[x] == 1 {
			order = append(order, x)
		}
	}
	for i, x := range order {
		if n[x] > 1 {
			order[i] = fmt.Sprintf("%d %s", n[x], x)
		}
	}
	return strings.Join(order, ", ")
}
