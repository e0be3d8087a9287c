package campaign

import (
	"testing"

	"upset/stats"
	"upset/stats/result"
)

// A sample counts for what its interval says, not for its size: two stratified ones
// whose intervals hardly touch differ, as their 10,000 faults in a simple sample would not.
func TestStratifiedSamplesCountForWhatTheyKnow(t *testing.T) {
	tight := func(p, low, high float64) result.Interval {
		return result.Interval{Estimate: p, Low: low, High: high, Failures: 200, N: 10000}
	}
	c, err := compareBlock("all", tight(0.00229, 0.00197, 0.00265), tight(0.00151, 0.00122, 0.00183), discordant{}, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	if c.P > 0.01 {
		t.Errorf("P %v: the intervals do not overlap", c.P)
	}
	wide := tight(0.00151, 0.0001, 0.005)
	if c, err = compareBlock("all", tight(0.00229, 0.0002, 0.006), wide, discordant{}, 0.95); err != nil || c.P < 0.5 {
		t.Errorf("P %v, %v: the intervals are wide", c.P, err)
	}
	// A simple sample counts for about itself, a little less where the interval is exact.
	low, high, err := stats.ClopperPearson(30, 1000, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	if f, n := effective(result.Interval{Estimate: 0.03, Low: low, High: high, Failures: 30, N: 1000}, 0.95); n < 800 || n > 1000 || f != (3*n+50)/100 {
		t.Errorf("30 of 1000 count for %d of %d", f, n)
	}
	if _, high, err = stats.ClopperPearson(0, 1000, 0.95); err != nil {
		t.Fatal(err)
	}
	if f, n := effective(result.Interval{High: high, N: 1000}, 0.95); n != 1000 || f != 0 {
		t.Errorf("none of 1000 counts for %d of %d", f, n)
	}
}
