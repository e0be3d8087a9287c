package golden

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"upset/faults"
	"upset/models/nettest"
	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
)

// samePoint reports where two points of the same cycle differ, or an empty string.
func samePoint(a, b *Point) string {
	switch {
	case a.Cycle != b.Cycle:
		return "cycle"
	case a.Flops != b.Flops:
		return "flops"
	case !slices.EqualFunc(a.RAM, b.RAM, bytes.Equal):
		return "shared buffer"
	case !slices.EqualFunc(a.Mem, b.Mem, bytes.Equal):
		return "memory"
	}
	return ""
}

// A machine that is put at a point, whatever it has done before, is the plain machine at that
// cycle: it comes to every later point, the end and the output.
func TestPointsReplay(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	for i, c := range isa.Configs {
		ecc := []npu.ECC{npu.ECCNone, npu.ECCParity, npu.ECCSECDED}[i%3]
		e := runs(t, "fashion-tiny", c, 2, faults.Options{ECC: ecc, Checkpoints: 40})
		m, err := e.Begin(0)
		if err != nil {
			t.Fatal(err)
		}
		for range 12 {
			g := e.Golden(rng.IntN(2))
			from := rng.IntN(g.End)
			to := min(g.End, from+1+rng.IntN(5))
			for range 20 { // whatever stands there
				m.Mem.SRAM[rng.IntN(len(m.Mem.SRAM))] ^= 0x5a
				m.FlipRAM(rng.IntN(m.Spec.SHRAMBytes()), rng.IntN(8))
			}
			m.S.CC.Offset ^= 0x40
			m.S.MAC.Acc[0] ^= 1
			g.Points[from].Restore(m)
			if m.S.RAM.SynLive != 0 {
				t.Fatal("wrong words of the shared buffer are left")
			}
			if now := Snapshot(m, nil); samePoint(&now, &g.Points[from]) != "" {
				t.Fatalf("%v: put at point %d, the %s differs", c, from, samePoint(&now, &g.Points[from]))
			}
			m.Run(g.Points[to].Cycle)
			if now := Snapshot(m, nil); samePoint(&now, &g.Points[to]) != "" {
				t.Fatalf("%v: from point %d on, the %s of point %d differs", c, from, samePoint(&now, &g.Points[to]), to)
			}
			if m.Run(2 * g.Cycles); m.Cycle() != g.Cycles || !bytes.Equal(e.Program().ReadOutputs(m.Mem), g.Output) {
				t.Fatalf("%v: from point %d on, the output differs, at %d", c, from, m.Cycle())
			}
		}
		// The cycles between the points, too, against a machine that was only stepped.
		plain, err := e.Begin(1)
		if err != nil {
			t.Fatal(err)
		}
		for plain.S.CC.Run != 0 {
			for range 1 + rng.IntN(int(e.Cycles()/8)) {
				plain.Step()
			}
			e.Seek(m, 1, plain.Cycle())
			a, b := Snapshot(m, nil), Snapshot(plain, nil)
			if samePoint(&a, &b) != "" {
				t.Fatalf("%v: sought for cycle %d, the %s differs", c, plain.Cycle(), samePoint(&a, &b))
			}
		}
		for k := range e.Golden(0).Points {
			if at := e.Golden(0).Points[k].Cycle; k > 0 && at <= e.Golden(0).Points[k-1].Cycle || k == e.Golden(0).End && at != e.Cycles() {
				t.Errorf("%v: point %d lies at cycle %d", c, k, at)
			}
		}
	}
}

