package campaign

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"upset/faults"
	"upset/npu"
	"upset/stats/result"
)

// Detectors is a set of what the NPU and its watchdog report by themselves, without any
// added mechanism. The rules of the bus, the parser and the decoder are inferred from
// public names of status bits; which of them a safety concept may count on is declared.
type Detectors uint8

// detectors are the names, in the order of bits, and the causes they stand for.
var detectors = []struct {
	name  string
	cause faults.Cause
}{
	{"bus", faults.CauseBusError},
	{"parser", faults.CauseParseError},
	{"decoder", faults.CauseDecoder},
	{"ecc", faults.CauseECC},
	{"watchdog", faults.CauseWatchdog},
}

// AllDetectors are all of them.
const AllDetectors Detectors = 1<<5 - 1

// DetectorNames lists the names.
func DetectorNames() (names []string) {
	for _, d := range detectors {
		names = append(names, d.name)
	}
	return names
}

// ParseDetectors reads a list such as bus,watchdog; all and none stand for themselves.
func ParseDetectors(list string) (set Detectors, err error) {
	switch list {
	case "all":
		return AllDetectors, nil
	case "none":
		return 0, nil
	}
	for _, name := range strings.Split(list, ",") {
		i := slices.Index(DetectorNames(), strings.TrimSpace(name))
		if i < 0 {
			return 0, fmt.Errorf("unknown detector %q: choose all, none or some of %s", name, strings.Join(DetectorNames(), ", "))
		}
		set |= 1 << i
	}
	return set, nil
}

// String lists the names.
func (d Detectors) String() string {
	switch d {
	case AllDetectors:
		return "all"
	case 0:
		return "none"
	}
	var names []string
	for i, x := range detectors {
		if d>>i&1 != 0 {
			names = append(names, x.name)
		}
	}
	return strings.Join(names, ",")
}

// credited are the detectors that are counted on.
func (d Deadline) credited() Detectors { return AllDetectors &^ d.Ignored }

// detectorOf is the with the detector of a cause; empty for causes of another kind.
func detectorOf(c faults.Cause) Detectors {
	for i, x := range detectors {
		if x.cause == c {
			return 1 << i
		}
	}
	return 0
}

// Uncredited reports whether a record ends with a stop or by the watchdog that nobody
// counts on: the inference does not deliver, and nothing that is credited says so.
func (d Deadline) Uncredited(r faults.Record) bool {
	own := r.Outcome == faults.DUEDetected || r.Outcome == faults.DUEHang
	return own && detectorOf(r.Cause)&d.Ignored != 0
}

// Count is the class of a record under the deadline and the credit.
func (d Deadline) Count(r faults.Record) result.Outcomes {
	switch {
	case d.Uncredited(r):
		return result.Outcomes{Uncredited: 1}
	case d.Overdue(r):
		return result.Outcomes{Overdue: 1}
	}
	return one(r.Outcome)
}

// Worst is the class of an outcome whose cause is not known: a stop counts as reported
// only where every detector that may have made it is credited.
func (d Deadline) Worst(o faults.Outcome) result.Outcomes {
	stops := AllDetectors &^ detectorOf(faults.CauseWatchdog)
	if o == faults.DUEDetected && d.Ignored&stops != 0 || o == faults.DUEHang && d.Ignored&detectorOf(faults.CauseWatchdog) != 0 {
		return result.Outcomes{Uncredited: 1}
	}
	return one(o)
}

// memoryMap is the map of the system that a spec names, which decides what a wrong
// address does.
func memoryMap(system string) string {
	var s npu.System
	if err := json.Unmarshal([]byte(system), &s); err != nil {
		s = npu.System{} // of a log that names none
	}
	m := s.Memories()
	var list []string
	for _, p := range []struct {
		name string
		w    npu.Window
		note string
	}{{"SRAM", m.SRAM, ""}, {"flash", m.Flash, " (read-only)"}, {"DRAM", m.DRAM, ""}} {
		if p.w.Size > 0 {
			list = append(list, fmt.Sprintf("%s %s at %#x%s", p.name, bytesText(p.w.Size), p.w.Base, p.note))
		}
	}
	return strings.Join(list, ", ") + "; a bus error elsewhere"
}

// bytesText is a size in the largest unit that it is a multiple of.
func bytesText(n uint32) string {
	switch {
	case n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}
