package provenance

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every page in docs is one of these.
var (
	// measured pages hold figures that injections gave. The value says that
	// mechanisms have a part in them.
	measured = map[string]bool{
		"convergence.md": false, "engine.md": false, "faultmodels.md": false, "full.md": false, "inputs.md": false, "ports.md": false, "residue.md": false, "set.md": false, "permanent.md": true, "gates.md": false, "speed.md": false,
		"mechanisms.md": true, "page.md": true, "selection.md": true, "software.md": false, "transfer.md": true, "study.md": true, "validation.md": false,
	}
	// calculated pages hold figures too, but a test compares them with the program
	// itself, so that none can be old.
	calculated = []string{"area.md", "choosing.md", "cycles.md", "mechanism-area.md", "microarchitecture.md", "networks.md", "silicon.md", "step-order.md", "verify.md", "weights.md", "your-network.md"}
	// recorded pages hold what long runs of a harness found, at the revision that they
	// name; a test compares them with the record.
	recorded = []string{"endurance.md"}
	// prose has no figures that the program gave, or a test that runs its commands anew.
	prose = []string{"choices.md", "cluster.md", "glossary.md", "guest.md", "guide-ci.md", "guide-ml.md",
		"guide-research.md", "guide-safety.md", "json.md", "owntask.md", "trust.md"}

	// older are the pages of which a part may stand under rules that no longer hold,
	// until it is measured again. Nothing else may say so of itself, and a page that
	// has been measured leaves the list.
	older = []string{
		"selection.md",
	}
)

// made is a command that makes a page, as pages write it.
var made = regexp.MustCompile(`(?m)(?:^    |\x60|\()((?:go run \./|go test \./|make )[^\x60\n#)]*)`)

func docs(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "docs", "*.md"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	pages := map[string][]byte{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		pages[filepath.Base(f)] = text
	}
	return pages
}

// stale says what is wrong with the lines of a page of figures, if anything. Mechanisms
// have a part in a guarded one; a listed one has a part of older rules.
func stale(page []byte, now Made, guarded, listed bool) (wrong []string) {
	lines := Lines(page)
	if len(lines) == 0 {
		wrong = append(wrong, "says nowhere what it was measured with")
	}
	old := false
	for _, m := range lines {
		switch {
		case m.Probe == "":
			old = true
		case m.Probe != now.Probe:
			wrong = append(wrong, "was measured at revision "+m.Revision+", where the probe campaign gave "+m.Probe+"; now it gives "+now.Probe)
		case guarded && m.Mechanisms == "":
			wrong = append(wrong, "has no probe of the mechanisms")
		case m.Mechanisms != "" && m.Mechanisms != now.Mechanisms:
			wrong = append(wrong, "was measured at revision "+m.Revision+", where mechanisms gave "+m.Mechanisms+"; now they give "+now.Mechanisms)
		}
	}
	switch {
	case old && !listed:
		wrong = append(wrong, "is of older rules: measure it again")
	case !old && listed && len(wrong) == 0:
		wrong = append(wrong, "is measured anew: take it off the list of older pages in this test")
	}
	return wrong
}

