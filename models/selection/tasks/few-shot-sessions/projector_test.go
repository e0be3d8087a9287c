package sessions

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

// A branch by its continuous form: h decays by exp(−Δ) with Δ = softplus(z), and takes in
// (1 − exp(−Δ))·(B·x)⊙(U·x); the feature is the mean of (C·x)⊙h.
func TestBranchByDefinition(t *testing.T) {
	rng := data.Rand(11, 0)
	b, x := newBranch(rng, false), some(11)
	for i := range b.start.Value {
		b.start.Value[i] = rng.NormFloat64()
	}
	moments, feature := b.run(x)
	row := func(p []float64, i int, v []float64) (sum float64) {
		for j, u := range v {
			sum += p[i*width+j] * u
		}
		return sum
	}
	for i := range units {
		h, mean, in, out, write := 0.0, 0.0, 0.0, 0.0, 0.0
		for k, v := range x {
			delta := math.Log1p(math.Exp(row(b.gate.Value, i, v) + b.start.Value[i]))
			h = math.Exp(-delta)*h + (1-math.Exp(-delta))*row(b.in.Value, i, v)*row(b.up.Value, i, v)
			mean += row(b.out.Value, i, v) * h / tokens
			in, out, write = in+row(b.in.Value, i, v)/tokens, out+row(b.out.Value, i, v)/tokens, write+(1-math.Exp(-delta))/tokens
			if math.Abs(moments[k].state[i]-h) > 1e-9*(1+math.Abs(h)) {
				t.Fatalf("token %d, unit %d: state %v, want %v", k, i, moments[k].state[i], h)
			}
		}
		if math.Abs(feature[i]-mean) > 1e-9*(1+math.Abs(mean)) {
			t.Errorf("unit %d: feature %v, want %v", i, feature[i], mean)
		}
		c := chosen(moments)
		for k, want := range map[int]float64{i: in, units + i: out, 2*units + i: write} {
			if math.Abs(c[k]-want) > 1e-9*(1+math.Abs(want)) {
				t.Errorf("unit %d: choice %d is %v, want %v", i, k, c[k], want)
			}
		}
	}
}

// Tokens of zero write nothing: they leave a state that decays by one factor, which the
// start alone sets, and they give nothing.
func TestStateDecays(t *testing.T) {
	b := newBranch(data.Rand(12, 0), false)
	b.start.Value[3] = math.Log(3) // a quarter stays
	x := some(12)
	for k := 1; k < tokens; k++ {
		x[k] = make([]float64, width)
	}
	moments, feature := b.run(x)
	for k := 1; k < tokens; k++ {
		for i := range units {
			keep := 0.5
			if i == 3 {
				keep = 0.25
			}
			if got, want := moments[k].state[i], keep*moments[k-1].state[i]; math.Abs(got-want) > 1e-12*(1+math.Abs(want)) {
				t.Errorf("token %d, unit %d: %v, want %v", k, i, got, want)
			}
		}
	}
	for i, v := range feature {
		if want := moments[0].out[i] * moments[0].state[i] / tokens; math.Abs(v-want) > 1e-12 {
			t.Errorf("unit %d: feature %v, want %v", i, v, want)
		}
	}
}

// The branches see the order of the tokens, the residual part does not: it is linear in
// their mean.
func TestOrderOfTokens(t *testing.T) {
	m := newModel(data.Rand(13, 0))
	x := some(13)
	turned := slices.Clone(x)
	slices.Reverse(turned)
	a, b := m.run(x), m.run(turned)
	for j := range width {
		want := 0.0
		for _, v := range x {
			want += v[j] / tokens
		}
		if math.Abs(a.mean[j]-want) > 1e-12 || math.Abs(b.mean[j]-want) > 1e-12 {
			t.Fatalf("mean %v and %v, want %v", a.mean[j], b.mean[j], want)
		}
	}
	if kit.Distance(a.feature, b.feature) < 1e-3*kit.Norm(a.feature) {
		t.Error("the feature does not see the order")
	}
	clear(m.base.out.Value)
	a, b = m.run(x), m.run(turned)
	if kit.Distance(a.feature, b.feature) > 1e-12 {
		t.Error("the residual part sees the order")
	}
}

