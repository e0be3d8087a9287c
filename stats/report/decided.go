package report

import (
	"unicode"
	"unicode/utf8"

	"upset/stats"
	"upset/stats/result"
)

// sentence begins a statement with a capital.
func sentence(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return "Not judged"
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

// decidedPairs lists what took part in a verdict, each with its target.
func decidedPairs(list []result.Decided) (out []pair) {
	for _, d := range list {
		rate := d.Metric == stats.MetricFIT || d.Metric == stats.MetricFITPulses || d.Metric == stats.MetricPMHF || d.Metric == stats.MetricDUE
		target := "target >= " + metricPercent(d.Target, nearest) + " %"
		if rate {
			target = "budget " + significant(d.Target, nearest) + " FIT"
		}
		value := "not assessed"
		switch {
		case d.Value == nil:
		case rate:
			value = limitsText(*d.Value) + " FIT"
		default:
			value = metricText(*d.Value)
		}
		word := verdictWord(d.Result)
		if d.Value == nil {
			word = "not shown"
		}
		out = append(out, pair{stats.MetricWord(d.Metric), value + ", " + target + ": " + word})
	}
	return out
}

// transientVerdict joins what was decided on transients.
func transientVerdict(list []result.Decided) string {
	var results []string
	for _, d := range list {
		if d.Metric == stats.MetricFIT || d.Metric == stats.MetricFITPulses || d.Metric == stats.MetricSPFM || d.Metric == stats.MetricDUE {
			results = append(results, d.Result)
		}
	}
	return stats.Both(results...)
}