// Pages of figures name the command that makes them and what they were measured with,
// and the present program still does the same.
func TestPagesAreOfThisProgram(t *testing.T) {
	now, err := Now(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("probes: %+v", now)
	pages := docs(t)
	for name, page := range pages {
		guarded, isMeasured := measured[name]
		isCalculated := slices.Contains(calculated, name)
		isRecorded := slices.Contains(recorded, name)
		if !isMeasured && !isCalculated && !isRecorded && !slices.Contains(prose, name) {
			t.Errorf("docs/%s: this test does not know whether it holds figures", name)
		}
		if (isMeasured || isCalculated || isRecorded) && !made.Match(page) {
			t.Errorf("docs/%s names no command that makes it", name)
		}
		if isMeasured {
			for _, w := range stale(page, now, guarded, slices.Contains(older, name)) {
				t.Errorf("docs/%s %s", name, w)
			}
		} else if len(Lines(page)) > 0 {
			t.Errorf("docs/%s says that it was measured, and is not on the list of pages that are", name)
		}
	}
	for _, list := range [][]string{calculated, recorded, prose, older} {
		for _, name := range list {
			if pages[name] == nil {
				t.Errorf("docs/%s is on a list and not there", name)
			}
		}
	}
	for name := range measured {
		if pages[name] == nil {
			t.Errorf("docs/%s is on a list and not there", name)
		}
	}
}

// Figures that are kept in files stand there with what they were measured with, as the
// pages that are made of them say.
func TestFilesOfFiguresNameTheirRevision(t *testing.T) {
	var files []string
	for _, pattern := range []string{"*.json", "*/*.json"} {
		found, err := filepath.Glob(filepath.Join("..", "..", "docs", filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) < 3 {
		t.Fatalf("only %v", files)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var m Made
		if err := json.Unmarshal(data, &m); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		said := false
		for _, page := range docs(t) {
			said = said || slices.Contains(Lines(page), m)
		}
		if m.Revision == "" || !said {
			t.Errorf("%s: revision %q, probes %q and %q, which no page says", name, m.Revision, m.Probe, m.Mechanisms)
		}
	}
}

func TestStalePagesAreNoticed(t *testing.T) {
	now := Made{Revision: "0123456789ab", Probe: "00000000000000aa", Mechanisms: "00000000000000bb"}
	page := func(list ...Made) []byte {
		text := []byte("# Title\n\nText.\n")
		for _, m := range list {
			var err error
			if text, err = Stamp(text, m); err != nil {
				t.Fatal(err)
			}
		}
		return text
	}
	other, bare := now, now.Unguarded()
	other.Probe = "00000000000000cc"
	moved := now
	moved.Mechanisms = "00000000000000dd"
	for _, c := range []struct {
		page            []byte
		guarded, listed bool
		want            string
	}{
		{page(now), true, false, ""},
		{page(bare), false, false, ""},
		{page(now), false, false, ""},
		{page(), false, false, "says nowhere"},
		{page(other), false, false, "gave 00000000000000cc"},
		{page(moved), true, false, "gave 00000000000000dd"},
		{page(bare), true, false, "no probe of the mechanisms"},
		{page(Made{Revision: "0123456"}), false, false, "older rules"},
		{page(Made{}), true, true, ""},
		{page(now, Made{}), true, true, ""},
		{page(now), true, true, "take it off the list"},
		{page(other, Made{}), false, true, "gave 00000000000000cc"},
	} {
		got := strings.Join(stale(c.page, now, c.guarded, c.listed), "; ")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%sguarded %t, listed %t: %q, want %q", c.page, c.guarded, c.listed, got, c.want)
		}
	}
}

func TestStampIsRead(t *testing.T) {
	for _, m := range []Made{
		{Revision: "72cef8a", Probe: "0123456789abcdef"},
		{Revision: "72cef8a0d1e2 with changes", Probe: "0123456789abcdef", Mechanisms: "fedcba9876543210"},
		{Revision: "72cef8a"},
	} {
		page, err := Stamp([]byte("# Title\n\nText.\n"), m)
		if err != nil {
			t.Fatal(err)
		}
		if got := Lines(page); len(got) != 1 || got[0] != m {
			t.Errorf("%s reads as %+v, want %+v", page, got, m)
		}
	}
	for _, text := range []string{"", "Text.\n\nText.\n", "# Title\nText.\n\n", "# Title"} {
		if _, err := Stamp([]byte(text), Made{}); err == nil {
			t.Errorf("%q is stamped", text)
		}
	}
	for _, l := range []string{
		"*Measured at revision 72cef8a.*", "*Measured at revision xyz; probe campaign 0123456789abcdef.*", "*Measured at revision 72cef8a; probe campaign 0123.*",
		"*Older rules: measured at revision 72cef8a; probe campaign 0123456789abcdef.*",
	} {
		if got := Lines([]byte(l + "\n")); len(got) > 0 {
			t.Errorf("%s is read as %+v", l, got)
		}
	}
}
