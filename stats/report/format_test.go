package report

import (
	"testing"

	"upset/stats/result"
)

// A range stands in brackets behind an added area, unless there is nothing to tell.
func TestOverheadText(t *testing.T) {
	for _, c := range []struct {
		x    float64
		r    result.Range
		want string
	}{
		{0.141, result.Range{Low: 0.132, High: 0.15}, "14.1 % (13.2 to 15)"},
		{0.141, result.Range{}, "14.1 %"},
		{1.0097, result.Range{Low: 1.0091, High: 1.0102}, "101 %"},
		{0.037, result.Range{Low: 0.03621, High: 0.03621}, "3.7 % (3.62)"},
		{0.037, result.Range{Low: 0.0362, High: 0.0369}, "3.7 % (3.62 to 3.69)"},
	} {
		if got := overheadText(c.x, c.r); got != c.want {
			t.Errorf("%v, %+v: %q, want %q", c.x, c.r, got, c.want)
		}
	}
}
