package planted

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"upset/faults/campaign"
	"upset/faults/mechanism"
	"upset/faults/protect"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats"
)

// Confidence is the one-sided level of every limit of the verdicts.
const Confidence = 0.95

// Injections is the size of a campaign, that of the product's default.
const Injections = campaign.DefaultInjections

// Verdict is what the product says of one population, beside the truth.
type Verdict struct {
	Kind    string  `json:"kind"`
	Set     string  `json:"set"`
	Best    float64 `json:"best"` // share of the limits that the best design takes
	Leaks   float64 `json:"leaks"`
	Adapted bool    `json:"adapted"`
	Met     bool    `json:"met"`
	// Proofs is the number of attempts, Injections their sum, Shown the largest
	// confidence at which they meet the target.
	Proofs     int     `json:"proofs"`
	Injections int     `json:"injections"`
	Shown      float64 `json:"shown"`
	// True is the share of its limits that the design of the last proof takes in
	// truth; 0 where there is none.
	True float64 `json:"true"`
	// Direct says that a campaign on the best design alone, of the usual size, is
	// judged to meet the target.
	Direct bool `json:"direct"`
}

// False reports a claim that is not true.
func (v Verdict) False() bool { return v.Met && v.True > 1 }

// judge runs campaign, search and proof on a population.
func (x *Population) judge(ctx context.Context) (v Verdict, err error) {
	v = Verdict{Kind: x.Kind, Set: x.Set, Best: x.Best, Leaks: x.Leaks, Adapted: x.Adapted}
	spec := campaign.Spec{Model: "planted", Seed: x.Seed, Injections: Injections, Confidence: Confidence}
	if x.Adapted {
		spec.Sampling = campaign.SamplingAdaptive
	}
	s, err := x.campaign(spec, nil)
	if err != nil {
		return v, err
	}
	if v.Direct, err = x.direct(); err != nil {
		return v, err
	}
	r, err := protect.RunOn(ctx, x, s, protect.Options{Question: x.question(), Set: x.Set, Cells: x.Cells, NoFront: true})
	if err != nil {
		return v, err
	}
	v.Met, v.Proofs, v.Injections, v.Shown = r.Meets, len(r.Proof.Attempts), r.Proof.Injections, r.Proof.Shown
	if v.Proofs == 0 {
		return v, nil
	}
	var choices []mechanism.Choice
	for _, c := range r.Choice {
		choice, err := protect.ParseChoice(c.Block, c.Group, c.Mechanism)
		if err != nil {
			return v, err
		}
		choices = append(choices, choice)
	}
	d, err := mechanism.New(x.table, choices, x.Cells, x.Seed)
	if err != nil {
		return v, err
	}
	all, flops := x.residual(func(g campaign.Group) mechanism.Kind { return under(d, g) })
	v.True = max(all/x.Budget, flops/x.flopLimit(func(g campaign.Group) mechanism.Kind { return under(d, g) }))
	return v, nil
}

// direct is the verdict of a campaign on the machine with the best design.
func (x *Population) direct() (bool, error) {
	d, err := x.bestDesign()
	if err != nil {
		return false, err
	}
	spec := campaign.Spec{Model: "planted", Seed: ^x.Seed & (1<<53 - 1), Injections: Injections, Confidence: Confidence}
	s, err := x.campaign(spec, d)
	if err != nil {
		return false, err
	}
	c, err := s.Campaign(campaign.Question{Question: x.question()})
	return err == nil && c.Verdict == stats.Met, err
}

// Examine judges n populations, a third of each kind. Progress, which may be nil,
// is called from one goroutine at a time.
func Examine(ctx context.Context, n, workers int, seed uint64, progress func(done int)) ([]Verdict, error) {
	kinds := []string{Near, Half, Wide}
	t := netlist.New(isa.U55x32, npu.ECCNone)
	list := make([]Verdict, n)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, workers))
	var mu sync.Mutex
	done := 0
	for i := range list {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			x, err := newPopulation(t, kinds[i%len(kinds)], seed+uint64(i))
			if err != nil {
				return err
			}
			if list[i], err = x.judge(ctx); err != nil {
				return fmt.Errorf("population %d: %w", i, err)
			}
			if progress != nil {
				mu.Lock()
				done++
				progress(done)
				mu.Unlock()
			}
			return nil
		})
	}
	return list, group.Wait()
}

// Count is a number of verdicts among those that could be.
type Count struct {
	N, Of int
	Upper float64 // of the share, one-sided at 95 %
}

// count counts among the verdicts of a condition those that are hit.
func count(list []Verdict, among, hit func(Verdict) bool) (c Count, err error) {
	for _, v := range list {
		if among(v) {
			c.Of++
			if hit(v) {
				c.N++
			}
		}
	}
	if c.Of == 0 {
		return Count{Upper: 1}, nil
	}
	_, c.Upper, err = stats.ClopperPearson(c.N, c.Of, 2*Confidence-1) // each side has 5 %
	return c, err
}
