package report

import (
	"fmt"
	"strings"

	"upset/stats/result"
)

// gateWords are the results of a regression test as they are printed.
var gateWords = map[string]string{"not_shown": "not shown"}

// gateWord is a result of a regression test in words.
func gateWord(r string) string {
	if w, ok := gateWords[r]; ok {
		return w
	}
	return r
}

// gateDocument shows a regression test.
func gateDocument(g result.Gate) document {
	d := document{title: "Regression test of fault coverage: " + gateWord(g.Result)}
	sides := &table{columns: columns("", "campaign", "NPU", "model", ">injections", "verdict", "result")}
	for _, s := range []struct {
		label string
		side  result.GateSide
	}{{"baseline", g.Baseline}, {"now", g.Campaign}} {
		sides.add(s.label, s.side.Name, s.side.NPU, s.side.Model, count(s.side.Injections), verdictWord(s.side.Verdict), s.side.ResultDigest)
	}
	checks := &table{columns: columns("metric", "block", "decides", ">baseline", ">now", ">worse by at most", ">allowed", ">used", ">could have seen", ">P (Holm)", "result")}
	for _, c := range g.Checks {
		decides := ""
		if c.Decides {
			decides = "yes"
		}
		most, allowed, used, seen := "-", "-", "-", "nothing"
		if c.Result != "skipped" {
			most, allowed, used = gateWorst(c), gateAmount(c, c.Allowed), gateUsed(c)
			if c.Detectable != nil {
				seen = gateAmount(c, *c.Detectable)
			}
		}
		checks.add(c.Metric, c.Block, decides, significant(c.Baseline, nearest), significant(c.Now, nearest), most, allowed, used, seen,
			significant(c.PHolm, nearest), gateWord(c.Result))
		if c.Result == "worse" || c.Decides && c.Result != "pass" {
			checks.rows[len(checks.rows)-1][10].class = "not_met"
		}
	}
	d.sections = append(d.sections, section{heading: "Result", note: gateResult(g)})
	d.sections = append(d.sections, section{heading: "Campaigns", table: sides, note: gateSides(g)})
	if len(g.Differences) > 0 {
		t := &table{columns: columns("accepted difference", "baseline", "now")}
		for _, x := range g.Differences {
			t.add(x.What, x.Baseline, x.Now)
		}
		d.sections = append(d.sections, section{heading: "Differences", table: t})
	}
	d.sections = append(d.sections, section{heading: "Checks", note: gateNote(g), table: checks})
	if x := g.Design; x != nil {
		t := &table{columns: columns("metric", ">value", ">target", "result")}
		for _, k := range x.Decided {
			t.add(k.Metric, limitsText(*k.Value), significant(k.Target, nearest), verdictWord(k.Result))
		}
		d.sections = append(d.sections, section{heading: "Design " + x.Name + ": " + gateWord(x.Result), note: designNote(*x), table: t})
	}
	d.sections = append(d.sections, warningSection(g.Warnings)...)
	d.sections = append(d.sections, commandSection(g.Command)...)
	return d
}

// designNote says what a given protection is held against.
func designNote(x result.GateDesign) string {
	return "By calculation on the records of the campaign, against the targets of " + x.Target + " for transient faults; area added " +
		percent(x.AreaOverhead, nearest) + " of logic" + spanText(x.AreaOverhead, x.AreaOverheadRange, inLibraries) + ": " + x.Design + "."
}

// designMessage is the outcome of a given protection in one sentence.
func designMessage(x result.GateDesign) string {
	parts := make([]string, len(x.Decided))
	for i, k := range x.Decided {
		parts[i] = fmt.Sprintf("%s %s, target %s, %s", k.Metric, limitsText(*k.Value), significant(k.Target, nearest), verdictWord(k.Result))
	}
	return "design " + x.Name + ": " + strings.Join(parts, "; ")
}

// gateSides says how the campaigns are compared.
func gateSides(g result.Gate) string {
	if g.Paired {
		return "Both have the same faults with the same outcomes and are compared fault by fault."
	}
	return "Compared as independent samples."
}

