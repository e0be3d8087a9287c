package golden

import (
	"math/rand/v2"
	"slices"
	"testing"

	"upset/faults"
	"upset/models/nettest"
	"upset/npu"
	"upset/npu/isa"
)

// At the moments that are named while an inference runs, the record of moments says what the
// full one says, and nothing between them; two records together know what either knows.
func TestMomentsAgreeWithLifetimes(t *testing.T) {
	const size = 16 * isa.BankBytes
	rng := rand.New(rand.NewPCG(7, 1))
	full, named := newLifetimes(size, lifeFine, lifeWord), newMoments(newLifetimes(size, lifeFine, lifeWord))
	grid := newWindows(newLifetimes(size, lifeFine, lifeWord))
	const cycles = 12 * windowGrid
	var moments []uint64
	for c := uint64(1); c < cycles; c += 1 + rng.Uint64N(12) {
		if rng.IntN(60) == 0 {
			for _, r := range []interface{ lookup(uint64) }{full, named, grid} {
				r.lookup(c)
			}
		}
		addr := []int{0, lifeFine - 8, lifeFine, size - isa.LUTBytes - 8, size - isa.LUTBytes}[rng.IntN(5)] + rng.IntN(16)
		n, write := 1+rng.IntN(8), rng.IntN(2) == 0
		full.access(c, addr, n, write)
		named.access(c, addr, n, write)
		grid.access(c, addr, n, write)
		if rng.IntN(20) == 0 { // the cycle that has just passed
			named.moment(c)
			moments = append(moments, c)
		}
	}
	full.close()
	named.close(cycles)
	grid.close(cycles)
	both := either{grid, named}
	live, dead := 0, 0
	for c := uint64(0); c < cycles; c++ {
		known := slices.Contains(moments, c)
		if !known && c%windowGrid != 0 && c%7 != 0 {
			continue
		}
		for _, base := range []int{0, lifeFine - 8, size - isa.LUTBytes - 8} {
			for a := base; a < base+32; a++ {
				want := full.Dead(a, c)
				if got := named.Dead(a, c); got != (want && known) {
					t.Fatalf("byte %d at %d, named %t: dead %t, want %t", a, c, known, got, want)
				}
				if got := both.Dead(a, c); got != (want && (known || c%windowGrid == 0)) {
					t.Fatalf("byte %d at %d, in either record: dead %t, want %t", a, c, got, want)
				}
				if known && want {
					dead++
				} else if known {
					live++
				}
			}
		}
	}
	if live < 100 || dead < 100 {
		t.Errorf("%d live, %d dead: too little is shown", live, dead)
	}
}

// Points lie where operations begin their first job, seen on a machine that is stepped, and
// at the steps; those of all inputs lie at the same cycles.
func TestPointsWhereOperationsBegin(t *testing.T) {
	p := nettest.Shipped(t, "fashion-dscnn", isa.U55x256)
	e, err := New(t.Context(), p, nettest.Random(p, 2), faults.Options{Checkpoints: 16}, nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := e.Begin(0)
	if err != nil {
		t.Fatal(err)
	}
	var want, got []uint64
	for m.S.CC.Run != 0 {
		before := m.S.Begun()
		m.Step()
		if !before && m.S.Begun() && m.S.CC.Run != 0 {
			want = append(want, m.Cycle())
		}
	}
	g := e.Golden(0)
	for _, i := range g.Begins {
		got = append(got, g.Points[i].Cycle)
	}
	if !slices.Equal(got, want) || len(want) == 0 {
		t.Errorf("points where operations begin lie at %v, seen at %v", got, want)
	}
	for i := range g.Points {
		q := &g.Points[i]
		if at := e.Golden(1).Points[i].Cycle; at != q.Cycle {
			t.Fatalf("point %d lies at %d, of the other input at %d", i, q.Cycle, at)
		}
		if q.Begin != slices.Contains(want, q.Cycle) || i < g.End && !q.begin && q.Cycle%g.step != 0 {
			t.Errorf("point %d at %d, step %d: an operation begins %t", i, q.Cycle, g.step, q.Begin)
		}
	}
}

// The flops with which an inference starts are known, in whatever turn of its buffers, and
// others are not.
func TestAlikeAtStart(t *testing.T) {
	e := runs(t, "fashion-dscnn", isa.U55x128, 2, faults.Options{Checkpoints: 8})
	m, err := e.Begin(0)
	if err != nil {
		t.Fatal(err)
	}
	m.Run(e.Watchdog())
	for k := 1; k <= faults.MaxFollowed+1; k++ {
		l, err := e.Later(0, k)
		if err != nil {
			t.Fatal(err)
		}
		Again(m, e.program, l.Input, e.Cycles())
		if !e.AlikeAtStart(&m.S.Flops, l, k) {
			t.Errorf("inference %d starts otherwise", k)
		}
		for name, change := range map[string]func(f *npu.Flops){
			"base of the inputs":  func(f *npu.Flops) { f.CC.BaseP[1] ^= 1 << 6 },
			"place in the stream": func(f *npu.Flops) { f.CC.Offset ^= 8 },
			"bank":                func(f *npu.Flops) { f.CC.OpValid[f.CC.Cur&3] ^= 1 },
		} {
			f := m.S.Flops
			change(&f)
			if e.AlikeAtStart(&f, l, k) {
				t.Errorf("inference %d starts with another %s, and is taken for alike", k, name)
			}
		}
		m.Run(e.Cycles() + e.Watchdog())
	}
}
