package report

import (
	"strings"

	"upset/stats"
	"upset/stats/result"
)

// levelSections are the fault classes and the metrics against every integrity level.
func levelSections(s *result.Safety, of string) []section {
	note := "Targets of ISO 26262-5; of PMHF a part of an item has a share. SPFM is that of transients over flops."
	if s.NotAssessed != "" {
		note += " LFM and PMHF are not assessed (" + s.NotAssessed + "); PMHF is missed where transients alone miss it."
	} else {
		d := s.Declared
		note += " Declared: " + significant(d.PermanentFITPer100kGE, nearest) + " FIT for 100,000 gate equivalents, a life of " + significant(d.LifetimeHours, nearest) +
			" h, tests of the mechanisms every " + significant(d.TestIntervalHours, nearest) + " h that find " + percent(d.TestCoverage, nearest) + "."
	}
	if s.PMHFBudget > 0 {
		note += " The share of PMHF here is " + significant(s.PMHFBudget, nearest) + " FIT at the target, and the same part of the item's at other levels."
	}
	classes := &table{columns: columns("fault class", ">transient, FIT", ">permanent, FIT")}
	permanent := func(f func(*result.FaultClasses) result.Limits) string {
		if s.Permanent == nil {
			return "not assessed"
		}
		return limitsText(f(s.Permanent))
	}
	for _, row := range []struct {
		name string
		of   func(*result.FaultClasses) result.Limits
	}{
		{"safe", func(c *result.FaultClasses) result.Limits { return c.Safe }},
		{"single-point", func(c *result.FaultClasses) result.Limits { return c.SinglePoint }},
		{"residual", func(c *result.FaultClasses) result.Limits { return c.Residual }},
		{"multi-point, detected", func(c *result.FaultClasses) result.Limits { return c.MultiPointDetected }},
		{"multi-point, latent", func(c *result.FaultClasses) result.Limits { return c.MultiPointLatent }},
		{"all", func(c *result.FaultClasses) result.Limits {
			return result.Limits{Estimate: c.Raw, Lower: c.Raw, Upper: c.Raw}
		}},
	} {
		classes.add(row.name, limitsText(row.of(&s.Transient)), permanent(row.of))
	}
	sections := []section{
		{heading: "Integrity levels, " + of, table: levelTable(s), note: note},
		{heading: "Fault classes, " + of, pageOnly: true, table: classes, note: "One-sided limits that hold jointly within the transients. Permanent rates are declared. What no mechanism guards and nothing was injected into is single-point at worst."},
	}
	sections = append(sections, stuckSections(s, of)...)
	if s.StuckAts == nil && s.Declared != nil && len(s.Declared.Guarded) > 0 {
		t := &table{columns: columns("guarded part", ">gate equivalents", ">coverage of permanent faults")}
		for _, g := range s.Declared.Guarded {
			t.add(g.Part, count(int64(g.GE+0.5)), percent(g.Coverage, nearest))
		}
		sections = append(sections, section{heading: "Coverage of permanent faults, " + of, pageOnly: true, table: t, note: "Taken from ISO 26262-5, annex D (comparison high, parity low), not measured."})
	}
	return sections
}

// levelTable has a row for each level and a column for each metric.
func levelTable(s *result.Safety) *table {
	names := []string{stats.MetricSPFM, stats.MetricSPFMPermanent, stats.MetricLFM, stats.MetricPMHF}
	titles := map[string]string{
		stats.MetricSPFM: "SPFM, transient", stats.MetricSPFMPermanent: "SPFM, permanent", stats.MetricLFM: "LFM", stats.MetricPMHF: "PMHF, FIT",
	}
	t := &table{columns: columns("level")}
	for _, n := range names {
		t.columns = append(t.columns, columns(titles[n])...)
	}
	var rows []string
	cells := map[string]map[string]string{}
	for _, l := range s.Levels {
		if cells[l.Level] == nil {
			rows = append(rows, l.Level)
			cells[l.Level] = map[string]string{}
		}
		cells[l.Level][l.Metric] = levelText(l)
	}
	for _, level := range rows {
		row := []string{strings.ToUpper(level)}
		for _, n := range names {
			text := cells[level][n]
			if text == "" {
				text = "not assessed"
			}
			row = append(row, text)
		}
		t.add(row...)
	}
	return t
}

// levelText is a metric with its target and verdict.
func levelText(l result.SafetyLevel) string {
	if l.Value == nil {
		return "not assessed"
	}
	if l.Metric == stats.MetricPMHF {
		return limitsText(*l.Value) + ", below " + significant(l.Target, nearest) + ": " + verdictWord(l.Result)
	}
	return metricText(*l.Value) + ", at least " + percent(l.Target, nearest) + ": " + verdictWord(l.Result)
}