// gateNote explains the results of the checks.
func gateNote(g result.Gate) string {
	beyond := ""
	if g.Tolerance > 0 {
		beyond = fmt.Sprintf(" beyond %s %%", significant(100*g.Tolerance, nearest))
	}
	return fmt.Sprintf("pass: the worsening is shown at %s %% to be less than allowed: %s %% of the baseline, or %s FIT where that is more (used: how much of that it may take up, on its limit). worse: not so, and a worsening%s is shown; error %s %% over all checks. "+
		"Less coverage or SPFM is worse, of what is missing to 1. Could have seen: called worse 95 times of 100.",
		significant(100*g.Confidence, nearest), significant(100*g.Margin, nearest), significant(g.MarginFIT, nearest), beyond, significant(100*g.FalseAlarm, nearest))
}

// gateResult is the result in one or two sentences.
func gateResult(g result.Gate) string {
	var parts []string
	for _, c := range g.Checks {
		if c.Decides && c.Result != "skipped" {
			parts = append(parts, fmt.Sprintf("%s of %s is at most %s worse, allowed are %s, used %s", c.Metric, c.Block, gateWorst(c), gateAmount(c, c.Allowed), gateUsed(c)))
		}
	}
	text := strings.Join(parts, "; ") + "."
	if g.Design != nil {
		text += " " + designMessage(*g.Design) + "."
	}
	if g.Result == "not_shown" && (g.Design == nil || g.Design.Result == "pass") {
		text += " " + gateRemedy(g)
	}
	return text
}

// gateRemedy says what it takes to show something.
func gateRemedy(g result.Gate) string {
	switch have := min(g.Campaign.Injections, g.Baseline.Injections); {
	case g.InjectionsNeeded == 0:
		return "No number of injections is enough: the baseline says too little, or the margin is too small."
	case g.InjectionsNeeded <= have:
		return "Both campaigns are large enough for equal ones to pass 99 times of 100."
	}
	return fmt.Sprintf("About %s injections in each campaign let equal ones pass 99 times of 100.", count(g.InjectionsNeeded))
}

// gateLoss is the baseline of a check as a rate that should stay low.
func gateLoss(c result.GateCheck) float64 {
	if c.Metric == "coverage" || c.Metric == "spfm" {
		return 1 - c.Baseline
	}
	return c.Baseline
}

// gateAmount writes an amount of worsening: relative to the baseline, or absolute
// where that has none.
func gateAmount(c result.GateCheck, x float64) string {
	if loss := gateLoss(c); loss > 1e-12 {
		return significant(100*x/loss, nearest) + " %"
	}
	return "+" + significant(x, nearest)
}

// gateWorst writes the upper limit of the worsening.
func gateWorst(c result.GateCheck) string {
	if c.RatioUpper != nil {
		return significant(100**c.RatioUpper, up) + " %"
	}
	return "+" + significant(c.Upper, up)
}

// gateUsed writes the share of the margin that the worsening may take up.
func gateUsed(c result.GateCheck) string {
	if c.MarginUsed == nil {
		return "without limit"
	}
	return significant(100**c.MarginUsed, up) + " %"
}

// gateCSV lists the checks.
func gateCSV(g result.Gate) csvTable {
	t := csvTable{header: []string{"table", "metric", "block", "decides", "baseline", "now", "worsening", "upper", "ratio_upper", "allowed", "margin_used", "detectable", "injections_needed", "error", "p", "p_holm", "result"}}
	optional := func(x *float64) string {
		if x == nil {
			return ""
		}
		return number(*x)
	}
	for _, c := range g.Checks {
		t.add("check", fields{"metric": c.Metric, "block": c.Block, "decides": fmt.Sprint(c.Decides), "baseline": number(c.Baseline), "now": number(c.Now),
			"worsening": number(c.Worsening), "upper": number(c.Upper), "ratio_upper": optional(c.RatioUpper), "allowed": number(c.Allowed),
			"margin_used": optional(c.MarginUsed), "detectable": optional(c.Detectable), "injections_needed": fmt.Sprint(c.InjectionsNeeded),
			"error": number(c.Error), "p": number(c.P), "p_holm": number(c.PHolm), "result": c.Result})
	}
	if x := g.Design; x != nil {
		for _, k := range x.Decided {
			t.add("design", fields{"metric": k.Metric, "decides": "true", "baseline": number(k.Target), "now": number(k.Value.Estimate), "upper": number(k.Value.Upper), "result": k.Result})
		}
	}
	return t
}
