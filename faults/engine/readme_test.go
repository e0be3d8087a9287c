package engine

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"upset/faults"
)

// The table of the README names every path, files that are there and tests that are there,
// and every test that a file says to be guarded by is there, too.
func TestTableOfPaths(t *testing.T) {
	all := ""
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	code := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(e.Name())
		if err != nil {
			continue
		}
		if strings.HasSuffix(e.Name(), "_test.go") {
			all += string(text)
		} else {
			code[e.Name()] = string(text)
		}
	}
	// Mechanisms cannot stand beside the engine in its own tests: those of repeat.go do in protect's.
	beside, err := os.ReadFile("../protect/repeat_test.go")
	if err != nil {
		t.Fatal(err)
	}
	all += string(beside)
	isTest := func(name string) bool { return strings.Contains(all, "func "+name+"(t ") }
	listed := map[string]bool{}
	row := regexp.MustCompile(`(?m)^\| ([a-z, -]+) \| ([a-z_]+\.go) \| .* \| (Test\w+) \|$`)
	for _, m := range row.FindAllStringSubmatch(code["README.md"], -1) {
		for p := range strings.SplitSeq(m[1], ", ") {
			listed[p] = true
		}
		if code[m[2]] == "" || !isTest(m[3]) {
			t.Errorf("the table names %s and %s", m[2], m[3])
		}
	}
	for p := range faults.NumPaths {
		if !listed[p.String()] {
			t.Errorf("the table does not name %q", p)
		}
	}
	for file, text := range code {
		_, guards, is := strings.Cut(text, "// Guarded by:")
		if !is {
			continue
		}
		guards, _, _ = strings.Cut(guards, "\n\n")
		if names := regexp.MustCompile(`Test\w+`).FindAllString(guards, -1); len(names) == 0 {
			t.Errorf("%s is guarded by no test", file)
		} else {
			for _, n := range names {
				if !isTest(n) {
					t.Errorf("%s is guarded by %s, which is not there", file, n)
				}
			}
		}
		for _, q := range regexp.MustCompile(`"([^"]+)"`).FindAllStringSubmatch(strings.ReplaceAll(guards, "\n// ", " "), -1) {
			if !strings.Contains(all, `"`+q[1]+`": {`) {
				t.Errorf("%s names the mistake %q, which no test plants", file, q[1])
			}
		}
	}
}