// Gradients of two pictures add up, and twice the gradient of the feature gives twice those
// of the weights.
func TestGradientsAdd(t *testing.T) {
	b := newBranch(data.Rand(14, 0), false)
	d := make([]float64, units)
	for i := range d {
		d[i] = float64(i%5) - 2
	}
	gradients := func(by float64, seeds ...uint64) (flat []float64) {
		for _, p := range b.params() {
			clear(p.Grad)
		}
		for _, s := range seeds {
			m, _ := b.run(some(s))
			b.backward(m, scaled(d, by), nil)
		}
		for _, p := range b.params() {
			flat = append(flat, p.Grad...)
		}
		return flat
	}
	first, second, both, twice := gradients(1, 1), gradients(1, 2), gradients(1, 1, 2), gradients(2, 1)
	for i := range first {
		if math.Abs(both[i]-first[i]-second[i]) > 1e-9 || math.Abs(twice[i]-2*first[i]) > 1e-9 {
			t.Fatalf("number %d: %v and %v, both %v, twice %v", i, first[i], second[i], both[i], twice[i])
		}
	}
	if kit.Norm(first) == 0 {
		t.Error("no gradient")
	}
}

// The loss looks at the direction of a feature alone: its gradient is at right angles to
// it, falls with its length, is nothing at the class, and leads there.
func TestToClassTurns(t *testing.T) {
	m, rng := newModel(data.Rand(15, 0)), data.Rand(16, 0)
	for class := range classes {
		f := make([]float64, units)
		for i := range f {
			f[i] = rng.NormFloat64()
		}
		d, far := m.toClass(f, class), m.toClass(scaled(f, 10), class)
		along, moved := 0.0, make([]float64, units)
		for i := range f {
			along += d[i] * f[i]
			moved[i] = f[i] - 0.1*d[i]
			if math.Abs(10*far[i]-d[i]) > 1e-9 {
				t.Errorf("class %d: gradient %v of a feature ten times as long, %v", class, far[i], d[i])
			}
		}
		want := m.frame[class*units : (class+1)*units]
		if math.Abs(along) > 1e-9 || kit.Cosine(moved, want) <= kit.Cosine(f, want) {
			t.Errorf("class %d: %v along the feature; the cosine goes from %v to %v", class, along, kit.Cosine(f, want), kit.Cosine(moved, want))
		}
		if at := kit.Norm(m.toClass(scaled(want, 3), class)); at > 1e-9 {
			t.Errorf("class %d: gradient %v at the class", class, at)
		}
	}
	// The directions of all classes sum to nothing.
	for i := range units {
		sum := 0.0
		for k := range classes {
			sum += m.frame[k*units+i]
		}
		if math.Abs(sum) > 1e-9 {
			t.Errorf("number %d of all classes sums to %v", i, sum)
		}
	}
}

// kinds are pictures of classes whose tokens lie about a point of each class.
func kinds(seed uint64, n int, list ...int) (out []picture) {
	rng := data.Rand(seed, 5)
	for _, k := range list {
		for range n {
			v := make([]float64, tokens*width)
			for i := range v {
				v[i] = 0.3 * rng.NormFloat64()
				if i%classes == k {
					v[i]++
				}
			}
			out = append(out, picture{cut(v), k})
		}
	}
	return out
}

// right is the share of pictures that a model knows among some classes.
func right(m *model, list []picture, among []int) float64 {
	return kit.Share(kit.Every(len(list)), func(i int) bool { return m.class(list[i].x, among) == list[i].class })
}

