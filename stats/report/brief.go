package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"upset/stats"
	"upset/stats/result"
)

// briefLines is the height of a screen that an assessment fits on, briefWidth the width
// at which its lines are broken (our choice).
const (
	briefLines = 50
	briefWidth = 132
)

// briefWarned is the number of warnings on the screen (our choice), those of the
// protection first.
const briefWarned = 5

// briefDocument is an assessment on one screen: what was shown, one line for each thing
// that decides, the protection, the warnings. All tables stand in the detailed text, on
// the page and in JSON.
func briefDocument(a result.Assess) document {
	c, p := a.Campaign, a.Protect
	d := document{title: "Soft-error assessment: " + c.Model + " on " + c.NPU, subtitle: campaignSubtitle(c)}
	d.sections = append(d.sections,
		section{heading: "Without protection", banner: sentence(c.Statement), pairs: briefMetrics(c.Decided, c.FIT.DUE, c.Outcomes)},
		briefProtected(p),
		section{heading: "What decides", pairs: briefDecides(a)},
	)
	if len(p.Choice) > 0 {
		d.sections = append(d.sections, section{heading: "Protection chosen, added logic", pairs: briefChoice(p)})
	}
	d.sections = append(d.sections, section{pairs: briefWarnings(a)})
	fold(&d)
	return d
}

// briefMetrics are the two metrics of the unprotected machine.
func briefMetrics(decided []result.Decided, due result.Limits, o result.Outcomes) []pair {
	return append(decidedPairs(decided), pair{"reported (DUE)", limitsText(due) + " FIT; stray writes " + count(o.StrayWrite) + ", persisting " + count(o.Latent) + " of " + count(o.Total()) + " injections"})
}

// briefProtected is the verdict on the protected machine.
func briefProtected(p result.Protect) section {
	s := section{heading: "With protection", banner: sentence(p.Statement)}
	s.pairs = append(s.pairs, pair{"area", percent(p.AreaOverhead, nearest) + " of logic added" + spanText(p.AreaOverhead, p.AreaOverheadRange, inLibraries) + ", " + overheadText(p.AreaOverheadWithRAM, p.AreaOverheadWithRAMRange) + " with RAM; lock-step " + overheadText(p.Lockstep.AreaOverhead, p.Lockstep.AreaOverheadRange) +
		", hardening everything " + overheadText(p.HardenAll.AreaOverhead, p.HardenAll.AreaOverheadRange) + "; its SPFM " + metricPercent(p.HardenAll.SPFM.Estimate, nearest) + " %"})
	s.pairs = append(s.pairs, decidedPairs(p.Decided)...)
	if len(p.Decided) == 0 && len(p.Choice) > 0 {
		s.pairs = append(s.pairs, pair{"predicted residual", limitsText(p.FITViolating) + " FIT, budget " + significant(p.BudgetFIT, nearest) + " FIT"}, pair{"predicted SPFM", metricText(p.SPFM)})
	}
	if p.SPFMCoverage != p.SPFM && p.SPFMCoverage != (result.Limits{}) {
		s.pairs = append(s.pairs, pair{"", "with hardening as coverage instead of a lower rate: " + metricText(p.SPFMCoverage)})
	}
	proof := "none: the figures are predictions"
	if n := len(p.Proof.Attempts); n > 0 {
		last := p.Proof.Attempts[n-1]
		word := "does not hold"
		if last.Holds {
			word = "holds"
		}
		proof = fmt.Sprintf("%s: %s injections, %s violations, limits at %s %%; %s", word,
			count(last.Injections), count(last.Violations), metricPercent(last.Confidence, nearest), begun(len(p.Proof.Ledger)))
	}
	s.pairs = append(s.pairs, pair{"proof", proof})
	return s
}

// begun says how many proofs of a folder have parts of the error.
func begun(n int) string {
	if n == 1 {
		return "the only proof ever begun in this folder"
	}
	return plural(n, "proof") + " ever begun in this folder share the error"
}

// plural is a count with its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return count(n) + " " + noun + "s"
}

