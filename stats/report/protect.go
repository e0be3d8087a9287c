package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"upset/stats"
	"upset/stats/result"
)

// protectDocument shows a protection and its proof.
func protectDocument(p result.Protect) (document, error) {
	sections, err := protectSections(p)
	if err != nil {
		return document{}, err
	}
	d := document{
		title:    "Selective protection: " + networkNames(p) + " on " + p.NPU,
		subtitle: p.Target + ", option set " + p.Options + ", " + count(p.Searched) + " designs evaluated" + optimalText(p),
		sections: sections,
	}
	d.sections = append(d.sections, warningSection(p.Warnings)...)
	d.sections = append(d.sections, commandSection(p.Command)...)
	return d, nil
}

// optimalText claims an optimum only where the search proved one, and says among which
// designs; otherwise it says what a cheaper one could save.
func optimalText(p result.Protect) string {
	unit := unitText(p)
	switch gap := p.AreaOverhead - p.AreaOverheadBound; {
	case p.Given:
		return ", a given design"
	case p.Optimal:
		return ", cheapest of " + unit + " designs"
	case p.AreaOverheadBound > 0 && gap >= 0:
		return ", near the cheapest of " + unit + " designs: the area of none is below " + percent(p.AreaOverheadBound, down)
	}
	return ", cheapest found of " + unit + " designs, optimum not proved"
}

// unitText is what a search decides on as a whole.
func unitText(p result.Protect) string {
	if p.Unit == "register" {
		return "single-register"
	}
	return "block × class"
}

// assessDocument joins a campaign and the protection it led to.
func assessDocument(a result.Assess) (document, error) {
	campaign, err := campaignSections(a.Campaign)
	if err != nil {
		return document{}, err
	}
	protect, err := protectSections(a.Protect)
	if err != nil {
		return document{}, err
	}
	campaign[0].heading = "Verdict without protection"
	d := document{
		title:    "Soft-error assessment: " + a.Campaign.Model + " on " + a.Campaign.NPU,
		subtitle: campaignSubtitle(a.Campaign),
	}
	// Both verdicts first, with their inputs; the strata stay at the end.
	d.sections = append(d.sections, campaign[0], protect[0])
	rest := campaign[1:]
	var strata []section
	if last := len(rest) - 1; last >= 0 && rest[last].heading == "Strata" {
		rest, strata = rest[:last], rest[last:]
	}
	// How it was done stands behind the inputs of the verdict.
	at := 1 + slices.IndexFunc(rest, func(s section) bool { return s.heading == "Inputs of the verdict" })
	d.sections = append(d.sections, slices.Insert(slices.Clip(rest), at, methodSection(a.Campaign, a.Protect))...)
	// The inputs of both are the same unless protect was given its own.
	tail := protect[1:]
	if a.Protect.Assumptions == a.Campaign.Assumptions {
		tail = protect[2:]
	}
	d.sections = append(d.sections, tail...)
	d.sections = append(d.sections, safetySections(a)...)
	d.sections = append(d.sections, inputsSection(a.Campaign))
	d.sections = append(d.sections, evidenceSections(a.Evidence)...)
	d.sections = append(d.sections, warningSection(append(a.Campaign.Warnings[:len(a.Campaign.Warnings):len(a.Campaign.Warnings)], a.Protect.Warnings...))...)
	command := a.Campaign.Command
	if command == "" {
		command = a.Protect.Command
	}
	d.sections = append(d.sections, commandSection(command)...)
	d.sections = append(d.sections, strata...)
	return d, nil
}

