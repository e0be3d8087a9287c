package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"upset/faults"
	"upset/models/network"
	"upset/netlist/cosim"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats/result"
)

// validateGatesCommand is upset validate gates.
func validateGatesCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "gates",
		Usage:     "run blocks beside gates that were made from a second implementation",
		ArgsUsage: "MODEL...",
		Description: `Blocks of the machine were written a second time, in Verilog, from their pages in
docs/blocks alone, and synthesised to gates. Machine and gates are driven by the same
inputs, taken from runs of the models; after every clock all registers and what the
outputs do must be equal. Then register bits are flipped in both. Any difference is
exit 1. The machine has the default system; protection of its RAM is left out.

Examples:
  upset validate gates testdata/models/fashion-tiny.tflite
  upset validate gates --npu all --block weight_decoder --clocks 1000000 testdata/models/*.tflite`,
		Flags: commonFlags(append(pictureFlags(), framesFlag(),
			&cli.StringFlag{Name: "inputs", Usage: "`DIR` with inputs, as for upset campaign run; without it <model>.inputs beside MODEL, else random inputs"},
			&cli.StringFlag{Name: "block", Value: "all", Usage: "`NAME` of the block: all, or one of " + strings.Join(cosim.Blocks(), ", ")},
			&cli.IntFlag{Name: "clocks", Value: 100_000, Usage: "`N` clocks of each block without faults, at least, over all models"},
			&cli.IntFlag{Name: "flips", Value: 5000, Usage: "`N` flips of random register bits of each block"},
		)...),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, "MODEL", "...")
			if err != nil {
				return err
			}
			o, configs, err := readConfigs(c)
			if err != nil {
				return err
			}
			if c.IsSet("system") {
				return usage("--system: the pages of the blocks, and so their gates, speak for the default system")
			}
			blocks := cosim.Blocks()
			if b := c.String("block"); b != "all" {
				if !slices.Contains(blocks, b) {
					return usage("--block %s: use all, %s", b, strings.Join(blocks, ", "))
				}
				blocks = []string{b}
			}
			return p.validateGates(c, o, args, configs, blocks)
		},
	}
}

// validateGates performs upset validate gates. Without configurations every model runs on its own.
func (p *program) validateGates(c *cli.Context, o common, files []string, configs []isa.Config, blocks []string) error {
	r := result.ValidateGates{Seed: o.seed}
	runs := map[isa.Config][]cosim.Run{}
	opened := configs
	if len(configs) == 0 {
		opened = []isa.Config{o.config}
	}
	o.npuGiven = o.npuGiven || len(configs) > 1
	for _, file := range files {
		r.Models = append(r.Models, modelName(file))
		for _, o.config = range opened {
			run, config, err := p.gateRun(c, o, file)
			if err != nil {
				return err
			}
			runs[config] = append(runs[config], run)
		}
	}
	for _, config := range isa.Configs {
		if len(runs[config]) == 0 {
			continue
		}
		for _, name := range blocks {
			b, err := p.besideGates(c.Context, o, name, config, runs[config], c.Int("clocks"), c.Int("flips"), &r)
			if err != nil {
				return err
			}
			r.Blocks = append(r.Blocks, b)
			r.Differences += b.Differences
		}
	}
	if err := p.emit(o, "validate-gates", r); err != nil {
		return err
	}
	if r.Differences > 0 {
		return fmt.Errorf("machine and gates differ in %d places: please report this", r.Differences)
	}
	return nil
}

// gateRun makes a run of a model on its first input.
func (p *program) gateRun(c *cli.Context, o common, file string) (cosim.Run, isa.Config, error) {
	s, _, err := openProgram(c, o, file, faults.Options{System: o.system})
	if err != nil {
		return cosim.Run{}, 0, err
	}
	return runOf(s.program, s.inputs.data[0], modelName(file)), s.program.Config, nil
}

// runOf is a program on an input as package cosim runs it, on the default system.
func runOf(prog *network.Program, input []byte, name string) cosim.Run {
	return cosim.Run{Name: name, Most: gateReach, Start: func() *npu.Machine {
		var mem isa.Memory
		if err := prog.Load(&mem, input); err != nil {
			panic(err) // the input has been loaded before
		}
		m := npu.New(prog.Config, npu.DefaultSystem(), npu.ECCNone, &mem)
		prog.Start(m)
		return m
	}}
}

// besideGates compares a block.
func (p *program) besideGates(ctx context.Context, o common, name string, c isa.Config, runs []cosim.Run, clocks, flips int, r *result.ValidateGates) (result.GatesBlock, error) {
	b, err := cosim.Open(name, c)
	if err != nil {
		return result.GatesBlock{}, err
	}
	bar := p.progress(fmt.Sprintf("%s on %s, clocks", name, c), clocks)
	defer bar.finish()
	x, err := cosim.Validate(ctx, b, runs, cosim.Options{Clocks: clocks, Flips: flips, Seed: o.seed, Workers: o.workers}, func(n int) { bar.set(min(n, clocks)) })
	if err != nil {
		return result.GatesBlock{}, err
	}
	for _, d := range x.Differences {
		if len(r.Examples) < maxExamples {
			r.Examples = append(r.Examples, fmt.Sprintf("%s on %s: %s", name, c, d))
		}
	}
	return result.GatesBlock{
		NPU: c.String(), Block: name, Digest: b.Gates.Digest(), Gates: len(b.Gates.Gates), Flops: b.Bits(),
		Clocks: x.Clocks, DisturbedClocks: x.Disturbed, Flips: x.Flips, Spread: x.Seen, Long: x.Long, Cut: x.Cut, Differences: x.Different,
	}, nil
}

// gateReach is in how many clocks of a run stretches begin (our choice: some seconds of
// the plain machine).
const gateReach = 1_000_000

// maxExamples bounds the differences that are described (our choice).
const maxExamples = 20

// Share of the comparison with gates that belongs to the evidence of an assessment (our
// choice: two seconds).
const (
	evidenceClocks = 10_000
	evidenceFlips  = 100
)

// gatesEvidence runs the blocks that have gates beside them, on the network of an
// assessment and the default system.
func (p *program) gatesEvidence(ctx context.Context, o common, s search, out *result.Evidence) error {
	e := s.experiment.engine
	prog := e.Program()
	runs := []cosim.Run{runOf(prog, s.experiment.inputs.data[0], s.experiment.model)}
	var r result.ValidateGates
	for _, name := range cosim.Blocks() {
		b, err := p.besideGates(ctx, o, name, prog.Config, runs, evidenceClocks, evidenceFlips, &r)
		if err != nil {
			return err
		}
		out.Gates = append(out.Gates, b)
	}
	for _, x := range r.Examples {
		p.note("machine and gates differ: %s", x)
	}
	return nil
}
