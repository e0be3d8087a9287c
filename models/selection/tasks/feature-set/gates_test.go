package features

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/kit"
	"upset/models/train/data"
	"upset/models/train/nets"
)

// The logit of a machine with open gates is that of its gated numbers, e ← g·e: a pair of
// features interacts by the product of both gates. The gradient of the bias, σ(logit) minus
// the click, tells which logit was learnt from.
func TestGatesMultiply(t *testing.T) {
	rng := data.Rand(1, 5)
	m := newMachine(rng)
	m.tau = 3
	m.bias.Value[0] = 0.3
	for i := range m.embedding.Value {
		m.embedding.Value[i] = 0.3 * rng.NormFloat64()
	}
	for i := range m.gate.Value {
		m.gate.Value[i] = rng.NormFloat64()
	}
	gate := func(f int) float64 { return kit.Logistic(3*m.gate.Value[f]) / kit.Logistic(0.5) }
	for range 20 {
		var f []int
		for k := range clickFields {
			f = append(f, k*clickValues+rng.IntN(clickValues))
		}
		want := 0.3
		for k, a := range f {
			want += gate(a) * m.embedding.Value[a*clickRow+clickLatent]
			for _, b := range f[:k] {
				dot := 0.0
				for d := range clickLatent {
					dot += m.embedding.Value[a*clickRow+d] * m.embedding.Value[b*clickRow+d]
				}
				want += gate(a) * gate(b) * dot
			}
		}
		m.bias.Grad[0] = 0
		m.learn(f, 1)
		if got := m.bias.Grad[0]; math.Abs(got-(kit.Logistic(want)-1)) > 1e-9 {
			t.Errorf("features %v: gradient %v, want %v", f, got, kit.Logistic(want)-1)
		}
	}
}

// Every open gate costs: where features say nothing about clicks, gates close, but for those
// that are wide open or shut already, where the logistic function is flat. Fixed gates do
// not move.
func TestPenaltyClosesGates(t *testing.T) {
	c := &clicks{}
	for i := range featureBatch {
		f := make([]int, clickFields)
		for k := range f {
			f[k] = k*clickValues + i%clickValues
		}
		c.features, c.clicked = append(c.features, f), append(c.clicked, i%2)
	}
	m := newMachine(data.Rand(2, 5))
	clear(m.embedding.Value)
	m.tau = 10
	m.gate.Value[0], m.gate.Value[1], m.gate.Value[2] = 0, 5, -5
	before := slices.Clone(m.gate.Value)
	// One epoch is one step of Adam, which is as long as its rate for any gradient but zero.
	m.epoch(c, featureBatch, nets.NewAdam([]*nets.Param{m.embedding, m.gate, m.bias}), data.Rand(3, 5))
	for f, v := range m.gate.Value {
		slope := 10 * kit.Logistic(10*before[f]) * kit.Logistic(-10*before[f])
		if moved := before[f] - v; slope > 1e-3 && math.Abs(moved-featureRate) > featureRate/10 || slope < 1e-12 && math.Abs(moved) > 1e-9 {
			t.Errorf("gate %d of slope %v moves by %v", f, slope, -moved)
		}
	}
	m.tau, m.fixed = 0, make([]float64, len(before))
	before = slices.Clone(m.gate.Value)
	m.epoch(c, featureBatch, nets.NewAdam([]*nets.Param{m.embedding, m.bias}), data.Rand(3, 5))
	if !slices.Equal(before, m.gate.Value) {
		t.Error("fixed gates move")
	}
}

// The area is the share of pairs of a click and none in which the click scores higher, ties
// by halves, counted here. Only the order of scores matters; with the clicks turned round
// the rest is left.
func TestAreaByPairs(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 5))
	for range 30 {
		var score, larger []float64
		var clicked, turned []int
		for range 40 {
			v, y := float64(rng.IntN(12)), rng.IntN(2)
			score, larger = append(score, v), append(larger, v*v*v+7)
			clicked, turned = append(clicked, y), append(turned, 1-y)
		}
		wins, pairs := 0.0, 0.0
		for i, a := range clicked {
			for j, b := range clicked {
				if a != 1 || b != 0 {
					continue
				}
				pairs++
				switch {
				case score[i] > score[j]:
					wins++
				case score[i] == score[j]:
					wins += 0.5
				}
			}
		}
		got := rankingArea(score, clicked)
		if math.Abs(got-wins/pairs) > 1e-12 {
			t.Fatalf("area %v, by pairs %v", got, wins/pairs)
		}
		if v := rankingArea(larger, clicked); math.Abs(v-got) > 1e-12 {
			t.Fatalf("area %v of larger scores, %v", v, got)
		}
		if v := rankingArea(score, turned); math.Abs(v+got-1) > 1e-12 {
			t.Fatalf("areas %v and %v", got, v)
		}
	}
}