// briefDecides has one line for each thing that the verdict hangs on.
func briefDecides(a result.Assess) []pair {
	c, p := a.Campaign, a.Protect
	as := p.Assumptions
	if as == (result.Assumptions{}) {
		as = c.Assumptions
	}
	search := "option set " + p.Options + ", for these " + count(c.Inputs) + " inputs" + optimalText(p)
	if p.Given {
		search = "the design was given, in " + unitText(p) + " units"
	}
	pairs := []pair{
		{"unit", search},
		{"rates", as.Scenario + ": " + significant(as.LambdaFlop, nearest) + " FIT per flop, " + significant(as.LambdaSRAM, nearest) + " per SRAM bit (" + as.ECC + "); budget " +
			significant(as.BudgetFIT, nearest) + " FIT; violation " + as.Violation + "; criterion " + as.Criterion + "; duty " + percent(as.Duty, nearest)},
		{"accuracy", accuracyText(c.Accuracy)},
		{"cells", briefCells(p)},
		{"break-even", briefBreakEven(p)},
		{"detectors", briefCredits(p, as)},
		{"inventories", briefInventories(p)},
		{"availability", briefAvailability(p)},
		{"detection", briefDetection(p, as)},
		{"persisting", assumptionPersisting(as)},
	}
	if c.Safety != nil && c.Safety.NotAssessed != "" {
		pairs = append(pairs, pair{"permanent faults", "not assessed (" + c.Safety.NotAssessed + ")"})
	}
	pairs = append(pairs, pair{"pulses in logic", logicPulseText(p.Pulses)})
	pairs = append(pairs, pair{"tool check", briefEvidence(a.Evidence)})
	return slices.DeleteFunc(pairs, func(p pair) bool { return p.value == "" })
}

// rangeText is a declared value.
func rangeText(r [2]float64) string {
	if r[0] == r[1] {
		return significant(r[0], nearest)
	}
	return significant(r[0], nearest) + " to " + significant(r[1], nearest)
}

// briefCells are the cells that the design uses.
func briefCells(p result.Protect) string {
	used := map[string]bool{}
	for _, c := range p.Choice {
		used[c.Mechanism] = true
	}
	var parts []string
	for _, in := range p.Inputs {
		if in.Ratio == nil || !used[in.Name] {
			continue
		}
		parts = append(parts, in.Name+" "+rangeText(in.Area)+" x area, "+rangeText(*in.Ratio)+" x rate ("+in.Source+")")
	}
	if len(parts) == 0 {
		return "no hardened cell in the design"
	}
	return strings.Join(parts, "; ")
}

// breakEvenText is one line of the break-even values.
func breakEvenText(b result.BreakEven) string {
	show := func(x float64) string { return significant(x, nearest) }
	if b.Unit != "" {
		show = func(x float64) string { return significant(x, nearest) + " " + b.Unit }
	}
	text := b.Input + " " + show(b.Value)
	switch {
	case b.Above != nil && b.Below != nil:
		return text + ": lost below " + show(*b.Below) + " and above " + show(*b.Above)
	case b.Above != nil:
		return text + ": lost above " + show(*b.Above)
	case b.Below != nil:
		return text + ": lost below " + show(*b.Below)
	}
	return text + ": holds at any"
}

// nearFactor is the factor within which a break-even value of a block's flops is shown on
// the screen (our choice).
const nearFactor = 3

// briefBreakEven leaves out blocks whose flops may change by a large factor.
func briefBreakEven(p result.Protect) string {
	var parts []string
	for _, b := range p.BreakEven {
		if b.Unit == "times" && (b.Above == nil || *b.Above > nearFactor) && (b.Below == nil || *b.Below < 1./nearFactor) {
			continue
		}
		parts = append(parts, breakEvenText(b))
	}
	return strings.Join(parts, "; ")
}

// briefCredits says what counting on the NPU's own detectors is worth.
func briefCredits(p result.Protect, a result.Assumptions) string {
	if len(p.Credits) == 0 {
		return ""
	}
	lost := []string{}
	for _, c := range p.Credits {
		if c.Chosen.Result != stats.Met {
			name := "without the " + c.Without
			if c.Without == "all" {
				name = "without any"
			}
			lost = append(lost, name+": "+verdictWord(c.Chosen.Result)+", SPFM "+metricText(c.Chosen.SPFM))
		}
	}
	text := "credited: " + a.Credit + "; " + a.MemoryMap
	if len(lost) == 0 {
		return text + "; met also without any"
	}
	return text + "; " + strings.Join(lost, "; ")
}

// briefInventories says what the denominator is worth.
func briefInventories(p result.Protect) string {
	var parts []string
	for _, x := range p.Inventories {
		parts = append(parts, x.Name+" "+metricPercent(x.Chosen.SPFM.Estimate, nearest)+" % ("+verdictWord(x.Chosen.Result)+")")
	}
	if len(parts) == 0 {
		return ""
	}
	return "SPFM by calculation: " + strings.Join(parts, ", ")
}

// briefAvailability says what detection costs.
func briefAvailability(p result.Protect) string {
	if p.FITDUE == (result.Limits{}) || p.Unprotected.FITDUE.Estimate == 0 {
		return ""
	}
	text := "DUE " + limitsText(p.FITDUE) + " FIT, " + significant(p.FITDUE.Estimate/p.Unprotected.FITDUE.Estimate, nearest) + " times the unprotected"
	if len(p.Alarms) == 1 {
		text += " (alarms: true " + significant(p.Alarms[0].FITTrue.Estimate, nearest) + ", false " + significant(p.Alarms[0].FITFalse.Estimate, nearest) + ")"
	}
	if x := p.Available; x != nil && x.AreaOverhead != p.AreaOverhead {
		text += "; cheapest that adds none: " + overheadText(x.AreaOverhead, x.AreaOverheadRange) + " area, DUE " + significant(x.FITDUE.Estimate, nearest) + ", by calculation"
	} else if len(p.DUEFront) > 0 && x == nil {
		text += "; none was found that meets the target without adding to it"
	}
	return text
}

