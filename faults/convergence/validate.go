package convergence

import (
	"context"
	"errors"
	"math/rand/v2"

	"upset/faults/engine"
	"upset/stats"
	"upset/stats/result"
)

// confidence of the upper limits (our choice).
const confidence = 0.95

// repeatStream keeps the order of plain runs apart from all draws.
const repeatStream = 0x72657065 // "repe"

// Validate draws n upsets of an engine and injects each twice. Report, which may be
// nil, is called with every sample whose records differ; progress, which may be nil,
// after each plain run. Once enough, which may be nil, says so, no further plain run
// begins and only those done count, at least one; what has begun is finished, so that
// runs that take long are not left out.
func Validate(ctx context.Context, e *engine.Engine, seed uint64, n, workers int, report func(s *Sample), progress func(done int), enough func() bool) (*result.ValidateEngine, error) {
	if n < 1 {
		return nil, errors.New("no samples: ask for at least one")
	}
	list, err := draw(ctx, e, seed, n, workers)
	if err != nil {
		return nil, err
	}
	if list, err = repeat(ctx, e, list, seed, workers, progress, enough); err != nil {
		return nil, err
	}
	return Compare(e, seed, list, report)
}

// repeat injects samples into the plain machine, in random order, until it is enough, and
// returns those done.
func repeat(ctx context.Context, e *engine.Engine, list []Sample, seed uint64, workers int, progress func(done int), enough func() bool) ([]Sample, error) {
	rng := rand.New(rand.NewPCG(seed, repeatStream))
	rng.Shuffle(len(list), func(i, k int) { list[i], list[k] = list[k], list[i] })
	n, err := e.Some(ctx, len(list), workers, func(w *engine.Worker) (func(int) error, error) {
		return func(i int) (err error) {
			list[i].Plain, err = w.Plain(list[i].Input, list[i].Site)
			return err
		}, nil
	}, progress, enough)
	return list[:n], err
}

// Compare counts samples and those whose records differ.
func Compare(e *engine.Engine, seed uint64, list []Sample, report func(s *Sample)) (*result.ValidateEngine, error) {
	r := &result.ValidateEngine{
		NPU: e.Table().Config.String(), Seed: seed, Samples: len(list), GoldenCycles: int64(e.Cycles()),
		ByBlock: map[string]int{}, ByClass: map[string]int{}, ByPath: map[string]int{},
	}
	count := map[string]*result.ValidateCategory{}
	for _, name := range Categories() {
		count[name] = &result.ValidateCategory{Name: name}
	}
	for i := range list {
		s := &list[i]
		place, err := e.Table().Place(s.Site.ID)
		if err != nil {
			return nil, err
		}
		r.ByBlock[place.Register.Block]++
		r.ByClass[place.Register.Class.String()]++
		r.ByPath[s.Fast.Path.String()]++
		r.PlainCycles += int64(s.Plain.End) // the plain machine began at cycle 0
		if s.Fast.Path.Pruned() {
			r.Pruned++
		} else {
			r.Simulated++
		}
		differs := 0
		if !s.Fast.Same(s.Plain) {
			differs = 1
			if report != nil {
				report(s)
			}
		}
		r.Differences += differs
		for _, name := range Of(place.Register, s.Fast.Path) {
			count[name].Samples++
			count[name].Differences += differs
		}
	}
	for _, name := range Categories() {
		r.Categories = append(r.Categories, *count[name])
	}
	return r, bound(r)
}

// bound fills in the upper limits: 3/n without a difference (the rule of three),
// else that of Clopper and Pearson. Without a sample nothing is known.
func bound(r *result.ValidateEngine) error {
	for i := range r.Categories {
		c, err := &r.Categories[i], error(nil)
		if c.Upper, err = upper(c.Differences, c.Samples); err != nil {
			return err
		}
	}
	return nil
}

func upper(differences, samples int) (float64, error) {
	switch {
	case samples < 3:
		return 1, nil
	case differences == 0:
		return 3 / float64(samples), nil
	}
	return stats.ClopperPearsonUpper(differences, samples, confidence)
}

// Join adds up the results of several networks and configurations, which it keeps.
func Join(runs []*result.ValidateEngine) (*result.ValidateEngine, error) {
	if len(runs) == 0 {
		return nil, errors.New("no runs to join: validate at least one network")
	}
	if len(runs) == 1 {
		return runs[0], nil
	}
	all := &result.ValidateEngine{
		NPU: runs[0].NPU, Model: runs[0].Model, Seed: runs[0].Seed,
		ByBlock: map[string]int{}, ByClass: map[string]int{}, ByPath: map[string]int{},
	}
	// Comparisons beside mechanisms draw from no categories.
	for _, c := range runs[0].Categories {
		all.Categories = append(all.Categories, result.ValidateCategory{Name: c.Name})
	}
	for _, r := range runs {
		if r.NPU != all.NPU {
			all.NPU = "several"
		}
		if r.Model != all.Model {
			all.Model = "several"
		}
		all.Samples += r.Samples
		all.Differences += r.Differences
		all.Simulated += r.Simulated
		all.Pruned += r.Pruned
		all.PlainCycles += r.PlainCycles
		add(all.ByBlock, r.ByBlock)
		add(all.ByClass, r.ByClass)
		add(all.ByPath, r.ByPath)
		if len(r.Categories) != len(all.Categories) {
			return nil, errors.New("runs with other categories cannot be joined: make them all beside mechanisms, or none")
		}
		for i := range all.Categories {
			all.Categories[i].Samples += r.Categories[i].Samples
			all.Categories[i].Differences += r.Categories[i].Differences
		}
		all.Warnings = append(all.Warnings, r.Warnings...)
		all.Runs = append(all.Runs, result.ValidateRun{
			NPU: r.NPU, Model: r.Model, Cycles: r.GoldenCycles, Samples: r.Samples, Differences: r.Differences, PlainCycles: r.PlainCycles,
		})
	}
	return all, bound(all)
}

func add(to, from map[string]int) {
	for k, n := range from {
		to[k] += n
	}
}
