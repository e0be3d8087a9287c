package exhaustive

import (
	"testing"

	"upset/faults/campaign"
	"upset/stats"
)

// TestStopsOnPrecision: campaigns that stop on their precision cover as they say and need
// little more than one of the size that just reaches it. It is the study with fewer
// repeats.
func TestStopsOnPrecision(t *testing.T) {
	e, table := testEngine(t, Inputs), shipped(t)
	samplings := []string{campaign.SamplingStratified, campaign.SamplingAdaptive}
	list, err := Stops(table, e, samplings, []stats.Precision{{Absolute: 0.003}, {Relative: 0.45}}, 150, 11)
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		s := &list[i]
		if !s.Holds() || s.Reached < s.Repeats {
			t.Errorf("%s, %+v: %d of %d cover, %d reach it; %d injections (median), %d suffice: ratio %.2f",
				s.Sampling, s.Precision, s.Covered, s.Repeats, s.Reached, s.Median, s.Fixed, s.Ratio())
		}
		if s.Fixed < 1000 || s.Covered+s.Below+s.Above != s.Repeats || s.Mean < 0.9*s.Truth || s.Mean > 1.1*s.Truth {
			t.Errorf("%s, %+v: %+v", s.Sampling, s.Precision, *s)
		}
	}
}
