package answers

import (
	"math"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/scoretest"
	"upset/models/train/data"
	"upset/models/train/nets"
)

// rule accepts answers for rows of these classes.
func rule(truth ...int) *answers {
	return &answers{rows: domain{x: make([][]float64, len(truth)), truth: truth}}
}

// An answer is that of the largest score, of equal ones the first; a constant in all scores
// of a row changes neither it nor the target.
func TestAnswers(t *testing.T) {
	r := rule(3, 5, 5)
	tie := scoretest.Class(3, 20)
	tie[5] = 20
	scores := scoretest.Table(0.1, digits.Classes, tie, tie, scoretest.Class(5, 20))
	o := scoretest.Decide(t, r, scores)
	if !slices.Equal(o.Items, []int{1, 0, 1}) {
		t.Fatalf("accepted %v", o.Items)
	}
	// e² twice among eight ones; e² among nine.
	for i, want := range map[int]float64{0: math.Exp(2) / (2*math.Exp(2) + 8), 2: math.Exp(2) / (math.Exp(2) + 9)} {
		if got := o.Values[i*digits.Classes+r.rows.truth[i]]; math.Abs(got-want) > 1e-12 {
			t.Errorf("row %d: the target gives its class %v, want %v", i, got, want)
		}
	}
	for i := range r.rows.truth {
		sum := 0.0
		for _, v := range o.Values[i*digits.Classes : (i+1)*digits.Classes] {
			sum += v
		}
		if math.Abs(sum-1) > 1e-12 {
			t.Errorf("row %d: a target of %v", i, sum)
		}
	}
	moved := scores
	moved.Data = nil
	for _, b := range scores.Data {
		moved.Data = append(moved.Data, b-30)
	}
	other := scoretest.Decide(t, r, moved)
	for k, v := range other.Values {
		if math.Abs(v-o.Values[k]) > 1e-12 {
			t.Fatalf("number %d of the targets is %v, was %v", k, v, o.Values[k])
		}
	}
}

