package report

import (
	"slices"
	"strings"
	"testing"

	"upset/stats"
	"upset/stats/result"
)

// Every mechanism of a design is in the list of dependent failures, once, with all its
// places; the assumptions follow the inputs of the verdict.
func TestSafetySections(t *testing.T) {
	a := result.Assess{}
	a.Campaign.Cycles, a.Campaign.Inputs = 1066, 200
	a.Campaign.Assumptions = result.Assumptions{Watchdog: true, WatchdogCycles: 12132, ECC: "secded", Duty: 1}
	a.Protect.Choice = []result.Choice{{Block: "cc", Group: "config", Mechanism: "harden"}, {Block: "ao", Mechanism: "duplicate"}, {Block: "dma", Mechanism: "harden"}}
	sections := safetySections(a)
	rows := sections[1].table.rows
	if len(rows) != 2 || rows[0][1].text != "cc/config, dma" || rows[1][1].text != "ao" || rows[0][2].text == rows[1][2].text {
		t.Errorf("%+v", rows)
	}
	find := func(subject string) string {
		for _, r := range safetySections(a)[0].table.rows {
			if r[0].text == subject {
				return r[1].text
			}
		}
		return ""
	}
	if got := find("watchdog"); !strings.Contains(got, "12,132") {
		t.Errorf("watchdog: %s", got)
	}
	if got := find("watchdog"); strings.Contains(got, "streams") {
		t.Errorf("watchdog of one stream: %s", got)
	}
	a.Campaign.Assumptions.WatchdogJobs = 7
	if got := find("watchdog"); !strings.Contains(got, "each of 7 streams") || !strings.Contains(got, "12,132") {
		t.Errorf("watchdog of several streams: %s", got)
	}
	for _, p := range assumptionPairs(a.Campaign.Assumptions) {
		if p.name == "watchdog" && !strings.Contains(p.value, "longest of 7 streams") {
			t.Errorf("watchdog of several streams: %s", p.value)
		}
	}
	before := find("between inferences")
	a.Campaign.Assumptions.Watchdog, a.Campaign.Assumptions.AssumeReload = false, true
	if find("between inferences") == before || !strings.Contains(find("watchdog"), "none") {
		t.Error("the assumptions do not follow the inputs")
	}
	for _, s := range sections {
		if !s.pageOnly {
			t.Errorf("%s is not for the page alone", s.heading)
		}
	}
	if !slices.ContainsFunc(sections, func(s section) bool { return s.heading == "Outside the fault model" && len(s.lines) > 3 }) {
		t.Error("what is left out is not said")
	}
}

// TestMethodNamesWhatViolates: the page says which outcomes count, as the verdict does.
func TestMethodNamesWhatViolates(t *testing.T) {
	for _, c := range []struct {
		violation string
		watchdog  bool
		reload    bool
		need      string
	}{
		{stats.ViolationAny, true, false, "SDC of both kinds"},
		{stats.ViolationAny, true, false, "persisting faults do;"},
		{stats.ViolationAny, true, true, "persisting faults do not"},
		{stats.ViolationCritical, true, false, "tolerable SDC does not"},
		{stats.ViolationAny, false, false, "a hang violates too"},
	} {
		a := samples(t)["assess"].(result.Assess)
		a.Campaign.Assumptions.Violation, a.Campaign.Assumptions.Watchdog = c.violation, c.watchdog
		a.Campaign.Assumptions.AssumeReload = c.reload
		page := render(t, FormatHTML, a)
		if !strings.Contains(page, "<h2>Method</h2>") || !strings.Contains(page, c.need) {
			t.Errorf("%+v: the page does not say so", c)
		}
	}
}

// TestAssessSectionsStandOnce: no part of an assessment is lost or doubled where its two
// halves are joined.
func TestAssessSectionsStandOnce(t *testing.T) {
	d, err := assessDocument(samples(t)["assess"].(result.Assess))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, s := range d.sections {
		seen[s.heading]++
	}
	for heading, n := range seen {
		if heading != "" && n != 1 {
			t.Errorf("%q stands %d times", heading, n)
		}
	}
	for _, heading := range []string{"Method", "Strata", "Verdicts: raw rates x budgets x violation", "Reproduce"} {
		if seen[heading] != 1 {
			t.Errorf("%q is missing", heading)
		}
	}
	if last := d.sections[len(d.sections)-1].heading; last != "Strata" {
		t.Errorf("the last section is %q", last)
	}
}
