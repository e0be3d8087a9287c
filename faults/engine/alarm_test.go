package engine

import (
	"math/rand/v2"
	"testing"

	"upset/faults"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// bell is a guard that flips a bit of the machine and rings at a cycle, however the
// machine fares.
type bell struct {
	e       *Engine
	at      uint64
	latency uint64
}

// Beside knows of one cell.
func (b *bell) Beside(id netlist.SiteID, _ int) []netlist.SiteID { return []netlist.SiteID{id} }

func (b *bell) Upset(m *npu.Machine, s faults.Site, cells []netlist.SiteID) (before, after uint8, done bool, o faults.Outcome, c faults.Cause) {
	before, after, _ = b.e.table.Flip(m, s.ID)
	return before, after, false, 0, 0
}

func (b *bell) Step(m *npu.Machine) bool {
	m.Step()
	return m.Cycle() >= b.at
}
func (b *bell) Active() bool         { return true }
func (b *bell) Raised() uint8        { return 7 }
func (b *bell) AlarmLatency() uint64 { return b.latency }

// harms finds upsets whose records on the machine without a mechanism are wanted.
func harms(t *testing.T, e *Engine, n int, want func(r faults.Record) bool) (list []faults.Record) {
	t.Helper()
	w, rng, sites := worker(t, e), rand.New(rand.NewPCG(5, 6)), flopSites(e.table)
	for range 60_000 {
		s := faults.Site{ID: sites[rng.IntN(len(sites))], Cycle: rng.Uint64N(e.Cycles())}
		r, err := w.Inject(0, s, nil)
		if err != nil {
			t.Fatal(err)
		}
		if want(r) {
			list = append(list, r)
		}
		if len(list) == n {
			return list
		}
	}
	t.Fatalf("%d upsets of the sort wanted: too few", len(list))
	return nil
}

// both injects beside a bell on the fast and on the plain engine, which must agree.
func both(t *testing.T, e *Engine, s faults.Site, at, latency uint64) faults.Record {
	t.Helper()
	w := worker(t, e)
	fast, err := w.Inject(0, s, &bell{e, at, latency})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := w.PlainGuarded(0, s, &lateBell{bell: bell{e, at, latency}})
	if err != nil || !fast.Same(plain) {
		t.Fatalf("alarm at %d, latency %d: fast %+v, plain %+v, %v", at, latency, fast, plain, err)
	}
	return fast
}

// lateBell is a bell that stays silent before its upset.
type lateBell struct {
	bell
	armed bool
}

func (b *lateBell) Upset(m *npu.Machine, s faults.Site, cells []netlist.SiteID) (before, after uint8, done bool, o faults.Outcome, c faults.Cause) {
	b.armed = true
	return b.bell.Upset(m, s, cells)
}

func (b *lateBell) Step(m *npu.Machine) bool { return b.bell.Step(m) && b.armed }

// What the NPU does between the alarm and its effect counts: a wrong output that is
// handed over within it violates, and so does a write to a foreign place.
func TestAlarmActsLate(t *testing.T) {
	e := engine(t, "fashion-tiny", isa.U55x128, 2, faults.Options{})
	for _, bare := range harms(t, e, 12, func(r faults.Record) bool { return r.Outcome == faults.SDCTolerable || r.Outcome == faults.SDCCritical }) {
		if bare.End < bare.Site.Cycle+20 {
			continue
		}
		at := bare.End - 10
		for latency, want := range map[uint64]faults.Outcome{0: faults.Detected, 9: faults.Detected, 10: bare.Outcome, 500: bare.Outcome} {
			r := both(t, e, bare.Site, at, latency)
			if r.Outcome != want || r.Alarm != 7 {
				t.Errorf("alarm ten cycles before the end, latency %d: %s by %d, want %s", latency, r.Outcome, r.Alarm, want)
			}
			if want == faults.Detected && r.End != at || want != faults.Detected && (r.End != bare.End || r.Output != bare.Output) {
				t.Errorf("latency %d: end %d, output %x; alarm at %d, end without it %d", latency, r.End, r.Output, at, bare.End)
			}
		}
		// An alarm after the end never comes: nothing runs.
		if r := both(t, e, bare.Site, bare.End+1, 0); r.Outcome != bare.Outcome {
			t.Errorf("alarm after the end: %s, want %s", r.Outcome, bare.Outcome)
		}
	}
	for _, bare := range harms(t, e, 4, func(r faults.Record) bool { return r.Outcome == faults.StrayWrite }) {
		m, err := e.Begin(0)
		if err != nil {
			t.Fatal(err)
		}
		m.Run(bare.Site.Cycle)
		if _, _, err := e.table.Flip(m, bare.Site.ID); err != nil {
			t.Fatal(err)
		}
		for m.S.Bus.Stray == 0 && m.S.CC.Run != 0 {
			m.Step()
		}
		at := m.Cycle() // of the first foreign write
		for _, c := range []struct {
			at, latency uint64
			want        faults.Outcome
		}{{at, 0, faults.Detected}, {at, 1, faults.StrayWrite}, {at + 1, 0, faults.StrayWrite}, {at - 1, 0, faults.Detected}, {at - 1, 1, faults.StrayWrite}} {
			if c.at <= bare.Site.Cycle {
				continue
			}
			r := both(t, e, bare.Site, c.at, c.latency)
			if r.Outcome != c.want || r.Cause != faults.CauseAlarm {
				t.Errorf("foreign write at %d, alarm at %d, latency %d: %s (%s), want %s", at, c.at, c.latency, r.Outcome, r.Cause, c.want)
			}
		}
	}
}

// An alarm in the inference that follows is told from one in that of the upset, and
// its cycle counts what the first inference took.
func TestAlarmInLaterInference(t *testing.T) {
	e := engine(t, "fashion-tiny", isa.U55x128, 2, faults.Options{})
	const behind = 40 // cycles into the second inference
	inTime := func(r faults.Record) bool { return r.Outcome == faults.Masked && !r.Late }
	late := func(r faults.Record) bool { return r.Outcome == faults.Masked && r.Late && r.End < e.Cycles()+behind }
	for _, bare := range append(harms(t, e, 20, inTime), harms(t, e, 5, late)...) {
		first := both(t, e, bare.Site, bare.Site.Cycle+1, 0)
		if n, ok := first.Latency(); !ok || n != 1 || first.InLaterInference() {
			t.Fatalf("alarm one cycle after the upset: %+v", first)
		}
		r := both(t, e, bare.Site, e.Cycles()+behind, 0)
		if r.Outcome != faults.Detected || !r.InLaterInference() || r.Output != bare.Output {
			t.Fatalf("alarm in the second inference: %+v", r)
		}
		if r.End != bare.End+behind {
			t.Errorf("alarm %d cycles into the second inference, the first one ended at %d: %d, want %d", behind, bare.End, r.End, bare.End+behind)
		}
	}
}