// A point shares with the one before what is equal, and nothing else: writes to the machine
// do not reach it. Its memory is what it does not share.
func TestPointsShare(t *testing.T) {
	e := runs(t, "fashion-tiny", isa.U55x32, 1, faults.Options{Checkpoints: 4})
	m, err := e.Begin(0)
	if err != nil {
		t.Fatal(err)
	}
	m.Run(e.Cycles() / 2)
	first := Snapshot(m, nil)
	m.Mem.SRAM[5] ^= 1
	m.S.RAM.Mem[RAMPiece+3] ^= 1
	second := Snapshot(m, &first)
	shared := func(a, b []byte) bool { return &a[0] == &b[0] }
	for i := range first.RAM {
		if shared(first.RAM[i], second.RAM[i]) != (i != 1) {
			t.Errorf("bank %d is shared: %t", i, i == 1)
		}
	}
	for i := range first.Mem {
		if shared(first.Mem[i], second.Mem[i]) != (i != 0) {
			t.Errorf("page %d of memory is shared: %t", i, i == 0)
		}
	}
	if more, want := first.bytes(nil)-second.bytes(&first), m.Spec.SHRAMBytes()-RAMPiece+len(m.Mem.SRAM)-len(first.Mem[0]); more != want {
		t.Errorf("the second takes %d bytes less, want %d", more, want)
	}
	m.Mem.SRAM[5] ^= 7
	if second.Mem[0][5] == m.Mem.SRAM[5] {
		t.Error("a point sees what is written to the machine")
	}
}

// The changes are the bytes that differ, one by one in order, and no list is cut in silence.
func TestChangesAreAll(t *testing.T) {
	e := runs(t, "fashion-tiny", isa.U55x64, 1, faults.Options{Checkpoints: 4})
	m, err := e.Begin(0)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(2, 9))
	for range 100 {
		p := &e.Golden(0).Points[rng.IntN(3)]
		p.Restore(m)
		was := bytes.Clone(m.Mem.SRAM)
		for range rng.IntN(12) {
			at := rng.IntN(len(was))
			for k := at; k < min(len(was), at+rng.IntN(10)); k++ {
				m.Mem.SRAM[k] ^= byte(rng.Uint32())
			}
		}
		if rng.IntN(3) == 0 {
			m.Mem.SRAM[len(was)-1] ^= 1
		}
		var want []Change
		for k := range was {
			if was[k] != m.Mem.SRAM[k] {
				want = append(want, Change{isa.SRAMBase + uint32(k), m.Mem.SRAM[k]})
			}
		}
		for _, limit := range []int{len(want), len(want) + 1, 1 << 20} {
			if got, ok := Changes(m, p, nil, limit); !ok || !slices.Equal(got, want) {
				t.Fatalf("%d changes of %d, %t", len(got), len(want), ok)
			}
		}
		if len(want) > 0 {
			if got, ok := Changes(m, p, nil, len(want)-1); ok {
				t.Fatalf("%d changes of %d are taken for all", len(got), len(want))
			}
		}
		before := []Change{{1, 2}}
		if got, _ := Changes(m, p, before, 1<<20); len(got) != len(want)+1 || got[0] != before[0] {
			t.Fatal("a list that was begun is lost")
		}
	}
}

// Thinning keeps the first point, every other one, and those at which operations begin, and
// counts anew what they take now that fewer share.
func TestThinning(t *testing.T) {
	for _, n := range []int{1, 2, 3, 8, 9} {
		e := runs(t, "fashion-tiny", isa.U55x32, 1, faults.Options{Checkpoints: n})
		list := slices.Clone(e.Golden(0).Points)
		all := slices.Clone(list)
		var want []int // every other one, and all at which operations begin
		regular := 0
		for i := range all {
			if !all[i].begin {
				regular++
			}
			if all[i].begin || regular%2 != 0 {
				want = append(want, i)
			}
		}
		left, total := Thin(list, nil)
		if len(left) != len(want) || left[0].Cycle != 0 {
			t.Fatalf("of %d points %d are left, want %d", len(all), len(left), len(want))
		}
		sum := 0
		for i := range left {
			if s := samePoint(&left[i], &all[want[i]]); s != "" {
				t.Errorf("point %d: the %s differs", want[i], s)
			}
			var prev *Point
			if i > 0 {
				prev = &left[i-1]
			}
			sum += left[i].bytes(prev)
		}
		if sum != total {
			t.Errorf("%d points take %d bytes, %d are counted", len(left), sum, total)
		}
		for i := len(left); i < len(list); i++ {
			if list[i].RAM != nil {
				t.Fatal("a point that was dropped is still held")
			}
		}
	}
}

