package heads

import (
	"fmt"

	"upset/models/selection"
	"upset/models/selection/kit"
)

// Task is the choice among diverse hypotheses that Benoit et al. study, "Unraveling the
// Key Components of OOD Generalization via Diversification" (ICLR 2024).
func Task() selection.Task {
	return selection.Task{
		Name: "diverse-heads", Title: "Unraveling the Key Components of OOD Generalization via Diversification",
		Family: "audit", Kind: selection.OnNPU, Utility: "diversity", Mechanism: "testing",
		Metric: selection.Accept, Epsilon: 0, Build: build, Check: check,
	}
}

// heads chooses one of two heads by few labels and accepts rows on which both agree.
type heads struct{ truth []int }

func build(seed uint64) (*selection.Workload, error) {
	f, err := Files.Open(seed)
	if err != nil {
		return nil, err
	}
	scorers, err := f.Scorers("rows.bin", "diverse", "alike", "bound")
	if err != nil {
		return nil, err
	}
	r := &heads{}
	if r.truth, err = f.Labels("truth.bin"); err != nil {
		return nil, err
	}
	return &selection.Workload{Scorers: scorers[:1], Baselines: scorers[1:], Rule: r}, nil
}

// side is the class that a head gives a row.
func side(t *selection.Table, row, head int) int {
	if t.At(row, head) > 0 {
		return 1
	}
	return 0
}

// chosen is the head that is right more often on the rows with labels; of equals the
// first one.
func (r *heads) chosen(t *selection.Table) int {
	right := [2]int{}
	for i := range few {
		for h := range right {
			if side(t, i, h) == r.truth[i] {
				right[h]++
			}
		}
	}
	if right[1] > right[0] {
		return 1
	}
	return 0
}

// Decide accepts rows without labels on which both heads agree: an item for each, 1 where
// it is accepted. Values are the classes by the chosen head.
func (r *heads) Decide(ask *selection.Ask) (selection.Outcome, error) {
	o := selection.Outcome{Metric: selection.Accept}
	if !ask.Fits(1, len(r.truth)) {
		return o, fmt.Errorf("diverse heads: it needs one network for %d rows", len(r.truth))
	}
	t, err := ask.Table(0)
	if err != nil {
		return o, err
	}
	if t.Width != 2 {
		return o, fmt.Errorf("diverse heads: the network gives %d numbers, not 2", t.Width)
	}
	head := r.chosen(&t)
	for i := few; i < len(r.truth); i++ {
		class, agree := side(&t, i, head), 0
		if class == side(&t, i, 1-head) {
			agree = 1
		}
		o.Items, o.Values = append(o.Items, agree), append(o.Values, float64(class))
	}
	return o, nil
}

// Consequence is 1 where a row is accepted with another class than without the fault,
// since each is a decision by itself; else the share of rows that are accepted or
// deferred otherwise, or whose class differs though nobody accepts it.
func (r *heads) Consequence(_ []selection.Table, golden, faulty selection.Outcome) float64 {
	differ := 0
	for i := range golden.Items {
		class := golden.Values[i] != faulty.Values[i]
		if class && faulty.Items[i] == 1 {
			return 1
		}
		if class || golden.Items[i] != faulty.Items[i] {
			differ++
		}
	}
	return float64(differ) / float64(max(1, len(golden.Items)))
}

// right is the accuracy of a head on the rows without labels.
func (r *heads) right(t *selection.Table, head int) float64 {
	return kit.Share(kit.Every(len(r.truth)-few), func(i int) bool { return side(t, few+i, head) == r.truth[few+i] })
}

// better is the accuracy of the better head.
func (r *heads) better(t *selection.Table) float64 { return max(r.right(t, 0), r.right(t, 1)) }

// silent counts the single flipped bits of the scores of accepted rows that give another
// class: how many of them leave both heads in agreement, so that nobody notices.
func (r *heads) silent(t *selection.Table, o selection.Outcome) (wrong, unseen int) {
	head := r.chosen(t)
	for i, ok := range o.Items {
		if ok == 0 {
			continue
		}
		row := few + i
		for b := range 16 {
			out := append([]byte{}, t.Row(row)...)
			out[b/8] ^= 1 << (b % 8)
			one := selection.Table{Scale: t.Scale, ZeroPoint: t.ZeroPoint, Width: 2, Data: out}
			if class := side(&one, 0, head); float64(class) != o.Values[i] {
				wrong++
				if class == side(&one, 0, 1-head) {
					unseen++
				}
			}
		}
	}
	return wrong, unseen
}

// Bounds of the check: where the cues part in the samples without labels, few labels
// choose a head that reads the true one; where the heads need not differ, or the cues
// never part, no head does.
const (
	least     = 0.82
	otherMost = 0.75
)

func check(runs []selection.Run) (selection.Check, error) {
	var own, alike, bound, accepted float64
	wrong, unseen := 0, 0
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*heads)
		if !ok {
			return selection.Check{}, fmt.Errorf("diverse heads: a run of another task")
		}
		n := float64(len(runs))
		own += kit.Share(kit.Every(len(run.Outcome.Values)), func(i int) bool { return int(run.Outcome.Values[i]) == r.truth[few+i] }) / n
		accepted += kit.Share(run.Outcome.Items, func(v int) bool { return v == 1 }) / n
		alike += r.better(&run.Baselines[0]) / n
		bound += r.better(&run.Baselines[1]) / n
		w, u := r.silent(&run.Scores[0], run.Outcome)
		wrong, unseen = wrong+w, unseen+u
	}
	return selection.Check{
		Metric: "accuracy of the chosen head where the cues disagree by chance", Threshold: least, Measured: own,
		Baseline: alike, Against: "the better of two heads that need not differ",
		Pass: own >= least && alike <= otherMost && bound <= otherMost,
		Note: fmt.Sprintf("the better head where the cues always agree in the samples without labels: %.3f; both heads agree on %.2f of the rows; of %d single flipped bits that give an accepted row another class, %d leave the heads in agreement", bound, accepted, wrong, unseen),
	}, nil
}
