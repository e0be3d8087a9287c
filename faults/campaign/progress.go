package campaign

import (
	"upset/stats/result"
)

// Progress is how far a campaign is.
type Progress struct {
	// Round counts from 1; Rounds is the most there may be.
	Round  int
	Rounds int
	// Done is the number of injections that are in the log, Total that of all
	// rounds planned so far, Cap the most there may be.
	Done  int
	Total int
	Cap   int
	// Outcomes counts the injections of the estimate.
	Outcomes result.Outcomes
	// FITViolating is the provisional residual rate, with limits, from the
	// injections counted in Outcomes; it is valid when Estimated is set.
	Estimated    bool
	FITViolating result.Limits
}

// watch follows a round for the provisional estimate: whole blocks only, since
// within a block injections go by cycle.
type watch struct {
	round   int
	left    []int // jobs to come, by block
	held    [][]answer
	counts  *tally
	changed bool
	last    Progress
}

// begun starts the watch over a round. Injections of the round that were done
// before are left out of the estimate until the round is complete.
func (r *runner) begun(k int, blocks [][]job) {
	r.watch = watch{round: k, counts: r.counts.clone(), changed: true, left: make([]int, len(blocks)), held: make([][]answer, len(blocks))}
	for i, b := range blocks {
		r.watch.left[i] = len(b)
	}
	r.report()
}

// take counts an answer once its block is complete.
func (w *watch) take(a answer) {
	w.left[a.block] -= len(a.jobs)
	w.held[a.block] = append(w.held[a.block], a)
	if w.left[a.block] > 0 {
		return
	}
	for _, h := range w.held[a.block] {
		for i, j := range h.jobs {
			w.counts.add(w.round, j.cell, h.records[i].record)
		}
	}
	w.held[a.block] = nil
	w.changed = true
}

// report calls the progress function.
func (r *runner) report() {
	if r.options.Progress == nil {
		return
	}
	w := &r.watch
	if w.changed {
		w.last = r.provisional()
		w.changed = false
	}
	p := w.last
	p.Round, p.Rounds, p.Done = w.round+1, r.looks, r.done
	p.Total, p.Cap = len(r.records), r.most
	r.options.Progress(p)
}

// provisional is the estimate from the counts of the watch.
func (r *runner) provisional() (p Progress) {
	t := r.watch.counts
	for _, o := range t.cells {
		p.Outcomes = p.Outcomes.Add(o)
	}
	if p.Outcomes.Total() == 0 {
		return p
	}
	q := r.options.Question.normal(r.spec)
	confidence, err := lookConfidence(r.spec, q.Confidence)
	if err != nil {
		return p
	}
	anyOf, criticalOf := r.spec.violations()
	limits, err := residual(t.exposures(r.frame.reportStrata(r.spec, t), t.roundShares(), anyOf, criticalOf), q, q.Violation, false, confidence)
	if err != nil {
		return p
	}
	p.Estimated, p.FITViolating = true, limits
	return p
}