// impressions have a random feature of each field; every feature has numbers of its own,
// and of each field only the even values are open.
func impressions(n int) (*clickModel, func(field int) []byte) {
	rng := data.Rand(5, 5)
	r := &clickModel{}
	for range n {
		var f []int
		for k := range clickFields {
			f = append(f, k*clickValues+rng.IntN(clickValues))
		}
		r.features, r.truth, r.chance = append(r.features, f), append(r.truth, rng.IntN(2)), append(r.chance, rng.Float64())
	}
	return r, func(field int) []byte {
		out := make([]byte, clickValues*gateRow)
		for v := range clickValues {
			for d := range clickRow {
				out[v*gateRow+1+d] = byte(1 + field + 2*v + d)
			}
			if v%2 == 0 {
				out[v*gateRow] = 127
			}
		}
		return out
	}
}

// A fault that shuts a gate takes the feature from the set and zeroes it in the inputs of
// exactly those impressions that have it; one that opens a gate brings its numbers back;
// one in a number reaches the same impressions, and one in the number of a shut feature
// none.
func TestFaultsInGates(t *testing.T) {
	r, field := impressions(60)
	w := &selection.Workload{Scorers: make([]selection.Scorer, 2)}
	w.Scorers[0].Rows = make([][]byte, clickFields)
	layout := []selection.Table{{Scale: gateWhole / 127, Width: clickValues * gateRow}, {Scale: 1, Width: 1}}
	inputs := func(feature, number int, flip byte) (list [][]byte, o selection.Outcome) {
		next := 0
		o, err := r.Decide(selection.FromFunction(layout, w.Scorers, func(scorer int, input []byte) []byte {
			if scorer == 1 {
				list = append(list, slices.Clone(input))
				return []byte{input[0]}
			}
			out := field(next)
			if next == feature/clickValues {
				out[feature%clickValues*gateRow+number] ^= flip
			}
			next++
			return out
		}))
		if err != nil || len(list) != len(r.features) {
			t.Fatalf("%d impressions run, error %v", len(list), err)
		}
		return list, o
	}
	golden, before := inputs(0, 0, 0)
	const open, shut = 3*clickValues + 4, 3*clickValues + 5
	for _, c := range []struct {
		name            string
		feature, number int
		kept, reaches   bool // the feature after the fault, and the impressions that have it
		first           byte // its first number in their inputs
	}{
		{"an open gate shuts", open, 0, false, true, 0},
		{"a shut gate opens", shut, 0, true, true, 1 + 3 + 2*5},
		{"a number of an open feature", open, 1, true, true, (1 + 3 + 2*4) ^ 0x40},
		{"a number of a shut feature", shut, 1, false, false, 0},
	} {
		flip := byte(0x40) // which takes 127 to 63, just below one half, and 0 to 64, above it
		faulty, o := inputs(c.feature, c.number, flip)
		if slices.Contains(o.Items, c.feature) != c.kept {
			t.Errorf("%s: kept %v", c.name, !c.kept)
		}
		had := 0
		for i, f := range r.features {
			has := slices.Contains(f, c.feature)
			if same := slices.Equal(faulty[i], golden[i]); same == (has && c.reaches) {
				t.Errorf("%s: the input of impression %d is the same: %v", c.name, i, same)
			}
			if has {
				if had++; faulty[i][3*clickRow] != c.first {
					t.Errorf("%s: impression %d has the number %d, want %d", c.name, i, faulty[i][3*clickRow], c.first)
				}
			}
		}
		if had == 0 {
			t.Errorf("%s: no impression has the feature", c.name)
		}
		if !c.reaches && !o.Equal(before) {
			t.Errorf("%s: another outcome", c.name)
		}
	}
}

// The harm is what the chances of the shown impressions lose of their lead over all, by
// hand; features that are kept or not have no part in it by themselves.
func TestConsequenceByHand(t *testing.T) {
	r := &clickModel{chance: []float64{0.9, 0.5, 0.1, 0.5}} // of mean 0.5
	first := clickFields * clickValues
	set := func(items ...int) selection.Outcome { return selection.Outcome{Metric: selection.Set, Items: items} }
	for _, c := range []struct {
		faulty selection.Outcome
		want   float64
	}{
		{set(3, first), 0}, {set(4, 5, first), 0}, {set(3, first+1), 1}, {set(3, first+2), 2}, {set(3, first, first+1), 0.5},
	} {
		if got := r.Consequence(nil, set(3, first), c.faulty); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v: consequence %v, want %v", c.faulty.Items, got, c.want)
		}
	}
}
