package area

import (
	"bufio"
	"bytes"
	"fmt"
	"regexp"
	"strconv"
)

// cell is what is needed of a library's cell.
type cell struct {
	area float64
	flop bool // flip-flop or latch
}

var (
	cellLine = regexp.MustCompile(`^\s*cell\s*\(\s*"?([A-Za-z0-9_]+)"?\s*\)`)
	areaLine = regexp.MustCompile(`^\s*area\s*:\s*"?([0-9.eE+-]+)"?\s*;`)
	flopLine = regexp.MustCompile(`^\s*(ff|latch|statetable)\s*\(`)
)

// liberty reads the areas of the cells of a Liberty file, which has a group or an
// attribute a line.
func liberty(data []byte) (map[string]cell, error) {
	cells := map[string]cell{}
	name := ""
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		text := lines.Bytes()
		if m := cellLine.FindSubmatch(text); m != nil {
			name = string(m[1])
			cells[name] = cell{}
			continue
		}
		if name == "" {
			continue
		}
		c := cells[name]
		if m := areaLine.FindSubmatch(text); m != nil {
			x, err := strconv.ParseFloat(string(m[1]), 64)
			if err != nil || !(x >= 0 && x < 1e9) {
				return nil, fmt.Errorf("line %d: cell %s has an area of %q", n, name, m[1])
			}
			c.area = x
		} else if flopLine.Match(text) {
			c.flop = true
		}
		cells[name] = c
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(cells) == 0 {
		return nil, fmt.Errorf("no cells")
	}
	return cells, nil
}
