package endurance

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const (
	// mostKept is the size in bytes of the largest input that is kept with the source, mostTried the
	// number of inputs that are tried (both our choice: what is kept is read by people, and run
	// by every go test).
	mostKept  = 2048
	mostTried = 150
)

// Keep keeps a few inputs from a corpus beside the target, in testdata/fuzz, where go test runs
// them: those that reach statements of the target's package which neither its seeds nor
// what was kept before reach, in the order of how many each adds. Inputs that hold a piece of a file below
// the folder apart are left: they are not ours to keep. It returns the names.
func (t Target) Keep(ctx context.Context, root, corpus, apart string, few int) (kept []string, err error) {
	dir := filepath.Join(root, filepath.FromSlash(t.Package))
	from := t.corpus(corpus)
	names, err := t.candidates(from)
	if err != nil || len(names) == 0 {
		return nil, err
	}
	work, err := os.MkdirTemp("", "corpus")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	binary := filepath.Join(work, "target.test")
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-cover", "-o", binary, ".")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build %s: %w: %s", t.Package, err, bytes.TrimSpace(out))
	}
	reached := func(input string) (map[string]bool, error) {
		profile := filepath.Join(work, "profile")
		cmd := exec.CommandContext(ctx, binary, "-test.run=^"+t.Name+"$"+input, "-test.coverprofile="+profile)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s.%s%s: %w: %s", t.Package, t.Name, input, err, head(string(out), 2000))
		}
		return statements(profile)
	}
	covered, err := reached("")
	if err != nil {
		return nil, err
	}
	to := filepath.Join(dir, "testdata", "fuzz", t.Name)
	if err := os.MkdirAll(to, 0o755); err != nil {
		return nil, err
	}
	inputs := make(map[string][]byte)
	for _, name := range names {
		if inputs[name], err = os.ReadFile(filepath.Join(from, name)); err != nil {
			return nil, err
		}
	}
	theirs, err := borrowed(apart, inputs)
	if err != nil {
		return nil, err
	}
	reach := make(map[string]map[string]bool)
	for name, text := range inputs {
		file := filepath.Join(to, name)
		if _, err := os.Stat(file); err == nil || theirs[name] {
			continue // kept already, or not ours
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return nil, err
		}
		reach[name], err = reached("/^" + name + "$")
		if err := errors.Join(err, os.Remove(file)); err != nil {
			return nil, err
		}
	}
	for _, name := range choose(reach, covered, few) {
		if err := os.WriteFile(filepath.Join(to, name), inputs[name], 0o644); err != nil {
			return kept, err
		}
		kept = append(kept, name)
	}
	for empty := to; len(kept) == 0 && empty != dir; empty = filepath.Dir(empty) {
		if os.Remove(empty) != nil {
			break // it has files
		}
	}
	return kept, nil
}

// corpus is the folder of the target's inputs: the fuzzer puts its name below the folder that it is given.
func (t Target) corpus(corpus string) string {
	return filepath.Join(corpus, filepath.FromSlash(t.Package), t.Name, t.Name)
}

// candidates are the names of inputs that are small enough to be kept, evenly over their sizes.
func (t Target) candidates(from string) (names []string, err error) {
	list, err := os.ReadDir(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	sizes := make(map[string]int64)
	for _, e := range list {
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		if info.Mode().IsRegular() && info.Size() <= mostKept {
			sizes[e.Name()] = info.Size()
			names = append(names, e.Name())
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(sizes[a], sizes[b]), strings.Compare(a, b)) })
	if n := len(names); n > mostTried {
		some := make([]string, mostTried)
		for i := range some {
			some[i] = names[i*n/mostTried]
		}
		names = some
	}
	return names, nil
}

// choose takes inputs as long as one reaches something that is not covered, the one that
// adds most first; covered grows.
func choose(reach map[string]map[string]bool, covered map[string]bool, few int) (chosen []string) {
	names := slices.Sorted(maps.Keys(reach))
	for len(chosen) < few {
		best, most := "", 0
		for _, name := range names {
			adds := 0
			for s := range reach[name] {
				if !covered[s] {
					adds++
				}
			}
			if adds > most {
				best, most = name, adds
			}
		}
		if most == 0 {
			break
		}
		maps.Copy(covered, reach[best])
		chosen = append(chosen, best)
	}
	return chosen
}

// statements are the blocks of statements that a profile says were reached.
func statements(profile string) (map[string]bool, error) {
	text, err := os.ReadFile(profile)
	if err != nil {
		return nil, err
	}
	reached := make(map[string]bool)
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() { // FILE:LINE.COLUMN,LINE.COLUMN STATEMENTS COUNT
		if f := strings.Fields(lines.Text()); len(f) == 3 && f[2] != "0" {
			reached[f[0]] = true
		}
	}
	return reached, lines.Err()
}
