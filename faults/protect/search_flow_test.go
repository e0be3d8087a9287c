package protect

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"upset/faults/mechanism"
)

// The flow with its exchanges finds the optimum of the exact search: of 200 random
// problems with UPSET_FULL=1, else of the first few.
func TestFlowFindsTheOptimum(t *testing.T) {
	wanted := 8
	if os.Getenv("UPSET_FULL") == "1" {
		wanted = 200
	}
	r := rand.New(rand.NewPCG(200, 1))
	solved, bySampling := 0, 0
	for i := 0; solved < wanted; i++ {
		pr := randomProblem(t, r)
		exact, err := pr.Search()
		if err != nil {
			t.Fatal(err)
		}
		own, sampled, err := newFlow(pr, uint64(i)).cheapest(pr)
		if err != nil {
			t.Fatal(err)
		}
		if own.Feasible != exact.Feasible {
			t.Fatalf("problem %d: found a design: %v, exact search: %v", i, own.Feasible, exact.Feasible)
		}
		if !exact.Feasible {
			continue
		}
		solved++
		want, _ := pr.Area(exact.Assignment)
		area, _ := pr.Area(own.Assignment)
		if math.Abs(area-want) > 1e-6*want {
			t.Errorf("problem %d: area %v, optimum %v, sampled %v", i, area, want, sampled)
		}
		if ok, err := pr.feasible(own.Assignment); !ok || err != nil {
			t.Errorf("problem %d: the design does not meet the target: %v", i, err)
		}
		if math.Abs(sampled-want) <= 1e-6*want {
			bySampling++
		}
	}
	t.Logf("%d problems, in %d of them the optimum was sampled before any exchange", solved, bySampling)
	if 5*bySampling < solved {
		t.Errorf("the optimum was sampled in %d of %d problems: the exchanges do all of the work", bySampling, solved)
	}
}

// grid is a problem of independent blocks of a unit each, with two ways to protect it.
func grid(t *testing.T, blocks int) *Problem {
	t.Helper()
	r := rand.New(rand.NewPCG(5, 6))
	pr := randomProblem(t, r)
	one := *pr
	one.rivals = nil
	one.Evidence = &Evidence{}
	one.Options, one.Blocks = nil, nil
	for b := range blocks {
		u := Unit{Block: string(rune('a' + b)), Bits: 1000}
		x := 5 + r.IntN(200)
		u.Pieces = []Piece{{N: 1000, Any: x, Critical: x, Weight: 1}}
		one.Evidence.Units = append(one.Evidence.Units, u)
		one.Evidence.FlopBits += u.Bits
		area := 3000 + 6000*r.Float64()
		one.Options = append(one.Options, []Option{{Keep: 1, Raw: 1}, {Kind: mechanism.HardenLight, Area: area / 4, Keep: 0.25, Raw: 1}, {Kind: mechanism.Harden, Area: area, Keep: 2e-4, Raw: 1}})
		one.Blocks = append(one.Blocks, Block{Name: u.Block, Units: []int{b}})
	}
	one.Target.BudgetDUE = 0
	if err := one.prepare(); err != nil {
		t.Fatal(err)
	}
	return &one
}

// paretoOf are the designs of all that no other beats in area and in what is left.
func paretoOf(pr *Problem) map[string]bool {
	var all []flowDesign
	a := pr.none()
	var unit func(u int)
	unit = func(u int) {
		if u == len(pr.Options) {
			area, _ := pr.Area(a)
			all = append(all, flowDesign{a.clone(), area})
			return
		}
		for o := range pr.Options[u] {
			a.Option[u] = o
			unit(u + 1)
		}
	}
	unit(0)
	slices.SortFunc(all, func(x, y flowDesign) int { return compare(x.area, y.area) })
	front, least := map[string]bool{}, math.Inf(1)
	for _, d := range all {
		if s := pr.strain(d.a); s < least {
			front[d.a.key()], least = true, s
		}
	}
	return front
}

// The trained policy puts a far greater share of its samples on the true front than an
// untrained one, and covers most of it.
func TestFlowLearnsTheFront(t *testing.T) {
	pr := grid(t, 6)
	front := paretoOf(pr)
	onFront := func(f *flow) (share float64) {
		r := rand.New(rand.NewPCG(1, 1))
		const n = 2000
		for i := range n {
			path := f.sample((float64(i)+0.5)/n, r)
			a := pr.none()
			for _, taken := range path.taken {
				a.Option[f.steps[taken.step].unit] = taken.action
			}
			if front[a.key()] {
				share += 1.0 / n
			}
		}
		return share
	}
	trained := newFlow(pr, 1)
	covered := 0
	for _, d := range trained.designs {
		if front[d.a.key()] {
			covered++
		}
	}
	blank := newFlow(pr, 1)
	for k := range blank.policy {
		clear(blank.policy[k])
	}
	with, without := onFront(trained), onFront(blank)
	t.Logf("front of %d designs, %d sampled in training; %.3f of the samples lie on it, %.3f of uniform ones", len(front), covered, with, without)
	if with < 4*without {
		t.Errorf("%.3f of the samples lie on the front, %.3f of uniform ones: want four times as many", with, without)
	}
	if 10*covered < 6*len(front) {
		t.Errorf("%d of %d points of the front are sampled", covered, len(front))
	}
}

// A searcher of the same seed finds the same.
func TestFlowIsReproducible(t *testing.T) {
	pr := grid(t, 5)
	a, b := newFlow(pr, 3), newFlow(pr, 3)
	if len(a.designs) != len(b.designs) || a.whole != b.whole {
		t.Errorf("%d and %d designs", len(a.designs), len(b.designs))
	}
	if c := newFlow(pr, 4); c.whole == a.whole {
		t.Error("another seed gives the same")
	}
}
