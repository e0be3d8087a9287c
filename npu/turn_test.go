package npu

import "testing"

// TestTurn compares the turn of a ring, entry by entry, with where its entries stand.
func TestTurn(t *testing.T) {
	for _, size := range []int{1, 8, 16, 32} {
		for head := range 64 {
			for n := range 40 {
				ring := make([]int, size)
				for i := range ring {
					ring[i] = i + 1
				}
				turn(ring, uint8(head), uint8(n))
				for i, got := range ring {
					want := 0
					if i < n {
						want = (head+i)%size + 1
					}
					if got != want {
						t.Fatalf("ring of %d, head %d, %d entries: entry %d is %d, want %d", size, head, n, i, got, want)
					}
				}
			}
		}
	}
}