// protectSections are all parts of a protection but warnings and command. The
// first is the verdict, the second its inputs.
func protectSections(p result.Protect) ([]section, error) {
	plot, err := paretoPlot(p)
	if err != nil {
		return nil, err
	}
	steps, err := waterfallPlot(p)
	if err != nil {
		return nil, err
	}
	sections := []section{
		protectVerdict(p),
		{heading: "Inputs of the verdict", pairs: protectInputs(p)},
	}
	sections = append(sections, missionSection(p)...)
	sections = append(sections,
		section{heading: "Protection chosen", table: choiceTable(p.Choice), note: emptyNote(len(p.Choice), "No block needs protection."), figure: steps},
		section{
			heading: "Against the reference designs", table: alternativeTable(p),
			note: "Limits of the search campaign; only the chosen design was proved by injection. Verdicts are on transients alone. " + libraryNote,
		})
	if len(p.Pareto) > 0 {
		front := paretoTable(p.Pareto)
		sections = append(sections, section{heading: "Pareto front", note: paretoNote(p, len(front.rows)), table: front, figure: plot})
	}
	sections = append(sections, flowSection(p)...)
	sections = append(sections, decidesSections(p)...)
	sections = append(sections, proofSection(p))
	sections = append(sections, logicPulseSections(p.Pulses)...)
	sections = append(sections, ledgerSection(p)...)
	sections = append(sections, latencies(p)...)
	if p.Safety != nil {
		sections = append(sections, levelSections(p.Safety, "with protection")...)
	}
	return sections, nil
}

// missionSection names the networks that a protection is for.
func missionSection(p result.Protect) []section {
	if len(p.Networks) == 0 {
		return nil
	}
	note := "Every network must meet the target on the protected machine."
	if p.Mission == "mix" {
		note = "The networks together, by their shares of the operating time, must meet the target on the protected machine."
	}
	t := &table{columns: columns("network", ">share of the time", "campaign")}
	for _, n := range p.Networks {
		share := ""
		if n.Share > 0 {
			share = percent(n.Share, nearest)
		}
		t.add(n.Model, share, n.Campaign)
	}
	return []section{{heading: "Networks", note: note, table: t}}
}

// networkNames is the list of networks for a title.
func networkNames(p result.Protect) string {
	if len(p.Networks) == 0 {
		return p.Model
	}
	var names []string
	for _, n := range p.Networks {
		names = append(names, n.Model)
	}
	return strings.Join(names, ", ")
}

// emptyNote is a note for an empty table only.
func emptyNote(rows int, note string) string {
	if rows > 0 {
		return ""
	}
	return note
}

// protectInputs are the inputs of the verdict; a result without the full
// record still shows what it names itself.
func protectInputs(p result.Protect) []pair {
	if p.Assumptions != (result.Assumptions{}) {
		return append(assumptionPairs(p.Assumptions), hardenedPair(p)...)
	}
	return []pair{
		{"raw rates", p.Scenario},
		{"budget", significant(p.BudgetFIT, nearest) + " FIT"},
		{"violation", p.Violation},
		{"criterion", p.Criterion},
		{"confidence", significant(100*p.Confidence, nearest) + " % one-sided"},
	}
}

// hardenedPair is the quality of hardened cells.
func hardenedPair(p result.Protect) []pair {
	if p.HardenedRatio == 0 {
		return nil
	}
	return []pair{{"hardened cell", significant(p.HardenedRatio, nearest) + " of the rate of a plain flop"}}
}

// protectVerdict says whether the chosen design meets the target.
func protectVerdict(p result.Protect) section {
	s := section{heading: "Verdict with protection"}
	s.verdict, s.banner = p.Verdict, sentence(p.Statement)
	s.pairs = []pair{{"area added", percent(p.AreaOverhead, nearest) + " of logic" + spanText(p.AreaOverhead, p.AreaOverheadRange, inLibraries) + ", " + overheadText(p.AreaOverheadWithRAM, p.AreaOverheadWithRAMRange) + " with RAM"}}
	s.pairs = append(s.pairs, libraryPairs(p.Libraries)...)
	if len(p.Decided) == 0 {
		s.pairs = append(s.pairs,
			pair{"residual", limitsText(p.FITViolating) + " FIT, budget " + significant(p.BudgetFIT, nearest) + " FIT"},
			pair{"SPFM over flops", metricText(p.SPFM)},
		)
	}
	s.pairs = append(append(s.pairs, decidedPairs(p.Decided)...), stuckPairs(p.Safety)...)
	if p.SPFMCoverage != p.SPFM && p.SPFMCoverage != (result.Limits{}) {
		s.pairs = append(s.pairs, pair{"with hardening as coverage", metricText(p.SPFMCoverage) + " (does not decide)"})
	}
	if p.FITDUE != (result.Limits{}) {
		s.pairs = append(s.pairs, pair{"DUE (availability)", limitsText(p.FITDUE) + " FIT"})
	}
	s.pairs = append(s.pairs, pair{"pulses in logic", logicPulseText(p.Pulses)})
	return s
}

