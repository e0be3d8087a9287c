package readings

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds of a line (our choice).
const (
	maxLine  = 4096 // bytes; a longer one is ignored
	maxWords = 16   // of a name
)

var (
	// aPair is a name, a separator and a number, of which a line may hold several.
	aPair = regexp.MustCompile(`([A-Za-z][A-Za-z0-9_ ]*)["']?\s*[:=,;|\t]\s*["']?([+-]?[0-9](?:[.,'_ ]?[0-9])*)([0-9A-Za-z]?)`)
	// whole is a whole number, with or without separators of thousands.
	whole = regexp.MustCompile(`^(?:[0-9]+(?:\.0+)?|[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,3}(?:'[0-9]{3})+|[0-9]{1,3}(?:_[0-9]{3})+|[0-9]{1,3}(?: [0-9]{3})+)$`)
	// colour is a code by which a terminal changes colours (ECMA-48, SGR).
	colour = regexp.MustCompile(`\x1b\[[0-9;]*m`)
)

// aliases are names under which tools print counters (Arm's ML embedded evaluation kit:
// NPU TOTAL; Arm U55 core driver: the cycle counter).
var aliases = map[string]string{
	"npu_total": "cycle", "total_cycles": "cycle", "cycle_counter": "cycle", "pmccntr": "cycle", "ccnt": "cycle",
	"active_cycles": "npu_active", "idle_cycles": "npu_idle",
	"ecc_sb": "ecc_sb0",
}

// filler are words around the name of a counter that say nothing.
var filler = map[string]bool{
	"info": true, "npu": true, "ethosu": true, "pmu": true, "event": true, "counter": true, "count": true, "value": true, "cycles": true, "beats": true,
}

// ParseText reads counters from a text: the profile that Arm's ML embedded evaluation
// kit prints, the log of a driver, or a table of two columns. Any line with the name of
// a public event, a separator (: = , ; | or a tab) and a whole number counts, whatever
// the case and whether underscores or blanks part the words; others are ignored. Name is
// that of the file. It fails where no line counts, a value is no whole number, or the
// same counter has two values.
func ParseText(name string, data []byte) (*Reading, error) {
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("%d bytes; at most %d are read", len(data), MaxBytes)
	}
	r := &Reading{Name: name, Counters: map[string]Count{}}
	number := 0
	for line := range bytes.Lines(bytes.TrimPrefix(data, []byte("\ufeff"))) {
		number++
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		known, err := r.line(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if !known {
			r.Ignored++
		}
	}
	if len(r.Counters) == 0 {
		return nil, errors.New(`no counter found: write lines such as "NPU ACTIVE: 404973 cycles" or "npu_active,404973" with the names of PMU events`)
	}
	return r, nil
}

// line takes the counters of a line, and says whether there are any.
func (r *Reading) line(line []byte) (known bool, err error) {
	if len(line) > maxLine || !utf8.Valid(line) {
		return false, nil
	}
	for _, m := range aPair.FindAllSubmatch(colour.ReplaceAll(line, nil), -1) {
		name := counterName(string(m[1]))
		if name == "" {
			continue
		}
		text := string(m[2])
		v, err := strconv.ParseInt(strings.NewReplacer(",", "", "'", "", "_", "", " ", "").Replace(strings.TrimRight(cutFraction(text), ".")), 10, 64)
		if !whole.MatchString(text) || len(m[3]) > 0 || err != nil || v > maxCount {
			return false, fmt.Errorf("%s: %s%s is no whole number from 0 to %d", name, text, m[3], int64(maxCount))
		}
		if old, twice := r.Counters[name]; twice && old != Count(v) {
			return false, fmt.Errorf("%s is %d here and was %d before: keep the lines of one inference", name, v, old)
		}
		r.Counters[name], known = Count(v), true
	}
	return known, nil
}

// cutFraction leaves the digits before a point.
func cutFraction(text string) string {
	before, _, _ := strings.Cut(text, ".")
	return before
}

// counterName is the public name of a counter in what a tool prints, or empty.
func counterName(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r == ' ' || r == '_' })
	if len(words) > maxWords {
		return ""
	}
	for from := 0; from == 0 || from < len(words) && filler[words[from-1]]; from++ {
		for to := len(words); to > from; to-- {
			if to < len(words) && !filler[words[to]] {
				break
			}
			name := strings.Join(words[from:to], "_")
			if full, ok := aliases[name]; ok {
				return full
			}
			if public[name] {
				return name
			}
		}
	}
	return ""
}
