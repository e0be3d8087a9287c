package report

import (
	"fmt"
	"strconv"
	"strings"

	"upset/stats"
	"upset/stats/result"
)

// qualifyDocument is the page that speaks for and against trust in the tool.
func qualifyDocument(r result.Qualify) document {
	held := 0
	for _, c := range r.Checks {
		if c.Pass {
			held++
		}
	}
	d := document{
		title:    "Evaluation of tool confidence: upset",
		subtitle: fmt.Sprintf("%s of %s checks passed, seed %s", count(held), count(len(r.Checks)), strconv.FormatUint(r.Seed, 10)),
	}
	d.sections = append(d.sections, section{
		note: "Supports the evaluation of tool confidence that ISO 26262-8, clause 11, asks of the user of a tool. It qualifies nothing: tool impact, " +
			"tool error detection and the tool confidence level follow from the user's own process and are the user's to state.",
		pairs: []pair{{"tool", r.Tool}, {"platform", r.Platform}},
	}, checksSection(r.Checks), useCasesSection(r.UseCases), malfunctionsSection(r.Malfunctions), anomaliesSection(r.Anomalies))
	if len(r.Modules) > 0 {
		d.sections = append(d.sections, section{heading: "Built of", pageOnly: true, lines: r.Modules})
	}
	return d
}

func checksSection(list []result.QualifyCheck) section {
	s := section{heading: "Checks", note: "On the networks that the tool ships. A check that could not run counts as not passed."}
	t := &table{columns: columns("check", "", "limit", ">cases", ">failures", "measured", "", ">s")}
	for _, c := range list {
		verdict, class := "pass", stats.Met
		switch {
		case c.Left != "":
			verdict, class = "left out", stats.NotMet
		case !c.Pass:
			verdict, class = "FAIL", stats.NotMet
		}
		t.add(c.ID, c.Name, c.Limit, count(c.Cases), count(c.Failures), c.Measured, verdict, strconv.FormatFloat(c.Seconds, 'f', 1, 64))
		t.rows[len(t.rows)-1][6].class = class
		if c.Example != "" {
			s.lines = append(s.lines, c.ID+": the first failure: "+c.Example)
		}
		if c.Left != "" {
			s.lines = append(s.lines, c.ID+" was left out: "+c.Left)
		}
	}
	s.table = t
	return s
}

func useCasesSection(list []result.QualifyUseCase) section {
	t := &table{columns: columns("use", "in a safety argument", "command")}
	for _, u := range list {
		t.add(u.ID, u.Text, u.Command)
	}
	return section{heading: "Uses", table: t}
}

func malfunctionsSection(list []result.Malfunction) section {
	t := &table{columns: columns("", "what could go wrong", "uses", "effect", "checks that would notice", "beside them")}
	for _, m := range list {
		checks := strings.Join(m.Checks, ", ")
		if checks == "" {
			checks = "none"
		}
		t.add(m.ID, m.Text, strings.Join(m.UseCases, ", "), m.Effect, checks, m.Beside)
	}
	return section{heading: "Possible malfunctions", table: t}
}

func anomaliesSection(list []result.Anomaly) section {
	t := &table{columns: columns("", "known anomaly", "effect", "what to do")}
	for _, a := range list {
		t.add(a.ID, a.Text, a.Effect, a.Remedy)
	}
	return section{heading: "Known anomalies", note: "Those that matter for a safety argument; DEVIATIONS.md holds all.", table: t}
}

// qualifyCSV lists checks, malfunctions and anomalies.
func qualifyCSV(r result.Qualify) csvTable {
	t := csvTable{header: []string{"table", "name", "text", "limit", "n", "failures", "measured", "result", "effect", "detected_by", "remedy"}}
	for _, c := range r.Checks {
		verdict := "pass"
		if !c.Pass {
			verdict = "fail"
		}
		if c.Left != "" {
			verdict = "left_out"
		}
		t.add("check", fields{"name": c.ID, "text": c.Name, "limit": c.Limit, "n": strconv.Itoa(c.Cases), "failures": strconv.Itoa(c.Failures), "measured": c.Measured, "result": verdict})
	}
	for _, m := range r.Malfunctions {
		t.add("malfunction", fields{"name": m.ID, "text": m.Text, "effect": m.Effect, "detected_by": strings.Join(m.Checks, " "), "remedy": m.Beside})
	}
	for _, a := range r.Anomalies {
		t.add("anomaly", fields{"name": a.ID, "text": a.Text, "effect": a.Effect, "remedy": a.Remedy})
	}
	return t
}
