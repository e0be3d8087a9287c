package engine

import (
	"math/rand/v2"
	"testing"

	"upset/faults"
	"upset/npu"
	"upset/npu/isa"
)

// Every bit that npu.Canonical clears may hold anything: the fault-free run is
// repeated from states in which all of them were set at random, and must go on
// with equal canonical forms and equal memories.
func TestPoisonedDeadBits(t *testing.T) {
	for i, name := range []string{"fashion-dscnn", "fashion-tiny"} {
		for _, c := range isa.Configs {
			t.Run(name+"/"+c.String(), func(t *testing.T) {
				e := engine(t, name, c, 1, faults.Options{})
				rng := rand.New(rand.NewPCG(uint64(i), uint64(c)))
				for range 6 {
					poison(t, e, rng, rng.Uint64N(e.Cycles()))
				}
			})
		}
	}
}

func poison(t *testing.T, e *Engine, rng *rand.Rand, at uint64) {
	a, b := worker(t, e), worker(t, e)
	a.seek(e.Golden(0), at)
	b.seek(e.Golden(0), at)
	want := npu.Canonical(&a.m.S.Flops)
	sites := flopSites(e.table)
	changed := 0
	for _, id := range sites {
		if rng.IntN(2) == 0 {
			continue
		}
		before := b.m.S.Flops
		if _, _, err := e.table.Flip(b.m, id); err != nil {
			t.Fatal(err)
		}
		if npu.Canonical(&b.m.S.Flops) != want {
			b.m.S.Flops = before
			continue
		}
		changed++
	}
	b.m.Touched()
	if changed < len(sites)/20 {
		t.Errorf("cycle %d: only %d of %d bits are dead", at, changed, len(sites))
	}
	for k := uint64(1); k <= 4000 && a.m.S.CC.Run != 0; k++ {
		a.m.Step()
		b.m.Step()
		if k > 256 && k%64 != 0 {
			continue
		}
		x, y := npu.Canonical(&a.m.S.Flops), npu.Canonical(&b.m.S.Flops)
		// A depthwise block fills only the first part of a weight buffer. Whatever
		// lies behind it would be seen in the MAC array.
		y.WD.Buf = x.WD.Buf
		if x != y {
			t.Fatalf("poisoned at cycle %d (%d bits), the states differ %d cycles later: %s", at, changed, k, firstDifference(e, &x, &y))
		}
		if a.m.S.RAM.Mem != b.m.S.RAM.Mem {
			t.Fatalf("poisoned at cycle %d, the shared buffer differs %d cycles later", at, k)
		}
	}
	if at, bt := a.m.Run(e.Watchdog()), b.m.Run(e.Watchdog()); at != bt || a.m.Cycle() != b.m.Cycle() {
		t.Fatalf("a poisoned run ends with a %v after %d cycles", bt, b.m.Cycle())
	}
	if string(e.Program().ReadOutputs(a.m.Mem)) != string(e.Program().ReadOutputs(b.m.Mem)) {
		t.Fatal("a poisoned run has another output")
	}
}

// firstDifference names a bit in which two states differ.
func firstDifference(e *Engine, x, y *npu.Flops) string {
	for _, id := range flopSites(e.table) {
		a, b := npu.State{Flops: *x}, npu.State{Flops: *y}
		if e.table.Read(&a, id) != e.table.Read(&b, id) {
			return e.table.Name(id)
		}
	}
	return "no site: the bus"
}
