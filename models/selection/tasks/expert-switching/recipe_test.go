package switching

import (
	"bytes"
	"slices"
	"testing"
	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/tflite"
	"upset/models/train/data"
)

// TestExpertsArePruned counts the zero weights of the shipped experts.
func TestExpertsArePruned(t *testing.T) {
	const pruned = 0.4 // share that the recipe prunes
	for _, seed := range selection.Seeds() {
		w, err := build(seed)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range w.Scorers[1:] {
			m, err := tflite.Parse(s.Model)
			if err != nil {
				t.Fatal(err)
			}
			zeros, n := 0, 0
			for _, op := range m.Subgraphs[0].Operators {
				if op.Code != tflite.OpFullyConnected {
					continue
				}
				data := m.Subgraphs[0].Tensors[op.Inputs[1]].Data
				zeros, n = zeros+bytes.Count(data, []byte{0}), n+len(data)
			}
			if n == 0 || float64(zeros) < pruned*float64(n) {
				t.Errorf("seed %d, %s: %d of %d weights are zero", seed, s.Name, zeros, n)
			}
		}
	}
}

// TestLearner follows a stream of two tasks and back: two experts, the second
// one from the change on, and the first one again afterwards.
func TestLearner(t *testing.T) {
	rng := data.Rand(3, 0)
	known, _, err := digits.Split(rng)
	if err != nil {
		t.Fatal(err)
	}
	orders := [][]int{rng.Perm(data.DigitsSize), rng.Perm(data.DigitsSize)}
	l := &learner{rng: rng}
	var used []int
	for _, part := range [][2]int{{0, 250}, {1, 250}, {0, 20}} {
		for range part[1] {
			s := &data.Samples{}
			for range switchLearning {
				i := rng.IntN(len(known.X))
				s.X, s.Labels = append(s.X, permuted(known.X[i], orders[part[0]])), append(s.Labels, known.Labels[i])
			}
			l.follow(s, part[0])
			used = append(used, l.current)
		}
	}
	if len(l.experts) != 2 || l.experts[1].task != 1 {
		t.Fatalf("%d experts", len(l.experts))
	}
	change := slices.Index(used, 1)
	if change < 250 || change > 255 || used[499] != 1 || used[len(used)-1] != 0 {
		t.Errorf("the second expert starts at batch %d; the last batches of the parts use %d and %d", change, used[499], used[len(used)-1])
	}
	for k, e := range l.experts {
		if len(e.kept.X) != switchKept {
			t.Errorf("expert %d keeps %d samples", k, len(e.kept.X))
		}
		zeros, n := 0, 0
		for _, w := range e.g.Params()[0].Value {
			if n++; w == 0 {
				zeros++
			}
		}
		if share := float64(zeros) / float64(n); share < switchPruned-0.02 {
			t.Errorf("expert %d: only %.2f of the weights are pruned", k, share)
		}
	}
}
