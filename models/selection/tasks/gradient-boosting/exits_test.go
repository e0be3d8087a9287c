package boosting

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/kit"
	"upset/models/train/data"
	"upset/models/train/nets"
)

// steady makes an Ask in which every group adds its own codes to the sum of a row, whose
// pixel is its number. It records which groups ran for each row, and strikes one answer.
func steady(rows int, adds func(row, group int) []int, strike func(row, group int, sum []byte)) (*boosting, *selection.Ask, func() []string) {
	r := &boosting{}
	for i := range rows {
		r.rows, r.truth = append(r.rows, []byte{byte(i)}), append(r.truth, 2)
	}
	var ran []string
	ask := selection.FromFunction(slices.Repeat([]selection.Table{{Scale: 1, Width: boostClasses}}, boostGroups), nil, func(group int, input []byte) []byte {
		row, sum := int(input[0]), slices.Clone(input[1:])
		ran = append(ran, fmt.Sprint(row, group))
		for c, v := range adds(row, group) {
			sum[c] = byte(max(-128, min(127, int(int8(sum[c]))+v)))
		}
		if strike != nil {
			strike(row, group, sum)
		}
		return sum
	})
	return r, ask, func() []string { return ran }
}

// lead gives class 2 some codes with every group.
func lead(codes ...int) func(row, group int) []int {
	return func(row, _ int) []int { return []int{0, 0, codes[row]} }
}

// A row stops at the first group after which its best class leads by 16 codes, and not by
// 15; of equal classes the lowest one is its class, without a lead.
func TestDepths(t *testing.T) {
	for _, c := range []struct {
		name         string
		adds         []int
		depth, class int
	}{
		{"a lead of 16 at once", []int{0, 0, 16}, 1, 2},
		{"15 and then 30", []int{0, 0, 15}, 2, 2},
		{"4 by group", []int{0, 0, 4}, 4, 2},
		{"none reaches it", []int{0, 0, 2}, boostGroups, 2},
		{"two classes alike", []int{0, 9, 9}, boostGroups, 1},
		{"all others fall", []int{-16, -16, -16, 0, -16, -16, -16, -16, -16, -16}, 1, 3},
	} {
		r, ask, ran := steady(1, func(int, int) []int { return c.adds }, nil)
		o, err := r.Decide(ask)
		if err != nil {
			t.Fatal(err)
		}
		if o.Items[0] != c.depth || o.Values[0] != float64(c.class) || len(ran()) != c.depth {
			t.Errorf("%s: depth %d and class %v after %v", c.name, o.Items[0], o.Values[0], ran())
		}
	}
}

// A fault in one sum goes on into all later groups of its row. It makes the row stop
// earlier, later or with another class as its codes say, and other rows run as before; one
// in a group that is not run changes nothing.
func TestFaultsInASum(t *testing.T) {
	codes := []int{6, 6, 2, 20} // rows stop at 3, 3, never and 1
	for _, c := range []struct {
		name       string
		row, group int
		class, by  int // code that is changed
		depths     []int
		classes    []float64
		harm       float64
	}{
		{"an earlier stop", 0, 0, 2, 10, []int{1, 3, 6, 1}, []float64{2, 2, 2, 2}, 0.25},
		{"a later stop", 0, 1, 2, -12, []int{5, 3, 6, 1}, []float64{2, 2, 2, 2}, 0.25},
		{"another class comes up and the right one wins late", 1, 0, 5, 3, []int{3, 4, 6, 1}, []float64{2, 2, 2, 2}, 0.25},
		{"another class at once", 1, 0, 5, 40, []int{3, 1, 6, 1}, []float64{2, 5, 2, 2}, 1},
		{"another class stays to the end", 2, 3, 5, 14, []int{3, 3, 6, 1}, []float64{2, 2, 5, 2}, 1},
		{"after the stop", 3, 1, 5, 100, []int{3, 3, 6, 1}, []float64{2, 2, 2, 2}, 0},
	} {
		r, ask, _ := steady(len(codes), lead(codes...), nil)
		golden, err := r.Decide(ask)
		if err != nil {
			t.Fatal(err)
		}
		r, ask, ran := steady(len(codes), lead(codes...), func(row, group int, sum []byte) {
			if row == c.row && group == c.group {
				sum[c.class] += byte(c.by)
			}
		})
		o, err := r.Decide(ask)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(o.Items, c.depths) || !slices.Equal(o.Values, c.classes) {
			t.Errorf("%s: depths %v and classes %v, want %v and %v", c.name, o.Items, o.Values, c.depths, c.classes)
		}
		var want []string
		for row, depth := range c.depths {
			for group := range depth {
				want = append(want, fmt.Sprint(row, group))
			}
		}
		if !slices.Equal(ran(), want) {
			t.Errorf("%s: inferences %v, want %v", c.name, ran(), want)
		}
		if got := r.Consequence(nil, golden, o); got != c.harm {
			t.Errorf("%s: consequence %v, want %v", c.name, got, c.harm)
		}
	}
}

