package area

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// modules are the cells of every module by their types, as yosys' statistics say.
type modules map[string]map[string]int

var (
	moduleLine = regexp.MustCompile(`^=== (.*) ===$`)
	cellCount  = regexp.MustCompile(`^     (\S+) +(\d+)$`)
	levelsLine = regexp.MustCompile(`\(length=(\d+)\)`)
)

// statistics reads what yosys' pass stat prints.
func statistics(text string) (modules, error) {
	all := modules{}
	name := ""
	for _, line := range strings.Split(text, "\n") {
		if m := moduleLine.FindStringSubmatch(line); m != nil {
			name = m[1]
			if name != "design hierarchy" {
				all[name] = map[string]int{}
			}
			continue
		}
		if all[name] == nil {
			continue
		}
		if m := cellCount.FindStringSubmatch(line); m != nil {
			n, err := strconv.Atoi(m[2])
			if err != nil || n > 1<<30 {
				return nil, fmt.Errorf("module %s: %s cells of type %s", name, m[2], m[1])
			}
			all[name][m[1]] = n
		}
	}
	if len(all) == 0 {
		return nil, errors.New("statistics of no module")
	}
	return all, nil
}

// top finds the module that everything stands in: yosys may have written its parameters
// around its name.
func (all modules) top(module string) (string, error) {
	if all[module] != nil {
		return module, nil
	}
	found := ""
	for name := range all {
		if baseName(name) != module {
			continue
		}
		if found != "" {
			return "", fmt.Errorf("two modules are called %s", module)
		}
		found = name
	}
	if found == "" {
		return "", fmt.Errorf("no statistics of %s", module)
	}
	return found, nil
}

// instances counts how often each module stands in the top, itself once.
func (all modules) instances(top string) (map[string]int, error) {
	if all[top] == nil {
		return nil, fmt.Errorf("no statistics of %s", top)
	}
	uses := map[string]int{}
	var walk func(name string, k, deep int) error
	walk = func(name string, k, deep int) error {
		if deep > 50 {
			return fmt.Errorf("modules stand in each other more than %d deep", deep-1)
		}
		uses[name] += k
		for _, c := range sortedKeys(all[name]) {
			if all[c] != nil {
				if err := walk(c, k*all[name][c], deep+1); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return uses, walk(top, 1, 0)
}

// order lists the modules that are used, the top first and the others sorted.
func order(top string, uses map[string]int) []string {
	names := sortedKeys(uses)
	slices.SortStableFunc(names, func(a, b string) int {
		switch {
		case a == top && b != top:
			return -1
		case b == top && a != top:
			return 1
		}
		return 0
	})
	return names
}

// baseName is the name of a module in its file: yosys writes parameters around it, as in
// $paramod\name\W=s32'… and $paramod$digest\name.
func baseName(name string) string {
	rest, ok := strings.CutPrefix(name, "$paramod")
	if !ok {
		return strings.TrimPrefix(name, `\`)
	}
	_, rest, _ = strings.Cut(rest, `\`)
	base, _, _ := strings.Cut(rest, `\`)
	return base
}

// levels reads the length of the longest path.
func levels(text string) (int, error) {
	m := levelsLine.FindStringSubmatch(text)
	if m == nil {
		return 0, errors.New("no longest path")
	}
	return strconv.Atoi(m[1])
}

// genericFlop tells whether a gate of yosys is a flop, and whether it has an enable.
func genericFlop(name string) (flop, enabled bool) {
	kind, ok := strings.CutPrefix(name, "$_")
	if !ok || !strings.Contains(kind, "DFF") {
		return false, false
	}
	kind, _, _ = strings.Cut(kind, "_")
	return true, strings.HasSuffix(kind, "E")
}
