package audit

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"upset/models/selection"
	"upset/models/selection/tasks"
	"upset/npu/isa"
)

// sums draws scaled sums of squares of normal numbers with these means.
func sums(r *rand.Rand, n int, scale float64, means []float64) []float64 {
	list := make([]float64, n)
	for i := range list {
		for _, m := range means {
			x := m + r.NormFloat64()
			list[i] += scale * x * x
		}
	}
	return list
}

// The tail of a central distribution is that of gonum, also far out.
func TestBitsOfKnownTails(t *testing.T) {
	for _, k := range []float64{1, 3.5, 20, 300} {
		tail := Tail{Scale: 2, Freedom: k}
		for _, x := range []float64{0.01, 0.5, 0.9, 1, 2} {
			p := distuv.ChiSquared{K: k}.CDF(x * k)
			if p < 1e-290 {
				continue
			}
			if got := tail.Bits(2 * x * k); math.Abs(got+math.Log2(p)) > 1e-6*(1+got) {
				t.Errorf("%v degrees of freedom, %v of the mean: %v bits, want %v", k, x, got, -math.Log2(p))
			}
		}
	}
	// A shifted sum of two squares: the share of a disc of radius ρ that a normal number in
	// the plane hits, by summing over rings.
	const shift, radius = 3.0, 1.2
	var p float64
	const steps = 4000
	for i := range steps {
		r := (float64(i) + 0.5) / steps * radius
		for j := range 200 {
			angle := (float64(j) + 0.5) / 200 * 2 * math.Pi
			x, y := r*math.Cos(angle)-shift, r*math.Sin(angle)
			p += math.Exp(-(x*x+y*y)/2) / (2 * math.Pi) * r * (radius / steps) * (2 * math.Pi / 200)
		}
	}
	if got := (Tail{Scale: 1, Freedom: 2, Shift: shift * shift}).Bits(radius * radius); math.Abs(got+math.Log2(p)) > 1e-3 {
		t.Errorf("disc: %v bits, want %v", got, -math.Log2(p))
	}
	if b := (Tail{Scale: 1, Freedom: 4000, Shift: 2000}).Bits(1); math.IsInf(b, 0) || math.IsNaN(b) || b < 1000 {
		t.Errorf("far out: %v bits", b)
	}
	if !math.IsInf((Tail{Scale: 1, Freedom: 2}).Bits(0), 1) {
		t.Error("no error at all has a finite surprise")
	}
}

// From 10,000 hypotheses the tail at 1e-4 is found within a tenth of its bits, without
// and with a shift, of equal and of unequal axes.
func TestFitTailFindsTheTail(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, means := range [][]float64{make([]float64, 12), make([]float64, 40), {1, 0, 2, 0.5, 0, 0, 1, 1}, {3, 3, 0, 0}} {
		var shift float64
		for _, m := range means {
			shift += m * m
		}
		truth := Tail{Scale: 0.3, Freedom: float64(len(means)), Shift: shift}
		want := -math.Log2(1e-4)
		low, high := 0.0, truth.Scale*(truth.Freedom+truth.Shift)
		for range 100 { // the error that has this probability
			if middle := (low + high) / 2; truth.Bits(middle) > want {
				low = middle
			} else {
				high = middle
			}
		}
		for repeat := range 5 {
			tail, err := FitTail(sums(r, 10_000, truth.Scale, means))
			if err != nil {
				t.Fatal(err)
			}
			if got := tail.Bits(high); math.Abs(got-want) > 0.1*want {
				t.Errorf("means %v, repeat %d: %v bits, want %v (%+v)", means, repeat, got, want, tail)
			}
		}
	}
	if _, err := FitTail(make([]float64, 99)); err == nil {
		t.Error("too few errors are accepted")
	}
	if _, err := FitTail(make([]float64, 200)); err == nil {
		t.Error("equal errors are accepted")
	}
	bad := sums(r, 200, 1, []float64{0})
	bad[7] = math.NaN()
	if _, err := FitTail(bad); err == nil {
		t.Error("an error that is no number is accepted")
	}
}