// The accuracies of the check are those after one group and after all, without a stop.
func TestAccuracies(t *testing.T) {
	// Rows 0 and 1 are right from the start, row 2 at the end, row 3 at the start alone.
	r, ask, ran := steady(4, func(row, group int) []int {
		sign := 1
		if row == 2 && group == 0 || row == 3 && group > 0 {
			sign = -1
		}
		return []int{0, 0, 20 * sign}
	}, nil)
	first, all, err := r.accuracies(ask)
	if err != nil || math.Abs(first-0.75) > 1e-12 || math.Abs(all-0.75) > 1e-12 || len(ran()) != 4*boostGroups {
		t.Errorf("accuracies %v and %v after %d inferences, error %v", first, all, len(ran()), err)
	}
	narrow := selection.FromFunction(slices.Repeat([]selection.Table{{Scale: 1, Width: 3}}, boostGroups), nil, func(int, []byte) []byte { return make([]byte, 3) })
	if _, _, err := r.accuracies(narrow); err == nil {
		t.Error("three logits: no error")
	}
}

// The step of every output is that of Newton, rate·Σ r·h / Σ p(1−p)·h², which is where a
// parabola with these slopes is lowest; the sum so far grows by what the learner gives then.
func TestNewton(t *testing.T) {
	s := some(t, 30)
	rng := data.Rand(4, 0)
	g := nets.New(nets.Shape{H: 1, W: 1, C: data.DigitsSize})
	h := g.Dense(0, boostUnits, nets.Linear, rng)
	o := g.Dense(g.Tanh(h), boostClasses, nets.Linear, rng)
	residual, slope, f := make([][]float64, len(s.X)), make([][]float64, len(s.X)), make([][]float64, len(s.X))
	var given [][]float64 // by the learner before its step
	up, down := make([]float64, boostClasses), make([]float64, boostClasses)
	for i, x := range s.X {
		given = append(given, slices.Clone(g.Forward(x)))
		f[i] = make([]float64, boostClasses)
		for c := range boostClasses {
			f[i][c] = rng.NormFloat64()
		}
		p := kit.Softmax(f[i])
		for c, v := range p {
			y := 0.0
			if c == s.Labels[i] {
				y = 1
			}
			residual[i], slope[i] = append(residual[i], y-v), append(slope[i], v*(1-v))
			up[c] += (y - v) * given[i][c]
			down[c] += v * (1 - v) * given[i][c] * given[i][c]
		}
	}
	before := make([][]float64, len(f))
	for i := range f {
		before[i] = slices.Clone(f[i])
	}
	u := newton(g, h, o, s, residual, slope, f)
	for i, x := range s.X {
		own := make([]float64, boostClasses)
		u.add(x, own)
		for c, v := range given[i] {
			want := boostRate * up[c] / down[c] * v
			if math.Abs(own[c]-want) > 1e-9 || math.Abs(f[i][c]-before[i][c]-want) > 1e-9 {
				t.Fatalf("sample %d, class %d: the learner adds %v, the sum grows by %v, want %v", i, c, own[c], f[i][c]-before[i][c], want)
			}
		}
	}
}

// In the scale of the sums the largest one is 127 codes and a white pixel 16 levels of
// pixelCodes, whatever the size of the sums; a group adds the same to a sum that is there.
func TestScales(t *testing.T) {
	units := boost(some(t, 20), data.Rand(5, 0))[:2*boostGroups]
	x := some(t, 3).X
	s := sumsOf(units, x)
	q := s.quant()
	if got := s.most / float64(q.Scale); math.Abs(got-127) > 1e-3 {
		t.Errorf("the largest sum is %v codes", got)
	}
	for k := range boostGroups {
		g, inputs := s.network(k, q)
		for i, in := range inputs {
			for p, v := range x[i] {
				if got := in[p] / float64(q.Scale); math.Abs(got-16*pixelCodes*v) > 1e-3 {
					t.Fatalf("pixel %v is %v codes", v, got)
				}
			}
			out := slices.Clone(g.Forward(in))
			moved := slices.Clone(in)
			moved[data.DigitsSize+4] += 3
			for c, v := range g.Forward(moved) {
				want := out[c]
				if c == 4 {
					want += 3
				}
				if math.Abs(v-want) > 1e-9 {
					t.Fatalf("group %d: class %d comes out as %v, want %v", k, c, v, want)
				}
			}
		}
	}
}
