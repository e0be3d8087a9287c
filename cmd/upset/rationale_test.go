package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	arrowLine = regexp.MustCompile("(?m)^\\* ((?:`[^`]+`(?:, )?)+) → ((?:`[^`]+`(?:, )?)+):")
	codeWord  = regexp.MustCompile("`([^`]+)`")
)

// section is the part of a document below a heading.
func section(t *testing.T, text, heading string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, "\n"+heading+"\n")
	if !ok {
		t.Fatalf("there is no %q", heading)
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	return rest
}

func wordsInCode(list string) (out []string) {
	for _, m := range codeWord.FindAllStringSubmatch(list, -1) {
		out = append(out, m[1])
	}
	return out
}

// What RATIONALE.md says of imports is true: the arrows are in the program.
func TestRationaleOfImports(t *testing.T) {
	imports := map[string][]string{}
	for _, p := range listPackages(t) {
		imports[strings.TrimPrefix(p.ImportPath, "upset/")] = p.Imports
	}
	text := section(t, string(readTestFile(t, "../../RATIONALE.md")), "## Import table")
	arrows := arrowLine.FindAllStringSubmatch(text, -1)
	if len(arrows) < 10 || len(arrows) != strings.Count(text, "\n* ") {
		t.Errorf("%d arrows can be read of %d", len(arrows), strings.Count(text, "\n* "))
	}
	for _, m := range arrows {
		for _, from := range wordsInCode(m[1]) {
			for _, to := range wordsInCode(m[2]) {
				found := false
				for name, list := range imports {
					pattern, below := strings.CutSuffix(from, "/*")
					if name == from || below && strings.HasPrefix(name, pattern+"/") {
						found = found || slices.Contains(list, "upset/"+to)
					}
				}
				if !found {
					t.Errorf("RATIONALE.md: %s does not import %s", from, to)
				}
			}
		}
	}
}

// RATIONALE.md names the modules that the program imports, each and no other.
func TestRationaleOfDependencies(t *testing.T) {
	used := map[string]bool{}
	for _, p := range listPackages(t) {
		for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			used[imported] = true
		}
	}
	var required, named []string
	direct, _, _ := strings.Cut(string(readTestFile(t, "../../go.mod")), "// indirect")
	for _, m := range regexp.MustCompile(`(?m)^\t(\S+) v`).FindAllStringSubmatch(direct, -1) {
		required = append(required, m[1])
	}
	required = required[:len(required)-1] // the one that is marked as indirect
	text := section(t, string(readTestFile(t, "../../RATIONALE.md")), "## Dependencies")
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)`").FindAllStringSubmatch(text, -1) {
		named = append(named, m[1])
	}
	slices.Sort(required)
	slices.Sort(named)
	if !slices.Equal(required, named) {
		t.Errorf("go.mod requires %v, RATIONALE.md names %v", required, named)
	}
	for _, module := range named {
		isUsed := false
		for imported := range used {
			isUsed = isUsed || imported == module || strings.HasPrefix(imported, module+"/")
		}
		if !isUsed {
			t.Errorf("nothing imports %s", module)
		}
	}
}
