package protect

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/faults/mechanism"
	"upset/npu"
	"upset/stats"
)

// randomProblem is a small machine with random counts and areas.
func randomProblem(t *testing.T, r *rand.Rand) *Problem {
	t.Helper()
	asil, err := stats.ASILByName([]string{"asil-b", "asil-c", "asil-d"}[r.IntN(3)])
	if err != nil {
		t.Fatal(err)
	}
	q := stats.Question{
		Target: asil, Scenario: stats.Scenarios()[r.IntN(5)], Violation: []string{"any", "critical"}[r.IntN(2)],
		Duty: 1, Confidence: []float64{0.9, 0.95, 0.99}[r.IntN(3)],
	}
	pr := &Problem{Evidence: &Evidence{}, Target: Target{Question: q, Margin: Shares{[]float64{0.4, 0.7, 1}[r.IntN(3)], []float64{0.4, 0.7, 1}[r.IntN(3)]}, Reach: Shares{[]float64{0, 0.5, 1}[r.IntN(3)], []float64{0, 0.5, 1}[r.IntN(3)]}}}
	n := []int{40, 150, 600, 4000}[r.IntN(4)]
	for b := range 2 + r.IntN(2) {
		block := Block{Name: string(rune('a' + b))}
		area := 0.0
		for range 1 + r.IntN(3) {
			u := Unit{Block: block.Name, Bits: 500 + 5000*r.Float64(), SRAM: r.IntN(8) == 0}
			avf := math.Pow(r.Float64(), 3) * 0.4
			for range 1 + r.IntN(3) {
				p := Piece{N: n/4 + r.IntN(n)}
				p.Any = int(avf * float64(p.N) * 2 * r.Float64())
				p.Critical = r.IntN(p.Any + 1)
				p.DUE = r.IntN(p.N - p.Any + 1)
				p.Weight = u.Bits / 3 / float64(p.N)
				u.Pieces = append(u.Pieces, p)
			}
			if !u.SRAM {
				pr.Evidence.FlopBits += u.Bits
			}
			flop := u.Bits * 6.5
			area += flop * (1 + 2*r.Float64())
			options := []Option{{Keep: 1, Raw: 1}, {Kind: mechanism.Harden, Area: flop * (0.9 + 0.2*r.Float64()), Keep: 2e-4, Raw: []float64{2e-4, 0.01, 1}[r.IntN(3)]}}
			if r.IntN(6) == 0 {
				options = options[:1]
			}
			if r.IntN(2) == 0 {
				options = append(options, Option{Kind: mechanism.HardenLight, Area: flop * 0.2, Keep: 0.25, Raw: 0.25})
			}
			if r.IntN(2) == 0 {
				options = append(options, Option{Kind: mechanism.Parity, Area: flop * 0.8 * r.Float64(), Keep: 1, Raw: 1, Stops: true, Alarms: u.Bits * 1.1})
			}
			block.Units = append(block.Units, len(pr.Evidence.Units))
			pr.Evidence.Units = append(pr.Evidence.Units, u)
			pr.Options = append(pr.Options, options)
		}
		if r.IntN(4) > 0 {
			block.Duplicate = &Option{Kind: mechanism.Duplicate, Area: area * (0.3 + r.Float64()), Keep: 1, Raw: 1, Stops: true, Alarms: 2 * area / 6.5}
		}
		pr.Blocks = append(pr.Blocks, block)
	}
	if r.IntN(3) == 0 {
		pr.rivals = append(pr.rivals, rival(r, pr))
	}
	pr.Evidence.FlopBits += 100 // that only observe
	raw := pr.Evidence.FlopBits * q.Scenario.Flop
	pr.Target.Question.BudgetFIT = raw * math.Pow(10, -3*r.Float64())
	if r.IntN(3) == 0 {
		pr.Target.BudgetDUE = raw * (0.2 + r.Float64())
	}
	for _, n := range pr.networks() {
		n.Target, n.Evidence.FlopBits = pr.Target, pr.Evidence.FlopBits
		if err := n.prepare(); err != nil {
			t.Fatal(err)
		}
	}
	return pr
}

// rival is the same machine with other counts.
func rival(r *rand.Rand, pr *Problem) *Problem {
	other := &Problem{Evidence: &Evidence{}, Options: pr.Options, Blocks: pr.Blocks}
	for _, u := range pr.Evidence.Units {
		u.Pieces = slices.Clone(u.Pieces)
		for i := range u.Pieces {
			p := &u.Pieces[i]
			p.Any = r.IntN(p.Any + 2)
			p.Any = min(p.Any, p.N-p.DUE)
			p.Critical = r.IntN(p.Any + 1)
		}
		other.Evidence.Units = append(other.Evidence.Units, u)
	}
	return other
}

