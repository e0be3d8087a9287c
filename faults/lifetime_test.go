package faults

import (
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
	if !l.unsure(lut, 150) || l.unsure(lut, 250) || l.unsure(lut-8, 120) {
		t.Error("what depends on the input is not told from what does not")
	}
	for _, c := range []struct {
		addr  int
		cycle uint64
		dead  bool
	}{{lut, 150, false}, {lut + 4, 150, false}, {size - 4, 199, false}, {lut + 8, 200, true}, {size - 1, 250, true}, {lut + 64, 300, true}, {lut - 8, 150, true}} {
		if got := l.dead(c.addr, c.cycle); got != c.dead {
			t.Errorf("byte %d of the tables after cycle %d: dead %v", c.addr-lut, c.cycle, got)
		}
	}
}
