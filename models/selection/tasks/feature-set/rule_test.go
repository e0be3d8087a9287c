package features

import (
	"math"
	"slices"
	"testing"
	"upset/models/selection"
	"upset/models/selection/kit"
	"upset/models/train/data"
	"upset/models/train/nets"
)

// TestFeatures keeps features that are more than half open, hands their numbers on, and
// shows the impressions of the highest scores.
func TestFeatures(t *testing.T) {
	r := &clickModel{}
	for i := range 100 {
		f := make([]int, clickFields)
		for k := range f {
			f[k] = k*clickValues + i%clickValues
		}
		r.features, r.truth, r.chance = append(r.features, f), append(r.truth, i%2), append(r.chance, float64(i%clickValues)/clickValues)
	}
	layout := []selection.Table{{Scale: gateWhole / 127, Width: clickValues * gateRow}, {Scale: 1, Width: 1}}
	decide := func(opened int) selection.Outcome {
		field := -1
		w := &selection.Workload{Scorers: make([]selection.Scorer, 2)}
		w.Scorers[0].Rows = make([][]byte, clickFields)
		ask := selection.FromFunction(layout, w.Scorers, func(scorer int, input []byte) []byte {
			if scorer == 1 { // the sum of the first numbers of all features
				sum := 0
				for k := range clickFields {
					sum += int(int8(input[k*clickRow]))
				}
				return []byte{byte(int8(sum))}
			}
			field++
			out := make([]byte, clickValues*gateRow)
			for v := range clickValues {
				if v > 17 || field*clickValues+v == opened {
					out[v*gateRow], out[v*gateRow+1] = 100, byte(v/4)
				}
			}
			return out
		})
		o, err := r.Decide(ask)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	golden := decide(-1)
	if n := len(golden.Items); n != 2*clickFields+clickShown || golden.Items[0] != 18 || golden.Items[2*clickFields] != clickFields*clickValues {
		t.Fatalf("%v", golden.Items)
	}
	best := shown(golden)
	if !slices.Contains(best, 18) || !slices.Contains(best, 99) || slices.Contains(best, 97) {
		t.Errorf("shown %v", best)
	}
	faulty := decide(17)
	if len(faulty.Items) != len(golden.Items)+1 || !slices.Contains(shown(faulty), 97) {
		t.Errorf("%v", faulty.Items)
	}
	if harm := r.Consequence(nil, golden, faulty); harm >= 0 {
		t.Errorf("rows of a higher chance: %v", harm)
	}
}

func TestRankingArea(t *testing.T) {
	for _, c := range []struct {
		score   []float64
		clicked []int
		want    float64
	}{
		{[]float64{1, 2, 3, 4}, []int{0, 0, 1, 1}, 1},
		{[]float64{4, 3, 2, 1}, []int{0, 0, 1, 1}, 0},
		{[]float64{5, 5, 5}, []int{1, 0, 0}, 0.5},
		{[]float64{1, 2, 2, 3}, []int{0, 1, 0, 0}, 0.5},
		{[]float64{1}, []int{1}, 0.5},
	} {
		if got := rankingArea(c.score, c.clicked); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v %v: %v, want %v", c.score, c.clicked, got, c.want)
		}
	}
}

// TestMachine compares the gradients of a factorisation machine with differences.
func TestMachine(t *testing.T) {
	m := newMachine(data.Rand(1, 3))
	m.tau = 2
	f := []int{3, 25, 47}
	loss := func() float64 {
		logit, sum, square := m.bias.Value[0], [clickRow]float64{}, 0.0
		for _, v := range f {
			g, _ := m.open(v)
			for d := range clickRow {
				e := g * m.embedding.Value[v*clickRow+d]
				sum[d] += e
				if d < clickLatent {
					square += e * e
				}
			}
		}
		for d := range clickLatent {
			logit += sum[d] * sum[d] / 2
		}
		return -math.Log(kit.Logistic(logit + sum[clickLatent] - square/2))
	}
	m.learn(f, 1)
	for name, p := range map[string]struct {
		param *nets.Param
		at    int
	}{
		"latent": {m.embedding, 25 * clickRow}, "linear": {m.embedding, 3*clickRow + clickLatent}, "gate": {m.gate, 47}, "bias": {m.bias, 0},
	} {
		const h = 1e-6
		v := &p.param.Value[p.at]
		*v += h
		up := loss()
		*v -= 2 * h
		down := loss()
		*v += h
		if want := (up - down) / (2 * h); math.Abs(want-p.param.Grad[p.at]) > 1e-7 || want == 0 {
			t.Errorf("%s: %v, want %v", name, p.param.Grad[p.at], want)
		}
	}
}
