package policy

import (
	"math"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/kit"
	"upset/models/train/data"
)

// A mean is that of what an arm has shown so far; another policy that pulls an arm as often
// sees the same.
func TestPullsShowTheSame(t *testing.T) {
	e := draw(1, data.Rand(1, 1))
	a, b := begin(e), begin(e)
	for _, k := range []int{3, 3, 7, 3, 0} {
		a.pull(k)
	}
	for _, k := range []int{0, 3, 7, 3, 3} {
		b.pull(k)
	}
	if !slices.Equal(a.n, b.n) || kit.Distance(a.mean, b.mean) > 1e-12 {
		t.Errorf("means %v and %v", a.mean, b.mean)
	}
	for k, n := range a.n {
		want := kit.Mean(e.shows[k][:n])
		if math.Abs(a.mean[k]-want) > 1e-12 {
			t.Errorf("arm %d: mean %v of %d pulls, want %v", k, a.mean[k], n, want)
		}
	}
	if a.n[3] != 4 || a.n[7] != 2 || sum(a.n) != arms+5 {
		t.Errorf("pulls %v", a.n)
	}
}

// What an arm shows lies about minus its gap with a deviation of one.
func TestShows(t *testing.T) {
	rng := data.Rand(2, 1)
	off, square, n := 0.0, 0.0, 0.0
	for i := range 100 {
		e := draw(i%len(difficulties), rng)
		for k := range e.shows {
			for _, v := range e.shows[k] {
				d := v + e.gaps[k]
				off, square, n = off+d, square+d*d, n+1
			}
		}
	}
	if math.Abs(off/n) > 4/math.Sqrt(n) || math.Abs(square/n-1) > 4*math.Sqrt(2/n) {
		t.Errorf("%v numbers: mean %v, square %v", n, off/n, square/n)
	}
}

// Uniform pulls lose in each class what the adversary compares with.
func TestUniformRegret(t *testing.T) {
	rng := data.Rand(3, 1)
	const problems = 1500
	for class, want := range uniformRegret {
		mean, square := 0.0, 0.0
		for range problems {
			h := begin(draw(class, rng))
			uniform(h)
			mean, square = mean+h.regret()/problems, square+h.regret()*h.regret()/problems
		}
		// Both means have an error of sampling, and the constant is rounded.
		if room := 4*math.Sqrt(2*(square-mean*mean)/problems) + 0.005; math.Abs(mean-want) > room {
			t.Errorf("class %d: regret %v, want %v ± %v", class, mean, want, room)
		}
	}
}

// The bounds of the teacher by their formula; of arms with one mean it pulls the one that
// was pulled least, and of equals the first.
func TestConfident(t *testing.T) {
	rng := data.Rand(4, 1)
	for range 50 {
		h := begin(draw(2, rng))
		for range 6 {
			h.pull(rng.IntN(arms))
		}
		got := h.confident()
		for k := range arms {
			bound := func(k int) float64 { return h.mean[k] + 1.5/math.Sqrt(float64(h.n[k])) }
			if bound(k) > bound(got) {
				t.Errorf("arm %d is pulled with the bound %v, arm %d has %v", got, bound(got), k, bound(k))
			}
		}
	}
	h := begin(steady(make([]float64, arms)...))
	for _, want := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0} {
		got := h.confident()
		if h.pull(got); got != want {
			t.Errorf("arm %d of equals, want %d", got, want)
		}
	}
}

// Halving by hand: five turns for the best five, two for the best three of them, and three
// for the best two; the other five arms keep their first pull.
func TestHalvingByHand(t *testing.T) {
	h := begin(steady(5, 4, 3, 2, 1, 0, 6, 7, 8, 9))
	var order []int
	before := slices.Clone(h.n)
	halving(h)
	for k, n := range h.n {
		if n > before[k] {
			order = append(order, k)
		}
	}
	// The best are 5, 4, 3, 2, 1: one pull each; then left[5%3] = 3 and left[6%3] = 5; then
	// of 5 and 4 left[7%2] = 4, left[8%2] = 5 and left[9%2] = 4.
	if want := []int{1, 2, 2, 3, 4, 4, 1, 1, 1, 1}; !slices.Equal(h.n, want) || len(order) != 5 {
		t.Errorf("pulls %v, want %v", h.n, want)
	}
}

