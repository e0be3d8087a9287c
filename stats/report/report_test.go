package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/stats/result"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// samples are one result of each type.
func samples(t *testing.T) map[string]any {
	t.Helper()
	campaign := sampleCampaign(t)
	return map[string]any{
		"campaign": campaign,
		"protect":  sampleProtect(),
		"assess":   result.Assess{Campaign: campaign, Protect: sampleProtect(), Evidence: sampleEvidence()},
		"residue":  *sampleEvidence().Residue,
		"several":  sampleSeveral(),
		"run":      sampleRun(),
		"check":    sampleCheck(),
		"sites":    sampleSites(),
		"compare":  sampleCompare(),
		"gate":     sampleGate(),
		"sweep":    sampleSweep(),
		"decision": sampleDecision(),
		"validate": result.ValidateEngine{NPU: "u55-32", Model: "kws.tflite", Seed: 4, Samples: 3, ByBlock: map[string]int{"mac": 2, "cc": 1}, Simulated: 2, Pruned: 1, PlainCycles: 12345},
	}
}

// render writes a result to a string.
func render(t *testing.T, format string, v any) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, format, v); err != nil {
		t.Fatalf("%s of %T: %v", format, v, err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	for name, v := range samples(t) {
		for _, format := range Formats() {
			// The page and the text of an assessment hold all parts; its JSON
			// and CSV are those of its two halves.
			joined := format == FormatHTML || format == FormatText
			if joined && (name == "campaign" || name == "protect") || !joined && name == "assess" {
				continue
			}
			if format == FormatHTML && name != "assess" {
				continue
			}
			path := filepath.Join("testdata", name+"."+format)
			got := render(t, format, v)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("%v: run with -update", err)
			}
			if got != string(want) {
				t.Errorf("%s differs from its golden file (run with -update and read the diff); got:\n%s", path, got)
			}
		}
	}
}

func TestFormatsAreWellFormed(t *testing.T) {
	for name, v := range samples(t) {
		var decoded map[string]any
		if err := json.Unmarshal([]byte(render(t, FormatJSON, v)), &decoded); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if text := render(t, FormatJSON, v); strings.Contains(text, "null") {
			t.Errorf("%s: JSON holds null", name)
		}
		rows, err := csv.NewReader(strings.NewReader(render(t, FormatCSV, v))).ReadAll()
		if err != nil || len(rows) < 2 {
			t.Errorf("%s: %d CSV rows, %v", name, len(rows), err)
		}
		page := render(t, FormatHTML, v)
		checkPage(t, name, page)
		for line := range strings.Lines(render(t, FormatText, v)) {
			if strings.HasSuffix(line, " \n") {
				t.Errorf("%s: blanks at the end of %q", name, line)
			}
		}
	}
}

// checkPage fails on a page that is not well formed, loads something, or runs
// a script.
func checkPage(t *testing.T, name, page string) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(page))
	decoder.Entity = xml.HTMLEntity
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Errorf("%s: page is not well formed: %v", name, err)
			return
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if start.Name.Local == "script" || start.Name.Local == "link" || start.Name.Local == "img" {
			t.Errorf("%s: page holds <%s>", name, start.Name.Local)
		}
		for _, a := range start.Attr {
			if a.Name.Local == "src" || strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" {
				t.Errorf("%s: page loads or runs %s=%q", name, a.Name.Local, a.Value)
			}
		}
	}
}

func TestNamesAreEscaped(t *testing.T) {
	const hostile = `<script>alert("&x")</script>`
	c := sampleCampaign(t)
	c.Model, c.Blocks[0].Block, c.Heat.Blocks[0], c.Heat.Layers[0].Name = hostile, hostile, hostile, hostile
	c.Strata[0].Class, c.Command = hostile, hostile
	checkPage(t, "hostile", render(t, FormatHTML, c))
	if page := render(t, FormatHTML, c); strings.Contains(page, "<script") {
		t.Error("a name became markup")
	}
}

