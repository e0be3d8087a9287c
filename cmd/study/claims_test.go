package main

import (
	"strings"
	"testing"

	"upset/stats/result"
)

// planted is one network on all configurations with the given residual rates.
func planted(verdict string, residual [4]float64, traversal, wd, ao float64) []assessment {
	var all []assessment
	for i, c := range configurations {
		block := func(name string, avf float64) result.BlockAVF {
			return result.BlockAVF{Block: name, Bits: 100, AVFViolating: result.Interval{Estimate: avf, Low: avf - 0.001, High: avf + 0.001}}
		}
		all = append(all, assessment{
			Network: "planted", NPU: c,
			FIT:      result.CampaignFIT{Violating: result.Limits{Estimate: residual[i], Lower: residual[i] - 0.001, Upper: residual[i] + 0.001}},
			Blocks:   []result.BlockAVF{block("traversal", traversal), block("wd", wd), block("ao", ao), block("cc", 0.01)},
			Verdicts: []result.Verdict{{Default: true, Cell: verdict}},
			Full:     protection{Meets: true, Area: 0.1}, Paper: protection{Meets: true, Area: 0.2},
			HardenAll: result.Alternative{Meets: false, AreaOverhead: 0.3}, DuplicateAll: result.Alternative{Meets: true, AreaOverhead: 1},
		})
	}
	return all
}

// withRatio gives the networks protections with poorer cells.
func withRatio(all []assessment, low, high float64) []assessment {
	all[0].Ratios = []ratio{{0.1, protection{Meets: true, Area: low}}}
	all[1].Ratios = []ratio{{0.1, protection{Meets: true, Area: high}}}
	return all
}

// TestClaims turns each judgement both ways.
func TestClaims(t *testing.T) {
	up, down := [4]float64{0.1, 0.2, 0.3, 0.4}, [4]float64{0.4, 0.3, 0.2, 0.1}
	for _, c := range []struct {
		number string
		all    []assessment
		says   string
	}{
		{"3", planted("not_met", up, 0.3, 0.2, 0.1), agree},
		{"3", planted("met", up, 0.3, 0.2, 0.1), disagree},
		{"3", planted("not_shown", up, 0.3, 0.2, 0.1), unclear},
		{"8", planted("not_met", up, 0.3, 0.2, 0.1), agree},
		{"8", withRatio(planted("not_met", up, 0.3, 0.2, 0.1), 0.3, 0.5), agree + " that it is far below lock-step; 38 % lies within"},
		{"8", withRatio(planted("not_met", up, 0.3, 0.2, 0.1), 0.5, 0.6), agree + " that it is far below lock-step; the area is ours"},
		{"9", planted("not_met", up, 0.3, 0.2, 0.1), agree},
		{"9", planted("not_met", up, 0.01, 0.01, 0.01), unclear},
		{"10", planted("not_met", up, 0.3, 0.2, 0.1), agree},
		{"10", planted("not_met", up, 0.3, 0.05, 0.1), agree + " on the traversal unit"},
		{"10", planted("not_met", up, 0.05, 0.02, 0.1), disagree},
		{"12", planted("not_met", up, 0.3, 0.2, 0.1), agree},
		{"12", planted("not_met", down, 0.3, 0.2, 0.1), disagree},
		{"12", planted("not_met", [4]float64{0.1, 0.1, 0.1, 0.1}, 0.3, 0.2, 0.1), unclear},
		{"13", planted("not_met", up, 0.3, 0.2, 0.1), agree},
	} {
		found := false
		for _, k := range claims(c.all) {
			if k.number == c.number {
				found = true
				if !strings.HasPrefix(k.says, c.says) {
					t.Errorf("claim %s from %s: %q, want %q", c.number, k.measured, k.says, c.says)
				}
			}
		}
		if !found {
			t.Errorf("claim %s is not judged", c.number)
		}
	}
}
