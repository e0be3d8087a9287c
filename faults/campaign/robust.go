package campaign

import (
	"errors"
	"fmt"
	"math"

	"upset/stats"
	"upset/stats/result"
)

// Of the doubly robust estimate (our choice): sites that are drawn for their features
// alone, for each injection and at most, and quantile bins over the registers.
const (
	drawnPerInjection = 20
	mostDrawn         = 400_000
	coarseBins        = 32
	fineBins          = 256
)

// ErrNotUniform says that a campaign is no simple random sample.
var ErrNotUniform = errors.New("a doubly robust estimate takes a simple random sample for fixed inputs: run the campaign with --sampling uniform")

// robustSeed keeps the draws of those sites apart from the injections.
const robustSeed = 0x646f75626c79 // "doubly"

// robust sharpens the AVF by a proxy of what is known of a site without injecting: its
// register, the moment and the layer. It takes a simple random sample.
func (a *aggregate) robust(c *result.Campaign) error {
	if !a.q.DoublyRobust {
		return nil
	}
	if a.s.Spec.Sampling != SamplingUniform || a.sample() {
		return ErrNotUniform
	}
	f, n := a.f, len(a.s.Records)
	more := min(drawnPerInjection*n, mostDrawn)
	population := make([][]float64, 0, n+more)
	injected := make([]int, n)
	w := walker{rounds: a.s.Rounds}
	outcomes := make([]result.Outcomes, n)
	start := f.starts()
	for j, i := range a.s.Index {
		stratum, ok := w.at(i)
		if !ok {
			return fmt.Errorf("%w: record %d belongs to no round", ErrCorrupt, i)
		}
		injected[j] = len(population)
		population = append(population, f.features(f.draw(a.s.Spec.Seed, i, stratum), start))
		outcomes[j] = one(a.s.Records[j].Outcome)
	}
	for i := range more {
		population = append(population, f.features(f.draw(a.s.Spec.Seed^robustSeed, i, 0), start))
	}
	learners := []stats.Learner{stats.Binned(0, coarseBins), stats.Binned(0, fineBins), stats.Sparse()}
	anyOf, criticalOf := a.s.Spec.violations()
	c.DoublyRobust = &result.DoublyRobust{Drawn: more}
	for _, x := range []struct {
		into  *result.RobustAVF
		count counter
	}{{&c.DoublyRobust.Violating, anyOf}, {&c.DoublyRobust.Critical, criticalOf}} {
		failed := make([]bool, n)
		k := 0
		for j, o := range outcomes {
			if failed[j] = x.count(o) > 0; failed[j] {
				k++
			}
		}
		r, err := stats.AIPW(population, injected, failed, learners, a.confidence)
		if err != nil {
			return err
		}
		*x.into = result.RobustAVF{
			Interval:   result.Interval{Estimate: r.Estimate, Low: r.Low, High: r.High, Failures: k, N: n},
			Efficiency: r.Efficiency, Used: r.Used, Reason: r.Reason,
		}
		if !r.Used {
			continue
		}
		// The mean prediction is itself of a sample. Its spread is at most that of the
		// outcomes.
		p := float64(k) / float64(n)
		widen := math.Sqrt(1 + p*(1-p)/float64(n+more)/r.Variance)
		x.into.Efficiency = r.Efficiency / (widen * widen)
		if x.into.Efficiency < 1 {
			x.into.Used, x.into.Reason = false, fmt.Sprintf("estimated efficiency %.3f, below 1", x.into.Efficiency)
			x.into.Estimate = p
			if x.into.Low, x.into.High, _, err = stats.Interval(k, n, a.confidence); err != nil {
				return err
			}
			continue
		}
		x.into.Low = max(0, r.Estimate-widen*(r.Estimate-r.Low))
		x.into.High = min(1, r.Estimate+widen*(r.High-r.Estimate))
	}
	return nil
}

// starts are the numbers of bits before each group.
func (f *Frame) starts() []float64 {
	out, sum := make([]float64, len(f.Groups)), 0.0
	for i, g := range f.Groups {
		out[i] = sum
		sum += float64(g.Bits)
	}
	return out
}

// features of a site: the place of its bit in the list of all, its moment, its layer,
// and its group as one of so many.
func (f *Frame) features(d draw, start []float64) []float64 {
	g := f.Cells[d.cell].Group
	x := make([]float64, 3+len(f.Groups))
	x[0] = start[g] + float64(d.bit)
	x[1] = float64(d.cycle) / float64(f.Cycles)
	x[2] = float64(f.Segments[f.segmentAt(d.cycle)].Layer) / float64(len(f.Segments))
	x[3+g] = 1
	return x
}
