package report

import (
	"slices"
	"strconv"

	"upset/stats/result"
)

// latencies are the sections on how soon an upset is reported, and on true and false
// alarms, from the proof of a protection.
func latencies(p result.Protect) []section {
	sections := latencySection(p.Latencies, p.Assumptions)
	if !slices.ContainsFunc(p.Alarms, func(a result.Alarms) bool { return a.Alarms > 0 }) {
		return sections
	}
	t := &table{columns: columns("alarms of", ">repeated", ">true", ">false", ">other", ">true, FIT", ">false, FIT", ">other, FIT")}
	for _, a := range p.Alarms {
		name := "all mechanisms"
		if a.Model != "" {
			name += ", " + a.Model
		}
		t.add(name, count(a.Repeated), count(a.True), count(a.False), count(a.Other), limitsText(a.FITTrue), limitsText(a.FITFalse), limitsText(a.FITOther))
		for _, m := range a.ByMechanism {
			t.add(m.Mechanism, count(m.True+m.False+m.Other), count(m.True), count(m.False), count(m.Other), "", "", "")
		}
	}
	note := "The alarmed upsets of the proof, or a sample of them, injected again without the mechanisms. True: it violates there. False: it does nothing there, or hits storage that only the mechanisms have. Other: the NPU stops by itself, or the output is tolerable."
	return append(sections, section{heading: "True and false alarms", note: note, table: t})
}

// latencySection is the table of latencies.
func latencySection(list []result.Latency, a result.Assumptions) []section {
	if len(list) == 0 {
		return nil
	}
	t := &table{columns: columns("reported by", ">reports", ">median, cycles", ">largest, cycles", ">after the inference", ">too late")}
	for _, l := range list {
		name := l.Mechanism
		if l.Own {
			name += " (no mechanism)"
		}
		if l.Model != "" {
			name += ", " + l.Model
		}
		late := "not asked"
		if a.FTTISeconds > 0 {
			late = count(l.Overdue)
		}
		t.add(name, count(l.Alarms), cyclesText(l.Median, l.MedianSeconds), cyclesText(l.Maximum, l.MaximumSeconds), percent(l.AfterEndShare, nearest), late)
	}
	note := "From the upset to the alarm, the stop of the NPU or the end by the watchdog. Largest is the largest seen. After the inference: the alarm came in a later one, when the right output of this one had been handed over. " + deadlineText(a)
	return []section{{heading: "Detection latency", note: note, table: t}}
}

// cyclesText is a number of cycles, with the time where a clock is declared.
func cyclesText(n int64, seconds float64) string {
	if seconds == 0 {
		return count(n)
	}
	return count(n) + " (" + secondsText(seconds) + ")"
}

// secondsText prints a time with a unit that suits it.
func secondsText(s float64) string {
	for _, u := range []struct {
		unit  string
		scale float64
	}{{" s", 1}, {" ms", 1e-3}, {" us", 1e-6}} {
		if s >= u.scale {
			return significant(s/u.scale, nearest) + u.unit
		}
	}
	return significant(s/1e-9, nearest) + " ns"
}

// deadlineText says what detection is held against.
func deadlineText(a result.Assumptions) string {
	if a.FTTISeconds == 0 {
		return "The fault-tolerant time interval is not declared: it is assumed to be longer than every one of these."
	}
	return "What is reported later than " + secondsText(a.FTTISeconds) + " after the upset violates."
}

// timingPairs are the inputs of a verdict that are about time.
func timingPairs(a result.Assumptions) []pair {
	clock := "not declared"
	if a.ClockHz > 0 {
		clock = strconv.FormatFloat(a.ClockHz, 'g', -1, 64) + " Hz"
	}
	ftti := "not declared: assumed to be longer than detection and reaction together"
	if a.FTTISeconds > 0 {
		ftti = secondsText(a.FTTISeconds) + " (" + significant(a.FTTISeconds*a.ClockHz, down) + " cycles): what is reported later violates"
	}
	return []pair{{"clock", clock}, {"fault-tolerant time", ftti}, {"alarm latency", reactionText(a)}}
}

// reactionText says what an alarm does.
func reactionText(a result.Assumptions) string {
	if a.AlarmLatency == 0 {
		return "0 cycles: an alarm is assumed to stop the NPU before its next clock"
	}
	return count(a.AlarmLatency) + " cycles, for which the NPU goes on after the alarm of a mechanism"
}

// latencyCSV adds the latencies and the sorts of alarms.
func latencyCSV(t *csvTable, p result.Protect) {
	for _, l := range p.Latencies {
		common := func(metric string, x float64) fields {
			return fields{"model": l.Model, "mechanism": l.Mechanism, "metric": metric, "estimate": number(x), "n": strconv.Itoa(l.Alarms)}
		}
		t.add("latency", common("median_cycles", float64(l.Median)))
		t.add("latency", common("maximum_cycles", float64(l.Maximum)))
		t.add("latency", common("after_end_share", l.AfterEndShare).with("failures", strconv.Itoa(l.AfterEnd)))
		t.add("latency", fields{"model": l.Model, "mechanism": l.Mechanism, "metric": "overdue", "failures": strconv.Itoa(l.Overdue), "n": strconv.Itoa(l.Alarms)})
	}
	for _, a := range p.Alarms {
		for _, x := range []struct {
			metric string
			n      int
			fit    result.Limits
		}{{"fit_true", a.True, a.FITTrue}, {"fit_false", a.False, a.FITFalse}, {"fit_other", a.Other, a.FITOther}} {
			t.add("alarms", limitFields(x.metric, x.fit).with("model", a.Model, "failures", strconv.Itoa(x.n), "n", strconv.Itoa(a.Repeated)))
		}
		for _, m := range a.ByMechanism {
			for _, x := range []struct {
				metric string
				n      int
			}{{"true", m.True}, {"false", m.False}, {"other", m.Other}} {
				t.add("alarms", fields{"model": a.Model, "mechanism": m.Mechanism, "metric": x.metric, "failures": strconv.Itoa(x.n), "n": strconv.Itoa(m.True + m.False + m.Other)})
			}
		}
	}
}
