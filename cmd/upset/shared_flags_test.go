package main

import (
	"testing"

	"upset/faults"
	"upset/faults/campaign"
)

// Engines and the records of a campaign keep within the allowed memory together, or the user
// is told what to give.
func TestMemoryIsShared(t *testing.T) {
	const allowed = 960 << 20
	for _, c := range []struct{ allowed, engines, injections, want int }{
		{0, 1, 20_000_000, 0},
		{allowed, 1, 0, allowed},
		{allowed, 1, -1, allowed},
		{allowed, 2, 100_000, allowed / 2},
		{allowed, 1, 10_000_000, allowed - 10_000_000*campaign.RecordBytes},
		{allowed, 1, 20_000_000, faults.MinMemory},
	} {
		if got := shareOf(c.allowed, c.engines, c.injections); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
	if need := enoughFor(allowed, 10_000_000); need != 0 {
		t.Errorf("10 million injections have room, but %d MiB are asked for", need)
	}
	need := enoughFor(allowed, 20_000_000)
	if again := int(heapOf(need << 20)); enoughFor(again, 20_000_000) != 0 || shareOf(again, 1, 20_000_000) < faults.DefaultMemory-(1<<21) {
		t.Errorf("--memory %d leaves %d bytes", need, shareOf(again, 1, 20_000_000))
	}
}