// A state by its formula: the lead over the best other mean, a quarter of the pulls and the
// share of turns left. The best arm leads by what all others of its rank lack.
func TestStateByFormula(t *testing.T) {
	rng := data.Rand(5, 1)
	h := begin(draw(0, rng))
	for turn := range turns {
		x := h.state(turn)
		for k := range arms {
			rival := math.Inf(-1)
			for j, m := range h.mean {
				if j != k {
					rival = max(rival, m)
				}
			}
			for c, want := range []float64{h.mean[k] - rival, float64(h.n[k]) / 4, 1 - float64(turn)/turns} {
				if math.Abs(x[k*channels+c]-want) > 1e-12 {
					t.Fatalf("turn %d, arm %d: channel %d is %v, want %v", turn, k, c, x[k*channels+c], want)
				}
			}
		}
		q := quantised(slices.Clone(x))
		for i, v := range q {
			if code := v / float64(inputForm.Scale); code != math.Trunc(code) || math.Abs(x[i]) < 3.9 && math.Abs(v-x[i]) > float64(inputForm.Scale)/2+1e-9 {
				t.Fatalf("%v is quantised to %v", x[i], v)
			}
		}
		if again := quantised(slices.Clone(q)); !slices.Equal(q, again) {
			t.Fatal("quantised twice, a state is another one")
		}
		h.pull(rng.IntN(arms))
	}
}

// One layer for all arms: with the arms in another order the scores follow, and an arm's
// score changes where only another arm does.
func TestOrderOfArms(t *testing.T) {
	rng := data.Rand(6, 1)
	g := network(rng)
	x := make([]float64, arms*channels)
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	scores := slices.Clone(g.Forward(x))
	order := rng.Perm(arms)
	var moved []float64
	for _, k := range order {
		moved = append(moved, x[k*channels:(k+1)*channels]...)
	}
	for i, v := range g.Forward(moved) {
		if math.Abs(v-scores[order[i]]) > 1e-12 {
			t.Errorf("arm %d scores %v, %v in another place", order[i], scores[order[i]], v)
		}
	}
	x[2*channels] += 5 // a lead that no other arm has
	if other := g.Forward(x); other[7] == scores[7] && other[4] == scores[4] {
		t.Error("the scores do not see the other arms")
	}
}

// Pulls are drawn by softmax of the scores: one arm far ahead is pulled always, equals alike.
func TestSampled(t *testing.T) {
	rng := data.Rand(7, 1)
	g := network(rng)
	for _, p := range g.Params() {
		clear(p.Value)
	}
	count := make([]float64, arms)
	const plays = 300
	for range plays {
		list, _ := sampled(g, draw(0, rng), rng)
		if len(list) != turns {
			t.Fatalf("%d turns", len(list))
		}
		for _, c := range list {
			count[c.arm]++
		}
	}
	for k, n := range count {
		if d := n - plays*turns/arms; math.Abs(d) > 4*math.Sqrt(plays*turns/arms) {
			t.Errorf("arm %d is pulled %v times of %d", k, n, plays*turns)
		}
	}
}

// leads scores the arms of an input by their leads, so that the one with the largest mean
// is pulled.
func leads(input []byte) []byte {
	out := make([]byte, arms)
	for k := range out {
		out[k] = input[k*channels]
	}
	return out
}

// decide plays some instances with the leads as scores; strike may change an answer.
func decide(t *testing.T, r *puller, strike func(call int, scores []byte)) (selection.Outcome, [][]byte) {
	t.Helper()
	var asked [][]byte
	scorers := []selection.Scorer{{Rows: make([][]byte, turns)}}
	o, err := r.Decide(selection.FromFunction([]selection.Table{{Scale: 1, Width: arms}}, scorers, func(_ int, input []byte) []byte {
		out := leads(input)
		if strike != nil {
			strike(len(asked), out)
		}
		asked = append(asked, slices.Clone(input))
		return out
	}))
	if err != nil {
		t.Fatal(err)
	}
	return o, asked
}

