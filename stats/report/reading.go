package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"upset/stats/result"
)

// readingSections show counters that were read elsewhere beside ours.
func readingSections(r *result.Reading) []section {
	counters := &table{columns: columns("counter", ">reading", ">ours", ">ours / reading", "")}
	for _, c := range r.Counters {
		ours, ratio, mark := "-", "-", ""
		if c.Ours != nil {
			ours = count(*c.Ours)
		}
		if c.Ratio != nil {
			ratio = fmt.Sprintf("%.4f", *c.Ratio)
		}
		if c.Differs {
			mark = "beats differ by " + signed(c.Reading-*c.Ours)
		}
		counters.add(c.Name, count(c.Reading), ours, ratio, mark)
	}
	note := "Read by a " + r.ReadBy + "."
	if r.ReadBy != "board" && r.ReadBy != "simulator" {
		note = "From a log; " + count(r.Ignored) + " lines name no counter."
	}
	list := []section{{heading: "Reading " + r.Name, note: note, table: counters}}
	if len(r.Explanations) > 0 {
		t := &table{columns: columns("explanation", "counter", ">operations", ">difference", ">at most")}
		var lines []string
		for _, e := range r.Explanations {
			t.add(e.Name, shortCounter(e.Counter), count(e.Operations), signed(e.Difference), count(e.AtMost))
			lines = append(lines, e.Name+": "+e.Meaning)
		}
		list = append(list, section{heading: "What could explain it", note: "At most: how much of the difference it could be; explanations overlap.", table: t, lines: lines})
	}
	if len(r.Operations) > 0 {
		t := &table{columns: columns(">index", "name", "kind", ">cycles", ">written beats", "change needed", "room", "points")}
		for _, o := range r.Operations {
			t.add(strconv.Itoa(o.Index), o.Name, o.Kind, count(o.Cycles), count(o.Written), neededText(o.Needed), roomText(o.Room), orDash(strings.Join(o.Points, ", ")))
		}
		list = append(list, section{heading: "Operations that could explain it",
			note: "Change needed: of the operation's own count, if it alone were the difference. Room: what points to it allows.", table: t})
	}
	return list
}

// shortCounters are the counters of cycles and beats in a word or two.
var shortCounters = map[string]string{
	"npu_active": "cycles", "cycle": "all cycles", "axi0_rd_data_beat_received": "axi0 read", "axi1_rd_data_beat_received": "axi1 read",
	"axi0_wr_data_beat_written": "axi0 written", "axi1_wr_data_beat_written": "axi1 written",
}

// shortCounter is a short name of a counter.
func shortCounter(name string) string {
	if short, ok := shortCounters[name]; ok {
		return short
	}
	return name
}

// muchMore is the change from which on it is told in times (our choice).
const muchMore = 10

// neededText prints changes by counter.
func neededText(needed map[string]float64) string {
	var parts []string
	for _, name := range cyclesFirst(needed) {
		text := fmt.Sprintf("%+.3g %%", 100*needed[name])
		if math.Abs(needed[name]) >= muchMore {
			text = fmt.Sprintf("%+.0f times", needed[name])
		}
		parts = append(parts, shortCounter(name)+" "+text)
	}
	return orDash(strings.Join(parts, ", "))
}

// roomText prints counts by counter.
func roomText(room map[string]int64) string {
	var parts []string
	for _, name := range cyclesFirst(room) {
		parts = append(parts, shortCounter(name)+" "+count(room[name]))
	}
	return orDash(strings.Join(parts, ", "))
}

// cyclesFirst lists counters: cycles, then the others by name.
func cyclesFirst[V any](counters map[string]V) []string {
	return slices.SortedFunc(maps.Keys(counters), func(a, b string) int {
		cycles := func(name string) int {
			if name == "npu_active" {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(cycles(a), cycles(b)), cmp.Compare(a, b))
	})
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// signed is a count with its sign.
func signed(n int64) string {
	if n < 0 {
		return "-" + count(-n)
	}
	return "+" + count(n)
}

// readingCSV lists counters, explanations and operations of a reading.
func readingCSV(t *csvTable, r *result.Reading) {
	t.header = append(t.header, "metric", "reading", "ours", "ratio", "differs", "operations", "difference", "at_most", "meaning", "written_beats", "needed", "room", "points")
	for _, c := range r.Counters {
		f := fields{"name": r.Name, "metric": c.Name, "reading": strconv.FormatInt(c.Reading, 10), "differs": strconv.FormatBool(c.Differs)}
		if c.Ours != nil {
			f["ours"] = strconv.FormatInt(*c.Ours, 10)
		}
		if c.Ratio != nil {
			f["ratio"] = number(*c.Ratio)
		}
		t.add("counter", f)
	}
	for _, e := range r.Explanations {
		t.add("explanation", fields{
			"name": e.Name, "metric": e.Counter, "operations": strconv.Itoa(e.Operations), "difference": strconv.FormatInt(e.Difference, 10),
			"at_most": strconv.FormatInt(e.AtMost, 10), "meaning": e.Meaning,
		})
	}
	for _, o := range r.Operations {
		var needed []string
		for _, name := range slices.Sorted(maps.Keys(o.Needed)) {
			needed = append(needed, name+"="+number(o.Needed[name]))
		}
		t.add("suspect", fields{
			"index": strconv.Itoa(o.Index), "name": o.Name, "kind": o.Kind, "cycles": strconv.FormatInt(o.Cycles, 10),
			"written_beats": strconv.FormatInt(o.Written, 10), "needed": strings.Join(needed, ";"), "room": portFields(o.Room), "points": strings.Join(o.Points, ";"),
		})
	}
}
