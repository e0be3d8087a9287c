package verdicts

import (
	"context"
	"fmt"
	"math"
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

// Of campaigns that stop on their precision (our choice): the relative half-width, as in
// the first part of docs/validation.md, and the most injections that they may take.
const (
	Relative       = 0.25
	MostInjections = 4 * Injections
)

// Method is a way to use the product.
type Method struct {
	Unit string `json:"unit"` // of the search, see [protect.Options]
	// Looks says that the campaign looks at its interval between rounds and stops at the
	// half-width Relative.
	Looks bool `json:"looks,omitempty"`
}

// Methods are the ways that are judged, the product's default first.
func Methods() []Method {
	return []Method{
		{Unit: protect.UnitBlockClass},
		{Unit: protect.UnitRegister},
		{Unit: protect.UnitBlockClass, Looks: true},
		{Unit: protect.UnitRegister, Looks: true},
	}
}

// String describes the method.
func (m Method) String() string {
	text := "classes of a block"
	if m.Unit == protect.UnitRegister {
		text = "single registers"
	}
	if m.Looks {
		return text + fmt.Sprintf(", stop at ±%g %%", 100*Relative)
	}
	return text + ", fixed size"
}

// spec is the campaign of the method.
func (m Method) spec(seed uint64) campaign.Spec {
	s := campaign.Spec{Model: "planted", Seed: seed, Injections: Injections, Confidence: Confidence, Sampling: campaign.SamplingStratified}
	if m.Looks {
		s.Relative, s.Injections = Relative, MostInjections
	}
	return s
}

// Verdict is what the product says of one machine, beside the truth.
type Verdict struct {
	Kind    string  `json:"kind"`
	Set     string  `json:"set"`
	Best    float64 `json:"best"` // share of the limits that the best design takes
	Leaks   float64 `json:"leaks"`
	Adapted bool    `json:"adapted"`
	Met     bool    `json:"met"`
	// Size is the number of injections of the campaign.
	Size int `json:"size"`
	// Proofs is the number of attempts, Injections their sum, Shown the largest
	// confidence at which they meet the target.
	Proofs     int     `json:"proofs"`
	Injections int     `json:"injections"`
	Shown      float64 `json:"shown"`
	// True is the share of its limits that the design of the last proof takes in
	// truth; 0 where there is none.
	True float64 `json:"true"`
	// Area is the logic that this design adds, as a share of that of the machine.
	Area float64 `json:"area,omitempty"`
	// Direct says that a campaign on the best design alone, sized in the same way, is
	// judged to meet the target.
	Direct bool `json:"direct"`
}

// False reports a claim that is not true.
func (v Verdict) False() bool { return v.Met && v.True > 1 }

// judge runs campaign, search and proof on a machine.
func (x *Machine) judge(ctx context.Context, m Method) (v Verdict, err error) {
	v = Verdict{Kind: x.Kind, Set: x.Set, Best: x.Best, Leaks: x.Leaks, Adapted: x.Adapted}
	spec := m.spec(x.Seed)
	if x.Adapted {
		spec.Sampling = campaign.SamplingAdaptive
	}
	s, err := x.campaign(spec, nil)
	if err != nil {
		return v, err
	}
	v.Size = len(s.Records)
	if v.Direct, err = x.direct(m); err != nil {
		return v, err
	}
	r, err := protect.RunOn(ctx, x, s, protect.Options{Question: x.question(), Set: x.Set, Unit: m.Unit, Cells: x.Cells, NoFront: true})
	if err != nil {
		return v, err
	}
	v.Met, v.Proofs, v.Injections, v.Shown = r.Meets, len(r.Proof.Attempts), r.Proof.Injections, r.Proof.Shown
	if v.Proofs == 0 {
		return v, nil
	}
	choices, err := protect.Choices(r.Choice)
	if err != nil {
		return v, err
	}
	d, err := mechanism.New(x.table, choices, x.Cells, x.Seed)
	if err != nil {
		return v, err
	}
	v.True, v.Area = x.share(d), r.AreaOverhead
	return v, nil
}

// direct is the verdict of a campaign on the machine with the best design.
func (x *Machine) direct(m Method) (bool, error) {
	d, err := x.bestDesign()
	if err != nil {
		return false, err
	}
	s, err := x.campaign(m.spec(^x.Seed&(1<<53-1)), d)
	if err != nil {
		return false, err
	}
	c, err := s.Campaign(campaign.Question{Question: x.question()})
	return err == nil && c.Verdict == stats.Met, err
}

// kinds of machines, in turn.
var kinds = []string{Near, Half, Wide}

// First are the first n machines, a third of each kind.
func First(n int) (list []int) {
	for i := range n {
		list = append(list, i)
	}
	return list
}

// Compared are the machines on which methods are compared (our choice): near the
// budget those that could be claimed falsely, and half as many at half the budget, for which
// a search over single registers takes long.
func Compared() (list []int) {
	const each = 50 // fewer without any false claim would not show the wanted upper limit
	for i := range each * len(kinds) {
		if k := kinds[i%len(kinds)]; k == Near || k == Half && i < each*len(kinds)/2 {
			list = append(list, i)
		}
	}
	return list
}

// Examine judges machines by a method. Progress, which may be nil, is called from one
// goroutine at a time.
func Examine(ctx context.Context, m Method, machines []int, workers int, seed uint64, progress func(done int)) ([]Verdict, error) {
	t := netlist.New(isa.U55x32, npu.ECCNone)
	list := make([]Verdict, len(machines))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, workers))
	var mu sync.Mutex
	done := 0
	for k, i := range machines {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			x, err := newMachine(t, kinds[i%len(kinds)], seed+uint64(i))
			if err != nil {
				return err
			}
			if list[k], err = x.judge(ctx, m); err != nil {
				return fmt.Errorf("machine %d: %w", i, err)
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
	err := group.Wait()
	for i := range list {
		v := &list[i]
		v.Best, v.Shown, v.True, v.Area = short(v.Best), short(v.Shown), short(v.True), short(v.Area)
	}
	return list, err
}

// short keeps as many digits as a page may need.
func short(x float64) float64 { return math.Round(1e7*x) / 1e7 }

// Direct counts, among n machines whose best design lies beyond the budget by up to 5 %,
// those where a campaign of the method on that design alone is judged to meet the target.
func Direct(ctx context.Context, m Method, n, workers int, seed uint64) (c Count, err error) {
	t := netlist.New(isa.U55x32, npu.ECCNone)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, workers))
	var mu sync.Mutex
	for i := range n {
		group.Go(func() error {
			if err := ctx.Err(); err != nil || kinds[i%len(kinds)] != Near {
				return err
			}
			x, err := newMachine(t, Near, seed+uint64(i))
			if err != nil || x.Best <= 1 {
				return err
			}
			met, err := x.direct(m)
			mu.Lock()
			defer mu.Unlock()
			if c.Of++; met {
				c.N++
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return c, err
	}
	return c.limited()
}

// Count is a number of verdicts among those that could be.
type Count struct {
	N     int     `json:"n"`
	Of    int     `json:"of"`
	Upper float64 `json:"upper"` // of the share, one-sided at 95 %
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
	return c.limited()
}

// limited fills in the upper limit.
func (c Count) limited() (Count, error) {
	if c.Of == 0 {
		return Count{Upper: 1}, nil
	}
	var err error
	_, c.Upper, err = stats.ClopperPearson(c.N, c.Of, 2*Confidence-1) // each side has 5 %
	return c, err
}
