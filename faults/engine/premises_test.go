package engine

import (
	"slices"
	"testing"

	"upset/faults"
	"upset/faults/golden"
	"upset/faults/stream"
	"upset/models/nettest"
	"upset/npu"
	"upset/npu/isa"
)

// waiting brings a worker to a point at which a bit of the configuration differs that a later
// operation will look at and that can be skipped to: it returns the run, and what to do again.
func waiting(t *testing.T, e *Engine, w *Worker) (u pursuit, again func()) {
	t.Helper()
	g := e.Golden(0)
	for i := 1; i < g.End; i++ {
		for _, r := range []isa.Reg{isa.OFMWidthM1, isa.OFMHeightM1, isa.OFMDepthM1, isa.IFMDepthM1, isa.KernelHeightM1} {
			again = func() {
				w.fork(g, g.Points[i].Cycle)
				w.jumped, w.seen = false, -1
				cc := &w.m.S.CC
				cc.Bank[cc.Cur&3][r] ^= 1
				w.m.Touched()
				u = pursuit{g: g, first: i, i: i, alone: true}
			}
			again()
			if rec := (faults.Record{}); w.early(&rec, &u, 0, true) || !w.jumped {
				continue
			}
			at := i
			return pursuit{g: g, first: at, i: at, alone: true}, again
		}
	}
	t.Fatal("nothing can be skipped")
	return u, nil
}

// What differs besides the bits that wait is not lost when time is left out: neither a word
// of the shared buffer that is dead in the fault-free run, which the operation that looks at
// the bits may read, nor a write to a foreign place.
func TestSkipKeepsWhatDiffers(t *testing.T) {
	e := engine(t, "fashion-dscnn", isa.U55x128, 1, faults.Options{})
	w := worker(t, e)
	u, again := waiting(t, e, w)
	p := &u.g.Points[u.i]
	dead := -1
	for a := range w.m.Spec.SHRAMBytes() {
		if e.Life.Dead(a, p.Cycle) {
			dead = a
			break
		}
	}
	if dead < 0 {
		t.Fatal("no word of the buffer is dead")
	}
	again()
	w.m.S.RAM.Mem[dead] ^= 0xff
	v := u
	if rec := (faults.Record{}); w.early(&rec, &v, 0, true) {
		t.Fatalf("ended by %s", rec.Path)
	}
	if want := p.RAM[dead/golden.RAMPiece][dead%golden.RAMPiece] ^ 0xff; w.jumped || w.m.S.RAM.Mem[dead] != want {
		t.Errorf("skipped with a word of the buffer that differs: %t", w.jumped)
	}
	again()
	w.m.S.Bus.Stray = 3
	v = u
	if rec := (faults.Record{}); w.early(&rec, &v, 0, true) || !w.jumped || w.m.S.Bus.Stray != 3 {
		t.Errorf("skipped: %t, %d foreign writes counted, want 3", w.jumped, w.m.S.Bus.Stray)
	}
}

// The clock that the hang proof takes counts what begins and ends in it.
func TestHangProofCounts(t *testing.T) {
	e := engine(t, "fashion-tiny", isa.U55x64, 1, faults.Options{})
	e.decide.rests = func(*npu.Flops) bool { return true }
	w := worker(t, e)
	for k := range e.Milestones {
		at := e.Milestones[k].Cycle
		n := 1 // that fall on this clock
		for k+n < len(e.Milestones) && e.Milestones[k+n].Cycle == at {
			n++
		}
		if k > 0 && e.Milestones[k-1].Cycle == at {
			continue
		}
		w.fork(e.Golden(0), at-1)
		w.seen = k
		if w.stuck() || w.seen != k+n {
			t.Errorf("a clock with %d milestones: %d are seen, want %d", n, w.seen, k+n)
		}
		if w.m.Probe.Note != nil {
			t.Fatal("somebody still looks")
		}
	}
}

// A run whose hand-off fails is bound no more unless control is seen to be that of the
// fault-free run: an operation that has begun may have read wrong constants.
func TestBindingIsSeenAnew(t *testing.T) {
	e := engine(t, "fashion-dscnn", isa.U55x128, 1, faults.Options{})
	w, g := worker(t, e), e.Golden(0)
	lost, kept := 0, 0
	for i := 1; i < g.End; i += 1 + g.End/200 {
		under, next := e.Stream.Under(&g.Points[i].Flops)
		if len(under) == 0 {
			continue
		}
		for _, control := range []bool{false, true} {
			w.fork(g, g.Points[i].Cycle)
			if control {
				w.m.S.CC.Offset ^= 8
			}
			// What will still be wrong in the next inference cannot be handed off.
			u := pursuit{g: g, first: i, i: i, bound: binding{known: true, last: slices.Min(under) - 1, ahead: stream.Outlook{Blocked: stream.NoneBlocked, Next: true}}}
			w.pair.Set(e.Stream, &w.m.S.Flops, &g.Points[i].Flops)
			if w.carried(new(faults.Record), &u) {
				t.Fatal("the hand-off does not fail")
			}
			switch {
			case control && u.bound.known:
				t.Errorf("point %d: control differs, and still bound to operation %d", i, u.bound.last)
			case control:
				lost++
			case !u.bound.known || u.bound.last != next-1 || u.bound.ahead.Next:
				t.Errorf("point %d: bound anew as %+v, want to operation %d", i, u.bound, next-1)
			default:
				kept++
			}
		}
	}
	if lost == 0 || kept == 0 {
		t.Errorf("%d bindings lost, %d made anew: nothing is shown", lost, kept)
	}
}

// The end of a copy, and not that of the operation behind it, bounds what it still writes:
// records are those of the plain machine where a copy outlasts all operations.
func TestHandOffUnderALongCopy(t *testing.T) {
	p := nettest.LongCopy(t, isa.U55x128, 2048)
	e, err := New(p, nettest.Inputs(t, "fashion-tiny", 2), faults.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := compareOptions(t, e, 400); n[faults.PathHandOff] == 0 {
		t.Errorf("no hand-off: %v", n)
	}
}
