package learner

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"upset/models/reference"
	"upset/models/selection"
	"upset/models/selection/kit"
	"upset/models/tflite"
	"upset/models/train/data"
	"upset/npu/isa"
)

// random is an episode of numbers below exampleMost.
func random(seed uint64) *episode {
	rng := data.Rand(seed, 8)
	e := &episode{}
	for range length {
		x := make([]float64, width)
		for i := range x {
			x[i] = max(-2, min(2, rng.NormFloat64()))
		}
		e.x, e.labels = append(e.x, x), append(e.labels, float64(2*rng.IntN(2)-1))
	}
	return e
}

// The answer to example t is Σ over s < t of v_s·(Q·x_t)·(K·x_s), term by term.
func TestAnswersByDefinition(t *testing.T) {
	a, e := newAttention(data.Rand(1, 1)), random(1)
	for i, got := range a.answers(e, false) {
		want := 0.0
		for s := range i {
			for j := range width {
				q, k := 0.0, 0.0
				for l := range width {
					q += a.query.Value[j*width+l] * e.x[i][l]
					k += a.key.Value[j*width+l] * e.x[s][l]
				}
				want += e.labels[s] * q * k
			}
		}
		if math.Abs(got-want) > 1e-9*(1+math.Abs(want)) {
			t.Errorf("example %d: %v, want %v", i, got, want)
		}
	}
}

// What has been learnt is a sum: the order of the examples does not matter, examples that
// were seen twice count twice, and with all labels turned every answer turns.
func TestStateIsASum(t *testing.T) {
	a, e := newAttention(data.Rand(2, 1)), random(2)
	last := length - 1
	want := a.answers(e, false)[last]

	other := &episode{slices.Clone(e.x), slices.Clone(e.labels)}
	slices.Reverse(other.x[:last])
	slices.Reverse(other.labels[:last])
	if got := a.answers(other, false)[last]; math.Abs(got-want) > 1e-9 {
		t.Errorf("the other way round: %v, want %v", got, want)
	}
	twice := &episode{slices.Concat(e.x[:last], e.x), slices.Concat(e.labels[:last], e.labels)}
	if got := a.answers(twice, false)[2*last]; math.Abs(got-2*want) > 1e-9 {
		t.Errorf("all twice: %v, want %v", got, 2*want)
	}
	for i := range e.labels {
		e.labels[i] *= -1
	}
	if got := a.answers(e, false)[last]; math.Abs(got+want) > 1e-9 {
		t.Errorf("other labels: %v, want %v", got, -want)
	}
}

// The int16 step gives the answers of floating point, and a wrong number of the state is
// neither forgotten nor spread: it changes each later answer by its size times that number
// of the query.
func TestStepInIntegers(t *testing.T) {
	a := newAttention(data.Rand(3, 1))
	e := random(3)
	model, err := a.model([]episode{*e, *random(4)})
	if err != nil {
		t.Fatal(err)
	}
	m, err := tflite.Parse(model)
	if err != nil {
		t.Fatal(err)
	}
	in, err := reference.New(m)
	if err != nil {
		t.Fatal(err)
	}
	g := &m.Subgraphs[0]
	answer, carried := float64(g.Tensors[g.Outputs[0]].Quant.Scale[0]), float64(g.Tensors[g.Outputs[1]].Quant.Scale[0])
	const struck, unit, by = 5, 3, 1 << 12
	run := func(strike bool) (list []float64) {
		state := make([]byte, 2*width)
		for k, x := range e.x {
			if strike && k == struck {
				v := int(int16(uint16(state[2*unit])|uint16(state[2*unit+1])<<8)) + by
				state[2*unit], state[2*unit+1] = byte(v), byte(v>>8)
			}
			out, err := in.Invoke([][]byte{exampleForm.Bytes(x...), labelForm.Bytes(e.labels[k]), state})
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, answer*float64(int16(uint16(out[0][0])|uint16(out[0][1])<<8)))
			state = bytes.Clone(out[1])
		}
		return list
	}
	plain, faulty, want := run(false), run(true), a.answers(e, false)
	size := 0.0
	for _, v := range want {
		size = max(size, math.Abs(v))
	}
	moved := false
	for k := range want {
		if math.Abs(plain[k]-want[k]) > 0.04*size {
			t.Errorf("example %d: %v in int16, %v in floating point", k, plain[k], want[k])
		}
		change := 0.0
		if k >= struck {
			change = by * carried * kit.Product(a.query.Value, e.x[k])[unit]
		}
		if got := faulty[k] - plain[k]; math.Abs(got-change) > 0.01*size+0.02*math.Abs(change) {
			t.Errorf("example %d: a wrong state moves the answer by %v, want %v", k, got, change)
		}
		moved = moved || math.Abs(change) > 0.05*size
	}
	if !moved {
		t.Error("the wrong state is too small to see")
	}
}

