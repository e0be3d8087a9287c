package main

import (
	"fmt"
	"slices"
	"strings"

	"upset/faults/protect"
	"upset/stats"
	"upset/stats/result"
)

// unitTitles are the headings of the tables.
var unitTitles = []struct{ unit, title string }{
	{protect.UnitBlockClass, "Units of block × class"},
	{protect.UnitRegister, "Single registers"},
}

// page is the text of docs/transfer.md.
func page(injections int, networks []string, list []protect.Transferred) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# How choices carry over to other networks

This page is written by

    go run ./cmd/transfer -injections %d

Silicon precedes networks: a protection is chosen for some networks and must be enough for others. Each row is a
design for %s, near the cheapest for the networks that it was chosen on, at the target of asil-d for transient
faults, without checkers. Every network has two campaigns of %d injections with different seeds. Designs are chosen on the first and judged on the
second, by calculation, so that the network that a design was chosen on judges it on a fresh sample too. In single registers
one half of the first campaign chooses and the other sets the margin.

A cell shows the SPFM over flops in %% (the lower limit at 95 %%, one-sided) and whether residual and SPFM are met, not met
or not shown. Cells in brackets are on the network that the design was chosen on.

`, injections, config, injections)
	for _, u := range unitTitles {
		fmt.Fprintf(&b, "## %s\n\n| chosen on | area | %s |\n|---|---:|%s\n", u.title, strings.Join(networks, " | "), strings.Repeat("---|", len(networks)))
		for _, x := range list {
			if x.Unit == u.unit {
				row(&b, networks, x)
			}
		}
		fmt.Fprintf(&b, "\n%s\n\n", summary(networks, list, u.unit))
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// row is a design.
func row(b *strings.Builder, networks []string, x protect.Transferred) {
	on := strings.Join(x.On, ", ")
	if len(x.On) > 1 {
		for _, n := range networks {
			if !slices.Contains(x.On, n) {
				on = "all but " + n
			}
		}
	}
	if !x.Found {
		fmt.Fprintf(b, "| %s | no design |%s\n", on, strings.Repeat(" |", len(networks)))
		return
	}
	fmt.Fprintf(b, "| %s | %.1f %% |", on, 100*x.AreaOverhead)
	for _, j := range x.Judged {
		text := cell(j)
		if slices.Contains(x.On, j.Name) {
			text = "(" + text + ")"
		}
		fmt.Fprintf(b, " %s |", text)
	}
	b.WriteString("\n")
}

// words are the results of a judgement.
var words = map[string]string{"pass": "met", "worse": "**not met**", "not_shown": "not shown"}

// cell is a judgement.
func cell(j result.GateDesign) string {
	s := spfm(j)
	return fmt.Sprintf("%.2f (%.2f) %s", 100*s.Estimate, 100*s.Lower, words[j.Result])
}

// spfm is that of a judgement.
func spfm(j result.GateDesign) result.Limits {
	for _, d := range j.Decided {
		if d.Metric == stats.MetricSPFM {
			return *d.Value
		}
	}
	return result.Limits{}
}

// summary counts how choices carry over to networks that they were not made for, for
// designs of one network and of all others.
func summary(networks []string, list []protect.Transferred, unit string) string {
	var parts []string
	for _, several := range []bool{false, true} {
		n, met, missed, worst := 0, 0, 0, 1.0
		area, designs := 0.0, 0
		for _, x := range list {
			if x.Unit != unit || !x.Found || len(x.On) > 1 != several {
				continue
			}
			area, designs = area+x.AreaOverhead, designs+1
			for _, j := range x.Judged {
				if slices.Contains(x.On, j.Name) {
					continue
				}
				n++
				switch j.Result {
				case "pass":
					met++
				case "worse":
					missed++
				}
				worst = min(worst, spfm(j).Estimate)
			}
		}
		if n == 0 {
			continue
		}
		what := "Chosen on one network"
		if several {
			what = "Chosen on all but the judged one"
		}
		parts = append(parts, fmt.Sprintf("%s (mean area %.1f %%), of %d judgements on others %d are met, %d not met, %d not shown; the least SPFM is %.2f %%.", what, 100*area/float64(designs), n, met, missed, n-met-missed, 100*worst))
	}
	return strings.Join(parts, " ")
}
