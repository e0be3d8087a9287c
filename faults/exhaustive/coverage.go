package exhaustive

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"upset/faults"
	"upset/netlist"
	"upset/stats"
)

// Violating are the outcomes that count as violations by default; Critical those that
// the user of the network notices.
var (
	Violating = []faults.Outcome{faults.Latent, faults.SDCTolerable, faults.SDCCritical, faults.StrayWrite}
	Critical  = []faults.Outcome{faults.Latent, faults.SDCCritical, faults.StrayWrite}
)

// Targets of the coverage at 95 % (our choice).
const (
	confidence  = 0.95
	atLeast     = 0.945
	approximate = 0.94 // of an interval that is nominal on average only
	risk        = 0.05 // of the joint test
)

// Coverage says how often an interval held the truth in repeated campaigns.
type Coverage struct {
	What     string // which quantity
	Method   string
	Expected float64 // failures in a campaign
	Repeats  int
	Covered  int
	Width    float64 // mean, of a two-sided interval
	Target   float64 // least coverage, 0 where it is only reported
	P        float64 // Holm-corrected chance of so few at the target
}

// Share is the measured coverage.
func (c *Coverage) Share() float64 { return float64(c.Covered) / float64(c.Repeats) }

// Holds reports whether the target is not refuted.
func (c *Coverage) Holds() bool { return c.Target == 0 || c.P >= risk }

// Bias is that of a total, in standard errors of one campaign.
type Bias struct {
	What   string
	Truth  float64
	Mean   float64
	Errors float64
	// Reported says that no bound is asked of it.
	Reported bool
}

// Allocation compares the variance of a total after the adaptive rounds with those of
// two fixed splits of equally many injections.
type Allocation struct {
	What                             string
	Reported                         bool // no bound is asked of it
	MedianOracle, WorstOracle        float64
	MedianProportional, WorstOfThese float64
}

// Study is a validation of the statistics.
type Study struct {
	Injections, Repeats int
	Strata              int
	Coverages           []Coverage
	Biases              []Bias
	Allocations         []Allocation
}

// Examine draws campaigns from the true shares of the strata. A campaign with
// replacement sees a binomial count of each stratum, so that only counts are drawn.
func Examine(strata []Stratum, injections, repeats int, seed uint64) (*Study, error) {
	s := &Study{Injections: injections, Repeats: repeats, Strata: len(strata)}
	for k, kind := range []struct {
		name     string
		outcomes []faults.Outcome
	}{{"violating", Violating}, {"critical", Critical}} {
		c, err := newCampaigns(kind.name, strata, kind.outcomes, injections, rand.NewPCG(seed, uint64(k)))
		if err != nil {
			return nil, err
		}
		for range repeats {
			if err := c.draw(); err != nil {
				return nil, err
			}
		}
		s.Coverages = append(s.Coverages, c.rows...)
		s.Biases = append(s.Biases, c.bias(repeats))
		rows, biases, err := c.adaptive(repeats)
		if err != nil {
			return nil, err
		}
		s.Coverages, s.Biases = append(s.Coverages, rows...), append(s.Biases, biases...)
		for _, groups := range [][]int{c.kinds, nil} {
			a, err := c.allocations(groups, repeats)
			if err != nil {
				return nil, err
			}
			s.Allocations = append(s.Allocations, a)
		}
	}
	s.test()
	return s, nil
}

// test fills in the corrected chances.
func (s *Study) test() {
	var p []float64
	for i := range s.Coverages {
		c := &s.Coverages[i]
		p = append(p, 1)
		if c.Target > 0 {
			p[i] = fewer(c.Covered, c.Repeats, c.Target)
		}
	}
	for i, v := range stats.Holm(p) {
		s.Coverages[i].P = v
	}
}

// fewer is the chance of at most so many covered where the coverage is the target.
func fewer(covered, repeats int, target float64) float64 {
	return distuv.Binomial{N: float64(repeats), P: target}.CDF(float64(covered))
}

// campaigns draws campaigns of one quantity.
type campaigns struct {
	name    string
	src     rand.Source
	weights []float64 // sum to 1
	p       []float64
	n       []int // proportional split
	blocks  []string
	kinds   []int // datapath or control, as in package campaign
	truth   float64
	rows    []Coverage
	at      int
	sum     float64 // of the estimates
	squares float64 // of their distances from the truth
	total   int
}

func newCampaigns(name string, strata []Stratum, outcomes []faults.Outcome, injections int, src rand.Source) (*campaigns, error) {
	c := &campaigns{name: name, src: src, total: injections}
	sites := 0
	for i := range strata {
		sites += strata[i].Sites()
	}
	for i := range strata {
		c.weights = append(c.weights, float64(strata[i].Sites())/float64(sites))
		c.p = append(c.p, strata[i].Share(outcomes...))
		c.blocks = append(c.blocks, strata[i].Block)
		c.kinds = append(c.kinds, kind(strata[i].Class))
		c.truth += c.weights[i] * c.p[i]
	}
	var err error
	c.n, err = stats.Proportional(c.weights, injections, 0)
	return c, err
}

// kind tells strata apart as campaigns do: the datapath from the control.
func kind(c netlist.Class) int {
	if c == netlist.Datapath {
		return 0
	}
	return 1
}

// row is the next line of the present campaign.
func (c *campaigns) row(what, method string, expected, target, low, high, truth float64) {
	if c.at == len(c.rows) {
		c.rows = append(c.rows, Coverage{What: c.name + ", " + what, Method: method, Expected: expected, Target: target})
	}
	r := &c.rows[c.at]
	c.at++
	r.Repeats++
	if low <= truth && truth <= high {
		r.Covered++
	}
	r.Width += (high - low - r.Width) / float64(r.Repeats)
}

