package residue

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"golang.org/x/sync/errgroup"

	"upset/faults"
	"upset/faults/engine"
	"upset/netlist"
	"upset/stats"
	"upset/stats/result"
)

// Later is the number of inferences that follow at most: four times as many as the
// classification looks at (our choice).
const Later = 4 * faults.MaxFollowed

// maxDraws bounds the draws for each upset that is asked for (our choice).
const maxDraws = 200

// stream keeps these draws apart from all others.
const stream = 0x72657369 // "resi"

// draw is an upset with the inputs of its inferences.
type draw struct {
	site  faults.Site
	input int
}

// population deals the registers out by block and class, so that small ones are seen.
type population struct {
	parts [][]*netlist.Register
}

func newPopulation(t *netlist.Table) *population {
	at := map[string]int{}
	p := &population{}
	for i := range t.Registers {
		r := &t.Registers[i]
		if r.Observer || r.Bits() == 0 {
			continue
		}
		key := r.Block + "/" + r.Class.String()
		k, ok := at[key]
		if !ok {
			k = len(p.parts)
			at[key] = k
			p.parts = append(p.parts, nil)
		}
		p.parts[k] = append(p.parts[k], r)
	}
	return p
}

// draw picks a part, a register of it by its size, a bit and a cycle. Half of the
// draws are late in the inference, where more is left behind.
func (p *population) draw(r *rand.Rand, e *engine.Engine) draw {
	list := p.parts[r.IntN(len(p.parts))]
	bits := 0
	for _, x := range list {
		bits += x.Bits()
	}
	k := r.IntN(bits)
	var id netlist.SiteID
	for _, x := range list {
		if k < x.Bits() {
			id = x.First + netlist.SiteID(k)
			break
		}
		k -= x.Bits()
	}
	cycle := r.Uint64N(e.Cycles())
	if r.IntN(2) == 0 {
		cycle = e.Cycles() - 1 - cycle/8
	}
	return draw{site: faults.Site{ID: id, Cycle: cycle}, input: r.IntN(e.Inputs())}
}

// Examine follows n masked upsets that left something behind, and the latent ones
// that are drawn on the way, over so many later inferences. Progress, which may be nil,
// is told how many are done. Once enough, which may be nil, says so, nothing further is
// drawn; what has begun is finished.
func Examine(ctx context.Context, e *engine.Engine, seed uint64, n, later, workers int, progress func(done int), enough func() bool) (result.Residue, error) {
	res := result.Residue{Model: e.Program().Name, NPU: e.Table().Config.String(), Seed: seed, Later: later}
	if e.Inputs() < 2 {
		return res, fmt.Errorf("one input: the inferences that follow need others; give two or more")
	}
	if n < 1 {
		return res, errors.New("no samples: ask for at least one")
	}
	workers = max(1, min(workers, n))
	parts := make([]tally, workers)
	runs := make([]*right, e.Inputs())
	for i := range runs {
		runs[i] = &right{e: e, input: i}
	}
	group, ctx := errgroup.WithContext(ctx)
	for k := range workers {
		group.Go(func() error {
			w, err := e.Worker()
			if err != nil {
				return err
			}
			p := newPopulation(e.Table())
			r := rand.New(rand.NewPCG(seed, stream+uint64(k)))
			want, res := (k+1)*n/workers-k*n/workers, &parts[k]
			for res.Masked.N < want && res.Drawn < maxDraws*want {
				if err := ctx.Err(); err != nil {
					return err
				}
				if enough != nil && res.Drawn > 0 && enough() {
					return nil
				}
				if err := res.follow(w, runs, p.draw(r, e), later); err != nil {
					return err
				}
				if progress != nil && k == 0 {
					progress(min(n, res.Masked.N*workers))
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return res, err
	}
	for _, x := range parts {
		res.Drawn, res.Clean = res.Drawn+x.Drawn, res.Clean+x.Clean
		add(&res.Masked, x.Masked)
		add(&res.Latent, x.Latent)
		if res.Example == "" {
			res.Example = x.Example
		}
	}
	for _, c := range []*result.ResidueCount{&res.Masked, &res.Latent} {
		if err := limit(c); err != nil {
			return res, err
		}
	}
	return res, nil
}

// tally is the share of one worker in a result.
type tally result.Residue

func add(to *result.ResidueCount, c result.ResidueCount) {
	to.N, to.Harmed, to.Output, to.Unsettled = to.N+c.N, to.Harmed+c.Harmed, to.Output+c.Output, to.Unsettled+c.Unsettled
}

// limit sets the upper limit of a count.
func limit(c *result.ResidueCount) (err error) {
	if c.Upper = 1; c.N > 0 {
		c.Upper, err = stats.UpperLimit(c.Harmed, c.N, 0.95)
	}
	return err
}

// follow counts one upset.
func (r *tally) follow(w *engine.Worker, runs []*right, d draw, later int) error {
	r.Drawn++
	record, err := w.Inject(d.input, d.site, nil)
	if err != nil {
		return err
	}
	var to *result.ResidueCount
	switch record.Outcome {
	case faults.Masked, faults.Corrected:
		to = &r.Masked
	case faults.Latent:
		to = &r.Latent
	default:
		return nil
	}
	run := runs[d.input]
	f, err := run.follow(d.site, later)
	if err != nil {
		return err
	}
	if f.clean && to == &r.Masked {
		r.Clean++
		return nil
	}
	to.N++
	if record.Cause == faults.CauseUnsettled {
		to.Unsettled++
	}
	if !f.harmed() {
		return nil
	}
	to.Harmed++
	if len(f.later) > 0 && f.later[len(f.later)-1] == faults.SDCCritical {
		to.Output++
	}
	if to == &r.Masked && r.Example == "" {
		r.Example = fmt.Sprintf("%s@%d, input %d: %v, then %v", run.e.Table().Name(d.site.ID), d.site.Cycle, d.input, f.first, f.later)
	}
	return nil
}
