package campaign

import (
	"upset/stats"
	"upset/stats/result"
)

// sample reports that the estimand is the population that the inputs come from.
func (a *aggregate) sample() bool { return a.q.InputsAre == stats.InputsSample }

// exposed turns strata into exposures, with their counts by input where the estimand
// asks for them: then all rounds of a stratum count as one, since inputs are the sample.
func (a *aggregate) exposed(strata [][]int, anyOf, criticalOf counter) []stats.Exposure {
	if !a.sample() {
		return a.t.exposures(strata, a.t.roundShares(), anyOf, criticalOf)
	}
	list := a.t.exposures(strata, nil, anyOf, criticalOf)
	for i, cells := range strata {
		for _, o := range a.t.byInput(cells) {
			list[i].ByInput = append(list[i].ByInput, stats.InputCount{N: o.Total(), Any: anyOf(o), Critical: criticalOf(o)})
		}
	}
	return list
}

// overInputs is a proportion over the population of inputs.
func (a *aggregate) overInputs(strata [][]int, count counter) (result.Interval, float64, error) {
	list := a.t.shares(strata, nil, count)
	clusters := make([][]stats.Cluster, len(list))
	whole := 0.0
	for i, cells := range strata {
		whole += list[i].Weight
		if list[i].Exact {
			continue
		}
		for _, o := range a.t.byInput(cells) {
			clusters[i] = append(clusters[i], stats.Cluster{N: o.Total(), Failures: count(o)})
		}
	}
	for i := range list {
		list[i].Weight /= whole
	}
	if !sampled(clusters) {
		t, err := stats.CombineTwoSided(list, a.confidence)
		return interval(t), 1, err
	}
	t, effect, err := stats.OverInputs(list, clusters, (1+a.confidence)/2)
	return interval(t), effect, err
}

// inputSpread compares the inputs, where there are several.
func (a *aggregate) inputSpread() *result.InputSpread {
	if a.f.Inputs < 2 {
		return nil
	}
	anyOf, _ := a.s.Spec.violations()
	strata := make([][]stats.Cluster, len(a.strata))
	for i, cells := range a.strata {
		for _, o := range a.t.byInput(cells) {
			strata[i] = append(strata[i], stats.Cluster{N: o.Total(), Failures: anyOf(o)})
		}
	}
	alike := stats.InputsAlike(strata)
	x := &result.InputSpread{P: alike.P}
	for i := range alike.Observed {
		x.Inputs = append(x.Inputs, result.InputCount{Violating: alike.Observed[i], Expected: alike.Expected[i]})
	}
	return x
}

// sampled reports that some stratum is not known by proof.
func sampled(clusters [][]stats.Cluster) bool {
	for _, c := range clusters {
		if c != nil {
			return true
		}
	}
	return false
}

// warnInputs says what the estimand rests on.
func (a *aggregate) warnInputs(warn func(code, subject, format string, args ...any)) {
	switch {
	case a.sample() && a.s.Spec.RandomInputs:
		warn("random_inputs_population", "", "the inputs are seeded random ones: the population of the intervals is that of the generator, not that of real inputs")
	case a.sample():
		warn("inputs_sample", "", "intervals are for the population that the %d inputs were drawn from, if they were drawn at random; those by layer and in the table of failure modes are for these inputs", a.f.Inputs)
	}
}