// Every turn asks for one inference, with what the pulls before it have shown; a fault in
// one answer changes that pull, the inputs after it, and no other instance.
func TestFaultsGoOn(t *testing.T) {
	rng, r := data.Rand(8, 1), &puller{}
	for i := range 6 {
		r.instances = append(r.instances, draw(i%len(difficulties), rng))
	}
	// One whose arms show much at their second pull and little later: the last pull decides.
	fickle := steady(0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0)
	for k := range fickle.shows {
		fickle.shows[k][1], fickle.shows[k][2] = 10, -30
	}
	r.instances = append(r.instances, fickle)
	golden, before := decide(t, r, nil)
	if len(before) != len(r.instances)*turns || len(golden.Items) != len(r.instances) || len(golden.Values) != len(before) {
		t.Fatalf("%d inferences, %d arms, %d pulls", len(before), len(golden.Items), len(golden.Values))
	}
	taken := 0
	for k := range 2 * len(r.instances) * arms { // every arm, at the third and at the last turn of every instance
		struck, arm, when := k/arms/2, k%arms, 2
		if k/arms%2 == 1 {
			when = turns - 1
		}
		e, at := r.instances[struck], struck*turns+when
		o, after := decide(t, r, func(call int, scores []byte) {
			if call == at {
				for k := range scores {
					scores[k] = 0x80
				}
				scores[arm] = 0x7f
			}
		})
		// The rest by the rule itself, played here.
		h := begin(e)
		h.play(func(turn int) int {
			k := int(golden.Values[struck*turns+turn])
			switch {
			case turn == when:
				k = arm
			case turn > when:
				var lead []float64
				for j, v := range quantised(h.state(turn)) {
					if j%channels == 0 {
						lead = append(lead, v)
					}
				}
				k = kit.Argmax(lead)
			}
			if got := int(o.Values[struck*turns+turn]); got != k {
				t.Errorf("instance %d, turn %d: arm %d, want %d", struck, turn, got, k)
			}
			return k
		})
		if o.Items[struck] != kit.Argmax(h.mean) {
			t.Errorf("instance %d: arm %d is taken, want %d", struck, o.Items[struck], kit.Argmax(h.mean))
		}
		if o.Items[struck] != golden.Items[struck] {
			taken++
		}
		same := float64(arm) == golden.Values[at]
		for call := range before {
			inside := call > at && call < (struck+1)*turns
			if equal := slices.Equal(before[call], after[call]); !equal && !inside || equal && inside && call == at+1 && !same {
				t.Errorf("arm %d struck at %d: the input of inference %d is the same: %v", arm, at, call, equal)
			}
			if !inside && call != at && o.Values[call] != golden.Values[call] {
				t.Errorf("arm %d struck at %d: pull %d is another one", arm, at, call)
			}
		}
		want := max(0, (e.gaps[o.Items[struck]]-e.gaps[golden.Items[struck]])/slices.Max(e.gaps))
		if harm := r.Consequence(nil, golden, o); math.Abs(harm-want) > 1e-12 {
			t.Errorf("consequence %v, want %v", harm, want)
		}
	}
	if taken == 0 {
		t.Error("no fault ends with another arm")
	}
	if _, err := r.Decide(selection.FromFunction([]selection.Table{{Scale: 1, Width: 3}}, []selection.Scorer{{Rows: make([][]byte, turns)}}, func(int, []byte) []byte { return make([]byte, 3) })); err == nil {
		t.Error("three arms: no error")
	}
}

// Regrets are means by class of instances that take turns.
func TestRegrets(t *testing.T) {
	r := &puller{instances: make([]*instance, 6)}
	got := r.regrets(func(i int) float64 { return float64(i * i) })
	if want := []float64{(0 + 9) / 2.0, (1 + 16) / 2.0, (4 + 25) / 2.0}; kit.Distance(got, want) > 1e-12 {
		t.Errorf("regrets %v, want %v", got, want)
	}
	for i := range r.instances {
		r.instances[i] = steady(5, 4, 3, 2, 1, float64(i%3), 6, 7, 8, 9) // the best has this gap
	}
	if got := r.played(uniform); kit.Distance(got, []float64{0, 1, 1}) > 1e-12 {
		t.Errorf("regrets of uniform pulls %v", got)
	}
}

// Every bound of the check can fail by itself: outcomes are made here, in which a share of
// the instances ends with the best arm and the others with a given rank, after pulls of
// which a share goes to good arms.
func TestCheckBounds(t *testing.T) {
	rng, r := data.Rand(9, 1), &puller{}
	for i := range pool {
		r.instances = append(r.instances, draw(i%len(difficulties), rng))
	}
	for _, c := range []struct {
		name   string
		miss   []int // one in so many instances of a class ends with the third best arm, 0 for none
		pulled int   // rank of the arm that is pulled
		want   bool
	}{
		{"as measured", []int{8, 8, 8}, 1, true},
		{"hardly better than uniform pulls", []int{1, 1, 1}, 1, false},
		{"one class is left behind", []int{0, 0, 1}, 1, false},
		{"pulls go nowhere", []int{8, 8, 8}, 6, false},
	} {
		o := selection.Outcome{Metric: selection.Label}
		for i, e := range r.instances {
			order := kit.Order(e.gaps)
			slices.Reverse(order)
			end := order[0]
			if m := c.miss[i%3]; m > 0 && i/3%m == 0 {
				end = order[2]
			}
			o.Items = append(o.Items, end)
			for range turns {
				o.Values = append(o.Values, float64(order[c.pulled]))
			}
		}
		got, err := check([]selection.Run{{Workload: &selection.Workload{Rule: r}, Outcome: o}})
		if err != nil || got.Pass != c.want {
			t.Errorf("%s: %+v, error %v", c.name, got, err)
		}
	}
}

// The teacher's choices can be learnt: after imitation the policy agrees with it far more
// often than a chance.
func TestImitate(t *testing.T) {
	rng := data.Rand(10, 1)
	g := network(rng)
	if states := imitate(g, rng); len(states) != shown*turns {
		t.Fatalf("%d states", len(states))
	}
	agree := 0.0
	const problems = 60
	for i := range problems {
		h := begin(draw(i%len(difficulties), rng))
		h.play(func(turn int) int {
			want := h.confident()
			if kit.Argmax(g.Forward(quantised(h.state(turn)))) == want {
				agree += 1.0 / (problems * turns)
			}
			return want
		})
	}
	if agree < 0.6 {
		t.Errorf("the policy agrees in %v of the turns", agree)
	}
}
