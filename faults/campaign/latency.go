package campaign

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"upset/faults"
	"upset/faults/mechanism"
	"upset/stats/result"
)

// Deadline is the time within which an upset must be reported, or it violates.
type Deadline struct {
	// ClockHz is the clock of the NPU in hertz; 0 where it is not declared.
	ClockHz float64
	// FTTI is the fault-tolerant time interval in seconds (ISO 26262-1:2018, 3.61); 0
	// where it is not declared. It needs the clock.
	FTTI float64
	// Reaction is the number of cycles from the alarm of a mechanism to its effect.
	Reaction uint64
}

// Overdue reports whether a record ends with an alarm, a stop or the watchdog later
// than the interval after the upset.
func (d Deadline) Overdue(r faults.Record) bool {
	cycles, ok := r.Latency()
	if !ok || d.FTTI == 0 || d.ClockHz == 0 {
		return false
	}
	if r.Outcome == faults.Detected {
		cycles += d.Reaction
	}
	// A report exactly at the end of the interval is in time, whatever the last bits of
	// a product such as 500e6 × 120e-9 are.
	const rounding = 1e-12
	return float64(cycles) > d.ClockHz*d.FTTI*(1+rounding)
}

// Check reports times that cannot be.
func (d Deadline) Check() error {
	for _, x := range []struct {
		name string
		v    float64
	}{{"clock", d.ClockHz}, {"fault-tolerant time interval", d.FTTI}} {
		if !(x.v >= 0) || math.IsInf(x.v, 0) {
			return fmt.Errorf("%s %v: must be a positive, finite number", x.name, x.v)
		}
	}
	if d.FTTI > 0 && d.ClockHz == 0 {
		return fmt.Errorf("a fault-tolerant time interval of %v s needs the clock of the NPU: cycles are known, not times", d.FTTI)
	}
	return nil
}

// reported is a record that ends with an alarm, a stop or the watchdog.
type reported struct {
	cell    int
	record  faults.Record
	overdue bool
}

// source names what reports a record.
func source(r faults.Record) (name string, own bool) {
	if r.Outcome != faults.Detected {
		return r.Cause.String(), true
	}
	if r.Alarm == 0 {
		return "mechanism", false // a guard that does not name it
	}
	return mechanism.Kind(r.Alarm).String(), false
}

// latencies fills in how long after the upset each mechanism reports it: mechanisms
// in the order of their kinds, then what the NPU itself reports.
func (a *aggregate) latencies(c *result.Campaign) error {
	weight := make([]float64, len(a.f.Cells)) // of a record by its cell
	for _, cells := range a.strata {
		n := a.t.sum(cells).Total()
		for _, k := range cells {
			weight[k] = float64(a.f.stratumSites(cells)) / float64(max(1, n))
		}
	}
	type key struct {
		part int // mechanisms before the NPU's own
		rank int // kind or cause
	}
	groups := map[key][]reported{}
	for _, x := range a.t.reported {
		k := key{0, int(x.record.Alarm)}
		if x.record.Outcome != faults.Detected {
			k = key{1, int(x.record.Cause)}
		}
		groups[k] = append(groups[k], x)
	}
	for _, k := range slices.SortedFunc(maps.Keys(groups), func(x, y key) int {
		return cmp.Or(cmp.Compare(x.part, y.part), cmp.Compare(x.rank, y.rank))
	}) {
		c.Latencies = append(c.Latencies, a.latency(groups[k], weight))
	}
	return nil
}

// latency summarises the reports of one source.
func (a *aggregate) latency(list []reported, weight []float64) result.Latency {
	l := result.Latency{Alarms: len(list)}
	l.Mechanism, l.Own = source(list[0].record)
	cycles := func(x reported) uint64 { n, _ := x.record.Latency(); return n }
	slices.SortStableFunc(list, func(x, y reported) int { return cmp.Compare(cycles(x), cycles(y)) })
	whole, late := 0.0, 0.0
	for _, x := range list {
		whole += weight[x.cell]
		if x.record.InLaterInference() {
			l.AfterEnd++
			late += weight[x.cell]
		}
		if x.overdue {
			l.Overdue++
		}
	}
	half := 0.0
	for _, x := range list {
		if half += weight[x.cell]; 2*half >= whole {
			l.Median = int64(cycles(x))
			break
		}
	}
	l.Maximum = int64(cycles(list[len(list)-1]))
	if whole > 0 {
		l.AfterEndShare = late / whole
	}
	if hz := a.q.Deadline.ClockHz; hz > 0 {
		l.MedianSeconds, l.MaximumSeconds = float64(l.Median)/hz, float64(l.Maximum)/hz
	}
	return l
}