// Sessions: the first one learns its classes and leaves the second branch closed; a later
// one learns new classes with that branch, and with the losses that tell old from new the
// branch is stiller on old pictures than without.
func TestSessions(t *testing.T) {
	old, all := []int{0, 1}, []int{0, 1, 7}
	norms := map[bool]float64{}
	for _, sensitive := range []bool{true, false} {
		m := newModel(data.Rand(17, 0))
		first := kinds(1, 4, old...)
		m.first(first, data.Rand(18, 0))
		if got := right(m, kinds(2, 10, old...), old); got < 0.9 {
			t.Fatalf("after the first session %v are right", got)
		}
		if slices.Max(m.new.out.Value) != 0 || slices.Min(m.new.out.Value) != 0 {
			t.Fatal("the first session opens the second branch")
		}
		base, residual := slices.Clone(m.base.gate.Value), slices.Clone(m.residual.Value)
		memory := averages(first)
		m.later(memory, kinds(3, 3, 7), sensitive)
		if got := right(m, kinds(4, 10, 7), all); got < 0.8 {
			t.Errorf("class-sensitive %v: %v of the new pictures are right", sensitive, got)
		}
		if !slices.Equal(base, m.base.gate.Value) || !slices.Equal(residual, m.residual.Value) {
			t.Error("a later session moves what was frozen")
		}
		for _, p := range memory {
			norms[sensitive] += kit.Norm(m.run(p.x).extra)
		}
	}
	if norms[true] >= norms[false] {
		t.Errorf("the branch gives %v on old pictures with the losses, %v without", norms[true], norms[false])
	}
}

// TestSessionGradient compares the gradients of a session, with the losses that tell old
// from new and without, with differences of the loss as it is defined.
func TestSessionGradient(t *testing.T) {
	m := newModel(data.Rand(27, 0))
	for i := range m.new.out.Value { // opened a little
		m.new.out.Value[i] = 0.1 * m.base.out.Value[len(m.base.out.Value)-1-i]
	}
	s := &session{list: append(kinds(28, 2, 0, 1), kinds(29, 3, 7)...), old: 4, count: map[int]float64{0: 2, 1: 2, 7: 3}}
	for _, p := range s.list {
		r := m.run(p.x)
		for i, v := range r.extra {
			r.feature[i] -= v
		}
		s.fixed = append(s.fixed, r.feature)
	}
	loss := func() (sum float64) {
		means := [2][]float64{make([]float64, 3*units), make([]float64, 3*units)}
		for k, p := range s.list {
			moments, extra := m.new.run(p.x)
			f, still, group := make([]float64, units), 0.0, 0
			for i, v := range extra {
				f[i], still = s.fixed[k][i]+v, still+v*v
			}
			if k >= s.old {
				group, still = 1, 0
			}
			if !s.sensitive {
				still = 0
			}
			along := kit.Cosine(f, m.frame[p.class*units:(p.class+1)*units])
			sum += ((along-1)*(along-1)/2 + suppression*still/2) / 3 / s.count[p.class]
			for i, v := range chosen(moments) {
				means[group][i] += v / []float64{4, 3}[group]
			}
		}
		if s.sensitive {
			sum += separation * kit.Cosine(means[0], means[1])
		}
		return sum
	}
	for _, s.sensitive = range []bool{false, true} {
		for _, p := range m.new.params() {
			clear(p.Grad)
		}
		s.gradient(m)
		for k, p := range m.new.params() {
			for i := 0; i < len(p.Value); i += 61 {
				const step = 1e-5
				at := p.Value[i]
				p.Value[i] = at + step
				up := loss()
				p.Value[i] = at - step
				down := loss()
				p.Value[i] = at
				if want := (up - down) / (2 * step); math.Abs(p.Grad[i]-want) > 1e-8+1e-4*math.Abs(want) {
					t.Fatalf("class-sensitive %v, number %d of %d: gradient %v, difference %v", s.sensitive, i, k, p.Grad[i], want)
				}
			}
		}
	}
}

// The class is the best one of those asked for, of equals the first.
func TestClassAmong(t *testing.T) {
	m := newModel(data.Rand(19, 0))
	x := some(19)
	scores := kit.Product(m.frame, m.run(x).feature)
	order := kit.Order(scores)
	for n := 1; n <= classes; n++ {
		if got := m.class(x, order[classes-n:]); got != order[classes-n] {
			t.Errorf("among the last %d: class %d, want %d", n, got, order[classes-n])
		}
	}
	if got := m.class(cut(make([]float64, tokens*width)), []int{4, 2}); got != 4 {
		t.Errorf("a picture of nothing is of class %d", got)
	}
}

