package golden

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"upset/faults"
	"upset/models/nettest"
	"upset/npu"
	"upset/npu/isa"
)

// A byte of the shared buffer that is dead may hold anything: the plain machine goes on to the
// same end, clock by clock, and so does the inference behind it. Bytes that are not dead are
// seen often enough for that to say something.
func TestDeadBytesOnThePlainMachine(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 8))
	for i, name := range []string{"fashion-tiny", "fashion-dscnn"} {
		e := runs(t, name, isa.Configs[2*i+1], 2, faults.Options{Checkpoints: 60})
		g := e.Golden(0)
		m, err := e.Begin(0)
		if err != nil {
			t.Fatal(err)
		}
		size, seen, live, killed := m.Spec.SHRAMBytes(), 0, 0, 0
		for range 24 {
			k := rng.IntN(g.End)
			p := &g.Points[k]
			// All dead bytes at once, of which any that is read would do harm.
			p.Restore(m)
			for a := range size {
				if e.Life.Dead(a, p.Cycle) {
					m.S.RAM.Mem[a] ^= byte(1 + rng.IntN(255))
					killed++
				}
			}
			m.Run(e.Watchdog())
			if !endsAs(m, &g.Points[g.End]) {
				t.Fatalf("%s: bytes that are dead at %d are seen: the end is at %d", name, p.Cycle, m.Cycle())
			}
			Again(m, e.program, g.Next, g.Cycles)
			m.Run(e.Cycles() + e.Watchdog())
			if !bytes.Equal(e.program.ReadOutputs(m.Mem), g.second.Output) {
				t.Fatalf("%s: bytes that are dead at %d are seen in the next inference", name, p.Cycle)
			}
			for range 4 { // and one that lives
				a := rng.IntN(size)
				for try := 0; try < 2000 && e.Life.Dead(a, p.Cycle); try++ {
					a = rng.IntN(size)
				}
				if e.Life.Dead(a, p.Cycle) {
					continue
				}
				live++
				p.Restore(m)
				m.S.RAM.Mem[a] ^= 0xff
				m.Run(e.Watchdog())
				if !endsAs(m, &g.Points[g.End]) {
					seen++
				}
			}
		}
		t.Logf("%s: %d dead bytes altered, %d of %d live ones seen", name, killed, seen, live)
		if killed == 0 || seen < 3 {
			t.Errorf("%s: %d dead bytes altered, %d of %d live ones seen: too little is shown", name, killed, seen, live)
		}
	}
}

// endsAs reports whether a machine has come to a point, bits aside that it writes before it
// reads them.
func endsAs(m *npu.Machine, p *Point) bool {
	return m.Cycle() == p.Cycle && npu.Canonical(&m.S.Flops) == npu.Canonical(&p.Flops) && bytes.Equal(m.Mem.SRAM, bytes.Join(p.Mem, nil))
}

// With a code that only detects, a wrong word stops the plain machine if, and only if, it is
// read: a word that is not dead, and of which it is not a matter of the data, always does,
// in this inference or the next ones.
func TestCodedWordsOnThePlainMachine(t *testing.T) {
	e := runs(t, "fashion-tiny", isa.U55x64, 2, faults.Options{ECC: npu.ECCParity, Checkpoints: 60})
	g, rng := e.Golden(0), rand.New(rand.NewPCG(2, 8))
	m, err := e.Begin(0)
	if err != nil {
		t.Fatal(err)
	}
	stops := map[bool]int{}
	for range 300 {
		p := &g.Points[rng.IntN(g.End)]
		a := rng.IntN(m.Spec.SHRAMBytes())
		dead := e.Codes.Dead(a, p.Cycle)
		if dead && stops[false] > 25 || e.Codes.Unsure(a, p.Cycle) {
			continue
		}
		p.Restore(m)
		m.FlipRAM(a, rng.IntN(8))
		stopped := m.Run(e.Watchdog()) == npu.ECCFault
		for k := 1; k <= 2 && !stopped; k++ {
			l, err := e.Later(0, k)
			if err != nil {
				t.Fatal(err)
			}
			Again(m, e.program, l.Input, g.Cycles)
			stopped = m.Run(e.Cycles()+e.Watchdog()) == npu.ECCFault
		}
		if stopped == dead {
			t.Errorf("byte %d at %d: dead %t, stopped %t", a, p.Cycle, dead, stopped)
		}
		stops[stopped]++
	}
	if stops[true] < 10 || stops[false] < 10 {
		t.Errorf("stopped: %v: too little is shown", stops)
	}
}

// On the accesses of a real inference the record of instants says at each of them what the
// full record says.
func TestLongRecordOfRealAccesses(t *testing.T) {
	e := runs(t, "fashion-dscnn", isa.U55x32, 1, faults.Options{Checkpoints: 8})
	m, err := e.Begin(0)
	if err != nil {
		t.Fatal(err)
	}
	size := m.Spec.SHRAMBytes()
	full, long := newLifetimes(size, lifeFine, lifeWord), newWindows(newLifetimes(size, lifeFine, lifeWord))
	m.Probe.Lookup = func() {
		full.lookup(m.Cycle())
		long.lookup(m.Cycle())
	}
	m.Probe.Access = func(addr, bytes, used int, write bool) {
		full.access(m.Cycle(), addr, used, write)
		long.access(m.Cycle(), addr, used, write)
	}
	m.Run(e.Watchdog())
	full.close()
	long.close(e.Cycles())
	live, dead := 0, 0
	for c := uint64(0); c < e.Cycles(); c += windowGrid {
		for a := range size {
			want := full.Dead(a, c)
			if got := long.Dead(a, c); got != want {
				t.Fatalf("byte %d at %d: dead %t, want %t", a, c, got, want)
			}
			if want {
				dead++
			} else {
				live++
			}
		}
	}
	if live == 0 || dead == 0 {
		t.Errorf("%d live, %d dead: nothing is shown", live, dead)
	}
}

