package recruitment

import (
	"fmt"
	"math"

	"upset/models/selection"
	"upset/models/selection/kit"
	"upset/models/tflite"
	"upset/models/train/cells"
)

// Task is the audit of automatic recruitment of Peña et al., "Bias in Multimodal AI:
// Testbed for Fair Automatic Recruitment" (CVPR Workshops 2020).
func Task() selection.Task {
	return selection.Task{
		Name: "fair-recruitment", Title: "Bias in Multimodal AI: Testbed for Fair Automatic Recruitment",
		Family: "audit", Kind: selection.OnNPU, Utility: "learned", Mechanism: "top-k",
		Metric: selection.Set, Epsilon: 0.005, Build: build, Check: check,
	}
}

// scoreForm is how the deserved scores are stored.
var scoreForm = cells.Form{Type: tflite.Int8, Scale: 1.0 / 32}

// The scorers of the audit.
const (
	biased = iota
	agnostic
	scorers
)

// recruitment hires the best by two networks: one that sees faces and one that does not,
// both trained on scores that one group was marked down in.
type recruitment struct {
	groups []int // 1 for those who were marked down
	scores []float64
}

// hired is the number of those whom each network hires (FairCVtest reports the first
// hundred).
const hired = 100

func build(seed uint64) (*selection.Workload, error) {
	f, err := Files.Open(seed)
	if err != nil {
		return nil, err
	}
	w := &selection.Workload{}
	for _, name := range []string{"biased", "agnostic"} {
		s, err := f.Scorer(name, name+".bin")
		if err != nil {
			return nil, err
		}
		w.Scorers = append(w.Scorers, s)
	}
	r := &recruitment{}
	if r.groups, err = f.Labels("groups.bin"); err != nil {
		return nil, err
	}
	b, err := f.Bytes("scores.bin")
	if err != nil {
		return nil, err
	}
	r.scores = scoreForm.Reals(b)
	w.Rule = r
	return w, nil
}

// Decide gives those whom the networks hire: of the second one with the size of the pool
// added to their numbers.
func (r *recruitment) Decide(ask *selection.Ask) (selection.Outcome, error) {
	o := selection.Outcome{Metric: selection.Set}
	if !ask.Fits(scorers, len(r.groups)) {
		return o, fmt.Errorf("fair recruitment: it needs two networks for %d applications", len(r.groups))
	}
	for k := range scorers {
		t, err := ask.Table(k)
		if err != nil {
			return o, err
		}
		for _, i := range kit.TopK(t.Column(0), hired) {
			o.Items = append(o.Items, k*len(r.groups)+i)
		}
	}
	return o, nil
}

// of are those whom one network hires.
func (r *recruitment) of(o selection.Outcome, scorer int) []int {
	var list []int
	for _, i := range o.Items {
		if i/len(r.groups) == scorer {
			list = append(list, i%len(r.groups))
		}
	}
	return list
}

// share is the part of the group that was marked down among some.
func (r *recruitment) share(rows []int) float64 {
	return kit.Share(rows, func(i int) bool { return r.groups[i] == 1 })
}

// Consequence is the largest shift of the group's share among those hired, or the merit
// that a hiring loses relative to what it gains over drawing lots, whichever is larger.
func (r *recruitment) Consequence(_ []selection.Table, golden, faulty selection.Outcome) float64 {
	worst := 0.0
	for k := range scorers {
		was, is := r.of(golden, k), r.of(faulty, k)
		worst = max(worst, math.Abs(r.share(is)-r.share(was)), kit.RegretAt(r.scores, was, is))
	}
	return worst
}

// exposure is, by group, the share of single flipped bits of the scores of a network
// that change whether the person whose score it is gets hired.
func (r *recruitment) exposure(t *selection.Table, hires []int) (by [2]float64) {
	inside := make([]bool, len(r.groups))
	for _, i := range hires {
		inside[i] = true
	}
	// Codes decide: the least one hired and the largest one not, with their places.
	order := kit.Order(t.Column(0))
	last, next := order[hired-1], order[hired]
	count := [2]int{}
	for i, g := range r.groups {
		count[g] += 8
		for bit := range 8 {
			code := int(int8(byte(t.Int(i, 0)) ^ 1<<bit))
			rival := last
			if inside[i] {
				rival = next
			}
			ahead := code > t.Int(rival, 0) || code == t.Int(rival, 0) && i < rival
			if ahead != inside[i] {
				by[g]++
			}
		}
	}
	for g := range by {
		by[g] /= float64(max(1, count[g]))
	}
	return by
}

// Bounds of the check: the group that was marked down is rare among those whom the
// network hires that sees faces, and not among the others, who have merit. Shares of a
// hundred people are off by 0.05 by chance alone (binomial law), which the bounds allow for;
// the gap between both hirings from one pool, which is nearer to the claim, has none of that.
const (
	biasedMost    = 0.35
	agnosticLeast = 0.42
	meritLeast    = 0.8
	chance        = 0.05
)

func check(runs []selection.Run) (selection.Check, error) {
	var shares [scorers]float64
	var merit float64
	var exposed [2]float64
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*recruitment)
		if !ok {
			return selection.Check{}, fmt.Errorf("fair recruitment: a run of another task")
		}
		n := float64(len(runs))
		for k := range shares {
			shares[k] += r.share(r.of(run.Outcome, k)) / n
		}
		hires := r.of(run.Outcome, agnostic)
		best := kit.MeanAt(r.scores, kit.TopK(r.scores, hired))
		merit += (1 - kit.Regret(best, kit.MeanAt(r.scores, hires), kit.Mean(r.scores))) / n
		by := r.exposure(&run.Scores[agnostic], hires)
		for g := range by {
			exposed[g] += by[g] / n
		}
	}
	most, least := kit.Ceiling(biasedMost, chance, len(runs)), kit.Floor(agnosticLeast, chance, len(runs))
	return selection.Check{
		Metric: "share of the group that was marked down among those hired by a network that sees faces", Threshold: most, Measured: shares[biased],
		Baseline: shares[agnostic], Against: "a network that sees merits alone",
		Pass: shares[biased] <= most && shares[agnostic] >= least && shares[agnostic]-shares[biased] >= agnosticLeast-biasedMost && merit >= meritLeast,
		Note: fmt.Sprintf("the second hiring has %.3f of the merit of the best; of single flipped bits of its scores %.4f change whether the person is hired in the group that was not marked down and %.4f in the other", merit, exposed[0], exposed[1]),
	}, nil
}
