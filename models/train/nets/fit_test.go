package nets

import (
	"math"
	"slices"
	"testing"
)

func TestAdamFirstSteps(t *testing.T) {
	// The first step moves by the rate against the sign of the gradient,
	// whatever its size; decay adds rate × decay × value.
	for _, c := range []struct {
		grad  float32
		decay bool
		want  float64
	}{{3, false, 1 - 0.1}, {-1e-3, false, 1 + 0.1}, {5, true, 1 - 0.1 - 0.1*0.5}} {
		p := &Array[float32]{Value: []float32{1}, Grad: []float32{c.grad}, Decay: c.decay}
		newOptimiser([]*Array[float32]{p}, 0.5).Step(0.1, 4)
		if math.Abs(float64(p.Value[0])-c.want) > 1e-4 {
			t.Errorf("gradient %v, decay %v: got %v, want %v", c.grad, c.decay, p.Value[0], c.want)
		}
		if p.Grad[0] != 0 {
			t.Error("gradient not cleared")
		}
	}
	// Second step by hand: g = 2/2 then 6/2 gives m̂ = 0.39/0.19, v̂ = 0.009999/0.001999.
	p := &Param{Value: make([]float64, 1), Grad: []float64{2}}
	a := NewAdam([]*Param{p})
	a.Step(0.1, 2)
	p.Grad[0] = 6
	a.Step(0.1, 2)
	want := -0.1 - 0.1*(0.39/0.19)/math.Sqrt(0.009999/0.001999)
	if math.Abs(p.Value[0]-want) > 1e-7 {
		t.Errorf("second step: got %v, want %v", p.Value[0], want)
	}
}

func TestCrossEntropy(t *testing.T) {
	outputs := [][]float64{{1, 2, -1}, {0, 0, 0}}
	labels := []int{1, 2}
	for _, smoothing := range []float64{0, 0.1} {
		f := Smoothed(labels, smoothing)
		grad, unused := make([]float64, 3), make([]float64, 3)
		loss := f(0, outputs[0], grad)
		if smoothing == 0 {
			if want := math.Log(math.E+math.Exp(2)+math.Exp(-1)) - 2; math.Abs(loss-want) > 1e-12 {
				t.Errorf("loss %g, want %g", loss, want)
			}
			if got := CrossEntropy(labels)(0, outputs[0], unused); math.Abs(got-loss) > 1e-12 {
				t.Errorf("without smoothing %g, with none of it %g", got, loss)
			}
		}
		for i := range outputs {
			f(i, outputs[i], grad)
			for j := range grad {
				const h = 1e-5
				moved := slices.Clone(outputs[i])
				moved[j] += h
				up := f(i, moved, unused)
				moved[j] -= 2 * h
				if numeric := (up - f(i, moved, unused)) / (2 * h); math.Abs(numeric-grad[j]) > 1e-6 {
					t.Errorf("smoothing %g, sample %d, logit %d: gradient %g, differences give %g", smoothing, i, j, grad[j], numeric)
				}
			}
		}
	}
}

// TestTrainDraws: what an epoch has left for a last batch is left out where only whole
// batches count, the rate is asked for at every step, and every sample is drawn once.
func TestTrainDraws(t *testing.T) {
	for whole, want := range map[bool][]int{true: {6, 6}, false: {7, 8}} {
		rng := generator()
		g := NewSingle(Shape{1, 1, 2})
		g.Dense(0, 2, Linear, rng)
		drawn, steps := map[int]int{}, 0
		g.Train(Course[float32]{
			Samples: 7, Epochs: 2, Batch: 2, Whole: whole, Loss: CrossEntropy(make([]int, 7)),
			Draw: func(i int) []float32 {
				drawn[i]++
				return []float32{1, float32(i)}
			},
			Rate: func(epoch, step, all int) float64 {
				if step != steps || all != want[1] || epoch != step/(want[1]/2) {
					t.Errorf("epoch %d, step %d of %d, want %d of %d", epoch, step, all, steps, want[1])
				}
				steps++
				return 0.01
			},
		}, rng)
		total := 0
		for i, n := range drawn {
			total += n
			if n > 2 {
				t.Errorf("sample %d was drawn %d times in two epochs", i, n)
			}
		}
		if steps != want[1] || total != 2*want[0] {
			t.Errorf("whole %v: %d steps, %d samples drawn; want %d and %d", whole, steps, total, want[1], 2*want[0])
		}
	}
}

// TestBatches: samples that run together give what each gives alone, in the order in
// which the caller sees them.
func TestBatches(t *testing.T) {
	rng := generator()
	g := NewSingle(Shape{3, 2, 2})
	g.Conv(0, 2, 1, 3, true, Relu, rng)
	var x, want [][]float32
	for range single.batch + 3 {
		row := make([]float32, 12)
		for i := range row {
			row[i] = float32(rng.NormFloat64())
		}
		x, want = append(x, row), append(want, slices.Clone(g.Forward(row)))
	}
	seen := 0
	g.Batches(x, func(i int, output []float32) {
		if i != seen || !slices.Equal(output, want[i]) {
			t.Errorf("sample %d: %v, alone %v", i, output, want[i])
		}
		seen++
	})
	if seen != len(x) {
		t.Errorf("%d of %d samples", seen, len(x))
	}
}

// TestLayers: the layers are those that one writes down one by one.
func TestLayers(t *testing.T) {
	a, rng := Layers(generator(), 4, 5, 6, 2), generator()
	b := New(Shape{1, 1, 4})
	b.Dense(b.Dense(b.Dense(0, 5, Relu, rng), 6, Relu, rng), 2, Linear, rng)
	x := []float64{1, -2, 0.5, 3}
	if got, want := slices.Clone(a.Forward(x)), b.Forward(x); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestDescent finds the mean of some numbers, one by one in random order, with a rate that
// falls; After is called once a step.
func TestDescent(t *testing.T) {
	p, values := NewParam(1), []float64{1, 2, 3, 4, 5, 6, 7}
	steps, seen := 0, map[int]int{}
	d := Descent{Epochs: 200, Batch: 3, Rate: 0.1, Fall: 0.99, After: func() { steps++ }}
	d.Fit([]*Param{p}, len(values), generator(), func(i int) {
		seen[i]++
		p.Grad[0] += p.Value[0] - values[i]
	})
	if math.Abs(p.Value[0]-4) > 0.1 || steps != 3*200 {
		t.Errorf("found %v in %d steps", p.Value[0], steps)
	}
	for i, n := range seen {
		if n != 200 {
			t.Errorf("sample %d was seen %d times in 200 epochs", i, n)
		}
	}
}
