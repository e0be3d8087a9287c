package answers

import (
	"math"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
	"upset/models/selection/scoretest"
	"upset/models/train/data"
)

func TestDecide(t *testing.T) {
	r := &answers{rows: domain{x: make([][]float64, 2), truth: []int{4, 5}}}
	table := scoretest.Scores(scoretest.Class(4, 2), scoretest.Class(4, 2))
	o := scoretest.Decide(t, r, table)
	if !slices.Equal(o.Items, []int{1, 0}) {
		t.Fatalf("accepted %v", o.Items)
	}
	if !slices.Equal(o.Values[:digits.Classes], kit.Softmax(table.Real(0))) {
		t.Errorf("target of an accepted answer %v", o.Values[:digits.Classes])
	}
	for k, v := range o.Values[digits.Classes:] {
		if (k == 5) != (v == 1) || v != 0 && v != 1 {
			t.Errorf("target of the other one %v", o.Values[digits.Classes:])
		}
	}
	same := selection.Outcome{Values: slices.Clone(o.Values)}
	same.Values[digits.Classes+5], same.Values[digits.Classes+6] = 0.75, 0.25
	if got := r.Consequence(nil, o, same); math.Abs(got-0.25) > 1e-12 {
		t.Errorf("consequence %v", got)
	}
}

func TestPack(t *testing.T) {
	g := untrained()
	x := make([]float64, data.DigitsSize)
	for i := range x {
		x[i] = float64(i%7) / 7
	}
	want := slices.Clone(g.Forward(x))
	for k, v := range unpack(pack(g)).Forward(x) {
		if math.Abs(v-want[k]) > 1e-5 {
			t.Errorf("output %d: %v, was %v", k, v, want[k])
		}
	}
}

// Tuning moves the network towards its targets, whatever they are.
func TestTuned(t *testing.T) {
	rng := data.Rand(1, 0)
	r := &answers{parameters: pack(untrained())}
	var targets []float64
	for i := range 400 {
		x := make([]float64, data.DigitsSize)
		x[i%2] = 1 + 0.1*rng.NormFloat64()
		target := make([]float64, digits.Classes)
		target[3+i%2], target[0] = 0.7, 0.3
		r.rows.x, targets = append(r.rows.x, x), append(targets, target...)
	}
	g := r.tuned(targets, 1)
	p := kit.Softmax(g.Forward(r.rows.x[1]))
	if math.Abs(p[4]-0.7) > 0.1 || math.Abs(p[0]-0.3) > 0.1 {
		t.Errorf("probabilities %v", p)
	}
	d := domain{x: r.rows.x[:2], truth: []int{3, 3}}
	if got := d.accuracy(g); got != 0.5 {
		t.Errorf("accuracy %v", got)
	}
}

func TestMoved(t *testing.T) {
	x := make([]float64, data.DigitsSize)
	x[3], x[7] = 1, 1 // the last pixel of a row leaves the picture
	sum := make([]float64, data.DigitsSize)
	rng := data.Rand(1, 0)
	for range 200 {
		for i, v := range moved(x, rng) {
			if sum[i] += v / 200; v < 0 || v > 1 {
				t.Fatalf("pixel %v", v)
			}
		}
	}
	if kit.Argmax(sum) != 4 || sum[8] > 0.3 {
		t.Errorf("the brightest pixel is %d, the first of the next row has %v", kit.Argmax(sum), sum[8])
	}
}
