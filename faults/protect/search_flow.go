package protect

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat/distuv"
)

// Searchers.
const (
	SearcherExact = "exact"
	// SearcherFlow runs a generative flow network beside the exact search.
	SearcherFlow = "flow"
)

// flow samples designs in proportion to a reward that weighs area against what is left
// of the limits, for every weight at once (multi-objective GFlowNets, Jain et al., ICML
// 2023): its policy decides on one unit after the other, given the weight, and is trained
// by trajectory balance. As the order of decisions is fixed, every design has a single
// trajectory and the backward policy is certain. The policy is linear in its features, in
// place of the authors' deep network.
type flow struct {
	pr    *Problem
	steps []flowStep
	// Weights by step, action and feature, of the logarithm of the whole flow by feature,
	// and the sums of the squares of their gradients.
	policy, squares [][][flowFeatures]float64
	whole, wholes   [flowFeatures]float64
	bare, dearest   float64   // strain of the plain machine, area of the dearest design
	plain           []float64 // by unit: its share of what the plain machine takes of the limits
	seen            map[string]bool
	designs         []flowDesign
}

// flowStep decides on a unit, or with unit −1 whether a block is duplicated.
type flowStep struct{ block, unit, actions int }

// flowDesign is a design that was sampled.
type flowDesign struct {
	a    Assignment
	area float64
}

// Numbers of the training. The exponent of the reward and the parameter of the
// distribution of weights are those of the paper's smaller experiments; the others are
// our choice.
const (
	flowFeatures  = 5 // 1, weight, its square, what is left so far, the product of both
	flowRounds    = 900
	flowBatch     = 16
	flowExponent  = 24
	flowDirichlet = 1.5
	flowExplores  = 0.05 // share of random actions
	flowRate      = 0.1
	flowScale     = 10 // strains are told apart below a tenth of a limit
	flowStarts    = 12 // designs from which exchanges begin
	flowPaired    = 3  // designs that are exchanged pair by pair
	flowPairs     = 24 // rounds of exchanges of pairs
)

// flowStream keeps the draws apart from others.
const flowStream = 0x666c6f77 // "flow"

// newFlow trains on a problem.
func newFlow(pr *Problem, seed uint64) *flow {
	f := &flow{pr: pr, seen: map[string]bool{}, plain: make([]float64, len(pr.Options))}
	for b := range pr.Blocks {
		if pr.Blocks[b].Duplicate != nil {
			f.steps = append(f.steps, flowStep{b, -1, 2})
		}
		for _, u := range pr.Blocks[b].Units {
			f.steps = append(f.steps, flowStep{b, u, len(pr.Options[u])})
			f.plain[u] = pr.share(u, limitFIT, &pr.Options[u][0]).mean
		}
	}
	if sum := floats.Sum(f.plain); sum > 0 {
		floats.Scale(1/sum, f.plain)
	}
	for _, s := range f.steps {
		f.policy = append(f.policy, make([][flowFeatures]float64, s.actions))
		f.squares = append(f.squares, make([][flowFeatures]float64, s.actions))
	}
	f.bare, f.dearest = pr.strain(pr.none()), pr.most()
	rng := rand.New(rand.NewPCG(seed, flowStream))
	weights := distuv.Beta{Alpha: flowDirichlet, Beta: flowDirichlet, Src: rng}
	for range flowRounds {
		for range flowBatch {
			f.learn(f.sample(weights.Rand(), rng))
		}
	}
	slices.SortStableFunc(f.designs, func(a, b flowDesign) int { return compare(a.area, b.area) })
	return f
}

// flowPath is a trajectory with what training needs of it.
type flowPath struct {
	weight   float64
	taken    []flowTaken
	logFlow  float64 // of the policy along the path
	logValue float64 // logarithm of the reward
}

// flowTaken is an action with the probabilities of all.
type flowTaken struct {
	step, action int
	features     [flowFeatures]float64
	p            []float64
}

