package stats

import (
	"strings"
	"testing"
)

// TestAConclusionSaysWhatWasShownAndNoMore: every metric must be met, one that is not
// assessed is not, and the sentence names the faults and what is missing.
func TestAConclusionSaysWhatWasShownAndNoMore(t *testing.T) {
	met := []Decided{{Metric: MetricFIT, Result: Met}, {Metric: MetricSPFM, Result: Met}}
	with := func(more ...Decided) []Decided { return append(met[:2:2], more...) }
	transient := Scope{Target: "asil-d", Faults: FaultsTransient, Violation: ViolationAny}
	both := Scope{Target: "asil-d", Faults: FaultsBoth, Violation: ViolationAny}
	for name, tc := range map[string]struct {
		scope    Scope
		decided  []Decided
		result   string
		sentence string
	}{
		"transients": {transient, met, Met, "hardware-metric targets of ASIL D met under the listed assumptions, transient faults only"},
		"critical only": {
			Scope{Target: "asil-b", Faults: FaultsTransient, Violation: ViolationCritical}, met, Met,
			"hardware-metric targets of ASIL B met under the listed assumptions, transient faults only, tolerable wrong outputs not counted",
		},
		"permanent": {
			both, with(Decided{Metric: MetricSPFMPermanent, Result: NotMet}, Decided{Metric: MetricLFM, Result: NotShown}, Decided{Metric: MetricPMHF, Result: NotAssessed}), NotMet,
			"hardware-metric targets of ASIL D not met, transient and permanent faults (not met: permanent SPFM; not shown: LFM; not assessed: PMHF; met: transient residual, transient SPFM)",
		},
		"not assessed": {
			both, with(Decided{Metric: MetricLFM, Result: NotAssessed}), NotShown,
			"hardware-metric targets of ASIL D not shown to be met, transient and permanent faults (not assessed: LFM; met: transient residual, transient SPFM)",
		},
		"nothing": {transient, nil, NotShown, "hardware-metric targets of ASIL D not shown to be met, transient faults only"},
	} {
		result, sentence := Conclude(tc.scope, tc.decided)
		if result != tc.result || sentence != tc.sentence {
			t.Errorf("%s: %s: %s", name, result, sentence)
		}
	}
	if _, s := Conclude(both, with(Decided{Metric: MetricPMHF, Result: NotMet})); strings.Contains(s, "ASIL D met") {
		t.Errorf("a missed metric reads as met: %s", s)
	}
}

// TestPMHFIsHeldAgainstTheShareOfThePart: a part that takes a fiftieth of the item's
// PMHF at its target may take a fiftieth at every level.
func TestPMHFIsHeldAgainstTheShareOfThePart(t *testing.T) {
	in := SafetyInput{
		Raw: 10, Violating: Known(0.1), Detected: Known(1), SPFM: Known(0.99), Target: "asil-d", PMHFBudget: 0.2,
		Permanent: &PermanentParts{Unguarded: 0.5, LifetimeHours: 10, TestIntervalHours: 1},
	}
	s, err := NewSafety(in)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{"asil-b": 2, "asil-c": 2, "asil-d": 0.2}
	for _, l := range s.Levels {
		if l.Metric != MetricPMHF {
			continue
		}
		if l.Target != want[l.Name] || (l.Result == Met) != (l.Target == 2) {
			t.Errorf("%s: %v FIT of %v: %s", l.Name, l.Limits.Estimate, l.Target, l.Result)
		}
	}
	in.PMHFBudget = -1
	if _, err := NewSafety(in); err == nil {
		t.Error("a negative share is taken")
	}
}
