package report

import (
	"math"
	"strings"
	"testing"

	"upset/stats/result"
)

// sampleSteps is a protection of n groups, the later the greater.
func sampleSteps(n int) result.Protect {
	p := sampleProtect()
	p.Networks, p.Choice = nil, nil
	var before float64
	for i := range n {
		x := float64(i+1) / 100
		before += x
		p.Choice = append(p.Choice, result.Choice{
			Block: "mac", Group: strings.Repeat("g", i+1), Mechanism: []string{"parity", "harden"}[i%2],
			FITBefore: result.Limits{Estimate: x}, FITAfter: result.Limits{Estimate: x / 10},
		})
	}
	p.Unprotected.FITViolating.Estimate = before + 0.02
	return p
}

func TestWaterfallAddsUp(t *testing.T) {
	for _, n := range []int{1, 5, mostSteps, mostSteps + 1, 60} {
		p := sampleSteps(n)
		steps := waterfall(p)
		if len(steps) != min(n, mostSteps)+2 {
			t.Fatalf("%d groups give %d steps", n, len(steps))
		}
		last := len(steps) - 1
		for i := 1; i < last; i++ {
			if i > 1 && steps[i].to != steps[i-1].from {
				t.Errorf("step %d starts at %v, the one before ends at %v", i, steps[i].to, steps[i-1].from)
			}
			if i > 1 && i < last-1 && steps[i].to-steps[i].from > steps[i-1].to-steps[i-1].from+1e-12 {
				t.Errorf("step %d is greater than the one before", i)
			}
		}
		before := p.Unprotected.FITViolating.Estimate
		if want := before - 0.9*(before-0.02); math.Abs(steps[last].to-want) > 1e-12 {
			t.Errorf("%d groups end at %v, want %v", n, steps[last].to, want)
		}
		if svg, err := waterfallPlot(p); err != nil || !strings.Contains(string(svg), "unprotected") || !strings.Contains(string(svg), "harden") != (n == 1) {
			t.Errorf("%d groups: %v, %.80s", n, err, svg)
		}
	}
}

func TestNoWaterfallWhereStepsDoNotAddUp(t *testing.T) {
	p := sampleSteps(5)
	p.Unprotected.FITViolating.Estimate = 0.01
	if s := waterfall(p); s != nil {
		t.Errorf("more is taken than there is: %v", s)
	}
	p = sampleSteps(5)
	p.Networks = make([]result.ProtectNetwork, 2)
	if svg, err := waterfallPlot(p); svg != "" || err != nil {
		t.Errorf("several networks: %v, %.80s", err, svg)
	}
	if s := waterfall(sampleSteps(0)); s != nil {
		t.Errorf("nothing chosen: %v", s)
	}
}
