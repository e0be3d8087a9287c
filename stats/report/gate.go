package report

import (
	"encoding/xml"
	"fmt"
	"io"

	"upset/stats/result"
)

// gateDocument shows a regression test.
func gateDocument(g result.Gate) document {
	d := document{title: "Regression test of fault coverage: " + g.Result}
	sides := &table{columns: columns("", "campaign", "NPU", "model", ">injections", "verdict", "result")}
	for _, s := range []struct {
		label string
		side  result.GateSide
	}{{"baseline", g.Baseline}, {"now", g.Campaign}} {
		sides.add(s.label, s.side.Name, s.side.NPU, s.side.Model, count(s.side.Injections), verdictWord(s.side.Verdict), s.side.ResultDigest)
	}
	checks := &table{columns: columns("metric", "block", ">baseline", ">now", ">standard error", ">P", ">P (Holm)", "result")}
	for _, c := range g.Checks {
		checks.add(c.Metric, c.Block, significant(c.Baseline, nearest), significant(c.Now, nearest), significant(c.Error, nearest),
			significant(c.P, nearest), significant(c.PHolm, nearest), c.Result)
		if c.Result != "pass" {
			checks.rows[len(checks.rows)-1][7].class = "not_met"
		}
	}
	d.sections = append(d.sections, section{heading: "Campaigns", table: sides}, section{
		heading: "Checks",
		note: fmt.Sprintf("Worse is what cannot be noise at %s %% over all checks together, beyond a tolerance of %s %%. Less coverage is worse; of all others, more.",
			significant(100*g.Confidence, nearest), significant(100*g.Tolerance, nearest)),
		table: checks,
	})
	d.sections = append(d.sections, warningSection(g.Warnings)...)
	d.sections = append(d.sections, commandSection(g.Command)...)
	return d
}

// gateCSV lists the checks.
func gateCSV(g result.Gate) csvTable {
	t := csvTable{header: []string{"table", "metric", "block", "baseline", "now", "error", "p", "p_holm", "result"}}
	for _, c := range g.Checks {
		t.add("check", fields{"metric": c.Metric, "block": c.Block, "baseline": number(c.Baseline), "now": number(c.Now),
			"error": number(c.Error), "p": number(c.P), "p_holm": number(c.PHolm), "result": c.Result})
	}
	return t
}

// The elements of a JUnit report, as continuous-integration servers read them.
type (
	junitSuites struct {
		XMLName xml.Name   `xml:"testsuites"`
		Suite   junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		Failure *junitFailure `xml:"failure"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
	}
)

// WriteJUnit writes a regression test as JUnit XML: a test case for each check.
func WriteJUnit(w io.Writer, g *result.Gate) error {
	s := junitSuite{Name: "upset gate", Tests: len(g.Checks)}
	for _, c := range g.Checks {
		k := junitCase{Class: "upset." + g.Campaign.NPU + "." + g.Campaign.Model, Name: c.Metric + " " + c.Block}
		if c.Result != "pass" {
			s.Failures++
			k.Failure = &junitFailure{fmt.Sprintf("%s of %s went from %s to %s (standard error %s, P %s after Holm's correction)", c.Metric, c.Block,
				significant(c.Baseline, nearest), significant(c.Now, nearest), significant(c.Error, nearest), significant(c.PHolm, nearest))}
		}
		s.Cases = append(s.Cases, k)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(junitSuites{Suite: s}); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}