func TestEmptyResults(t *testing.T) {
	for _, v := range []any{
		result.Campaign{}, result.Protect{}, result.Assess{}, result.Run{}, result.Sites{}, result.Compare{}, result.Gate{}, result.Sweep{}, result.ValidateEngine{}, result.Residue{}, &result.Campaign{},
	} {
		for _, format := range Formats() {
			if got := render(t, format, v); got == "" {
				t.Errorf("%s of an empty %T is empty", format, v)
			}
		}
	}
	var b bytes.Buffer
	var none *result.Campaign
	for name, c := range map[string]struct {
		format string
		v      any
	}{
		"unknown format": {"pdf", result.Run{}}, "no result": {FormatText, 7}, "nil": {FormatText, none},
		"foreign struct": {FormatText, struct{ A int }{}}, "foreign table": {FormatCSV, struct{ A int }{}},
	} {
		if err := Write(&b, c.format, c.v); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestJSONLeavesTheResultAlone(t *testing.T) {
	s := result.Sites{Blocks: []result.SitesBlock{{Block: "cc"}}}
	if text := render(t, FormatJSON, s); !strings.Contains(text, `"registers": []`) || !strings.Contains(text, `"warnings": []`) {
		t.Errorf("nil lists are not empty lists:\n%s", text)
	}
	if s.Blocks[0].Registers != nil || s.Warnings != nil {
		t.Error("writing JSON changed the result")
	}
}

func TestBoundIsNeverAnEstimate(t *testing.T) {
	bound := result.Interval{High: 0.0031, N: 1000}
	for got, want := range map[string]string{
		intervalText(bound): "<= 0.31 %",
		intervalText(result.Interval{Estimate: 1, Low: 0.91, High: 1, Failures: 30, N: 30}):              ">= 91 %",
		intervalText(result.Interval{High: 1}):                                                           "not sampled",
		intervalText(result.Interval{Estimate: 0.12345, Low: 0.11119, High: 0.13331, N: 9, Failures: 1}): "12.3 % [11.1, 13.4]",
		limitsText(result.Limits{Upper: 0.00598001}):                                                     "<= 0.00599",
		limitsText(result.Limits{Estimate: 0.2, Lower: 0.19999, Upper: 0.2001}):                          "0.2 [0.199, 0.201]",
		limitsText(result.Limits{}):                                                                      "-",
		metricText(result.Limits{Estimate: 1, Lower: 0.98999, Upper: 1}):                                 ">= 98.999 %",
		metricText(result.Limits{Estimate: 0.99, Lower: 0.989999, Upper: 0.990001}):                      "99 % [98.999, 99.001]",
		heatText(bound): "≤ 0.31",
	} {
		if got != want {
			t.Errorf("printed %q, want %q", got, want)
		}
	}
	f := intervalFields("avf", bound)
	if f["estimate"] != "" || f["upper"] != "0.0031" {
		t.Errorf("CSV of a bound is %v", f)
	}
}

func TestSignificant(t *testing.T) {
	for _, c := range []struct {
		x    float64
		way  rounding
		want string
	}{
		{0, up, "0"},
		{1.2345, nearest, "1.23"},
		{1.2345, up, "1.24"},
		{1.2345, down, "1.23"},
		{0.2, up, "0.2"},
		{0.2, down, "0.2"},
		{0.1 + 0.2, up, "0.3"},
		{9.999, up, "10"},
		{9.999, nearest, "10"},
		{123456, nearest, "123456"},
		{123456, up, "124000"},
		{7.5e-5, nearest, "7.5e-05"},
		{0.00012345, down, "0.000123"},
		{-1.2345, down, "-1.24"},
		{100, down, "100"},
	} {
		if got := significant(c.x, c.way); got != c.want {
			t.Errorf("significant(%v, %d) = %q, want %q", c.x, c.way, got, c.want)
		}
	}
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567"} {
		if got := count(n); got != want {
			t.Errorf("count(%d) = %q", n, got)
		}
	}
}

func TestVerdictStandsWithItsInputs(t *testing.T) {
	for name, v := range map[string]any{"campaign": sampleCampaign(t), "protect": sampleProtect()} {
		text := render(t, FormatText, v)
		verdict, inputs := strings.Index(text, "VERDICT"), strings.Index(text, "INPUTS OF THE VERDICT")
		if verdict < 0 || inputs < verdict || strings.Count(text[verdict:inputs], "\n\n") != 1 {
			t.Errorf("%s: verdict at %d, inputs at %d: not next to each other", name, verdict, inputs)
		}
		for _, need := range []string{"7.5e-05 FIT per flop", "budget", "watchdog", "criterion", "inventory", "duty", "violation"} {
			if !strings.Contains(text[inputs:], need) {
				t.Errorf("%s: the inputs lack %q", name, need)
			}
		}
	}
}

func TestWriteFileAtomic(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "result.json")
	write := func(text string, err error) error {
		return WriteFileAtomic(path, func(w io.Writer) error {
			if _, failed := io.WriteString(w, text); failed != nil {
				return failed
			}
			return err
		})
	}
	if err := write("first", nil); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	if err := write("half", broken); !errors.Is(err, broken) {
		t.Errorf("error %v, want the writer's", err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "first" {
		t.Errorf("after a failed write the file holds %q, %v", got, err)
	}
	if err := write("second", nil); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(path); string(got) != "second" {
		t.Errorf("file holds %q", got)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 1 {
		t.Errorf("%d files left, %v", len(entries), err)
	}
	if err := WriteFileAtomic(filepath.Join(folder, "none", "x"), func(io.Writer) error { return nil }); err == nil {
		t.Error("a missing folder gives no error")
	}
}

func TestLongFrontIsThinned(t *testing.T) {
	p := sampleProtect()
	p.Pareto = nil
	for i := range 1000 {
		x := float64(i) / 1000
		p.Pareto = append(p.Pareto, result.ParetoPoint{
			AreaOverhead: x, FITViolating: result.Limits{Estimate: 1.1 - x, Lower: 1 - x, Upper: 1.2 - x}, Meets: i >= 777,
			Design: "design " + count(i),
		})
	}
	text := render(t, FormatText, p)
	for _, need := range []string{"design 0\n", "design 777\n", "design 999\n", "of 1000 points"} {
		if !strings.Contains(text, need) {
			t.Errorf("thinned front lacks %q", need)
		}
	}
	if n := strings.Count(text, "design "); n > 40 {
		t.Errorf("front has %d rows", n)
	}
	if n := strings.Count(render(t, FormatCSV, p), "design 7"); n < 200 {
		t.Errorf("CSV has only %d rows of the 7xx", n)
	}
}

func TestParetoNote(t *testing.T) {
	p := sampleProtect()
	p.AreaOverhead = 0.2
	p.Pareto = []result.ParetoPoint{{AreaOverhead: 0.1, Meets: false}, {AreaOverhead: 0.15, Meets: true}}
	if note := paretoNote(p, 2); !strings.Contains(note, "keeps a margin") {
		t.Errorf("%q does not say why the chosen design lies beyond the first point that meets", note)
	}
	p.Pareto[1].Meets = false
	if note := paretoNote(p, 2); note != "" {
		t.Errorf("%q, want nothing", note)
	}
}