// A fault that makes an answer wrong puts the label in its place: the harm is what the
// answer had left to other classes. A wrong answer that stays wrong has no effect at all.
func TestFaultyAnswer(t *testing.T) {
	r := rule(4, 6)
	scores := []selection.Table{scoretest.Table(0.1, digits.Classes, scoretest.Class(4, 30), scoretest.Class(1, 30))}
	w := scoretest.Workload(r, 2)
	run := &selection.Run{Workload: w, Scores: scores, Outcome: scoretest.Decide(t, r, scores[0])}
	task := Task()
	turned := scores[0].Row(0)
	faulty, err := w.Transient(scores, 0, 0, append([]byte{127}, turned[1:]...))
	want := 1 - math.Exp(3)/(math.Exp(3)+9)
	if e := task.Effect(run, faulty); err != nil || !slices.Equal(faulty.Items, []int{0, 0}) || math.Abs(e.Consequence-want) > 1e-12 || e.Distance != 0.5 || !e.Consequential {
		t.Errorf("%v: %+v, want a consequence of %v; %v", faulty.Items, e, want, err)
	}
	// A bit of another score of an accepted answer moves the target a little.
	row := slices.Clone(turned)
	row[9] = 1
	if faulty, err = w.Transient(scores, 0, 0, row); err != nil {
		t.Fatal(err)
	}
	if e := task.Effect(run, faulty); !e.Changed || e.Distance != 0 || e.Consequential || e.Consequence == 0 {
		t.Errorf("a low bit: %+v", e)
	}
	other := slices.Clone(scores[0].Row(1))
	other[1] ^= 1
	if faulty, err = w.Transient(scores, 0, 1, other); err != nil || task.Effect(run, faulty).Changed {
		t.Errorf("a wrong answer by another score: %+v, %v", task.Effect(run, faulty), err)
	}
	right := slices.Clone(other)
	right[6] = 127
	if faulty, err = w.Transient(scores, 0, 1, right); err != nil || !slices.Equal(faulty.Items, []int{1, 1}) {
		t.Errorf("an answer that a fault makes right: %v, %v", faulty.Items, err)
	}
	for name, list := range map[string][]selection.Table{"two networks": append(scores, scores...), "one row": {scoretest.Labels(4)}, "two classes": {{Scale: 1, Width: 2, Data: make([]byte, 4)}}} {
		if _, err := r.Decide(selection.FromTables(list...)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// small is a rule with samples that three pixels tell apart, and its network.
func small() *answers {
	r := &answers{}
	rng := data.Rand(5, 0)
	for i := range 45 {
		x := make([]float64, data.DigitsSize)
		for k := range x {
			x[k] = 0.2 * rng.Float64()
		}
		x[i%3] = 1
		r.rows.x, r.rows.truth = append(r.rows.x, x), append(r.rows.truth, i%3)
	}
	r.parameters = pack(nets.Layers(rng, data.DigitsSize, units, digits.Classes))
	return r
}

// Tuning with labels alone is plain training by the cross-entropy, number for number, and
// what is packed is not touched.
func TestGoldIsPlainTraining(t *testing.T) {
	r := small()
	before := slices.Clone(r.parameters)
	own, plain := r.tuned(r.gold(), 3), unpack(r.parameters)
	plain.Fit(r.rows.x, nets.CrossEntropy(r.rows.truth), tuning, data.Rand(3, 1))
	for k, p := range own.Params() {
		for i, v := range p.Value {
			if want := plain.Params()[k].Value[i]; math.Abs(v-want) > 1e-9 {
				t.Fatalf("parameter %d, %d: %v, by plain training %v", k, i, v, want)
			}
		}
	}
	if got := r.rows.accuracy(own); got != 1 {
		t.Errorf("accuracy %v", got)
	}
	if !slices.Equal(before, r.parameters) {
		t.Error("tuning changes the network that it starts from")
	}
}

// A network's own distributions as targets leave it where it is nearly; other labels do not.
func TestOwnAnswersChangeLittle(t *testing.T) {
	r := small()
	start := r.tuned(r.gold(), 1)
	r.parameters = pack(start)
	apart := func(g *nets.Graph) (sum float64) {
		for k, p := range g.Params() {
			for i, v := range p.Value {
				d := v - start.Params()[k].Value[i]
				sum += d * d
			}
		}
		return math.Sqrt(sum)
	}
	var own []float64
	p := make([]float64, digits.Classes)
	for _, x := range r.rows.x {
		nets.Softmax(start.Forward(x), p)
		own = append(own, p...)
	}
	for i := range r.rows.truth {
		r.rows.truth[i] = (r.rows.truth[i] + 1) % 3
	}
	if a, b := apart(r.tuned(own, 2)), apart(r.tuned(r.gold(), 2)); a > b/3 {
		t.Errorf("own answers move the network by %v, other labels by %v", a, b)
	}
}

// Packed parameters are those of single precision, four bytes each.
func TestPackIsExact(t *testing.T) {
	g := nets.Layers(data.Rand(9, 0), data.DigitsSize, units, digits.Classes)
	n := 0
	for _, p := range g.Params() {
		n += len(p.Value)
	}
	b := pack(g)
	if len(b) != 4*n || !slices.Equal(b, pack(unpack(b))) {
		t.Errorf("%d bytes for %d parameters, or another network after reading", len(b), n)
	}
}

// With few answers accepted there is nothing to check, and the check says so.
func TestCheckWantsAnswers(t *testing.T) {
	r := rule(1, 2, 3, 4)
	run := selection.Run{Workload: &selection.Workload{Rule: r}, Outcome: scoretest.Decide(t, r, scoretest.Labels(1, 0, 0, 0))}
	if c, err := check([]selection.Run{run}); err != nil || c.Pass || c.Measured != 1 {
		t.Errorf("%+v, %v", c, err)
	}
}
