package networks

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// shared returns the folder with the networks, skipping the test where it is
// absent.
func shared(t *testing.T) string {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "shared")
	if _, err := os.Stat(dir); os.IsNotExist(err) {
		t.Skip("the data folder ../shared is absent")
	}
	return dir
}

const again = "go run ./models/networks/generate"

func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "networks.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// rows are the lines of the page by folder, file and configuration.
func rows(text string) map[string]string {
	list, folder := map[string]string{}, ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if title, ok := strings.CutPrefix(line, "## "); ok {
			folder = title
			continue
		}
		if c := strings.Split(line, " | "); len(c) >= 7 && strings.HasPrefix(c[1], "u55-") {
			list[folder+"/"+strings.TrimPrefix(c[0], "| ")+" "+c[1]] = line
		}
	}
	return list
}

// rowMACs reads the MACs of a row; none for a refused file.
func rowMACs(row string) int64 {
	n, _ := strconv.ParseInt(strings.Split(row, " | ")[4], 10, 64)
	return n
}

// TestPage keeps docs/networks.md in step with the program: every row of a network
// that is not large, its cycles where it is small, and in the long version all of them.
func TestPage(t *testing.T) {
	limits := Limits{MACs: 1_000_000_000, Cycle: 200_000}
	large := int64(3_000_000)
	if os.Getenv("UPSET_FULL") == "1" {
		limits.Cycle, large = limits.MACs, limits.MACs
	}
	files, err := Scan(shared(t))
	if err != nil {
		t.Fatal(err)
	}
	have := rows(page(t))
	ran := 0
	for _, f := range files {
		key := fmt.Sprintf("%s/%s %s", f.Folder, f.Name, f.Config)
		row, ok := have[key]
		if !ok {
			t.Errorf("%s has no row: %s", key, again)
			continue
		}
		if rowMACs(row) > large {
			continue
		}
		ran++
		r, err := Judge(f, limits)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		writeRow(&b, r)
		if r.Cycles == 0 {
			row = withoutCycles(row)
		}
		if got := strings.TrimSuffix(b.String(), "\n"); got != row {
			t.Errorf("the page has\n%s\nwhere now\n%s\n%s", row, got, again)
		}
	}
	if ran < 100 {
		t.Errorf("only %d files ran", ran)
	}
}

// withoutCycles is a row of a network that did not run on the cycle-level machine.
func withoutCycles(row string) string {
	c := strings.Split(row, " | ")
	c[5] = "–"
	return strings.Join(c, " | ")
}

// least are the numbers of files that the page must count, so that what once ran
// goes on running. They only grow.
var least = []struct {
	folder      string
	equal, runs int
}{
	{"zoo/user", 66, 2}, {"zoo/layers", 18, 0}, {"zoo/vela", 3, 13}, {"zoo/pte", 0, 3}, {"zoo/pairs", 4, 0}, {"vela51/extra", 0, 1},
	{"vela51/cop2-u55-128", 11, 0}, {"vela51/sepio-u55-128", 11, 0},
	{"vela51/size-u55-128", 11, 0}, {"vela51/size-u55-32", 11, 0}, {"vela51/sramonly-u55-128", 11, 0},
	{"vela51/u55-128", 15, 0}, {"vela51/u55-256", 14, 0}, {"vela51/u55-32", 14, 0}, {"vela51/u55-64", 14, 0},
}

// known are the only rows in which bytes or machines may differ.
var known = []string{
	"zoo/user/xmos-denoise_16x8 u55-128",    // explained
	"vela51/extra/lut-behind-buffer u55-32", // fault of the compiler
}

var countRow = regexp.MustCompile(`(?m)^\| (\S+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$`)

// TestCountsOnlyGrow holds the counts of the page against what once ran, and finds
// every row that is wrong.
func TestCountsOnlyGrow(t *testing.T) {
	text := page(t)
	counts := map[string][]int{}
	for _, m := range countRow.FindAllStringSubmatch(text, -1) {
		for _, s := range m[2:] {
			n, err := strconv.Atoi(s)
			if err != nil {
				t.Fatal(err)
			}
			counts[m[1]] = append(counts[m[1]], n)
		}
	}
	for _, want := range least {
		c := counts[want.folder]
		if len(c) != 8 || c[2] < want.equal || c[2]+c[3] < want.equal+want.runs {
			t.Errorf("%s: counts %v; at least %d files were equal and %d ran without a reference", want.folder, c, want.equal, want.runs)
		}
	}
	for key, row := range rows(text) {
		if wrong := strings.Contains(row, " differ"); wrong != slices.Contains(known, key) {
			t.Errorf("differs: %v, which is not what was known: %s", wrong, row)
		}
	}
}
