package protect

import (
	"testing"

	"upset/stats/result"
)

// A proof of another design under the same question and attempt, as another build may
// make it, has a place of its own, so that its error is not that of the first.
func TestLedgerPlaces(t *testing.T) {
	l, err := OpenLedger(nil, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	begin := func(design string, attempt int) {
		t.Helper()
		if err := l.Begin(result.LedgerProof{Question: "q", Attempt: attempt, Design: design, Seed: uint64(len(design))}); err != nil {
			t.Fatal(err)
		}
	}
	begin("a", 1)
	begin("bb", 2)
	for _, c := range []struct {
		design  string
		attempt int
		place   int
	}{{"a", 1, 1}, {"bb", 2, 2}, {"ccc", 1, 3}, {"bb", 3, 3}} {
		if got := l.number("q", c.attempt, c.design); got != c.place {
			t.Errorf("attempt %d with %s has place %d, want %d", c.attempt, c.design, got, c.place)
		}
	}
	begin("ccc", 1)
	if n := len(l.list); n != 3 || l.list[2].Number != 3 {
		t.Errorf("%d proofs, the last is %+v", n, l.list[n-1])
	}
}
