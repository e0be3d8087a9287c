package main

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

// livePages are the pages on which the output of a command stands below it.
var livePages = []string{"docs/your-network.md", "docs/verify.md"}

// pageFolder is where the commands of a page leave files for those below; the tests put
// another folder in its place.
const pageFolder = "/tmp/upset/"

// ofThisBuild matches what differs between builds and machines on these pages.
var ofThisBuild = regexp.MustCompile(`(?m)(^ *(?:SHA-256|injected by|checked by|packed by) +|^.*files, )[^\n]*$`)

// firstLines is a remark above a block that shows only the beginning of an output.
var firstLines = regexp.MustCompile(`^<!-- first (\d+) lines -->$`)

// sharedFolder holds networks that are not part of the project.
const sharedFolder = "../shared"

// storing are the commands that leave a folder, which the tests put elsewhere.
var storing = []string{"assess", "campaign"}

// TestPagesShowWhatIsPrinted runs the commands of the pages and compares what they
// print with what stands below them. Rewrite the pages with
// go test ./cmd/upset -run TestPagesShowWhatIsPrinted -update.
func TestPagesShowWhatIsPrinted(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	for _, name := range livePages {
		text := string(readTestFile(t, name))
		now, blocks := withOutputs(t, text)
		if blocks == 0 {
			t.Errorf("%s: no command with its output found", name)
		}
		if *update {
			if err := os.WriteFile(name, []byte(now), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if now != text {
			t.Errorf("%s: a command prints something new; if that is right, run with -update\n%s", name, firstDifference(now, text))
		}
	}
}

// withOutputs returns a page with the present output below every command that
// opens a block, and the number of these blocks.
func withOutputs(t *testing.T, text string) (page string, blocks int) {
	t.Helper()
	lines, work := strings.Split(text, "\n"), t.TempDir()+"/"
	var out []string
	for i := 0; i < len(lines); i++ {
		out = append(out, lines[i])
		if lines[i] != "```" || i+1 >= len(lines) || !strings.HasPrefix(lines[i+1], "$ upset ") {
			continue
		}
		end := slices.Index(lines[i+1:], "```")
		if end < 0 {
			t.Fatalf("line %d: the block has no end", i+1)
		}
		if strings.Contains(lines[i+1], sharedFolder) {
			if _, err := os.Stat(sharedFolder); err != nil {
				continue // a clone without the folder keeps what stands there
			}
		}
		most := 0
		if i > 0 {
			if m := firstLines.FindStringSubmatch(lines[i-1]); m != nil {
				most, _ = strconv.Atoi(m[1])
			}
		}
		out = append(out, lines[i+1])
		out = append(out, printed(t, strings.TrimPrefix(lines[i+1], "$ upset "), work, most)...)
		i += end
		blocks++
	}
	return strings.Join(out, "\n"), blocks
}

// printed are the lines that a command prints on either output, at most the given
// number of them if that is not 0. Its exit code stands at the end unless it is 0.
func printed(t *testing.T, line, work string, most int) []string {
	t.Helper()
	args := shellWords(strings.ReplaceAll(line, pageFolder, work))
	if slices.Contains(storing, args[0]) && !slices.Contains(args, "--out") {
		args = append(args, "--out", t.TempDir())
	}
	o := invoke(args...)
	text := o.out
	if o.code == codeUsage {
		text += o.errors
	}
	text = ofThisBuild.ReplaceAllString(strings.ReplaceAll(text, work, pageFolder), "$1...")
	var list []string
	for l := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		list = append(list, strings.TrimRight(l, " "))
	}
	if most > 0 && len(list) > most {
		list = append(list[:most], "  ...")
	}
	if o.code != codeDone {
		list = append(list, fmt.Sprintf("(exit %d)", o.code))
	}
	return list
}
