package report

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"upset/stats/result"
)

// element is a node of an XML document.
type element struct {
	name     string
	attr     map[string]string
	children []*element
	text     string
}

// parseXML reads a document into a tree.
func parseXML(text string) (*element, error) {
	d := xml.NewDecoder(strings.NewReader(text))
	root := &element{}
	stack := []*element{root}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		top := stack[len(stack)-1]
		switch x := token.(type) {
		case xml.StartElement:
			e := &element{name: x.Name.Local, attr: map[string]string{}}
			for _, a := range x.Attr {
				e.attr[a.Name.Local] = a.Value
			}
			top.children = append(top.children, e)
			stack = append(stack, e)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.text += string(x)
		}
	}
	if len(root.children) != 1 {
		return nil, fmt.Errorf("%d roots", len(root.children))
	}
	return root.children[0], nil
}

var (
	antTimestamp = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$`)
	xunitTime    = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)
)

// checkJUnit states the rules of two schemas: that of Ant's JUnit task (root, package
// and id; name, timestamp, hostname, tests, failures, errors and time of a suite; its
// children and their order; name, classname and time of a case, and at most one of
// skipped, error and failure, the latter two with a type), and that of Jenkins' xUnit
// plugin, version 10 (name, tests, failures and errors of a suite; times of digits
// with an optional fraction; only known attributes). Counts must be those of the cases.
func checkJUnit(text string) error {
	root, err := parseXML(text)
	if err != nil {
		return err
	}
	suites := []*element{root}
	if root.name == "testsuites" {
		suites = root.children
	}
	if len(suites) == 0 {
		return errors.New("no suite")
	}
	for i, s := range suites {
		if err := checkSuite(s, i, root.name == "testsuites"); err != nil {
			return err
		}
	}
	return nil
}

// need reports attributes that are missing and those that no schema knows.
func need(e *element, required, optional []string) error {
	for _, a := range required {
		if _, ok := e.attr[a]; !ok {
			return fmt.Errorf("%s has no %s", e.name, a)
		}
	}
	for a := range e.attr {
		if !slices.Contains(required, a) && !slices.Contains(optional, a) {
			return fmt.Errorf("%s has an unknown attribute %s", e.name, a)
		}
	}
	return nil
}

func checkSuite(s *element, index int, several bool) error {
	if s.name != "testsuite" {
		return fmt.Errorf("a suite is called %s", s.name)
	}
	required := []string{"name", "timestamp", "hostname", "tests", "failures", "errors", "time"}
	if several {
		required = append(required, "package", "id")
	}
	if err := need(s, required, []string{"skipped"}); err != nil {
		return err
	}
	switch {
	case several && s.attr["id"] != strconv.Itoa(index):
		return fmt.Errorf("suite %d has the id %s", index, s.attr["id"])
	case !antTimestamp.MatchString(s.attr["timestamp"]):
		return fmt.Errorf("timestamp %q", s.attr["timestamp"])
	case strings.TrimSpace(s.attr["hostname"]) == "":
		return errors.New("no host")
	case !xunitTime.MatchString(s.attr["time"]):
		return fmt.Errorf("time %q", s.attr["time"])
	}
	n := len(s.children)
	if n < 3 || s.children[0].name != "properties" || s.children[n-2].name != "system-out" || s.children[n-1].name != "system-err" {
		return errors.New("the suite does not hold properties, cases, system-out and system-err in this order")
	}
	if len(s.children[0].children) == 0 {
		return errors.New("properties without a property")
	}
	for _, p := range s.children[0].children {
		if err := need(p, []string{"name", "value"}, nil); err != nil {
			return err
		}
	}
	counts := map[string]int{}
	for _, c := range s.children[1 : n-2] {
		if c.name != "testcase" {
			return fmt.Errorf("%s between the cases", c.name)
		}
		if err := need(c, []string{"name", "classname", "time"}, nil); err != nil {
			return err
		}
		if !xunitTime.MatchString(c.attr["time"]) {
			return fmt.Errorf("time %q of a case", c.attr["time"])
		}
		if len(c.children) > 1 {
			return fmt.Errorf("case %s holds %d elements", c.attr["name"], len(c.children))
		}
		for _, x := range c.children {
			counts[x.name]++
			var err error
			switch x.name {
			case "skipped":
				err = need(x, nil, []string{"message", "type"})
			case "error", "failure":
				err = need(x, []string{"type"}, []string{"message"})
			default:
				err = fmt.Errorf("a case holds %s", x.name)
			}
			if err != nil {
				return err
			}
		}
	}
	for a, want := range map[string]int{"tests": n - 3, "failures": counts["failure"], "errors": counts["error"], "skipped": counts["skipped"]} {
		if got, ok := s.attr[a]; ok && got != strconv.Itoa(want) {
			return fmt.Errorf("%s=%s, there are %d", a, got, want)
		}
	}
	return nil
}

// junitOf writes a report at a fixed time.
func junitOf(t *testing.T, g result.Gate) string {
	t.Helper()
	var b strings.Builder
	run := JUnitRun{Began: time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("CET", 3600)), Took: 1234567 * time.Nanosecond, Host: "ci"}
	if err := WriteJUnit(&b, &g, run); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestJUnitIsValidForJenkinsAndAnt checks the report against the rules of both
// schemas, and that it says what was found.
func TestJUnitIsValidForJenkinsAndAnt(t *testing.T) {
	g := sampleGate()
	g.Campaign.Model = "kws<2>\x00\x1b & co"
	text := junitOf(t, g)
	if err := checkJUnit(text); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	root, _ := parseXML(text)
	s := root.children[0]
	for a, want := range map[string]string{"tests": "5", "failures": "2", "errors": "0", "skipped": "2", "timestamp": "2026-01-02T02:04:05", "time": "0.001"} {
		if s.attr[a] != want {
			t.Errorf("%s is %q, want %q", a, s.attr[a], want)
		}
	}
	cases := s.children[1 : len(s.children)-2]
	for i, want := range []string{"failure worse", "failure not_shown", "", "skipped ", "skipped "} {
		got := ""
		if len(cases[i].children) > 0 {
			x := cases[i].children[0]
			got = x.name + " " + x.attr["type"]
		}
		if got != want {
			t.Errorf("case %s holds %q, want %q", cases[i].attr["name"], got, want)
		}
	}
	if m := cases[0].children[0].attr["message"]; !strings.Contains(m, "0.1") || !strings.Contains(m, "0.19") {
		t.Errorf("the failure says %q", m)
	}
	out := s.children[len(s.children)-2].text
	if !strings.Contains(out, "another set of inputs was declared") || !strings.Contains(out, "accepted difference") {
		t.Errorf("system-out lacks the warning:\n%s", out)
	}
	g.Checks = nil
	if err := checkJUnit(junitOf(t, g)); err != nil {
		t.Errorf("without checks: %v", err)
	}
}

// TestJUnitCheckerFinds breaks a valid report in the ways that the schemas forbid.
func TestJUnitCheckerFinds(t *testing.T) {
	good := junitOf(t, sampleGate())
	for _, change := range [][2]string{
		{` errors="0"`, ``}, {` id="0"`, ``}, {` package="upset"`, ``}, {` hostname="ci"`, ``}, {`T02:04:05"`, `T02:04:05Z"`}, {` time="0.001"`, ` time="1e-3"`},
		{` type="worse"`, ``}, {`failures="2"`, `failures="1"`}, {` classname=`, ` class=`}, {`<system-err></system-err>`, ``},
		{`properties>`, `property>`}, {` time="0">`, `>`}, {`</testsuites>`, ``},
	} {
		bad := strings.ReplaceAll(good, change[0], change[1])
		if bad == good {
			t.Errorf("%q is not in the report:\n%s", change[0], good)
		} else if checkJUnit(bad) == nil {
			t.Errorf("%q for %q is accepted", change[1], change[0])
		}
	}
}
