package campaign

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"upset/faults"
	"upset/faults/golden"
	"upset/netlist"
	"upset/stats/result"
)

// toy is a small machine whose outcomes are a fixed function of the fault.
type toy struct {
	groups []Group
	cancel func() // called after so many injections, if set
	after  int64
	count  atomic.Int64
	fail   int64 // the injection that fails, counted from 1
}

func newToy() *toy {
	return &toy{groups: []Group{
		{Block: "cc", Class: "config", Bits: 64},
		{Block: "cc", Class: "global", Bits: 16},
		{Block: "mac", Class: "datapath", Bits: 256},
		{Block: "pmu", Class: classObserver, Bits: 32, Known: true},
		{Block: "sb", Class: "sram", SRAM: true, Bits: 512},
	}}
}

func (t *toy) Digest() string  { return "toy" }
func (t *toy) Groups() []Group { return t.groups }

func (t *toy) Bit(group int, k uint64) netlist.SiteID {
	if k >= t.groups[group].Bits {
		panic("bit outside its group")
	}
	return netlist.SiteID(uint64(group)*1000 + k)
}

func (t *toy) Guards() func(faults.Site) faults.Guard { return nil }

const toyCycles = 1000

// outcome is the truth about a fault of the toy.
func (t *toy) outcome(input int, s faults.Site) faults.Outcome {
	bit, late := int(s.ID)%1000, s.Cycle >= toyCycles/2
	switch s.ID / 1000 {
	case 0: // configuration matters in the first half
		if !late && bit < 32 {
			return faults.SDCCritical
		}
	case 1:
		if bit == 0 {
			return faults.DUEHang
		}
		if bit < 4 {
			return faults.DUEDetected
		}
	case 2:
		if bit < 64 && late && input == 0 {
			return faults.SDCTolerable
		}
		if bit == 255 {
			return faults.Latent
		}
	case 4:
		if bit < 8 {
			return faults.StrayWrite
		}
	}
	return faults.Masked
}

func (t *toy) Inject(input int, s faults.Site, _ faults.Guard) (faults.Record, error) {
	n := t.count.Add(1)
	if t.cancel != nil && n == t.after {
		t.cancel()
	}
	if n == t.fail {
		return faults.Record{}, errors.New("broken machine")
	}
	return faults.Record{
		Site: s, Input: uint32(input), Before: 1, Outcome: t.outcome(input, s), End: s.Cycle + 1, Output: uint64(s.ID) * s.Cycle,
		Path: t.path(s),
	}, nil
}

// path is made up.
func (t *toy) path(s faults.Site) faults.Path {
	switch {
	case t.groups[s.ID/1000].Known:
		return faults.PathDead
	case s.Cycle%2 == 0:
		return faults.PathEnd
	}
	return faults.PathConverged
}

// ops has five layers of 200 cycles.
func toyOps() (ops []golden.OpSpan) {
	for i := range 5 {
		ops = append(ops, golden.OpSpan{Index: i, Name: "conv", Layer: i, Start: uint64(200 * i), End: uint64(200*i + 199)})
	}
	ops[4].End = toyCycles
	return ops
}

// frame is the toy's sampling frame.
func (t *toy) frame(tb testing.TB, s Spec) *Frame {
	tb.Helper()
	f := &Frame{NPU: "toy", Cycles: toyCycles, Watchdog: 2*toyCycles + 10_000, Inputs: 2, Segments: segments(toyOps(), toyCycles), Groups: t.groups}
	if err := f.build(s); err != nil {
		tb.Fatal(err)
	}
	if err := f.check(); err != nil {
		tb.Fatal(err)
	}
	return f
}

// toySpec is a complete spec of the toy.
func toySpec(change func(*Spec)) Spec {
	s := Spec{NPU: "toy", Model: "toy", Inputs: "inputs", InputCount: 2, Table: "toy", Seed: 7, Injections: 2000}
	if change != nil {
		change(&s)
	}
	return s.normal()
}

// run runs a toy campaign.
func (t *toy) run(tb testing.TB, ctx context.Context, s Spec, dir string, workers int, progress func(Progress)) (*result.Campaign, error) {
	tb.Helper()
	r := &runner{
		spec: s, frame: t.frame(tb, s), pop: t, began: time.Now(),
		options: RunOptions{Workers: workers, Progress: progress, Note: map[string]string{"model": "toy.tflite"}},
		worker:  func() (injector, error) { return t, nil },
	}
	return r.run(ctx, dir)
}

// must runs a toy campaign that has to succeed.
func (t *toy) must(tb testing.TB, s Spec, dir string, workers int) *result.Campaign {
	tb.Helper()
	c, err := t.run(tb, context.Background(), s, dir, workers, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// truth is the exact share of sites and inputs for which count holds.
func (t *toy) truth(block string, count func(faults.Outcome) bool) float64 {
	hits, all := 0, 0
	for g, group := range t.groups {
		if block != "" && group.Block != block {
			continue
		}
		for k := range group.Bits {
			for cycle := uint64(0); cycle < toyCycles; cycle += 500 { // the truth only knows halves
				for input := range 2 {
					all++
					if count(t.outcome(input, faults.Site{ID: t.Bit(g, k), Cycle: cycle})) {
						hits++
					}
				}
			}
		}
	}
	return float64(hits) / float64(all)
}
