package software

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"upset/stats"
	"upset/stats/result"
)

// tablesBegin is the heading in docs/software.md behind which everything is generated.
const tablesBegin = "## Measured\n"

// Tables is docs/software.md with the tables of other results.
func Tables(page []byte, list []result.Software) ([]byte, error) {
	head, _, found := bytes.Cut(page, []byte(tablesBegin))
	if !found {
		return nil, fmt.Errorf("the page lacks the heading %q", strings.TrimSpace(tablesBegin))
	}
	return append(slices.Concat(head, []byte(tablesBegin)), tables(list)...), nil
}

// tables is the part of docs/software.md that results give.
func tables(list []result.Software) string {
	var b strings.Builder
	for i := range list {
		r := &list[i]
		fmt.Fprintf(&b, "\n### %s on %s\n\n    %s\n\n", r.Model, r.NPU, r.Command)
		fmt.Fprintf(&b, "%d sequences of %d inferences, RAM code %s, watchdog %s; target %s, scenario %s, budget %g FIT, violation %s.\n\n",
			r.Inputs, r.Frames, r.ECC, onOff(r.Watchdog), r.Target, r.Scenario, r.BudgetFIT, r.Violation)
		b.WriteString("| measures | time | energy | injections | residual FIT | per inference | SPFM | wrong | persisting | stray | hang | stop | found | verdict of the search |\n")
		b.WriteString("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|\n")
		for _, c := range r.Combinations {
			row(&b, &c)
		}
		b.WriteString("\n")
		proofs(&b, r)
	}
	return b.String()
}

// row is a combination in the table.
func row(b *strings.Builder, c *result.SoftwareCombination) {
	if c.Injections == 0 {
		fmt.Fprintf(b, "| %s | | | | | | | | | | | | | %s: %s |\n", c.Measures, strings.ReplaceAll(c.Stage, "_", " "), c.Reason)
		return
	}
	o := c.Outcomes
	fmt.Fprintf(b, "| %s | %.3g | %.3g | %d | %.3g [%.3g, %.3g] | %.2g | %.3f %% [%.3f, %.3f] | %d | %d | %d | %d | %d | %d | %s |\n",
		c.Measures, c.Time, c.Energy, c.Injections, c.FITViolating.Estimate, c.FITViolating.Lower, c.FITViolating.Upper, c.PerInference,
		100*c.SPFM.Estimate, 100*c.SPFM.Lower, 100*c.SPFM.Upper,
		o.SDC(), o.Latent, o.StrayWrite, o.DUEHang, o.DUEDetected, o.Detected, strings.ReplaceAll(c.Result, "_", " "))
}

// proofs are the sentences on what was proven.
func proofs(b *strings.Builder, r *result.Software) {
	for i, a := range r.Proof.Attempts {
		word := "does not hold"
		if a.Holds {
			word = "holds"
		}
		fmt.Fprintf(b, "Proof %d, of **%s**, %s: %d fresh injections, %d violations, residual at most %.3g FIT and SPFM at least %.3f %% at %.4g %% one-sided confidence; planned power %.0f %%.\n",
			i+1, a.Design, word, a.Injections, a.Violations, a.FITUpper, 100*a.SPFMLower, 100*a.Confidence, 100*a.Power)
	}
	switch {
	case r.Verdict == stats.Met:
		fmt.Fprintf(b, "Its cost: %.3g times the time and %.3g times the energy proxy; reported errors %.3g [%.3g, %.3g] FIT.\n", r.Time, r.Energy, r.FITDUE.Estimate, r.FITDUE.Lower, r.FITDUE.Upper)
	case r.Chosen != "":
		fmt.Fprintf(b, "Nothing was shown to meet the target. The nearest is **%s**: %s.\n", r.Chosen, r.Lacking)
	default:
		b.WriteString("No combination comes near the target.\n")
	}
}

// onOff is a switch in words.
func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}
