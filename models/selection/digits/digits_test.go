package digits

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

func TestShuffled(t *testing.T) {
	a, err := Shuffled(data.Rand(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	b, err := Shuffled(data.Rand(2, 0))
	if err != nil {
		t.Fatal(err)
	}
	if len(a.X) != 1797 || slices.Equal(a.Labels, b.Labels) {
		t.Errorf("%d digits; two seeds give one order", len(a.X))
	}
	for _, x := range a.X {
		for k, v := range x {
			// The input quantisation has a code for every level.
			if code := int(int8(nets.Row(x, Fine)[k])); code != int(math.Round(v*levels))*15-128 {
				t.Fatalf("pixel %v has code %d", v, code)
			}
		}
	}
	if p := Part(a, 5, 3); len(p.X) != 3 || p.Labels[0] != a.Labels[5] {
		t.Errorf("part: %d samples", len(p.X))
	}
}

// TestEncoder trains on points of a plane in six dimensions, of which two numbers
// keep all: other points of the plane keep their distances in order.
func TestEncoder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	var plane [2][6]float64
	for k := range plane {
		for j := range plane[k] {
			plane[k][j] = rng.NormFloat64()
		}
	}
	draw := func() []float64 {
		x := make([]float64, 6)
		a, b := rng.NormFloat64(), rng.NormFloat64()
		for j := range x {
			x[j] = a*plane[0][j] + b*plane[1][j]
		}
		return x
	}
	var known [][]float64
	for range 200 {
		known = append(known, draw())
	}
	g := Encoder(known, 12, 2, 60, rng)
	var points, codes [][]float64
	for range 60 {
		x := draw()
		points, codes = append(points, x), append(codes, slices.Clone(g.Forward(x)))
	}
	var far, apart []float64
	for i := range points {
		for j := range i {
			far, apart = append(far, kit.SquaredDistance(points[i], points[j])), append(apart, kit.SquaredDistance(codes[i], codes[j]))
		}
	}
	if r := kit.Spearman(far, apart); r < 0.8 {
		t.Errorf("rank correlation of the distances of points and codes: %v", r)
	}
}

// TestLevel checks that scales of hidden units do not change the logits.
func TestLevel(t *testing.T) {
	rng := data.Rand(2, 0)
	g := nets.New(nets.Shape{H: 1, W: 1, C: data.DigitsSize})
	tap := g.Dense(0, Hidden, nets.Relu, rng)
	logits := g.Dense(tap, Classes, nets.Linear, rng)
	var samples [][]float64
	for range 20 {
		x := make([]float64, data.DigitsSize)
		for i := range x {
			x[i] = rng.Float64()
		}
		samples = append(samples, x)
	}
	before := slices.Clone(g.Forward(samples[0]))
	ratio := g.Value(tap)[0] / g.Value(tap)[1]
	factors := slices.Repeat([]float64{3, 0.5}, Hidden/2)
	level(g, tap, logits, samples, factors)
	for c, v := range g.Forward(samples[0]) {
		if math.Abs(v-before[c]) > 1e-9 {
			t.Errorf("logit %d: %v, was %v", c, v, before[c])
		}
	}
	if got := g.Value(tap)[0] / g.Value(tap)[1]; ratio > 0 && math.Abs(got-6*ratio) > 1e-9*got {
		t.Errorf("units at %v, were at %v", got, ratio)
	}
	top := [2]float64{}
	for _, x := range samples {
		for _, v := range g.Forward(x) {
			top[0] = max(top[0], math.Abs(v))
		}
		top[1] = max(top[1], slices.Max(g.Value(tap)))
	}
	if math.Abs(top[0]-top[1]) > 1e-9 {
		t.Errorf("largest logit %v, largest unit %v", top[0], top[1])
	}
}

func TestOfClass(t *testing.T) {
	s := &data.Samples{X: [][]float64{{1}, {2}, {3}, {4}}, Labels: []int{7, 5, 7, 7}}
	if got := OfClass(s, 7, 1, 1); len(got.X) != 1 || got.X[0][0] != 3 {
		t.Errorf("%v", got.X)
	}
	if got := OfClass(s, 7, 0, 9); len(got.X) != 3 {
		t.Errorf("%v", got.X)
	}
}

// TestSplit compares the gradient by the logits with differences of the loss.
func TestSplit(t *testing.T) {
	table := selection.Table{Scale: 0.25, Width: Hidden + Classes, Data: make([]byte, Hidden+Classes)}
	table.Data[3] = 8
	for c := range Classes {
		table.Data[Hidden+c] = byte(3 * c % 7)
	}
	hidden, miss := Taps(&table, 0, 4)
	if len(hidden) != Hidden || hidden[3] != 2 {
		t.Errorf("hidden %v", hidden)
	}
	entropy := func(z []float64) float64 {
		sum := 0.0
		for _, v := range z {
			sum += math.Exp(v)
		}
		return math.Log(sum) - z[4]
	}
	for c := range Classes {
		const step = 1e-5
		up, down := table.Real(0)[Hidden:], table.Real(0)[Hidden:]
		up[c] += step
		down[c] -= step
		if want := (entropy(up) - entropy(down)) / (2 * step); math.Abs(miss[c]-want) > 1e-8 {
			t.Errorf("class %d: %v, want %v", c, miss[c], want)
		}
	}
}

func TestAccuracy(t *testing.T) {
	p := &Pool{Rows: [][]float64{{0}, {10}, {4}}, Truth: []int{1, 2, 3}}
	p.Test, p.Want = [][]float64{{1}, {9}, {5}, {2}}, []int{1, 2, 1, 3}
	// Of 5 the nearest of rows 0 and 1 is 0 by index, since both are as close.
	for _, c := range []struct {
		picks []int
		want  float64
	}{{[]int{0, 1}, 0.75}, {[]int{1}, 0.25}, {nil, 0}, {[]int{2, 0}, 0.5}} {
		if got := p.Accuracy(c.picks); got != c.want {
			t.Errorf("picks %v: %v, want %v", c.picks, got, c.want)
		}
	}
}

func TestRotate(t *testing.T) {
	x := make([]float64, Side*Side)
	x[0], x[1], x[Side] = 1, 2, 3 // top left, right of it, below it
	y := Rotate(x, 1)
	// A quarter: the top left corner comes to one side and its neighbours follow.
	if y[Side-1] != 1 || y[2*Side-1] != 2 || y[Side-2] != 3 {
		t.Errorf("a quarter gives %v", y)
	}
	if slices.Equal(Rotate(x, 2), x) || !slices.Equal(Rotate(x, 4), x) || !slices.Equal(Rotate(Rotate(x, 3), 1), x) {
		t.Error("four quarters are not a full turn")
	}
}

func TestDeal(t *testing.T) {
	parts, err := Deal(data.Rand(1, 0), 900, 800)
	if err != nil {
		t.Fatal(err)
	}
	if len(parts[0].X) != 900 || len(parts[1].X) != 800 {
		t.Fatalf("parts of %d and %d", len(parts[0].X), len(parts[1].X))
	}
	if !slices.Equal(parts[0].Labels, parts[0].Truth) {
		t.Error("labels differ before they are spoilt")
	}
	parts[0].Spoil(data.Rand(1, 1))
	right := 0
	for i, l := range parts[0].Labels {
		if l == parts[0].Truth[i] {
			right++
		}
	}
	// Expected are 0.55 of 900; four standard errors are 60.
	if math.Abs(float64(right)-495) > 60 {
		t.Errorf("%d of 900 labels stay right", right)
	}
}