// A fault in the state of one task stays in that task and before its end; one in an answer
// is one wrong decision.
func TestFaultsOnTheNPU(t *testing.T) {
	w, err := build(1)
	if err != nil {
		t.Fatal(err)
	}
	r := w.Rule.(*learner)
	r.inputs = r.inputs[:3*length]
	golden, err := selection.NewRun(w, 1, isa.U55x128)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(golden.Calls); n != 3*length {
		t.Fatalf("%d inferences", n)
	}
	differ := func(o selection.Outcome) (list []int) {
		for i, v := range o.Items {
			if v != golden.Outcome.Items[i] {
				list = append(list, i)
			}
		}
		return list
	}
	const step = length + 4
	later := 0
	for unit := range width {
		o, _, err := golden.Upset(step, 16*unit+14)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range differ(o) {
			if later++; i < step || i >= 2*length {
				t.Errorf("a wrong state before example %d changes the answer to example %d", step, i)
			}
		}
	}
	if later == 0 {
		t.Error("no wrong state changes an answer")
	}
	c := golden.Calls[step]
	output, err := golden.Source.Infer(c.Scorer, c.Row, c.Input)
	if err != nil {
		t.Fatal(err)
	}
	output = bytes.Clone(output)
	output[1] ^= 0x80 // the sign of the answer
	o, err := golden.Struck(step, output)
	if err != nil {
		t.Fatal(err)
	}
	if got := differ(o); !slices.Equal(got, []int{step}) {
		t.Errorf("another sign of answer %d changes the answers %v", step, got)
	}
}

// Trained on many tasks, a learner gets better within a task that it has not seen; one that
// was trained on a single task does not.
func TestLearnsToLearn(t *testing.T) {
	w, rng := someWorld(t), data.Rand(5, 1)
	many, single := newAttention(rng), newAttention(rng)
	one := newLens(rng)
	many.fit(w, nil, rng)
	single.fit(w, &one, rng)
	r := &learner{}
	var answers, others []int
	for range 60 {
		e := w.draw(newLens(rng), rng)
		other := single.answers(&e, false)
		for k, y := range many.answers(&e, false) {
			r.truth, answers, others = append(r.truth, side(e.labels[k])), append(answers, side(y)), append(others, side(other[k]))
		}
	}
	first, last, alone := r.right(answers, 1, early), r.right(answers, late, length), r.right(others, late, length)
	if last < least || last < first+gain/2 || alone > last-0.1 {
		t.Errorf("right: %v after one and two examples, %v after ten, %v by the learner of one task", first, last, alone)
	}
}

// A lens shows pictures of its two classes only, each under its own label.
func TestDraw(t *testing.T) {
	w := &world{}
	for c := range w {
		x := make([]float64, data.DigitsSize)
		x[c] = 1
		w[c] = [][]float64{x}
	}
	rng := data.Rand(6, 1)
	l := newLens(rng)
	e := w.draw(l, rng)
	for k, x := range e.x {
		class := l.classes[side(e.labels[k])]
		for i, v := range x {
			if v != l.matrix[i*data.DigitsSize+class] {
				t.Fatalf("example %d with label %v is not of class %d", k, e.labels[k], class)
			}
		}
	}
	if l.classes[0] == l.classes[1] || len(e.x) != length {
		t.Errorf("classes %v, %d examples", l.classes, len(e.x))
	}
}

// Every bound of the check can fail by itself.
func TestCheckBounds(t *testing.T) {
	const tasks = 20
	try := func(early, late, single float64) bool { // shares of right answers
		r := &learner{}
		o := selection.Outcome{Metric: selection.Label}
		for i := range tasks * length {
			share, task, place := early, i/length, i%length
			if place > 2 {
				share = late
			}
			wrong := func(share float64) int {
				if float64(task)+0.5 > share*tasks {
					return 1
				}
				return 0
			}
			r.truth = append(r.truth, 0)
			o.Items, r.single = append(o.Items, wrong(share)), append(r.single, wrong(single))
		}
		c, err := check([]selection.Run{{Workload: &selection.Workload{Rule: r}, Outcome: o}})
		if err != nil {
			t.Fatal(err)
		}
		return c.Pass
	}
	for _, c := range []struct {
		early, late, single float64
		want                bool
	}{
		{0.6, 0.85, 0.5, true}, {0.6, 0.75, 0.5, false}, {0.8, 0.85, 0.5, false}, {0.6, 0.85, 0.7, false},
	} {
		if got := try(c.early, c.late, c.single); got != c.want {
			t.Errorf("%+v: passes %v", c, got)
		}
	}
}