// The points of a run are found by cycle, by operation and by what holds in them, as looking
// at them one by one finds them.
func TestPointsAreFound(t *testing.T) {
	for _, p := range []*network.Program{nettest.LongCopy(t, isa.U55x256, 512), nettest.Shipped(t, "fashion-tiny", isa.U55x32)} {
		e := runsOf(t, p)
		g := e.Golden(0)
		for cycle := uint64(0); cycle <= e.Cycles()+50; cycle += 7 {
			before, behind := 0, g.End
			for i := g.End; i >= 0; i-- {
				if g.Points[i].Cycle > cycle {
					behind = i
				}
			}
			for i := 0; i <= g.End && g.Points[i].Cycle <= cycle; i++ {
				before = i
			}
			if g.Before(cycle) != before || g.Behind(cycle) != behind {
				t.Fatalf("cycle %d: points %d and %d, want %d and %d", cycle, g.Before(cycle), g.Behind(cycle), before, behind)
			}
			op := len(g.Ops) - 1
			for i := len(g.Ops) - 1; i >= 0 && g.Ops[i].End >= cycle; i-- {
				op = i
			}
			if got := g.OpAt(cycle); got != op {
				t.Fatalf("cycle %d: operation %d, want %d", cycle, got, op)
			}
		}
		for op := range e.Stream.Ops {
			kernel := op
			for kernel >= 0 && e.Stream.Ops[kernel].DMA {
				kernel--
			}
			want := 0
			if kernel >= 0 {
				for want < g.End && g.Points[want].Cycle <= g.Ops[e.Stream.Ops[kernel].Kernel].End {
					want++
				}
			}
			if got := g.DoneAt(e.Stream, op); got != want {
				t.Errorf("operation %d is done at point %d, want %d", op, got, want)
			}
		}
		for word := range p.Commands {
			last := -1
			for i := 0; i < g.End && e.Stream.Where(&g.Points[i].Flops) <= word; i++ {
				last = i
			}
			if got := g.LastWith(func(s *npu.Flops) bool { return e.Stream.Where(s) <= word }); got != last {
				t.Errorf("the last point at word %d is %d, want %d", word, got, last)
			}
		}
	}
}

// What cannot be run without a fault is refused with its reason; progress counts every input
// once, to the last.
func TestRunsThatCannotBe(t *testing.T) {
	p, inputs := nettest.Shipped(t, "fashion-tiny", isa.U55x64), nettest.Inputs(t, "fashion-tiny", 3)
	var seen []int
	if _, err := New(t.Context(), p, inputs, faults.Options{Checkpoints: 4}, func(done, total int) {
		if total != 3 {
			t.Errorf("%d inputs in all", total)
		}
		seen = append(seen, done)
	}); err != nil || !slices.Equal(seen, []int{1, 2, 3}) {
		t.Errorf("progress %v, %v", seen, err)
	}
	if _, err := New(t.Context(), p, nil, faults.Options{}, nil); err == nil {
		t.Error("no inputs are no error")
	}
	if _, err := New(t.Context(), p, [][]byte{inputs[0], inputs[1][1:]}, faults.Options{Checkpoints: 4}, nil); err == nil || !strings.Contains(err.Error(), "input 1") {
		t.Errorf("an input that is too short: %v", err)
	}
	damaged := func(change func(words []uint32)) *network.Program {
		q := &network.Program{Name: "damaged", Config: p.Config, Flash: p.Flash, ArenaSize: p.ArenaSize, Inputs: p.Inputs, Outputs: p.Outputs, Constants: p.Constants, Operations: p.Operations}
		q.Commands = slices.Clone(p.Commands)
		change(q.Commands)
		return q
	}
	for name, change := range map[string]func(words []uint32){
		"parse": func(w []uint32) { w[len(w)/2] = 0x0000_8000 },
		"bus": func(w []uint32) {
			for i := range w {
				if kind, r := isa.Classify(w[i]); kind == isa.KindSet2 && isa.Reg(r) == isa.OFMBase0 {
					w[i+1] = 0x1000_0000
				}
			}
		},
	} {
		_, err := New(t.Context(), damaged(change), inputs[:1], faults.Options{}, nil)
		// Either machine may be the first to say so: the functional one runs beside the other.
		if err == nil || !strings.Contains(err.Error(), "fault-free run ended with") && !strings.Contains(err.Error(), "program damaged: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
