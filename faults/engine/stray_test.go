package engine

import (
	"math/rand/v2"
	"testing"

	"upset/faults"
	"upset/faults/golden"
	"upset/faults/stream"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// A run that wrote outside its window is a stray write however it ends, with what ended
// it as the cause. Whether it wrote is asked of a machine that is stepped to its end.
func TestStrayWriteComesFirst(t *testing.T) {
	e := engine(t, "fashion-tiny", isa.U55x128, 2, faults.Options{Cache: faults.Cache{Entries: 1 << 16}})
	var hot []netlist.SiteID
	for _, r := range e.Table().Select(netlist.Filter{Only: []string{"cc.basep*", "cc.bank0.ofm_*", "cc.bank1.ofm_*", "cc.payload*", "dma.ofm.*", "traversal.ofm.*"}}) {
		for b := range r.Bits() {
			hot = append(hot, r.First+netlist.SiteID(b))
		}
	}
	if len(hot) == 0 {
		t.Fatal("the filter selects nothing")
	}
	off := *e
	off.options.Engine, off.cache = faults.AllOff, nil
	fast, slow := worker(t, e), worker(t, &off)
	causes, paths := map[faults.Cause]int{}, map[faults.Path]int{}
	rng := rand.New(rand.NewPCG(14, 1))
	for range 1500 {
		s := faults.Site{ID: hot[rng.IntN(len(hot))], Cycle: rng.Uint64N(e.Cycles())}
		m, err := e.Begin(0)
		if err != nil {
			t.Fatal(err)
		}
		m.Run(s.Cycle)
		if _, _, err := e.Table().Flip(m, s.ID); err != nil {
			t.Fatal(err)
		}
		stop := m.Run(e.Watchdog())
		wrote := m.S.Bus.Stray != 0
		for _, w := range []*Worker{fast, slow} {
			r, err := w.Inject(0, s, nil)
			if err != nil {
				t.Fatal(err)
			}
			if (r.Outcome == faults.StrayWrite) != wrote {
				t.Fatalf("%s@%d: stray write %t, ended with %v, but the record says %+v", e.Table().Name(s.ID), s.Cycle, wrote, stop, r)
			}
			if !wrote {
				continue
			}
			want := map[npu.Status]faults.Cause{npu.Done: faults.CauseStray, npu.BusError: faults.CauseBusError, npu.ParseError: faults.CauseParseError, npu.DecoderFault: faults.CauseDecoder, npu.Timeout: faults.CauseWatchdog}[stop]
			if r.Cause != want {
				t.Fatalf("%s@%d: ended with %v: %+v", e.Table().Name(s.ID), s.Cycle, stop, r)
			}
			causes[r.Cause]++
			paths[r.Path]++
		}
	}
	t.Log(causes, paths)
	if causes[faults.CauseStray] == 0 || causes[faults.CauseBusError] == 0 || causes[faults.CauseWatchdog] == 0 || paths[faults.PathStopped] == 0 || paths[faults.PathHang] == 0 {
		t.Errorf("the sample leaves ends out: %v %v", causes, paths)
	}
}

// lateAlarm is a mechanism that notices an upset some cycles after it has made the NPU
// write where it must not.
type lateAlarm struct {
	e    *Engine
	wait int
}

func (a *lateAlarm) Beside(id netlist.SiteID, _ int) []netlist.SiteID {
	return []netlist.SiteID{id}
}

func (a *lateAlarm) Upset(m *npu.Machine, s faults.Site, _ []netlist.SiteID) (before, after uint8, done bool, o faults.Outcome, c faults.Cause) {
	before, after, _ = a.e.Table().Flip(m, s.ID)
	return before, after, false, faults.Masked, faults.CauseNone
}

func (a *lateAlarm) Step(m *npu.Machine) bool {
	m.Step()
	if m.S.Bus.Stray != 0 {
		a.wait--
	}
	return a.wait <= 0
}

func (a *lateAlarm) Active() bool { return true }

// An alarm after a stray write does not undo it.
func TestAlarmAfterStrayWrite(t *testing.T) {
	e := engine(t, "fashion-tiny", isa.U55x128, 1, faults.Options{})
	id, err := e.Table().Parse("cc.basep[1].12")
	if err != nil {
		t.Fatal(err)
	}
	s := faults.Site{ID: id, Cycle: 5}
	w := worker(t, e)
	fast, err := w.Inject(0, s, &lateAlarm{e, 3})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := worker(t, e).PlainGuarded(0, s, &lateAlarm{e, 3})
	if err != nil {
		t.Fatal(err)
	}
	if fast.Outcome != faults.StrayWrite || fast.Cause != faults.CauseAlarm || !fast.Same(plain) {
		t.Errorf("fast %+v, plain %+v", fast, plain)
	}
}

// A run that is known to end behind the watchdog's limit stays the stray write it is.
func TestLateStrayWrite(t *testing.T) {
	w := &Worker{e: &Engine{Runs: &golden.Runs{Stream: &stream.Stream{Begins: []uint64{0}, Cycles: 100}}}}
	limit := w.e.Watchdog()
	r := faults.Record{Outcome: faults.StrayWrite, Cause: faults.CauseStray, End: 100}
	w.delay(&r, int64(limit)-99)
	if r.Outcome != faults.StrayWrite || r.Cause != faults.CauseWatchdog || r.End != limit || r.Output != 0 {
		t.Errorf("%+v", r)
	}
	r = faults.Record{Outcome: faults.SDCCritical, Cause: faults.CauseOutput, End: 100}
	if w.delay(&r, int64(limit)-99); r.Outcome != faults.DUEHang {
		t.Errorf("%+v", r)
	}
}
