package report

import (
	"upset/stats"
	"upset/stats/result"
)

// methodSection says how the figures of an assessment came about. It stands on the page
// and not in the text.
func methodSection(c result.Campaign, p result.Protect) section {
	a := c.Assumptions
	search := "Branch and bound over all designs of the option set, on the campaign's records: no cheaper one has the margins named in the warnings."
	switch {
	case p.Given:
		search = "The design was given; nothing was searched."
	case p.Unit == "register":
		search = "Lagrangian search over single registers, whose dual bounds the area from below. One half of the campaign's records chose the design, the other half judged it."
	case !p.Optimal:
		search = "Branch and bound over all designs of the option set, on the campaign's records: the cheapest one found; the search was ended before it was done."
	}
	sampling := map[string]string{
		"stratified": "The injections are split over blocks, classes of registers and stretches of the inference in proportion to their sites.",
		"adaptive": "The injections are split over blocks, classes of registers and stretches of the inference; each round goes where the rounds before make " +
			"it worth most (Neyman's allocation), and is an estimate of its own, so that the mean over the rounds has no bias.",
		"uniform": "The injections are drawn from all sites alike.",
	}[c.Sampling]
	return section{heading: "Method", pageOnly: true, table: &table{
		columns: columns("part", "how"),
		rows: textRows([][2]string{
			{"machine", "A model of the NPU steps registers and RAM clock by clock. A fault is a write to that state; everything after it is simulation. " +
				"Where a shortcut stands in for the clocks it gives the same result (see Confidence in the tool)."},
			{"sites", "A site is a bit, a cycle and an input, each drawn at random. " + sampling},
			{"masked", "The output is right, and nothing is left that a later inference reads."},
			{"persisting", "The output is right, but what is left in the machine harms a later inference, or is still there after as many as were followed (not settled)."},
			{"SDC", "The output is wrong without a sign. It is critical where the criterion (" + a.Criterion + ") says that the use notices, otherwise tolerable."},
			{"stray write", "The NPU wrote outside its arena in the memory without a sign."},
			{"DUE", "The NPU stops with an error or an alarm, or a watchdog ends a hang: no wrong result, but none in time either."},
			{"violation", violationText(a)},
			{"residual", "Sum over strata: raw rate × bits × share of violations × duty. SPFM over flops is 1 minus the residual of the flops over their raw rate."},
			{"intervals", "One joint limit for a weighted sum of shares (gamma limits of Fay and Feuer, 1997), Clopper and Pearson's for a single share. " +
				"Verdicts use one-sided limits at " + metricPercent(a.Confidence, nearest) + " %, tables of vulnerability two-sided intervals."},
			{"protection", search + " " +
				"What a mechanism catches was injected again beside it."},
			{"proof", "A new campaign with other random numbers on the machine with the chosen mechanisms, whose own flops are hit too. " +
				"It alone decides. After a failure the margin grows, and the next attempt has a stricter level."},
		}),
	}}
}

// textRows are rows of plain cells.
func textRows(list [][2]string) (rows [][]cell) {
	for _, r := range list {
		rows = append(rows, []cell{{text: r[0]}, {text: r[1]}})
	}
	return rows
}

// violationText says which outcomes violate.
func violationText(a result.Assumptions) string {
	text := "SDC of both kinds and stray writes violate"
	if a.Violation == stats.ViolationCritical {
		text = "Critical SDC and stray writes violate; tolerable SDC does not"
	}
	if a.AssumeReload {
		text += "; persisting faults do not, since the NPU is reset and loaded again before every inference"
	} else {
		text += "; persisting faults do"
	}
	if !a.Watchdog {
		return text + ". There is no watchdog: a hang violates too."
	}
	return text + "; a DUE does not, it costs availability."
}