// briefDetection says how soon upsets are reported.
func briefDetection(p result.Protect, a result.Assumptions) string {
	var parts []string
	for _, l := range p.Latencies {
		if !l.Own && l.Model == "" {
			parts = append(parts, l.Mechanism+" median "+count(l.Median)+", largest "+count(l.Maximum)+" cycles")
		}
	}
	switch {
	case a.FTTISeconds > 0:
		parts = append(parts, "later than "+secondsText(a.FTTISeconds)+" violates")
	default:
		parts = append(parts, "clock and FTTI not declared: assumed in time")
	}
	return strings.Join(append(parts, "alarm latency "+reactionText(a)), "; ")
}

// assumptionPersisting says how what is left behind counts.
func assumptionPersisting(a result.Assumptions) string {
	for _, p := range assumptionPairs(a) {
		if p.name == "persisting fault" {
			return p.value
		}
	}
	return ""
}

// briefEvidence sums up the checks of the tool.
func briefEvidence(e *result.Evidence) string {
	if e == nil {
		return "none (--evidence 0)"
	}
	differences, n := e.Plain.Differences, e.Plain.Samples
	if e.Protected != nil {
		differences, n = differences+e.Protected.Differences, n+e.Protected.Samples
	}
	text := fmt.Sprintf("%s of %s faults differ without shortcuts", count(differences), count(n))
	if e.Short() {
		text += fmt.Sprintf(" (at most %s; the time ended before the %s asked for)", percent(e.Plain.Upper, up), count(e.Asked))
	}
	if r := e.Residue; r != nil {
		text += fmt.Sprintf("; %s of %s masked ones harm one of %s later inferences", count(r.Masked.Harmed), count(r.Masked.N), count(r.Later))
	}
	if n := len(e.Gates); n > 0 {
		text += fmt.Sprintf("; %s blocks beside gates: %s differences", count(n), count(e.GatesDifferences()))
	}
	return text
}

// briefChoice lists the design by mechanism.
func briefChoice(p result.Protect) (out []pair) {
	for _, c := range p.Choice {
		name := c.Block
		if c.Group != "" {
			name += "/" + c.Group
		}
		if n := len(c.Registers); n > 0 {
			name += " (" + plural(n, "register") + ")"
		}
		i := slices.IndexFunc(out, func(x pair) bool { return x.name == c.Mechanism })
		if i < 0 {
			out = append(out, pair{c.Mechanism, name})
			continue
		}
		out[i].value += ", " + name
	}
	for i := range out {
		area := 0.0
		for _, c := range p.Choice {
			if c.Mechanism == out[i].name {
				area += c.Overhead
			}
		}
		out[i].value = percent(area, nearest) + ": " + out[i].value
	}
	return out
}

// briefWarnings are the warnings, each cut to a line, and where the rest stands.
func briefWarnings(a result.Assess) (out []pair) {
	const most = briefWidth - 20
	list := slices.Concat(a.Protect.Warnings, a.Campaign.Warnings)
	for i, w := range list {
		if i == briefWarned && len(list) > briefWarned+1 {
			out = append(out, pair{"warning", count(len(list)-briefWarned) + " more in the report"})
			break
		}
		text := w.Message
		if utf8.RuneCountInString(text) > most {
			text = string([]rune(text)[:most-4]) + " ..." // whole in the report
		}
		out = append(out, pair{"warning", text})
	}
	out = append(out, pair{"assumed in use", "an alarm stops the NPU and its result is not used; memory and bus outside are protected; more in the report"})
	return append(out, pair{"more", "every table with --detail, and in assess.html and assess.json in the folder of the campaign"})
}

// fold breaks long values at blanks, so that every line fits.
func fold(d *document) {
	for i := range d.sections {
		s := &d.sections[i]
		width := 0
		for _, p := range s.pairs {
			width = max(width, utf8.RuneCountInString(p.name))
		}
		var out []pair
		for _, p := range s.pairs {
			for k, line := range wrap(p.value, briefWidth-width-4) {
				name := p.name
				if k > 0 {
					name = ""
				}
				out = append(out, pair{name, line})
			}
		}
		s.pairs = out
		if lines := wrap(s.banner, briefWidth-2); len(lines) > 1 {
			s.banner, s.note = lines[0], strings.Join(lines[1:], "\n  ")
		}
	}
}

// wrap breaks a text at blanks into lines of a width, at least one.
func wrap(text string, width int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	return append(lines, line)
}
