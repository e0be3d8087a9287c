package report

import (
	"strings"
	"testing"
	"unicode/utf8"

	"upset/stats"
	"upset/stats/result"
)

// Where nothing was proven the screen says what the design is predicted to do; a proof takes that place.
func TestPredictionsAreShown(t *testing.T) {
	a := result.Assess{Campaign: sampleCampaign(t), Protect: sampleProtect()}
	a.Protect.Decided = []result.Decided{{Metric: "fit"}}
	if text := render(t, FormatText, a); strings.Contains(text, "predicted") {
		t.Errorf("predictions beside a proof:\n%s", text)
	}
	a.Protect.Decided, a.Protect.Proof = nil, result.Proof{}
	for _, want := range []string{"predicted residual  " + limitsText(a.Protect.FITViolating), "predicted SPFM      " + metricText(a.Protect.SPFM), "figures are predictions"} {
		if text := render(t, FormatText, a); !strings.Contains(text, want) {
			t.Errorf("the screen lacks %q:\n%s", want, text)
		}
	}
}

// An assessment fits one screen and shows, for each thing that decides, a line; all
// tables stand behind the detailed text.
func TestAssessmentFitsOneScreen(t *testing.T) {
	a := result.Assess{Campaign: sampleCampaign(t), Protect: sampleProtect()}
	p := &a.Protect
	above, below := 0.31, 0.01
	limits := func(x float64) result.Limits { return result.Limits{Estimate: x, Lower: x * 0.9, Upper: x * 1.1} }
	p.Inputs = []result.DeclaredInput{{Name: "harden", Area: [2]float64{2, 2}, Ratio: &[2]float64{2e-4, 1e-3}, Source: "data sheet"}}
	p.BreakEven = []result.BreakEven{
		{Input: "harden rate ratio", Value: 2e-4, Above: &above}, {Input: "residual budget", Unit: "FIT", Value: 0.2, Below: &below},
		{Input: "flops of mac", Unit: "times", Value: 1, Above: new(float64)},
	}
	p.Inventories = []result.InventoryReading{{Name: "built-in", FlopBits: 30935, Chosen: result.Alternative{Result: stats.Met, SPFM: limits(0.995)}}}
	p.Credits = []result.CreditReading{{Without: "watchdog", Chosen: result.Alternative{Result: stats.NotShown, SPFM: limits(0.9899)}}, {Without: "all", Chosen: result.Alternative{Result: stats.NotMet, SPFM: limits(0.98)}}}
	p.Available = &result.Available{Alternative: result.Alternative{AreaOverhead: 0.3, FITDUE: limits(0.1)}}
	p.DUEFront = []result.Available{*p.Available}
	for range 12 {
		a.Campaign.Warnings = append(a.Campaign.Warnings, result.Warning{Code: "x", Message: strings.Repeat("a long warning ", 40)})
	}
	text := render(t, FormatText, a)
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(lines) > briefLines {
		t.Errorf("%d lines:\n%s", len(lines), text)
	}
	for _, l := range lines {
		if n := utf8.RuneCountInString(l); n > briefWidth+2 {
			t.Errorf("%d characters: %s", n, l)
		}
	}
	for _, want := range []string{
		"transient faults only", "lost above 0.31", "lost below 0.01 FIT", "without the watchdog: not shown", "without any: not met",
		"cheapest that adds none: 30 %", "0.0002 to 0.001 x rate (data sheet)", "built-in 99.5 % (met)", "--detail", "FIT per flop",
	} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
			t.Errorf("the screen lacks %q:\n%s", want, text)
		}
	}
	detail := render(t, FormatDetail, a)
	for _, want := range []string{"BREAK-EVEN", "OTHER INVENTORIES", "WITHOUT CREDIT", "AREA AGAINST REPORTED ERRORS", "DECLARED CELLS", "met by calculation"} {
		if !strings.Contains(detail, want) {
			t.Errorf("the detailed text lacks %q", want)
		}
	}
}