// sample draws a design for a weight of the area.
func (f *flow) sample(weight float64, rng *rand.Rand) flowPath {
	path := flowPath{weight: weight}
	a, left := f.pr.none(), 1.0
	for k, s := range f.steps {
		covered := a.Duplicate[s.block] && s.unit >= 0 && !f.pr.Evidence.Units[s.unit].SRAM
		if covered {
			left -= f.plain[s.unit]
			continue
		}
		t := flowTaken{step: k, features: flowState(weight, left), p: make([]float64, s.actions)}
		for i := range t.p {
			t.p[i] = dot(f.policy[k][i][:], t.features[:])
		}
		norm := floats.LogSumExp(t.p)
		for i := range t.p {
			t.p[i] = math.Exp(t.p[i] - norm)
		}
		if rng.Float64() < flowExplores {
			t.action = rng.IntN(s.actions)
		} else {
			for x := rng.Float64(); t.action < s.actions-1 && x >= t.p[t.action]; t.action++ {
				x -= t.p[t.action]
			}
		}
		path.logFlow += math.Log(math.Max(t.p[t.action], 1e-300))
		path.taken = append(path.taken, t)
		if s.unit < 0 {
			a.Duplicate[s.block] = t.action == 1
			continue
		}
		a.Option[s.unit] = t.action
		o := &f.pr.Options[s.unit][t.action]
		if plain := f.pr.share(s.unit, limitFIT, &f.pr.Options[s.unit][0]).mean; plain > 0 {
			left -= f.plain[s.unit] * (1 - f.pr.share(s.unit, limitFIT, o).mean/plain)
		}
	}
	area, _ := f.pr.Area(a)
	path.logValue = flowExponent * math.Log(math.Max(f.reward(a, area, weight), 1e-6))
	if key := a.key(); !f.seen[key] {
		f.seen[key] = true
		f.designs = append(f.designs, flowDesign{a, area})
	}
	return path
}

// flowState are the features of a step.
func flowState(weight, left float64) [flowFeatures]float64 {
	return [flowFeatures]float64{1, weight, weight * weight, left, weight * left}
}

// reward is between 0 and 1: less area and less strain are better.
func (f *flow) reward(a Assignment, area, weight float64) float64 {
	cheap, safe := 1.0, 1.0
	if f.dearest > f.pr.base {
		cheap = 1 - (area-f.pr.base)/(f.dearest-f.pr.base)
	}
	if f.bare > 0 {
		safe = 1 - math.Log1p(flowScale*f.pr.strain(a))/math.Log1p(flowScale*f.bare)
	}
	return weight*math.Max(0, cheap) + (1-weight)*math.Max(0, safe)
}

// learn takes a step down the square of what the balance of a trajectory is off (Malkin
// et al., NeurIPS 2022), by AdaGrad (Duchi et al., JMLR 2011).
func (f *flow) learn(path flowPath) {
	state := flowState(path.weight, 0)
	off := dot(f.whole[:], state[:]) + path.logFlow - path.logValue
	off = math.Max(-20, math.Min(20, off)) // our choice: the first paths are far off
	step := func(to, square *float64, gradient float64) {
		if gradient != 0 {
			*square += gradient * gradient
			*to -= flowRate * gradient / math.Sqrt(*square)
		}
	}
	for i, x := range state {
		step(&f.whole[i], &f.wholes[i], off*x)
	}
	for _, t := range path.taken {
		for i, p := range t.p {
			hit := -p
			if i == t.action {
				hit++
			}
			for j, x := range t.features {
				step(&f.policy[t.step][i][j], &f.squares[t.step][i][j], off*hit*x)
			}
		}
	}
}

// key tells designs apart.
func (a Assignment) key() string {
	var b []byte
	for _, d := range a.Duplicate {
		if d {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
	}
	for _, k := range a.Option {
		b = append(b, byte(k))
	}
	return string(b)
}

// strain is the most that a design takes of any limit by estimate, where 1 is the limit.
func (pr *Problem) strain(a Assignment) (most float64) {
	for _, n := range pr.networks() {
		for _, limit := range []int{limitFIT, limitSPFM, limitDUE, limitPermanent} {
			if !n.limited(limit) {
				continue
			}
			most = math.Max(most, n.total(a, limit))
		}
	}
	return most
}