func (c *campaigns) count(n int, p float64) int {
	return int(distuv.Binomial{N: float64(n), P: p, Src: c.src}.Rand())
}

// draw is one campaign with all its intervals.
func (c *campaigns) draw() error {
	c.at = 0
	list := make([]stats.Stratum, len(c.p))
	for i := range list {
		list[i] = stats.Stratum{Weight: c.weights[i], N: c.n[i], Failures: c.count(c.n[i], c.p[i])}
	}
	if err := c.simple("all, uniform", c.count(c.total, c.truth), c.total, c.truth); err != nil {
		return err
	}
	for i := 0; i < len(list); {
		end := i + 1
		for end < len(list) && c.blocks[end] == c.blocks[i] {
			end++
		}
		if err := c.block(list[i:end], c.blocks[i], c.p[i:end]); err != nil {
			return err
		}
		i = end
	}
	t, err := stats.CombineTwoSided(list, confidence)
	if err != nil {
		return err
	}
	expected := float64(c.total) * c.truth
	c.row("stratified total", "joint, two-sided", expected, atLeast, t.Lower, t.Upper, c.truth)
	if t, err = stats.Combine(list, confidence); err != nil {
		return err
	}
	c.row("stratified total", "joint upper limit", expected, atLeast, 0, t.Upper, c.truth)
	c.row("stratified total", "joint lower limit", expected, atLeast, t.Lower, 1, c.truth)
	c.sum += t.Estimate
	c.squares += (t.Estimate - c.truth) * (t.Estimate - c.truth)
	return nil
}

// simple are the intervals of a single sample.
func (c *campaigns) simple(what string, x, n int, truth float64) error {
	low, high, err := stats.Wilson(x, n, confidence)
	if err != nil {
		return err
	}
	c.row(what, "Wilson", float64(n)*truth, approximate, low, high, truth)
	if low, high, err = stats.ClopperPearson(x, n, confidence); err != nil {
		return err
	}
	c.row(what, "Clopper-Pearson", float64(n)*truth, atLeast, low, high, truth)
	if low, high, _, err = stats.Interval(x, n, confidence); err != nil {
		return err
	}
	c.row(what, "automatic", float64(n)*truth, approximate, low, high, truth)
	return nil
}

// block is the interval that a campaign prints for a block.
func (c *campaigns) block(list []stats.Stratum, name string, p []float64) error {
	list = slices.Clone(list)
	var weight, truth, expected float64
	for i, s := range list {
		weight += s.Weight
		truth += s.Weight * p[i]
		expected += float64(s.N) * p[i]
	}
	for i := range list {
		list[i].Weight /= weight
	}
	t, err := stats.CombineTwoSided(list, confidence)
	if err != nil {
		return err
	}
	c.row(name, "joint, two-sided", expected, atLeast, t.Lower, t.Upper, truth/weight)
	return nil
}

func (c *campaigns) bias(repeats int) Bias {
	mean := c.sum / float64(repeats)
	b := Bias{What: c.name, Truth: c.truth, Mean: mean}
	if c.squares > 0 {
		b.Errors = (mean - c.truth) / math.Sqrt(c.squares/float64(repeats))
	}
	return b
}

// allocations repeats the rounds of an adaptive campaign. Strata learn from those of
// their group, or without groups each for itself, which is only reported.
func (c *campaigns) allocations(groups []int, repeats int) (Allocation, error) {
	oracle, err := stats.Neyman(c.weights, c.p, nil, c.total, 0)
	if err != nil {
		return Allocation{}, err
	}
	best, plain := c.variance(oracle), c.variance(c.n)
	var to, over []float64
	for range repeats {
		v, err := c.adapt(groups)
		if err != nil {
			return Allocation{}, err
		}
		to, over = append(to, v/best), append(over, v/plain)
	}
	slices.Sort(to)
	slices.Sort(over)
	last := repeats - 1
	name := c.name
	if groups == nil {
		name += ", each stratum for itself"
	}
	return Allocation{name, groups == nil, to[last/2], to[last], over[last/2], over[last]}, nil
}

// adapt is the variance of the total of an adaptive campaign, given its splits: rounds
// and allocation are those of package campaign, and rounds weigh by their sizes.
func (c *campaigns) adapt(groups []int) (v float64, err error) {
	_, _, err = c.rounds(groups, func(share float64, n, _ []int) { v += share * share * c.variance(n) })
	return v, err
}

// rounds draws an adaptive campaign and returns the counts. After each round it calls
// see with that round's share of the injections and its own counts.
func (c *campaigns) rounds(groups []int, see func(share float64, n, x []int)) (n, x []int, err error) {
	n, x = make([]int, len(c.p)), make([]int, len(c.p))
	for k, total := range stats.AdaptiveTotals(c.total) {
		var alloc []int
		if k == 0 {
			alloc, err = stats.Proportional(c.weights, total, 1)
		} else {
			alloc, err = stats.Rounds{Weights: c.weights, Groups: groups, Floor: 1}.Next(n, x, total)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("round %d: %w", k, err)
		}
		failed, size := make([]int, len(alloc)), 0
		for i, a := range alloc {
			failed[i] = c.count(a, c.p[i])
			n[i] += a
			size += a
			x[i] += failed[i]
		}
		see(float64(size)/float64(c.total), alloc, failed)
	}
	return n, x, nil
}

// variance of the total with a split; a stratum that cannot fail needs no injection.
func (c *campaigns) variance(n []int) (v float64) {
	for i, w := range c.weights {
		if d := c.p[i] * (1 - c.p[i]); d > 0 {
			v += w * w * d / math.Max(1, float64(n[i]))
		}
	}
	return v
}