// Milestones are all that an observer of the plain machine sees begin and end, with the flops
// behind that clock; the timeline of operations has neither gaps nor overlaps, and is that of
// the compiler's list.
func TestMilestonesAndTimeline(t *testing.T) {
	for _, e := range []*Runs{
		runs(t, "fashion-dscnn", isa.U55x256, 1, faults.Options{Checkpoints: 8}),
		runsOf(t, nettest.LongCopy(t, isa.U55x128, 512)),
	} {
		m, err := e.Begin(0)
		if err != nil {
			t.Fatal(err)
		}
		notes, k := 0, 0
		var ends []uint64
		m.Probe.Note = func(n npu.Note) {
			if n.Kind != npu.NoteDMAStart {
				notes++
			}
			if n.Kind == npu.NoteRetire {
				ends = append(ends, n.Cycle)
			}
		}
		for m.S.CC.Run != 0 {
			m.Step()
			// The last operation ends with the run: what there is must be there, in order.
			for ; k < notes; k++ {
				if k < len(e.Milestones) {
					if q := &e.Milestones[k]; q.Cycle != m.Cycle() || q.Flops != m.S.Flops {
						t.Fatalf("milestone %d is at %d, seen at %d; flops equal: %t", k, q.Cycle, m.Cycle(), q.Flops == m.S.Flops)
					}
				} else if m.S.CC.Run != 0 {
					t.Fatalf("%d milestones, number %d is seen at %d", len(e.Milestones), k, m.Cycle())
				}
			}
		}
		if len(e.Milestones) == 0 || len(e.Milestones) > notes {
			t.Errorf("%d milestones, %d are seen", len(e.Milestones), notes)
		}
		ops, next := e.Golden(0).Ops, uint64(0)
		if len(ops) != len(ends) {
			t.Fatalf("%d operations, %d are seen to end", len(ops), len(ends))
		}
		list := 0
		for i, o := range ops {
			for e.program.Operations[list].Kind == "dma" {
				list++
			}
			if want := &e.program.Operations[list]; o.Index != i || o.Name != want.Name || o.Kind != want.Kind || o.Layer != want.Layer {
				t.Errorf("operation %d is %+v, the compiler made %q, a %s", i, o, want.Name, want.Kind)
			}
			list++
			if o.Start != next || i < len(ops)-1 && o.End != ends[i] || i == len(ops)-1 && o.End != e.Cycles() {
				t.Errorf("operation %d lasts from %d to %d; one before ends at %d, its own end is seen at %d", i, o.Start, o.End, next, ends[i])
			}
			next = o.End + 1
		}
	}
}

// The beats that are kept are those that a journal of the plain machine lists, and what an
// operation under way has not read yet is told from what it has.
func TestTrafficIsThatOfThePlainMachine(t *testing.T) {
	e := runs(t, "fashion-tiny", isa.U55x128, 1, faults.Options{Checkpoints: 8})
	m, err := e.Begin(0)
	if err != nil {
		t.Fatal(err)
	}
	f := e.Dataflow
	m.Probe.Journal = new(npu.Journal)
	type beat struct {
		cycle uint64
		addr  uint32
	}
	var loads []beat
	stores := 0
	for m.S.CC.Run != 0 {
		m.Probe.Journal.Clear()
		m.Step()
		for _, a := range m.Probe.Journal.Loads() {
			loads = append(loads, beat{m.Cycle(), a})
		}
		for _, s := range m.Probe.Journal.Stores() {
			if !s.External {
				continue
			}
			if stores >= len(f.Stores) || f.Stores[stores] != (Stored{m.Cycle(), s.Addr, s.Bytes}) {
				t.Fatalf("store %d, to %#x at %d, is not that which is kept", stores, s.Addr, m.Cycle())
			}
			stores++
		}
	}
	if stores != len(f.Stores) || stores == 0 {
		t.Errorf("%d stores are kept, %d are seen", len(f.Stores), stores)
	}
	rng := rand.New(rand.NewPCG(3, 8))
	touched, not := 0, 0
	for range 2000 {
		op := rng.IntN(len(f.Ops))
		o := &f.Ops[op]
		if len(o.Reads) == 0 {
			continue
		}
		r := o.Reads[rng.IntN(len(o.Reads))]
		c := Change{Addr: r.Lo + rng.Uint32N(r.Hi-r.Lo)}
		if rng.IntN(6) == 0 {
			c.Addr = r.Hi // outside: it does not matter
		}
		begun := uint64(0)
		for i := range e.Stream.Ops {
			if i == op {
				begun = f.issued[i]
			}
		}
		now := begun + rng.Uint64N(e.Cycles()-begun)
		want := true
		for _, l := range loads {
			if r.Contains(c.Addr) && l.addr == c.Addr&^7 && l.cycle >= begun && l.cycle <= now {
				want = false
			}
		}
		if got := f.Untouched(op, []Change{c}, o.Reads[:], now); got != want && len(o.Reads) == 1 {
			t.Fatalf("operation %d, byte %#x at %d: untouched %t, want %t", op, c.Addr, now, got, want)
		}
		if want {
			not++
		} else {
			touched++
		}
	}
	if touched < 100 || not < 100 {
		t.Errorf("%d touched, %d not: too little is shown", touched, not)
	}
}
