package switching

import (
	"slices"
	"testing"
	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
	"upset/models/selection/scoretest"
)

// stream makes an expert's table: its loss is about 0 in batches marked with a
// point and large in the others.
func stream(batches string) selection.Table {
	var rows [][]int
	for _, b := range batches {
		for range switchBatch {
			if b == '.' {
				rows = append(rows, scoretest.Class(0, 100))
			} else {
				rows = append(rows, scoretest.Class(1, 100))
			}
		}
	}
	return scoretest.Table(0.1, digits.Classes, rows...)
}

func TestSwitchingWatches(t *testing.T) {
	for _, c := range []struct {
		name    string
		experts [switchExperts]string
		want    []int
	}{
		{"no change", [...]string{"......", "xxxxxx", "xxxxxx"}, []int{0, 0, 0, 0, 0, 0}},
		{"one strange batch is borne", [...]string{"..x...", "xxxxxx", "xxxxxx"}, []int{0, 0, 0, 0, 0, 0}},
		{"two are a change", [...]string{"..xxxx", "xxxxxx", "xx...."}, []int{0, 0, 0, 2, 2, 2}},
		{"not two apart", [...]string{"..x.x.", "......", "......"}, []int{0, 0, 0, 0, 0, 0}},
		{"a tie goes to the lowest", [...]string{"xx....", "......", "......"}, []int{0, 1, 1, 1, 1, 1}},
		{"there and back", [...]string{"..xx..", "xx..xx", "xxxxxx"}, []int{0, 0, 0, 1, 1, 0}},
		{"no expert fits", [...]string{"..xx..", "xxxxxx", "xxx..."}, []int{0, 0, 0, switchExperts, 0, 0}},
	} {
		rows := switchBatch * len(c.want)
		r := &switching{truth: make([]int, rows), experts: make([]int, rows), bands: make([]kit.Band, switchExperts)}
		for k := range r.bands {
			r.bands[k] = kit.Band{Mean: 0.1, Deviation: 0.1}
		}
		scores := []selection.Table{scoretest.Table(0.1, switchExperts, make([][]int, rows)...)}
		for _, s := range c.experts {
			scores = append(scores, stream(s))
		}
		o := scoretest.Decide(t, r, scores...)
		if got := o.Items[rows:]; !slices.Equal(got, c.want) {
			t.Errorf("%s: experts in use %v, want %v", c.name, got, c.want)
		}
		if len(o.Values) != rows {
			t.Errorf("%s: %d digits.Classes", c.name, len(o.Values))
		}
	}
}

func TestSwitchingRates(t *testing.T) {
	r := &switching{}
	for _, k := range []int{0, 0, 0, 1, 1, 1, 1, 2, 2} {
		for range switchBatch {
			r.experts = append(r.experts, k)
		}
	}
	for _, c := range []struct {
		used []int
		want watched
	}{
		{[]int{0, 0, 0, 0, 1, 1, 1, 1, 2}, watched{switches: 2, latest: 1}},
		{[]int{0, 0, 0, 1, 1, 1, 1, 2, 2}, watched{switches: 2}},
		{[]int{0, 2, 0, 0, 0, 1, 1, 1, 2}, watched{switches: 2, latest: 2, alarms: 1}},
		{[]int{0, 0, 0, 0, 1, 1, 1, 1, 1}, watched{switches: 2, latest: 9}},
	} {
		if got := r.rate(c.used); got != c.want {
			t.Errorf("%v: %+v, want %+v", c.used, got, c.want)
		}
	}
}

// TestSwitchingConsequence: an expert too many stays for ever.
func TestSwitchingConsequence(t *testing.T) {
	r := &switching{}
	golden := selection.Outcome{Metric: selection.Route, Items: []int{0, 1, 2, 0}, Values: []float64{1, 2}}
	for _, c := range []struct {
		name   string
		items  []int
		values []float64
		want   float64
	}{
		{"later switch", []int{0, 1, 0, 0}, golden.Values, 0.25},
		{"new expert", []int{0, 1, switchExperts, 0}, golden.Values, 1},
		{"class", golden.Items, []float64{1, 3}, 1},
	} {
		if got := r.Consequence(nil, golden, selection.Outcome{Metric: selection.Route, Items: c.items, Values: c.values}); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
