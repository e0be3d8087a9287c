package qualify

import (
	"context"
	"fmt"

	"upset/faults"
	"upset/faults/convergence"
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/faults/protect"
	"upset/faults/residue"
	"upset/models/network"
	"upset/netlist/cosim"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats"
)

// Sizes of the checks of the engine (our choice: seconds each).
const (
	small          = "fashion-tiny" // the network that they run on
	smallInputs    = 6
	plainSamples   = 400 // on each configuration
	guardedSamples = 120 // beside each set of mechanisms
	followedFaults = 200
	gateClocks     = 20_000 // of each block on each configuration
	gateFlips      = 500
)

// engine is one on the small network.
func (b *bench) engine(cfg isa.Config, ecc npu.ECC) (*engine.Engine, error) {
	n, inputs, err := b.open(small, cfg, smallInputs)
	if err != nil {
		return nil, err
	}
	return engine.New(n.Program(), inputs, faults.Options{ECC: ecc}, nil)
}

// limited adds the one-sided 95 % limit of the share of failures.
func (f *finding) limited() error {
	u, err := stats.UpperLimit(f.failures, f.cases, 0.95)
	f.measured = fmt.Sprintf("a share of differences above %.2g %% is excluded at 95 %%", 100*u)
	return err
}

// plain repeats faults on the plain machine.
func plain(ctx context.Context, b *bench) (f finding, err error) {
	for i, cfg := range isa.Configs {
		e, err := b.engine(cfg, []npu.ECC{npu.ECCSECDED, npu.ECCNone}[i%2])
		if err != nil {
			return f, err
		}
		r, err := convergence.Validate(ctx, e, b.Seed, b.n(plainSamples), b.Workers, func(s *convergence.Sample) {
			f.fail("%s on %s, %s@%d, input %d: fast %s, plain %s", small, cfg, e.Table().Name(s.Site.ID), s.Site.Cycle, s.Input, s.Fast.Outcome, s.Plain.Outcome)
		}, nil, nil)
		if err != nil {
			return f, err
		}
		f.cases += r.Samples
	}
	return f, f.limited()
}

// sets are designs that together hold every mechanism that acts in a simulation.
var sets = [][]mechanism.Choice{
	{{Block: "wd", Kind: mechanism.Duplicate}, {Block: "ao", Kind: mechanism.Parity}, {Block: "traversal", Kind: mechanism.Residue}},
	{{Block: "mac", Kind: mechanism.Triplicate}, {Block: "dma", Kind: mechanism.ParityInterleaved}, {Block: "cc", Kind: mechanism.ParityAlways}},
	{{Block: "npu", Kind: mechanism.Lockstep}},
}

// guarded repeats faults beside mechanisms.
func guarded(ctx context.Context, b *bench) (f finding, err error) {
	e, err := b.engine(isa.U55x128, npu.ECCSECDED)
	if err != nil {
		return f, err
	}
	for _, choices := range sets {
		d, err := mechanism.New(e.Table(), choices, mechanism.DefaultCells(), b.Seed)
		if err != nil {
			return f, err
		}
		list, err := protect.Validate(ctx, e, d, b.Seed, b.n(guardedSamples), b.Workers, nil, nil)
		if err != nil {
			return f, err
		}
		for i := range list {
			x := &list[i]
			if f.cases++; !x.Same() {
				f.fail("%s@%d, input %d: fast %s, plain %s", d.Name(x.Site.ID), x.Site.Cycle, x.Input, x.Fast.Outcome, x.Plain.Outcome)
			}
		}
	}
	return f, f.limited()
}

// followed follows masked faults.
func followed(ctx context.Context, b *bench) (f finding, err error) {
	e, err := b.engine(isa.U55x128, npu.ECCNone)
	if err != nil {
		return f, err
	}
	r, err := residue.Examine(ctx, e, b.Seed, b.n(followedFaults), residue.Later, b.Workers, nil, nil)
	if err != nil {
		return f, err
	}
	f.cases, f.failures, f.example = r.Masked.N, r.Masked.Harmed, r.Example
	f.measured = fmt.Sprintf("%d later inferences each; a share above %.2g %% is excluded at 95 %%", r.Later, 100*r.Masked.Upper)
	return f, nil
}

// gates runs blocks beside their gates.
func gates(ctx context.Context, b *bench) (f finding, err error) {
	flips := 0
	for _, cfg := range isa.Configs {
		n, inputs, err := b.open(small, cfg, 1)
		if err != nil {
			return f, err
		}
		runs := []cosim.Run{machineRun(n.Program(), inputs[0])}
		for _, name := range cosim.Blocks() {
			block, err := cosim.Open(name, cfg)
			if err != nil {
				return f, err
			}
			r, err := cosim.Validate(ctx, block, runs, cosim.Options{Clocks: b.n(gateClocks), Flips: b.n(gateFlips), Seed: b.Seed, Workers: b.Workers}, nil)
			if err != nil {
				return f, err
			}
			f.cases, flips = f.cases+r.Clocks+r.Disturbed, flips+r.Flips
			if f.failures += r.Different; r.Different > 0 && f.example == "" {
				f.example = fmt.Sprintf("%s on %s: %s", name, cfg, r.Differences[0])
			}
		}
	}
	f.measured = fmt.Sprintf("clocks, with %d flips in both", flips)
	return f, nil
}

// machineRun is an inference as package cosim runs it.
func machineRun(p *network.Program, input []byte) cosim.Run {
	return cosim.Run{Name: small, Most: longest, Start: func() *npu.Machine {
		var mem isa.Memory
		if err := p.Load(&mem, input); err != nil {
			panic(err) // it has been loaded before
		}
		m := npu.New(p.Config, npu.DefaultSystem(), npu.ECCNone, &mem)
		p.Start(m)
		return m
	}}
}
