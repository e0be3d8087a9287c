package protect

import (
	"context"
	"slices"
	"testing"

	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/netlist"
	"upset/npu"
	"upset/stats"
)

// sampled is a sample of stuck-at faults of fashion-tiny.
func sampled(t *testing.T, inputs, n int) *stuckSample {
	t.Helper()
	e := tinyEngine(t, "fashion-tiny", inputs, npu.ECCSECDED)
	p := mechanism.NewPricing(e.Table(), e.Table().Areas(nil), nil, mechanism.DefaultCells())
	s := &stuckSample{engines: []*engine.Engine{e}, violation: stats.ViolationAny, watchdog: true, workers: 2}
	s.units = stuckUnits(e.Table(), func(c mechanism.Choice) float64 { return float64(p.Flops(c)) })
	s.draw(n, 5, 0)
	if err := s.depart(context.Background()); err != nil {
		t.Fatal(err)
	}
	return s
}

// effects runs the sample beside a mechanism that stands wherever it can.
func effects(t *testing.T, s *stuckSample, choices ...mechanism.Choice) []effect {
	t.Helper()
	var designs []*mechanism.Design
	for _, e := range s.engines {
		d := equipped(t, e, 1, choices)
		designs = append(designs, d)
	}
	if len(choices) == 0 {
		designs = nil
	}
	out := make([]effect, len(s.faults))
	if err := s.run(context.Background(), designs, s.all(), out); err != nil {
		t.Fatal(err)
	}
	return out
}

func counted(list []effect, e effect) (n int) {
	for _, x := range list {
		if x == e {
			n++
		}
	}
	return n
}

// TestAPermanentFaultIsSafeOnlyIfEveryInputMasksIt: more inputs never make a fault safe,
// and make some harmful.
func TestAPermanentFaultIsSafeOnlyIfEveryInputMasksIt(t *testing.T) {
	one, eight := sampled(t, 1, 600), sampled(t, 8, 600)
	a, b := effects(t, one), effects(t, eight)
	for i := range a {
		if one.faults[i].flaw != eight.faults[i].flaw {
			t.Fatal("the draw depends on the inputs")
		}
		if b[i] < a[i] {
			t.Errorf("fault %d is worse on one input than on eight", i)
		}
	}
	if x, y := counted(a, effectSafe), counted(b, effectSafe); y >= x || y < 100 {
		t.Errorf("%d of %d safe on one input, %d on eight", x, len(a), y)
	}
	t.Logf("safe: %d of %d on one input, %d on eight", counted(a, effectSafe), len(a), counted(b, effectSafe))
	again := effects(t, eight)
	if !slices.Equal(b, again) {
		t.Error("the effects depend on the run")
	}
}

// TestMechanismsSeePermanentFaults: redundancy sees every harmful stuck flop of the
// registers that it guards, hardened cells see none and a checker those of its block. The
// comparators of lock-step see a write as it leaves: one outside the arena is harm.
func TestMechanismsSeePermanentFaults(t *testing.T) {
	s := sampled(t, 3, 400)
	bare := effects(t, s)
	harm := counted(bare, effectHarm)
	if harm < 60 {
		t.Fatalf("only %d harmful faults", harm)
	}
	for _, tc := range []struct {
		kind mechanism.Kind
		most float64 // share of the harmful faults that stay harmful
	}{
		{mechanism.ParityAlways, 0}, {mechanism.Parity, 0.02}, {mechanism.Triplicate, 0}, {mechanism.Duplicate, 0}, {mechanism.Lockstep, 0.02}, {mechanism.Harden, 1}, {mechanism.Residue, 1},
	} {
		list := effects(t, s, Everywhere(tc.kind)...)
		left := 0
		for i, x := range list {
			if x == effectHarm {
				left++
				if bare[i] != effectHarm {
					t.Errorf("%s does harm with fault %d", tc.kind, i)
				}
			}
		}
		if float64(left) > tc.most*float64(harm) {
			t.Errorf("%s leaves %d of %d harmful faults", tc.kind, left, harm)
		}
		if tc.kind == mechanism.Harden && !slices.Equal(list, bare) {
			t.Error("hardened cells change what permanent faults do")
		}
		if tc.kind == mechanism.Residue && (left == harm || left < harm/2) {
			t.Errorf("residue leaves %d of %d", left, harm)
		}
		t.Logf("%s leaves %d of %d", tc.kind, left, harm)
	}
	if o := s.units[s.faults[0].unit]; o.class == netlist.SRAM {
		t.Error("RAM is no flop")
	}
}