// brute tries every design.
func brute(t *testing.T, pr *Problem) (best float64, found bool) {
	t.Helper()
	best = math.Inf(1)
	a := pr.none()
	var block func(b int)
	var unit func(b, k int)
	block = func(b int) {
		if b == len(pr.Blocks) {
			ok, err := pr.feasible(a)
			if err != nil {
				t.Fatal(err)
			}
			if area, _ := pr.Area(a); ok && area < best {
				best, found = area, true
			}
			return
		}
		unit(b, 0)
		if pr.Blocks[b].Duplicate != nil {
			a.Duplicate[b] = true
			unit(b, 0)
			a.Duplicate[b] = false
		}
	}
	unit = func(b, k int) {
		if k == len(pr.Blocks[b].Units) {
			block(b + 1)
			return
		}
		u := pr.Blocks[b].Units[k]
		if a.Duplicate[b] && !pr.Evidence.Units[u].SRAM {
			unit(b, k+1)
			return
		}
		for o := range pr.Options[u] {
			a.Option[u] = o
			unit(b, k+1)
		}
		a.Option[u] = 0
	}
	block(0)
	return best, found
}

// The search finds what trying every design finds.
func TestSearchEqualsBruteForce(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 22))
	solved, cheaper, hopeless, bound := 0, 0, 0, 0
	for i := range 400 {
		pr := randomProblem(t, r)
		want, ok := brute(t, pr)
		got, err := pr.Search()
		if err != nil {
			t.Fatal(err)
		}
		if got.Feasible != ok {
			t.Fatalf("instance %d: found a design: %v, brute force: %v", i, got.Feasible, ok)
		}
		if !ok {
			hopeless++
			continue
		}
		solved++
		if alone := *pr; pr.rivals != nil {
			alone.rivals = nil
			if first, err := alone.Search(); err != nil || !first.Feasible {
				t.Fatalf("instance %d: no design for one network, but for two: %v", i, err)
			} else if a, _ := pr.Area(first.Assignment); a < want-1e-6*want {
				bound++
			}
		}
		area, _ := pr.Area(got.Assignment)
		if math.Abs(area-want) > 1e-6*want || !got.Optimal {
			t.Fatalf("instance %d: area %v, brute force %v", i, area, want)
		}
		if good, err := pr.feasible(got.Assignment); !good || err != nil {
			t.Fatalf("instance %d: the design does not meet the target: %v", i, err)
		}
		greedy, ok, err := pr.Greedy()
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			g, _ := pr.Area(greedy)
			if g < want-1e-6*want {
				t.Fatalf("instance %d: greedy %v beats the optimum %v", i, g, want)
			}
			if g > want+1e-6*want {
				cheaper++
			}
		}
	}
	if solved < 200 || cheaper == 0 || hopeless == 0 || bound == 0 {
		t.Errorf("%d instances with a solution, %d where the exact search beats greedy, %d without, %d where a second network costs area: the instances are too easy", solved, cheaper, hopeless, bound)
	}
	t.Logf("%d of 400 solved; greedy was dearer in %d", solved, cheaper)
}

// The search judges a design by upper limits alone, and comes to what all of its figures say.
func TestFeasibleIsWhatTheFiguresSay(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	var counts [2]int
	for range 300 {
		pr := randomProblem(t, r)
		pr.rivals = nil
		for range 20 {
			a := pr.none()
			for u := range a.Option {
				a.Option[u] = r.IntN(len(pr.Options[u]))
			}
			e, err := pr.Evaluate(a)
			if err != nil {
				t.Fatal(err)
			}
			want := e.FIT.Upper <= pr.Target.Reach[limitFIT]*pr.Target.Question.BudgetFIT && 1-e.SPFM.Lower <= pr.Target.Reach[limitSPFM]*(1-pr.Target.Question.Target.SPFM)
			for limit := range numLimits {
				want = want && pr.total(a, limit) <= pr.caps[limit]*(1+tolerance)
			}
			got, err := pr.feasible(a)
			if err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Fatalf("%+v: feasible %v, but %+v", a, got, e)
			}
			if got {
				counts[1]++
			} else {
				counts[0]++
			}
		}
	}
	if counts[0] < 100 || counts[1] < 100 {
		t.Errorf("%v designs miss and meet their target: too few of a kind", counts)
	}
}

