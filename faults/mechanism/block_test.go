package mechanism

import (
	"testing"

	"upset/npu"
)

// The comparison of memory is that of fields, for every byte of the flops and every block.
func TestRestIsAllButTheBlock(t *testing.T) {
	m, _ := running(t, 3000)
	seen := map[string]int{}
	for i := range raw(&m.S.Flops) {
		other := m.S.Flops
		raw(&other)[i] ^= 0x10
		for _, block := range duplicable {
			a, b := &m.S.Flops, &other
			want := a.Bus.Cycle == b.Bus.Cycle && (block != "cc" || pins(&a.CC) == pins(&b.CC)) && sameFields(a, b, block)
			if sameRest(a, b, block) != want {
				t.Fatalf("%s, byte %d: %v", block, i, !want)
			}
			if want && a.PMU == b.PMU && !sameBlock(a, b, block) {
				seen[block]++
			}
		}
	}
	for _, block := range duplicable {
		if from, to := extent(block); seen[block] == 0 || seen[block] > int(to-from) {
			t.Errorf("%s: %d bytes of the block, which has %d", block, seen[block], to-from)
		}
	}
	if from, to := extent("pmu"); to-from == 0 {
		t.Error("the counters have no place")
	}
	var f npu.Flops
	if !sameRest(&f, &f, "mac") {
		t.Error("equal flops differ")
	}
}
