package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"upset/stats/result"
)

// JUnitRun is what a JUnit report says about the run itself.
type JUnitRun struct {
	Began time.Time
	Took  time.Duration
	Host  string
}

// The elements of a JUnit report. There is no one schema: the report is valid both
// against that of Ant's JUnit task, which asks for package, id, hostname, timestamp and
// for properties, system-out and system-err, and against that of Jenkins' xUnit plugin,
// which asks for errors and for times without an exponent.
type (
	junitSuites struct {
		XMLName xml.Name   `xml:"testsuites"`
		Suite   junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Package    string          `xml:"package,attr"`
		ID         int             `xml:"id,attr"`
		Name       string          `xml:"name,attr"`
		Timestamp  string          `xml:"timestamp,attr"`
		Host       string          `xml:"hostname,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Time       string          `xml:"time,attr"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
		Out        string          `xml:"system-out"`
		Err        string          `xml:"system-err"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Time    string        `xml:"time,attr"`
		Skipped *junitSkipped `xml:"skipped"`
		Failure *junitFailure `xml:"failure"`
	}
	junitSkipped struct {
		Message string `xml:"message,attr"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes a regression test as JUnit XML: a test case for each check, and one for a given design. A
// check that decides and shows nothing fails as one that is worse does, with another
// type; one that does not decide, or has nothing to compare, is skipped. Warnings stand
// in system-out. The time of the whole run is that of the first case.
func WriteJUnit(w io.Writer, g *result.Gate, run JUnitRun) error {
	seconds := strconv.FormatFloat(run.Took.Seconds(), 'f', 3, 64)
	s := junitSuite{
		Package: "upset", Name: "upset gate", Timestamp: run.Began.UTC().Format("2006-01-02T15:04:05"), Host: run.Host,
		Tests: len(g.Checks), Time: seconds, Err: "",
		Properties: []junitProperty{
			{"baseline", g.Baseline.ResultDigest}, {"campaign", g.Campaign.ResultDigest}, {"margin", number(g.Margin)}, {"margin_fit", number(g.MarginFIT)},
			{"confidence", number(g.Confidence)}, {"false_alarm", number(g.FalseAlarm)}, {"result", g.Result},
		},
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%s\n%s\n", gateResult(*g), gateNote(*g))
	for _, d := range g.Differences {
		fmt.Fprintf(&out, "accepted difference: %s, baseline %s, now %s\n", d.What, d.Baseline, d.Now)
	}
	for _, x := range g.Warnings {
		fmt.Fprintf(&out, "warning: %s: %s\n", x.Code, x.Message)
	}
	s.Out = out.String()
	for i, c := range g.Checks {
		k := junitCase{Class: "upset." + g.Campaign.NPU + "." + g.Campaign.Model, Name: c.Metric + " " + c.Block, Time: "0"}
		if i == 0 {
			k.Time = seconds
		}
		switch {
		case c.Result == "skipped":
			k.Skipped = &junitSkipped{"only one of the two campaigns has it"}
			s.Skipped++
		case c.Result == "worse" || c.Decides && c.Result != "pass":
			k.Failure = &junitFailure{Message: gateMessage(c), Type: c.Result, Text: gateMessage(c)}
			s.Failures++
		case c.Result != "pass":
			k.Skipped = &junitSkipped{"does not decide; " + gateMessage(c)}
			s.Skipped++
		}
		s.Cases = append(s.Cases, k)
	}
	if x := g.Design; x != nil {
		k := junitCase{Class: "upset." + g.Campaign.NPU + "." + g.Campaign.Model, Name: "design " + x.Name + " meets " + x.Target, Time: "0"}
		if x.Result != "pass" {
			k.Failure = &junitFailure{Message: designMessage(*x), Type: x.Result, Text: designMessage(*x)}
			s.Failures++
		}
		s.Tests++
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

// gateMessage is a check in one sentence.
func gateMessage(c result.GateCheck) string {
	text := fmt.Sprintf("%s: %s of %s went from %s to %s; the worsening is at most %s, allowed are %s, used %s",
		gateWord(c.Result), c.Metric, c.Block, significant(c.Baseline, nearest), significant(c.Now, nearest), gateWorst(c), gateAmount(c, c.Allowed), gateUsed(c))
	switch {
	case c.Result == "worse":
		return text + fmt.Sprintf("; P %s after Holm's correction", significant(c.PHolm, nearest))
	case c.InjectionsNeeded > 0:
		return text + fmt.Sprintf("; about %s injections in each campaign let equal ones pass", count(c.InjectionsNeeded))
	}
	return text
}