// Checkers that leave the same are searched beside once, those that leave less or cost less anew.
func TestCheckersThatLeaveTheSame(t *testing.T) {
	with := func(base float64, any int) *Problem {
		return &Problem{base: base, Evidence: &Evidence{Units: []Unit{{Pieces: []Piece{{N: 10, Any: 3}}}, {Pieces: []Piece{{N: 10, Any: any}}}}}}
	}
	two := with(5, 3)
	two.rivals = []*Problem{with(5, 2)}
	other := with(4, 3)
	other.rivals = []*Problem{with(4, 3)}
	for _, x := range []struct {
		name   string
		pr, of *Problem
		want   bool
	}{
		{"the same for more", with(5, 3), with(4, 3), true},
		{"the same for as much", with(4, 3), with(4, 3), true},
		{"the same for less", with(3, 3), with(4, 3), false},
		{"less for more", with(5, 2), with(4, 3), false},
		{"less on the second network", two, other, false},
	} {
		if got := x.pr.noCheaper(x.of); got != x.want {
			t.Errorf("%s: %v", x.name, got)
		}
	}
}

// A few hundred injections leave a target out of reach, or nearly, where most flops must be hardened and are no
// part of the rate that SPFM is measured against. The search says so after a short while too.
func TestSearchOfFewInjectionsEnds(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 2, npu.ECCSECDED)
	pricing := mechanism.NewPricing(e.Table(), e.Table().Areas(nil), nil, mechanism.DefaultCells())
	hopeless := 0
	for _, injections := range []int{200, 400, 800} {
		s := baseCampaign(t, e, injections)
		ev, err := gatherAs(s, e.Table(), nil, view{})
		if err != nil {
			t.Fatal(err)
		}
		q := Options{}.normal(s.Spec, e.Table(), len(s.Records)).Question
		for _, margin := range []float64{0.7, 0.5, 0.35, 0.2, 0.1} {
			pr, err := NewProblem(ev, pricing, Target{Question: q, Margin: Even(margin), Reach: reach(Even(margin))}, OptionsFull, mechanism.DefaultCells(), false)
			if err != nil {
				t.Fatal(err)
			}
			found, err := pr.Search()
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d injections, margin %v: %d looked at, feasible %v", injections, margin, found.Searched, found.Feasible)
			if !found.whole {
				t.Errorf("%d injections, margin %v: the search gave up", injections, margin)
			}
			if found.Feasible {
				continue
			}
			if hopeless++; found.Searched > 60_000 {
				t.Errorf("%d injections, margin %v: %d designs and parts of them were looked at, though none is good enough", injections, margin, found.Searched)
			}
		}
	}
	if hopeless < 5 {
		t.Errorf("%d targets are out of reach: too few to say anything", hopeless)
	}
}

// The bound of the search rests on how little the joint limit falls when counts
// are added.
func TestJointLimitIsNearlyMonotone(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 20000 {
		c := []float64{0.8, 0.9, 0.95, 0.975, 0.99, 0.999}[r.IntN(6)]
		random := func() sums {
			w, x := math.Exp(-8*r.Float64()), float64(r.IntN(4))
			return sums{w * x, w * w * x, w, 0}
		}
		var a sums
		for range 1 + r.IntN(8) {
			a = a.plus(random())
		}
		b := a
		for range 1 + r.IntN(8) {
			b = b.plus(random())
		}
		if u, v := jointUpper(a, c), jointUpper(b, c); v < monotone(c)*u {
			t.Fatalf("confidence %v: the limit falls from %v to %v when counts are added", c, u, v)
		}
	}
}

func TestJointUpperEqualsCombine(t *testing.T) {
	strata := []stats.Stratum{{Weight: 3, N: 1000, Failures: 7}, {Weight: 1, N: 50, Failures: 1}, {Weight: 2, N: 400}}
	var s sums
	for _, x := range strata {
		w := x.Weight / float64(x.N)
		s = s.plus(sums{w * float64(x.Failures), w * w * float64(x.Failures), w, x.Weight})
	}
	want, err := stats.Combine(strata, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	if got := jointUpper(s, 0.95); math.Abs(got-want.Upper) > 1e-12 {
		t.Errorf("joint limit %v, stats has %v", got, want.Upper)
	}
}
