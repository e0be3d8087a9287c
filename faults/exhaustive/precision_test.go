package exhaustive

import (
	"testing"

	"upset/faults/campaign"
	"upset/stats"
)

// TestStopsOnPrecision: campaigns that stop on their precision cover as they say and need
// little more than a campaign of the size that just reaches it.
func TestStopsOnPrecision(t *testing.T) {
	e, table := testEngine(t, Inputs), shipped(t)
	list, err := Stops(table, e, []string{campaign.SamplingStratified, campaign.SamplingAdaptive},
		[]stats.Precision{{Absolute: 0.002}, {Relative: 0.4}}, 200, 11)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		t.Logf("%+v ratio %.3f", s, s.Ratio())
		if !s.Holds() {
			t.Errorf("%s, %+v: %d of %d cover; %d injections (median), %d suffice: ratio %.2f", s.Sampling, s.Precision, s.Covered, s.Repeats, s.Median, s.Fixed, s.Ratio())
		}
	}
}
