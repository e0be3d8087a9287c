package main

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/urfave/cli/v2"
	"golang.org/x/sync/errgroup"

	"upset/faults"
	"upset/netlist"
	"upset/stats/result"
)

const (
	// validateStream keeps these draws apart from all others.
	validateStream = 0x76616c69 // "vali"
	// sramEvery is the share of samples drawn from everything, SRAM included;
	// the others are flops, whose upsets do more (our choice).
	sramEvery = 4
)

func validateCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:  "validate",
		Usage: "check the simulator against itself: engine",
		Subcommands: []*cli.Command{{
			Name:      "engine",
			Usage:     "compare the fast engine with plain runs from cycle 0 to the end",
			ArgsUsage: "MODEL",
			Description: `Draws faults and injects each twice: with checkpoints, early exit and pruning, and
plainly from cycle 0 to the end. The records must agree; otherwise exit 1.

Example:
  upset validate engine --samples 500 testdata/models/fashion-tiny.tflite`,
			Flags: commonFlags(experimentFlags(&cli.IntFlag{Name: "samples", Value: 200, Usage: "`N` faults"})...),
			Action: func(c *cli.Context) error {
				args, err := arguments(c, "MODEL")
				if err != nil {
					return err
				}
				o, err := readCommon(c)
				if err != nil {
					return err
				}
				if n := c.Int("samples"); n < 1 || n > maxValidated {
					return usage("--samples %d is not between 1 and %d", n, maxValidated)
				}
				return p.validateEngine(c, o, args[0])
			},
		}},
	}
}

// maxValidated bounds the plain runs of one call (our choice).
const maxValidated = 10_000_000

// validated is one fault and its two records.
type validated struct {
	input       int
	site        faults.Site
	fast, plain faults.Record
}

// validateEngine performs upset validate engine.
func (p *program) validateEngine(c *cli.Context, o common, file string) error {
	x, err := p.openExperiment(c, o, file)
	if err != nil {
		return err
	}
	list := drawSamples(x.engine, o.seed, c.Int("samples"))
	bar := p.progress("faults injected twice", len(list))
	defer bar.finish()
	if err := injectTwice(c.Context, x.engine, list, o.workers, bar); err != nil {
		return err
	}
	r := result.ValidateEngine{
		NPU: o.config.String(), Model: x.model, Seed: o.seed, Samples: len(list), Warnings: x.warnings(),
		ByBlock: map[string]int{}, ByClass: map[string]int{}, ByPath: map[string]int{},
	}
	table := x.engine.Table()
	for _, v := range list {
		place, err := table.Place(v.site.ID)
		if err != nil {
			return err
		}
		r.ByBlock[place.Register.Block]++
		r.ByClass[place.Register.Class.String()]++
		r.ByPath[v.fast.Path.String()]++
		r.PlainCycles += int64(v.plain.End)
		if v.fast.Path.Pruned() {
			r.Pruned++
		} else {
			r.Simulated++
		}
		if !v.fast.Same(v.plain) {
			r.Differences++
			p.note("%s@%d, input %d: fast %s, plain %s", table.Name(v.site.ID), v.site.Cycle, v.input, v.fast.Outcome, v.plain.Outcome)
		}
	}
	if err := p.emit(o, "validate", r); err != nil {
		return err
	}
	if r.Differences > 0 {
		return fmt.Errorf("%d of %d records differ from the plain run: please report this", r.Differences, r.Samples)
	}
	return nil
}

// drawSamples draws faults, most of them in flops.
func drawSamples(e *faults.Engine, seed uint64, n int) []validated {
	var flops []netlist.SiteID
	for _, r := range e.Table().Select(netlist.Filter{NoSRAM: true}) {
		for b := range r.Bits() {
			flops = append(flops, r.First+netlist.SiteID(b))
		}
	}
	rng := rand.New(rand.NewPCG(seed, validateStream))
	list := make([]validated, n)
	for i := range list {
		id := flops[rng.IntN(len(flops))]
		if i%sramEvery == 0 {
			id = netlist.SiteID(rng.IntN(e.Table().Bits()))
		}
		list[i] = validated{input: rng.IntN(e.Inputs()), site: faults.Site{ID: id, Cycle: rng.Uint64N(e.Cycles())}}
	}
	return list
}

// injectTwice fills in both records of every sample.
func injectTwice(ctx context.Context, e *faults.Engine, list []validated, workers int, bar *progress) error {
	next := make(chan int)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(next)
		for i := range list {
			select {
			case next <- i:
				bar.set(i)
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	for range min(workers, len(list)) {
		g.Go(func() error {
			// Plain replaces the worker's machine, so each has its own.
			fast, err := e.Worker()
			if err != nil {
				return err
			}
			plain, err := e.Worker()
			if err != nil {
				return err
			}
			for i := range next {
				v := &list[i]
				if v.fast, err = fast.Inject(v.input, v.site, nil); err != nil {
					return err
				}
				if v.plain, err = plain.Plain(v.input, v.site); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}
