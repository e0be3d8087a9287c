package audit

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat"

	"upset/npu/isa"
)

// By hand for one training row: functions have the mean k·y/(1+noise) at a test row and the
// variance 1 − k²/(1+noise), where k is the kernel of the two rows.
func TestSpaceOfOneRow(t *testing.T) {
	kernel := Kernel{Length: 2, Noise: 0.25}
	train, test := [][]float64{{0}}, [][]float64{{2}, {1000}} // the second one is out of reach
	targets := [][]float64{{3}, {1}, {-1}}
	s, err := NewSpace(kernel, train, test, targets[:1], targets[1:])
	if err != nil {
		t.Fatal(err)
	}
	// Targets have the mean 1 and the variance 8/3.
	y := func(v float64) float64 { return (v - 1) / math.Sqrt(8.0/3) }
	k := math.Exp(-4.0 / 8)
	first, second := k*y(3)/1.25-y(1), -y(-1)
	if got, want := norm2(s.centre[0]), first*first+second*second; math.Abs(got-want) > 1e-9 {
		t.Errorf("the centre is off by %v squared, want %v", got, want)
	}
	if got, want := norm2(s.spread), 2-k*k/1.25; math.Abs(got-want) > 1e-9 {
		t.Errorf("variances sum to %v, want %v", got, want)
	}
}

func norm2(v []float64) (sum float64) {
	for _, x := range v {
		sum += x * x
	}
	return sum
}

// Errors have the mean (|centre|² + Σ spread²) over the rows and columns, and of two columns
// that are the same they have that of one.
func TestErrorsHaveTheirMean(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	rows, targets := waves(rng, 30, 2)
	var double [][]float64
	for _, y := range targets {
		double = append(double, []float64{y[0], 5 * y[0], 7}) // in another unit, and a constant
	}
	kernel := Kernel{Length: 0.5, Noise: 0.01}
	one, err := NewSpace(kernel, rows[:15], rows[15:], targets[:15], targets[15:])
	if err != nil {
		t.Fatal(err)
	}
	two, err := NewSpace(kernel, rows[:15], rows[15:], double[:15], double[15:])
	if err != nil || len(two.centre) != 2 {
		t.Fatalf("%d columns, %v", len(two.centre), err)
	}
	want := (norm2(one.centre[0]) + norm2(one.spread)) / 15
	for name, s := range map[string]*Space{"one column": one, "two columns": two} {
		list := s.Errors(4000, rand.New(rand.NewPCG(2, 2)))
		mean, deviation := stat.MeanStdDev(list, nil)
		if math.Abs(mean-want) > 5*deviation/math.Sqrt(4000) {
			t.Errorf("%s: mean error %v, want %v", name, mean, want)
		}
	}
	// Without training rows the functions know nothing: the error is 1 for the targets and 1
	// for the functions, but for what the rows of either half are off the common mean.
	none, err := NewSpace(kernel, nil, rows, nil, targets)
	if err != nil || math.Abs(norm2(none.centre[0])/30-1) > 1e-9 || math.Abs(norm2(none.spread)/30-1) > 1e-9 {
		t.Errorf("centre %v, spread %v a row, %v", norm2(none.centre[0])/30, norm2(none.spread)/30, err)
	}
	// A row more that is known leaves no more spread.
	more, err := NewSpace(kernel, rows[:14], rows[15:], targets[:14], targets[15:])
	if err != nil || norm2(more.spread) < norm2(one.spread)-1e-9 {
		t.Errorf("spread %v of 15 rows, %v of 14, %v", norm2(one.spread), norm2(more.spread), err)
	}
}

