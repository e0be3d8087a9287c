package utility

import (
	"fmt"
	"math"

	"upset/models/selection"
	"upset/models/selection/kit"
)

// utilityChosen points of every set are selected (our choice).
const utilityChosen = 10

// Task is INSET (Xie et al., ICLR 2024): the utility of a subset depends on
// the set from which it is taken, so that the scores of the items share a pooled
// description of the whole set. Here the points in the middle of a set are wanted,
// and the scores are trained by cross-entropy with the wanted points rather than by
// the paper's mean-field steps.
func Task() selection.Task {
	return selection.Task{
		Name:   "set-utility",
		Title:  "Enhancing Neural Subset Selection: Integrating Background Information into Set Representations",
		Family: "cover", Kind: selection.OnNPU, Utility: "learned", Mechanism: "top-k",
		Metric: selection.Set, Epsilon: 0.01, Build: build, Check: check,
	}
}

// utility selects points of every set of the pool; an item is set·points + point.
type utility struct {
	picks int // of a set
	sets  [][]byte
	float []int // points that the network chooses in floating point
	alone selection.Scorer
}

func build(seed uint64) (*selection.Workload, error) {
	f, err := Files.Open(seed)
	if err != nil {
		return nil, err
	}
	s, err := f.Scorer("background", "rows.bin")
	if err != nil {
		return nil, err
	}
	r := &utility{picks: utilityChosen, sets: s.Rows}
	if r.alone, err = f.Scorer("alone", "rows.bin"); err != nil {
		return nil, err
	}
	if r.float, err = f.Labels("float.bin"); err != nil {
		return nil, err
	}
	return &selection.Workload{Scorers: []selection.Scorer{s}, Rule: r}, nil
}

// Decide selects the points of the largest scores of every set.
func (r *utility) Decide(ask *selection.Ask) (selection.Outcome, error) {
	scores, err := ask.Tables()
	if err != nil {
		return selection.Outcome{}, err
	}
	if len(scores) != 1 || scores[0].Rows() != len(r.sets) || len(r.sets) == 0 || 2*scores[0].Width != len(r.sets[0]) {
		return selection.Outcome{}, fmt.Errorf("set utility: it needs a score for every point of %d sets", len(r.sets))
	}
	return selection.Outcome{Metric: selection.Set, Items: r.chosen(&scores[0])}, nil
}

// chosen returns the points of the largest scores of every set.
func (r *utility) chosen(t *selection.Table) []int {
	var items []int
	for s := range t.Rows() {
		for _, i := range kit.TopK(t.Real(s), r.picks) {
			items = append(items, s*t.Width+i)
		}
	}
	return items
}

// distances are those of the points of a set from its mean, in input codes.
func distances(set []byte) []float64 {
	points := make([][]float64, len(set)/2)
	centre := make([]float64, 2)
	for i := range points {
		for k := range 2 {
			v := float64(int8(set[2*i+k]))
			points[i] = append(points[i], v)
			centre[k] += v / float64(len(points))
		}
	}
	d := make([]float64, len(points))
	for i, p := range points {
		d[i] = math.Sqrt(kit.SquaredDistance(p, centre))
	}
	return d
}

// Consequence is the regret of the set that is hit worst, since every set is a
// decision by itself: the growth of the distance from the mean, on the scale on
// which random points have 1.
func (r *utility) Consequence(_ []selection.Table, golden, faulty selection.Outcome) float64 {
	if len(golden.Items) != len(faulty.Items) {
		return 1
	}
	worst := 0.0
	for s, set := range r.sets {
		d := distances(set)
		mean := func(items []int) float64 {
			sum := 0.0
			for _, i := range items[s*r.picks : (s+1)*r.picks] {
				sum += d[i-s*len(d)] / float64(r.picks)
			}
			return sum
		}
		all := 0.0
		for _, v := range d {
			all += v / float64(len(d))
		}
		worst = max(worst, kit.Regret(-mean(golden.Items), -mean(faulty.Items), -all))
	}
	return worst
}

// overlap is the mean Jaccard index over the sets of the points selected with the
// points that are closest to the mean.
func (r *utility) overlap(items []int) float64 {
	sum := 0.0
	for s, set := range r.sets {
		d := distances(set)
		for i := range d {
			d[i] = -d[i]
		}
		wanted := map[int]bool{}
		for _, i := range kit.TopK(d, r.picks) {
			wanted[s*len(d)+i] = true
		}
		both := 0
		for _, i := range items[s*r.picks : (s+1)*r.picks] {
			if wanted[i] {
				both++
			}
		}
		sum += float64(both) / float64(2*r.picks-both)
	}
	return sum / float64(len(r.sets))
}

// Bounds of the check.
const (
	utilityWith    = 0.80
	utilityWithout = 0.30
	utilityApart   = 0.05 // of int8 from floating point
)

func check(runs []selection.Run) (selection.Check, error) {
	var with, without, float float64
	n := float64(len(runs))
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*utility)
		if !ok {
			return selection.Check{}, fmt.Errorf("set utility: a run of another task")
		}
		alone, err := (&selection.Workload{Scorers: []selection.Scorer{r.alone}}).Reference()
		if err != nil {
			return selection.Check{}, err
		}
		if len(r.float) != len(run.Outcome.Items) {
			return selection.Check{}, fmt.Errorf("set utility: %d points chosen in floating point for %d; build the data anew", len(r.float), len(run.Outcome.Items))
		}
		items := make([]int, len(r.float))
		for k, i := range r.float {
			items[k] = k/r.picks*run.Scores[0].Width + i
		}
		with += r.overlap(run.Outcome.Items) / n
		without += r.overlap(r.chosen(&alone[0])) / n
		float += r.overlap(items) / n
	}
	return selection.Check{
		Metric: "mean Jaccard index with the points closest to the mean", Threshold: utilityWith, Measured: with,
		Baseline: without, Against: "a network that does not know the set", Pass: with >= utilityWith && without <= utilityWithout && math.Abs(with-float) <= utilityApart,
		Note: fmt.Sprintf("in floating point %.4f", float),
	}, nil
}