// libraryPairs are the areas of a design with the constants of each measured library.
func libraryPairs(list []result.LibraryArea) (out []pair) {
	for _, l := range list {
		out = append(out, pair{"in " + l.Library, percent(l.AreaOverhead, nearest) + " of logic: " + count(int64(l.AreaGE+0.5)) + " GE on " + count(int64(l.LogicGE+0.5)) + " GE"})
	}
	return out
}

// choiceTable lists the mechanisms chosen.
func choiceTable(choices []result.Choice) *table {
	if len(choices) == 0 {
		return nil
	}
	t := &table{columns: columns("block", "group", "mechanism", ">flops", ">area GE", ">added", ">FIT before", ">FIT after", ">DUE FIT")}
	for _, c := range choices {
		t.add(c.Block, groupText(c), c.Mechanism, count(c.Flops), count(int64(c.AreaGE+0.5)), overheadText(c.Overhead, c.OverheadRange),
			limitsText(c.FITBefore), limitsText(c.FITAfter), limitsText(c.FITDUE))
	}
	return t
}

// groupText is the group of a choice with the single registers of it.
func groupText(c result.Choice) string {
	if len(c.Registers) == 0 {
		return c.Group
	}
	return c.Group + ": " + strings.Join(c.Registers, " ")
}

// namedAlternative is a reference design with its name.
type namedAlternative struct {
	name, key string
	result.Alternative
}

// alternatives are the reference designs in the order of the tables.
func alternatives(p result.Protect) []namedAlternative {
	return []namedAlternative{
		{"unprotected", "unprotected", p.Unprotected},
		{"lock-step", "lockstep", p.Lockstep},
		{"harden all", "harden_all", p.HardenAll},
		{"duplicate all", "duplicate_all", p.DuplicateAll},
	}
}

// alternativeTable sets the chosen design against the reference designs.
func alternativeTable(p result.Protect) *table {
	t := &table{columns: columns("design", ">added logic", ">with RAM", ">residual FIT", ">SPFM over flops", ">DUE FIT", "verdict")}
	row := func(name, verdict string, a result.Alternative) {
		t.add(name, overheadText(a.AreaOverhead, a.AreaOverheadRange), overheadText(a.AreaOverheadWithRAM, a.AreaOverheadWithRAMRange),
			limitsText(a.FITViolating), metricText(a.SPFM), limitsText(a.FITDUE), verdictWord(verdict))
		t.rows[len(t.rows)-1][6].class = verdict
	}
	row("chosen", transientVerdict(p.Decided), result.Alternative{
		AreaOverhead: p.AreaOverhead, AreaOverheadWithRAM: p.AreaOverheadWithRAM,
		AreaOverheadRange: p.AreaOverheadRange, AreaOverheadWithRAMRange: p.AreaOverheadWithRAMRange,
		FITViolating: p.FITViolating, FITDUE: p.FITDUE, SPFM: p.SPFM,
	})
	for _, a := range alternatives(p) {
		verdict := a.Result
		if verdict == "" && a.Meets {
			verdict = stats.Met
		} else if verdict == "" {
			verdict = stats.NotShown
		}
		row(a.name, verdict, a.Alternative)
		t.rows[len(t.rows)-1][6].text = byCalculation(verdict)
	}
	return t
}

// maxPareto is the number of rows a front is thinned to (our choice: one
// screen). CSV and JSON hold every point, and so does the plot.
const maxPareto = 30

