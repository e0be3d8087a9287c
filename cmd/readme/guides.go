package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// guides are the pages that a newcomer follows command by command.
var guides = []string{"docs/guide-safety.md", "docs/guide-research.md", "docs/guide-ml.md", "docs/guide-ci.md"}

// shown is a remark above a block that shows a part of an output: so many lines, from
// the first or from the first that begins with a text.
var shown = regexp.MustCompile(`^<!-- (?:from "([^"]+)", |first )(\d+) lines -->$`)

// changing are parts of outputs that are other ones each time.
var changing = []struct {
	part *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`[0-9.]+ (resolved/s|simulated/s|s in all)`), "N $1"},
	{regexp.MustCompile(`[0-9.e+]+ per second`), "N per second"},
	{regexp.MustCompile(`( files), [0-9]+ bytes`), "$1, N bytes"},
}

// follow runs the commands of a guide in their order and returns the page with what
// they print. A command opens a block: a line with three backticks, then "$ " and the
// command. Those of upset run in a folder that has the project's testdata and
// keeps what commands leave for the next one; those of go run in the project.
func follow(page, root string) (string, int, error) {
	dir, err := os.MkdirTemp("", "guide")
	if err != nil {
		return "", 0, err
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(filepath.Join(dir, "testdata", "models"), os.DirFS(filepath.Join(root, "testdata", "models"))); err != nil {
		return "", 0, err
	}
	r := runner{root: root, dir: dir}
	lines := strings.Split(page, "\n")
	var out []string
	n := 0
	for i := 0; i < len(lines); i++ {
		out = append(out, lines[i])
		if lines[i] != "```" || i+1 >= len(lines) || !strings.HasPrefix(lines[i+1], "$ ") {
			continue
		}
		end := slices.Index(lines[i+1:], "```")
		if end < 0 {
			return "", n, fmt.Errorf("line %d: the block has no end", i+1)
		}
		printed, err := r.run(strings.TrimPrefix(lines[i+1], "$ "))
		if err != nil {
			return "", n, fmt.Errorf("line %d: %w", i+2, err)
		}
		var mark []string
		if i > 0 {
			mark = shown.FindStringSubmatch(lines[i-1])
		}
		if printed, err = part(printed, mark); err != nil {
			return "", n, fmt.Errorf("line %d: %w", i+2, err)
		}
		out = append(append(out, lines[i+1]), printed...)
		i += end
		n++
	}
	return strings.Join(out, "\n"), n, nil
}

// writeGuides follows all guides and writes them anew.
func writeGuides() error {
	for _, name := range guides {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		page, n, err := follow(string(text), ".")
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := os.WriteFile(name, []byte(page), 0o644); err != nil {
			return err
		}
		fmt.Printf("%s: %d commands\n", name, n)
	}
	return nil
}

// part keeps the lines that a remark names, and marks what it leaves out.
func part(lines, mark []string) ([]string, error) {
	if mark == nil {
		return lines, nil
	}
	first := 0
	if mark[1] != "" {
		first = slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, mark[1]) })
		if first < 0 {
			return nil, fmt.Errorf("no line begins with %q", mark[1])
		}
	}
	n, err := strconv.Atoi(mark[2])
	if err != nil {
		return nil, err
	}
	// The line with the exit code stays.
	exit := []string(nil)
	if last := len(lines) - 1; last > 0 && strings.HasPrefix(lines[last], "(exit ") {
		exit, lines = lines[last:], lines[:last]
	}
	var out []string
	if first > 0 {
		out = append(out, "...")
	}
	out = append(out, lines[first:min(first+n, len(lines))]...)
	if first+n < len(lines) {
		out = append(out, "...")
	}
	return append(out, exit...), nil
}

// runner runs commands of a guide.
type runner struct{ root, dir string }

// run returns the lines that a command prints on its output. Where it ends with
// another code than 0, its last line says so, and errors stand with the output.
func (r runner) run(line string) ([]string, error) {
	words := strings.Fields(strings.ReplaceAll(line, "'", ""))
	bin := filepath.Join(r.dir, "bin")
	var cmd *exec.Cmd
	switch words[0] {
	case "go":
		cmd = exec.Command("go", words[1:]...)
		cmd.Dir = r.root
	case "upset":
		cmd = exec.Command(filepath.Join(bin, "upset"), words[1:]...)
		cmd.Dir = r.dir
	default:
		return nil, fmt.Errorf("%q is no command of a guide", words[0])
	}
	cmd.Env = append(os.Environ(), "GOBIN="+bin)
	var text, failed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &failed
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit) && (exit.ExitCode() == 4 || exit.ExitCode() == 2 || exit.ExitCode() == 3):
		if text.Len() == 0 {
			text = failed
		}
		fmt.Fprintf(&text, "(exit %d)\n", exit.ExitCode())
	default:
		return nil, fmt.Errorf("%s: %w: %s", line, err, failed.Bytes())
	}
	for _, c := range changing {
		text = *bytes.NewBuffer(c.part.ReplaceAll(text.Bytes(), []byte(c.with)))
	}
	var lines []string
	for l := range strings.SplitSeq(strings.TrimRight(text.String(), "\n"), "\n") {
		if l = strings.TrimRight(l, " "); l != "" || len(lines) > 0 {
			lines = append(lines, l)
		}
	}
	return lines, nil
}