// Of every class each kept-th picture goes into one mean map.
func TestAveragesByClass(t *testing.T) {
	list := append(kinds(20, 2*kept+3, 5), kinds(21, 2, 3)...)
	got := averages(list)
	if len(got) != kept+2 {
		t.Fatalf("%d maps", len(got))
	}
	for k, p := range got {
		from, n, class := k, 2, 5
		if k < 3 {
			n = 3
		}
		if k >= kept {
			from, n, class = 2*kept+3+k-kept, 1, 3
		}
		if p.class != class {
			t.Fatalf("map %d is of class %d", k, p.class)
		}
		for at := range tokens * width {
			want := 0.0
			for i := range n {
				want += list[from+i*kept].x[at/width][at%width] / float64(n)
			}
			if math.Abs(p.x[at/width][at%width]-want) > 1e-12 {
				t.Fatalf("map %d: number %d is %v, want %v", k, at, p.x[at/width][at%width], want)
			}
		}
	}
}

// stepped runs a picture through an exported step and returns its scores; change may alter
// states and feature before a token.
func stepped(t *testing.T, model []byte, p picture, change func(token int, state, feature []byte)) (scores, feature []float64) {
	t.Helper()
	file, err := tflite.Parse(model)
	if err != nil {
		t.Fatal(err)
	}
	in, err := reference.New(file)
	if err != nil {
		t.Fatal(err)
	}
	reals := func(k int, b []byte) (list []float64) {
		for at := 0; at < len(b); at += 2 {
			list = append(list, float64(file.Subgraphs[0].Tensors[file.Subgraphs[0].Outputs[k]].Quant.Scale[0])*float64(int16(uint16(b[at])|uint16(b[at+1])<<8)))
		}
		return list
	}
	state, sum := make([]byte, 2*2*units), make([]byte, 2*units)
	for k, x := range p.x {
		if change != nil {
			change(k, state, sum)
		}
		out, err := in.Invoke([][]byte{tokenForm.Bytes(x...), state, sum})
		if err != nil {
			t.Fatal(err)
		}
		scores, state, sum = reals(0, out[0]), bytes.Clone(out[1]), bytes.Clone(out[2])
	}
	return scores, reals(2, sum)
}

// The int16 step gives the scores of floating point. A wrong number of the feature stays as
// it is to the end; one of a state fades with every token, and what it does is what the
// recurrence says.
func TestStepInIntegers(t *testing.T) {
	m := newModel(data.Rand(22, 0))
	list := kinds(23, 4, 0, 1, 2, 7)
	m.first(list[:12], data.Rand(24, 0))
	m.later(averages(list[:12]), list[12:], true)
	model, err := m.step(list)
	if err != nil {
		t.Fatal(err)
	}
	r := &ranges{}
	r.note(m, list)
	for _, p := range list {
		got, _ := stepped(t, model, p, nil)
		for k, want := range kit.Product(m.frame, m.run(p.x).feature) {
			if math.Abs(got[k]-want) > 0.04*r.score {
				t.Errorf("class %d: score %v in int16, %v in floating point", k, got[k], want)
			}
		}
	}
	// By one sixteenth of the range, before the second token.
	const unit, token, by = 5, 1, 1 << 11
	p := list[0]
	_, plain := stepped(t, model, p, nil)
	strike := func(number []byte) { number[2*unit+1] += by >> 8 }
	_, faulty := stepped(t, model, p, func(k int, _, feature []byte) {
		if k == token {
			strike(feature)
		}
	})
	for i := range plain {
		want := 0.0
		if i == unit {
			want = by / 32768.0 * room * r.feature
		}
		if got := faulty[i] - plain[i]; math.Abs(got-want) > 0.01*room*r.feature {
			t.Errorf("a wrong feature: number %d moves by %v, want %v", i, got, want)
		}
	}
	_, faulty = stepped(t, model, p, func(k int, state, _ []byte) {
		if k == token {
			strike(state)
		}
	})
	left := by / 32768.0 * room * max(r.state, r.held)
	want := 0.0
	for _, v := range m.run(p.x).base[token:] {
		left *= 1 - v.write[unit]
		want += v.out[unit] * left / tokens
	}
	for i := range plain {
		got := faulty[i] - plain[i]
		if i != unit && math.Abs(got) > 0.01*r.feature || i == unit && math.Abs(got-want) > 0.02*r.feature+0.1*math.Abs(want) {
			t.Errorf("a wrong state: number %d moves by %v, want %v in number %d", i, got, want, unit)
		}
	}
}