// paretoTable lists the front, thinned evenly when it is long. Its ends and the
// cheapest design that meets the target always stay.
func paretoTable(points []result.ParetoPoint) *table {
	t := &table{columns: columns(">added logic", ">residual FIT", ">SPFM over flops", "meets", "design")}
	step := (len(points) + maxPareto - 1) / maxPareto
	met := false
	for i, p := range points {
		first := p.Meets && !met
		met = met || p.Meets
		if i%step != 0 && i != len(points)-1 && !first {
			continue
		}
		t.add(overheadText(p.AreaOverhead, p.AreaOverheadRange), limitsText(p.FITViolating), metricText(p.SPFM), yesNo(p.Meets), p.Design)
		if p.Meets {
			t.rows[len(t.rows)-1][3].class = stats.Met
		}
	}
	return t
}

// paretoNote says how much of the front its table shows, and why the chosen design may
// lie beyond the first point that meets.
func paretoNote(p result.Protect, rows int) string {
	var notes []string
	if len(p.Pareto) != rows {
		notes = append(notes, fmt.Sprintf("%d of %d points; CSV and JSON hold all.", rows, len(p.Pareto)))
	}
	cheaper := slices.ContainsFunc(p.Pareto, func(x result.ParetoPoint) bool {
		return x.Meets && x.AreaOverhead < p.AreaOverhead
	})
	if cheaper && len(p.Proof.Attempts) > 0 {
		notes = append(notes, "Points meet by the limits of the search campaign, on which they were chosen. The chosen design keeps a margin, so that a proof by fresh injections succeeds with the planned power.")
	}
	return strings.Join(notes, " ")
}

// flowSection holds the second searcher against the exact one.
func flowSection(p result.Protect) []section {
	f := p.Flow
	if f == nil {
		return nil
	}
	design := "no design for the target"
	if f.Found {
		design = "area " + percent(f.AreaOverhead, nearest) + ", the design taken has " + percent(p.AreaOverhead, nearest)
	}
	front := fmt.Sprintf("%d of %d points reached, %d of them by sampling alone", f.Reached, f.Points, f.Sampled)
	if f.Missed > 0 {
		front += fmt.Sprintf(", no design for %d", f.Missed)
	}
	if f.Reached+f.Missed < f.Points {
		front += ", at most " + percent(f.Excess, up) + " more area"
	}
	return []section{{
		heading: "Generative flow network beside the exact search",
		pairs:   []pair{{"for the target", design}, {"exact Pareto front", front}, {"designs sampled", count(int64(f.Designs))}},
	}}
}

// proofSection shows the independent campaign on the protected machine.
func proofSection(p result.Protect) section {
	s := section{heading: "Proof by injection into the protected machine"}
	if len(p.Proof.Attempts) == 0 {
		s.note = "No proof was run: the figures above are predictions."
		return s
	}
	s.verdict, s.banner = stats.NotShown, "DOES NOT HOLD"
	if p.Proof.Holds {
		s.verdict, s.banner = stats.Met, "HOLDS"
	}
	s.banner += fmt.Sprintf(" - %s injections, residual <= %s FIT, SPFM >= %s %%", count(p.Proof.Injections),
		significant(p.Proof.FITUpper, up), metricPercent(p.Proof.SPFMLower, down))
	s.note = "Planned power " + percent(p.Proof.Power, nearest) + ". Later attempts use a stricter confidence, so that all together keep the promised one."
	s.table = &table{columns: columns(">attempt", ">seed", ">injections", ">violations", ">added logic", ">confidence", ">power", ">expected FIT", ">upper FIT", ">lower SPFM", "holds", "design")}
	for i, a := range p.Proof.Attempts {
		design := a.Design
		if a.Holds {
			design = "as chosen"
		}
		s.table.add(strconv.Itoa(i+1), strconv.FormatUint(a.Seed, 10), count(a.Injections), count(a.Violations),
			overheadText(a.AreaOverhead, a.AreaOverheadRange), metricPercent(a.Confidence, nearest)+" %", percent(a.Power, nearest),
			significant(a.FITExpected, nearest), significant(a.FITUpper, up), metricPercent(a.SPFMLower, down)+" %", yesNo(a.Holds), design)
		if a.Holds {
			s.table.rows[i][10].class = stats.Met
		}
	}
	return s
}
