package campaign

import (
	"testing"

	"upset/faults"
	"upset/stats"
	"upset/stats/result"
)

// What only a detector without credit reports violates; stray writes and what others
// report stay as they are.
func TestWithoutCreditAStopViolates(t *testing.T) {
	for _, c := range []struct {
		ignored string
		outcome faults.Outcome
		cause   faults.Cause
		want    result.Outcomes
	}{
		{"none", faults.DUEDetected, faults.CauseBusError, result.Outcomes{DUEDetected: 1}},
		{"bus", faults.DUEDetected, faults.CauseBusError, result.Outcomes{Uncredited: 1}},
		{"bus", faults.DUEDetected, faults.CauseDecoder, result.Outcomes{DUEDetected: 1}},
		{"decoder, parser", faults.DUEDetected, faults.CauseDecoder, result.Outcomes{Uncredited: 1}},
		{"watchdog", faults.DUEHang, faults.CauseWatchdog, result.Outcomes{Uncredited: 1}},
		{"all", faults.Detected, faults.CauseAlarm, result.Outcomes{Detected: 1}},
		{"all", faults.StrayWrite, faults.CauseBusError, result.Outcomes{StrayWrite: 1}},
		{"all", faults.Masked, faults.CauseNone, result.Outcomes{Masked: 1}},
	} {
		set, err := ParseDetectors(c.ignored)
		if err != nil {
			t.Fatal(err)
		}
		got := Deadline{Ignored: set}.Count(faults.Record{Outcome: c.outcome, Cause: c.cause})
		if got != c.want {
			t.Errorf("without %s, %v by %v: %+v, want %+v", c.ignored, c.outcome, c.cause, got, c.want)
		}
		if v := got.Violating(stats.ViolationCritical, true, true); (got.Uncredited > 0) != (v > 0 && c.outcome != faults.StrayWrite) {
			t.Errorf("%+v violates %d times", got, v)
		}
		if back, err := ParseDetectors(set.String()); err != nil || back != set {
			t.Errorf("%s is printed as %s", c.ignored, set)
		}
	}
	// Where the cause is not known, any detector without credit may have been the one.
	for ignored, want := range map[string]result.Outcomes{"none": {DUEDetected: 1}, "bus": {Uncredited: 1}, "watchdog": {DUEDetected: 1}} {
		set, err := ParseDetectors(ignored)
		if err != nil {
			t.Fatal(err)
		}
		if got := (Deadline{Ignored: set}).Worst(faults.DUEDetected); got != want {
			t.Errorf("without %s: %+v, want %+v", ignored, got, want)
		}
	}
	for _, bad := range []string{"", "status", "bus,", "Bus"} {
		if _, err := ParseDetectors(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
