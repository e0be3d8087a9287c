package golden

import (
	"math/rand/v2"
	"testing"

	"upset/npu/isa"
)

// A table word that the recorded input never looked up may be looked up by another
// one: it lives as long as any word of the tables is read.
func TestTablesLiveTogether(t *testing.T) {
	const size = 16 * isa.BankBytes
	l := newLifetimes(size, lifeFine, lifeWord)
	lut := size - isa.LUTBytes
	for a := lut; a < size; a += 8 { // a copy fills the tables
		l.access(100, a, 8, true)
	}
	l.access(200, lut+4, 4, false) // one entry is looked up
	l.lookup(200)
	for a := lut; a < size; a += 8 {
		l.access(300, a, 8, true)
	}
	l.access(150, lut-8, 8, true) // a word in front of them, never read
	l.close()
	if !l.Unsure(lut, 150) || l.Unsure(lut, 250) || l.Unsure(lut-8, 120) {
		t.Error("what depends on the input is not told from what does not")
	}
	for _, c := range []struct {
		addr  int
		cycle uint64
		Dead  bool
	}{{lut, 150, false}, {lut + 4, 150, false}, {size - 4, 199, false}, {lut + 8, 200, true}, {size - 1, 250, true}, {lut + 64, 300, true}, {lut - 8, 150, true}} {
		if got := l.Dead(c.addr, c.cycle); got != c.Dead {
			t.Errorf("byte %d of the tables after cycle %d: dead %v", c.addr-lut, c.cycle, got)
		}
	}
}

// At the instants that the short record keeps it says what the full one says.
func TestWindowsAgreeWithLifetimes(t *testing.T) {
	const size = 16 * isa.BankBytes
	full := newLifetimes(size, lifeFine, lifeWord)
	short := newWindows(newLifetimes(size, lifeFine, lifeWord))
	rng := rand.New(rand.NewPCG(3, 1))
	const cycles = 60 * windowGrid
	for c := uint64(1); c < cycles; c += 1 + rng.Uint64N(20) {
		if rng.IntN(50) == 0 {
			full.lookup(c)
			short.lookup(c)
		}
		// A few places, so that most words see several accesses.
		addr := []int{0, lifeFine - 8, lifeFine, size - isa.LUTBytes - 8, size - isa.LUTBytes}[rng.IntN(5)] + rng.IntN(16)
		n, write := 1+rng.IntN(8), rng.IntN(2) == 0
		full.access(c, addr, n, write)
		short.access(c, addr, n, write)
	}
	full.close()
	short.close(cycles)
	alive := 0
	for c := uint64(0); c < cycles; c += windowGrid {
		for a := range size {
			want := full.Dead(a, c)
			if got := short.Dead(a, c); got != want {
				t.Fatalf("byte %d at cycle %d: dead %v, want %v", a, c, got, want)
			}
			if !want {
				alive++
			}
		}
	}
	if alive < 100 || short.Dead(0, windowGrid+1) || short.Dead(0, cycles+windowGrid) {
		t.Errorf("%d live bytes; between and behind the instants nothing is dead", alive)
	}
}

// access notes in one record that bytes were read or written in a cycle, plainly.
func (l *windows) access(cycle uint64, addr, bytes int, write bool) {
	if addr < 0 {
		return
	}
	at := l.instant(cycle)
	for a := addr; a < addr+bytes; {
		k := l.wrapped(a)
		i, from, to := l.word(k)
		l.touch(i, at, write && k == from && a+to-from <= addr+bytes)
		a += to - k
	}
}