// Of functions that a kernel made, the rows choose that kernel or one beside it.
func TestChooseKernel(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	var rows, smooth, rough [][]float64
	for range 60 {
		x := rng.Float64()
		rows = append(rows, []float64{x})
		smooth, rough = append(smooth, []float64{math.Sin(2 * x)}), append(rough, []float64{math.Sin(2*x) + rng.NormFloat64()})
	}
	a, err := ChooseKernel(rows, smooth)
	if err != nil {
		t.Fatal(err)
	}
	b, err := ChooseKernel(rows, rough)
	if err != nil || a.Noise > 1e-2 || b.Noise <= a.Noise {
		t.Errorf("smooth targets %+v, noisy ones %+v, %v", a, b, err)
	}
	// The length has the unit of the rows.
	for i := range rows {
		rows[i][0] *= 50
	}
	if c, err := ChooseKernel(rows, smooth); err != nil || math.Abs(c.Length-50*a.Length) > 1e-9*c.Length || c.Noise != a.Noise {
		t.Errorf("rows of fifty times the size: %+v, were %+v, %v", c, a, err)
	}
	for i := range smooth {
		smooth[i][0] = 4
	}
	if _, err := ChooseKernel(rows, smooth); err == nil {
		t.Error("targets that do not vary: no error")
	}
	if _, err := ChooseKernel([][]float64{{1}, {1}}, [][]float64{{1}, {2}}); err == nil {
		t.Error("rows that do not vary: no error")
	}
}

func TestStandardised(t *testing.T) {
	columns := standardised([][]float64{{1, 5, 10}, {3, 5, 30}, {5, 5, 50}})
	if len(columns) != 2 {
		t.Fatalf("%d columns", len(columns))
	}
	for _, c := range columns { // mean 3 and 30, deviations √(8/3) and ten times that
		for i, want := range []float64{-math.Sqrt(1.5), 0, math.Sqrt(1.5)} {
			if math.Abs(c[i]-want) > 1e-12 {
				t.Errorf("number %d: %v, want %v", i, c[i], want)
			}
		}
	}
	if got := medianDistance([][]float64{{0}, {1}, {1}, {4}}); got != 3 { // 1, 1, 3, 3, 4
		t.Errorf("median distance %v", got)
	}
	if got := medianDistance([][]float64{{2}, {2}}); got != 0 {
		t.Errorf("equal rows: median distance %v", got)
	}
}

func TestSpaceRefuses(t *testing.T) {
	two, y := [][]float64{{1}, {2}}, [][]float64{{1}, {3}}
	for name, f := range map[string]func() error{
		"one test row":     func() error { _, err := NewSpace(Kernel{1, 1}, nil, two[:1], nil, y[:1]); return err },
		"too few targets":  func() error { _, err := NewSpace(Kernel{1, 1}, two, two, y[:1], y); return err },
		"no length":        func() error { _, err := NewSpace(Kernel{0, 1}, two, two, y, y); return err },
		"no noise":         func() error { _, err := NewSpace(Kernel{1, 0}, two, two, y, y); return err },
		"no number":        func() error { _, err := NewSpace(Kernel{math.NaN(), 1}, two, two, y, y); return err },
		"constant targets": func() error { _, err := NewSpace(Kernel{1, 1}, nil, two, nil, [][]float64{{1}, {1}}); return err },
	} {
		if f() == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := Task(nil, isa.U55x128, Settings{Error: 1, Draws: 5}); err == nil {
		t.Error("five hypotheses: no error")
	}
}

// The dimension has no unit, and rows that are all equally far apart have none.
func TestDimensionKnowsNoUnit(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	var rows, large, corners [][]float64
	for range 200 {
		x := []float64{rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()}
		rows, large = append(rows, x), append(large, []float64{9 * x[1], -9 * x[2], 9*x[0] + 5})
	}
	a, err := Dimension(rows)
	if err != nil || math.Abs(a-3) > 0.6 {
		t.Errorf("three dimensions are taken for %v, %v", a, err)
	}
	if b, err := Dimension(large); err != nil || math.Abs(a-b) > 1e-6 {
		t.Errorf("dimension %v, %v of turned rows in another unit, %v", a, b, err)
	}
	for i := range 12 {
		corner := make([]float64, 12)
		corner[i] = 1
		corners = append(corners, corner)
	}
	if d, err := Dimension(corners); err == nil {
		t.Errorf("corners of a simplex have the dimension %v", d)
	}
}