// Numbers up to which the forms reach are those of the pictures that were looked at.
func TestRanges(t *testing.T) {
	m, list := newModel(data.Rand(25, 0)), kinds(26, 3, 1, 4)
	r := &ranges{}
	r.note(m, list)
	var in, state, part float64
	for _, p := range list {
		run := m.run(p.x)
		for k := range run.base {
			for i := range units {
				in = max(in, math.Abs(run.base[k].in[i]), math.Abs(run.new[k].in[i]))
				state = max(state, math.Abs(run.base[k].state[i]), math.Abs(run.new[k].state[i]))
				part = max(part, math.Abs(run.base[k].out[i]*run.base[k].state[i]))
			}
		}
		if kit.Norm(run.feature) > math.Sqrt(units)*r.feature+1e-9 {
			t.Errorf("a feature of length %v, numbers up to %v", kit.Norm(run.feature), r.feature)
		}
	}
	if r.in != in || r.state != state || r.part != part {
		t.Errorf("ranges %+v, want %v, %v and %v", r, in, state, part)
	}
	before := *r
	r.note(m, list[:1])
	if *r != before {
		t.Error("a picture that was seen widens the ranges")
	}
}

// A fault in one picture, of the map, of a state or of the feature, stays in that picture.
func TestFaultsStayInTheirPicture(t *testing.T) {
	const pictures, struck = 4, 2
	w, err := build(1)
	if err != nil {
		t.Fatal(err)
	}
	r := w.Rule.(*learner)
	r.truth, w.Scorers[mapper].Rows = r.truth[:pictures], w.Scorers[mapper].Rows[:pictures]
	run, err := selection.NewRun(w, 1, isa.U55x128)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(run.Calls); n != pictures*(1+tokens) {
		t.Fatalf("%d inferences", n)
	}
	changed := 0
	compare := func(what string, o selection.Outcome, err error) {
		if err != nil {
			t.Fatal(err)
		}
		for i, k := range o.Items {
			if k == run.Outcome.Items[i] {
				continue
			}
			if changed++; i != struck {
				t.Errorf("%s: picture %d changes", what, i)
			}
		}
	}
	for unit := range units {
		o, _, err := run.Upset(struck*tokens+1, 16*(unit)+14) // a state of the first branch
		compare("a state", o, err)
		o, _, err = run.Upset(struck*tokens+3, 16*(2*units+unit)+14) // a number of the feature
		compare("the feature", o, err)
	}
	call := struck * (1 + tokens)
	output, err := run.Source.Infer(mapper, struck, w.Scorers[mapper].Rows[struck])
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(output); at += 16 {
		out := bytes.Clone(output)
		out[at] ^= 0x80
		o, err := run.Struck(call, out)
		compare("the map", o, err)
	}
	if changed == 0 {
		t.Error("no fault changes a class")
	}
}

// Every bound of the check can fail by itself.
func TestCheckBounds(t *testing.T) {
	const n = 100 // pictures of each class
	order := kit.Every(classes)
	answers := func(base, novel int) (list []int) { // so many of n are right
		for k := range classes {
			for i := range n {
				good := base
				if k >= baseClasses {
					good = novel
				}
				if i < good {
					list = append(list, k)
				} else {
					list = append(list, (k+1)%classes)
				}
			}
		}
		return list
	}
	truth := answers(n, n)
	for _, c := range []struct {
		name                       string
		base, novel, before, plain int
		want                       bool
	}{
		{"as measured", 87, 65, 94, 85, true},
		{"new classes are not learnt", 87, 50, 94, 85, false},
		{"old classes are forgotten", 78, 65, 84, 70, false},
		{"they fall by more than a tenth", 85, 65, 96, 80, false},
		{"the losses do harm", 87, 65, 94, 89, false},
	} {
		r := &learner{truth: truth, order: order, before: answers(c.before, 0), plain: answers(c.plain, 70)}
		run := selection.Run{Workload: &selection.Workload{Rule: r}, Outcome: selection.Outcome{Metric: selection.Label, Items: answers(c.base, c.novel)}}
		got, err := check([]selection.Run{run})
		if err != nil || got.Pass != c.want || math.Abs(got.Measured-float64(c.novel)/n) > 1e-9 {
			t.Errorf("%s: %+v, error %v", c.name, got, err)
		}
	}
}