// waves makes rows of a cube and a sum of waves of them.
func waves(r *rand.Rand, n, dimensions int) (rows, targets [][]float64) {
	for range n {
		x := make([]float64, dimensions)
		y := 0.0
		for k := range x {
			x[k] = r.Float64()
			y += math.Sin(5 * x[k])
		}
		rows, targets = append(rows, x), append(targets, []float64{y})
	}
	return rows, targets
}

// The same function takes more bias where the rows have more dimensions, and less the more
// rows are known.
func TestBiasGrowsWithTheDimension(t *testing.T) {
	s := DefaultSettings()
	s.Error = 0.05
	before, least := 0.0, -1.0
	for _, d := range []int{2, 4, 6, 8} {
		r := rand.New(rand.NewPCG(7, uint64(d)))
		rows, targets := waves(r, 120, d)
		one, ok, err := pool(rows, targets, s)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		t.Logf("%d dimensions: %+v", d, one)
		if one.Bias < before {
			t.Errorf("%d dimensions take %v bits, fewer before: %v", d, one.Bias, before)
		}
		if least < 0 {
			least = one.Bias
		}
		if one.Bias >= one.Whole {
			t.Errorf("%d dimensions: 60 rows say nothing: %+v", d, one)
		}
		before = one.Bias
	}
	if before < least+1 {
		t.Errorf("from two to eight dimensions the bits go from %v to %v", least, before)
	}
	r := rand.New(rand.NewPCG(8, 9))
	rows, targets := waves(r, 120, 2)
	for _, y := range targets {
		y[0] = r.NormFloat64()
	}
	if one, _, err := pool(rows, targets, s); err != nil || one.Bias < 50 {
		t.Errorf("noise of two dimensions takes %+v: %v", one, err)
	}
}

func TestDimension(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, d := range []int{1, 2, 5} {
		var rows [][]float64
		for range 600 {
			inner := make([]float64, d)
			for k := range inner {
				inner[k] = r.Float64()
			}
			row := make([]float64, 20) // curved into twenty dimensions
			for k := range row {
				row[k] = math.Sin(float64(1+k/d)*inner[k%d]) / float64(1+k/d)
			}
			rows = append(rows, row)
		}
		got, err := Dimension(slices.Concat(rows, rows[:50])) // some rows twice
		if err != nil || math.Abs(got-float64(d)) > 0.2*float64(d) {
			t.Errorf("%d dimensions are taken for %v: %v", d, got, err)
		}
	}
	if _, err := Dimension([][]float64{{1}, {1}, {2}}); err == nil {
		t.Error("two rows have a dimension")
	}
}

// An audit of a task is the same twice, and takes fewer bits than there are.
func TestTask(t *testing.T) {
	registry, err := tasks.All()
	if err != nil {
		t.Fatal(err)
	}
	task, err := registry.ByName("conformal-selection")
	if err != nil {
		t.Fatal(err)
	}
	w, err := task.Build(1)
	if err != nil {
		t.Fatal(err)
	}
	run, err := selection.NewRun(w, 1, isa.U55x128)
	if err != nil {
		t.Fatal(err)
	}
	s := DefaultSettings()
	s.Draws = 500
	list, err := Task(run, isa.U55x128, s)
	if err != nil || len(list) == 0 {
		t.Fatalf("%+v, %v", list, err)
	}
	for _, r := range list {
		if !(r.Bias > 0 && r.Whole > 0) || r.Dimension < 1 || r.Dimension > 60 || r.Inputs != len(w.Scorers[0].Rows[0]) {
			t.Errorf("%+v", r)
		}
	}
	again, err := Task(run, isa.U55x128, s)
	if err != nil || !slices.Equal(list, again) {
		t.Errorf("%+v is %+v the second time: %v", list, again, err)
	}
	s.Error = 0
	if _, err := Task(run, isa.U55x128, s); err == nil {
		t.Error("an error of 0 is accepted")
	}
}
