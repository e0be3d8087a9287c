package selection_test

import (
	"math"
	"testing"
	"upset/models/selection"
	"upset/models/selection/scoretest"
)

func TestEntropy(t *testing.T) {
	s := scoretest.Table(0.1, 2, []int{10, 0}, []int{127, -128}, []int{3, 3})
	for _, c := range []struct {
		row, class int
		want       float64
	}{
		{0, 0, math.Log(1 + math.Exp(-1))}, {0, 1, math.Log(1 + math.E)}, {1, 1, 25.5}, {2, 0, math.Ln2}, {2, 1, math.Ln2},
	} {
		if got := s.Entropy(c.row, c.class); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("row %d, class %d: %v, want %v", c.row, c.class, got, c.want)
		}
	}
}

func TestLabel(t *testing.T) {
	table := selection.Table{Width: 3, Data: []byte{5, 5, 1, 0x80, 0x81, 0x81}}
	if a, b := table.Top(0), table.Top(1); a != 0 || b != 1 {
		t.Errorf("labels %d and %d", a, b)
	}
}
