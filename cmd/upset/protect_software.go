package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"upset/faults/campaign"
	"upset/faults/protect"
	"upset/faults/protect/software"
	"upset/models/network"
	"upset/netlist"
	"upset/npu"
	"upset/stats/result"
)

// optionsSoftware is the set of options of a board's owner.
const optionsSoftware = "software"

// defaultFrames is the length of a sequence without --frames: short, and long enough for
// what one inference leaves behind to meet the next ones (our choice).
const defaultFrames = 4

// checkOptions checks --options.
func checkOptions(c *cli.Context) error {
	switch s := c.String("options"); {
	case s == protect.OptionsPaper || s == protect.OptionsFull:
		return nil
	case s != optionsSoftware:
		return usage("unknown set of options %q: use %s, %s or %s", s, protect.OptionsPaper, protect.OptionsFull, optionsSoftware)
	case c.Command.Name != "assess":
		return usage("--options software needs the network, since every measure is simulated as a program of its own: use upset assess MODEL --options software")
	}
	for _, name := range []string{"hardened-ratio", "design", "unit", "searcher", "alarm-latency", "pairs", "cells", "evidence", "evidence-time", "permanent-fit", "set-fit-per-kge", "detail"} {
		if c.IsSet(name) {
			return usage("--%s is about mechanisms in the NPU, and --options software leaves the NPU as it is: leave one of them out", name)
		}
	}
	for _, name := range []string{"margin", "relative"} {
		if c.IsSet(name) {
			return usage("--%s: with --options software every combination takes --injections", name)
		}
	}
	if c.Bool("assume-reload") {
		return usage("--assume-reload takes for granted what --options software simulates as the measure reset: leave it out")
	}
	return nil
}

// assessSoftware performs upset assess --options software.
func (p *program) assessSoftware(c *cli.Context, o common, q campaign.Question, file string) error {
	b, inventory, err := p.softwareBench(c, o, file)
	if err != nil {
		return err
	}
	q.Confidence = b.Spec.Confidence
	asked := campaign.Digest([]any{b.Spec, b.Network.Config.String(), b.Inputs, b.Frames, o.system, inventory})
	dir := o.out
	if dir == "" {
		dir = filepath.Join("upset-out", fmt.Sprintf("%s-%s-software-%.8s", fileName(b.Spec.Model), b.Network.Config, asked))
	}
	lock, err := campaign.TakeLock(dir)
	if err != nil {
		return err
	}
	defer lock.Release()
	bar := p.progress("injections", 0)
	defer bar.finish()
	r, err := software.Run(c.Context, b, software.Options{
		Question: q, Injections: b.Spec.Injections, Seed: o.seed, Dir: dir, Workers: o.workers,
		Note: p.note, Progress: func(g campaign.Progress) { bar.setOf(g.Done, g.Total) },
	})
	if errors.Is(err, campaign.ErrInterrupted) || errors.Is(err, context.Canceled) {
		return &coded{codeIncomplete, errors.New("interrupted: the same command goes on with it")}
	}
	if err != nil {
		return err
	}
	r.Command = p.command()
	if !c.IsSet("ecc") {
		r.Warnings = append(r.Warnings, result.Warning{Code: "ecc_none", Message: "The shared buffer is taken to have no code: where the chip's papers name one, say so with --ecc."})
	}
	if b.Spec.RandomInputs {
		r.Warnings = append(r.Warnings, randomInputsWarning())
	}
	if err := p.emitFile(o, r, "software", dir); err != nil {
		return err
	}
	if !r.Meets {
		return &coded{codeNotMet, errors.New(r.Statement)}
	}
	return nil
}

// softwareBench reads the network and its inputs, those for the proof among them.
func (p *program) softwareBench(c *cli.Context, o common, file string) (*software.Bench, *netlist.Override, error) {
	b := &software.Bench{Frames: defaultFrames}
	var err error
	if b.Options, err = readOptions(c, o.system); err != nil {
		return nil, nil, err
	}
	if !c.IsSet("ecc") {
		b.Options.ECC = npu.ECCNone // a chip that somebody bought has one only where its papers say so
	}
	if b.Spec, err = readSpec(c, o.seed); err != nil {
		return nil, nil, err
	}
	if !c.IsSet("sampling") {
		b.Spec.Sampling = campaign.SamplingAdaptive // the RAM has most bits, and flops decide SPFM
	}
	if b.Spec.Injections == 0 {
		b.Spec.Injections = campaign.DefaultInjections
	}
	if c.IsSet("frames") {
		if b.Frames, err = readFrames(c); err != nil {
			return nil, nil, err
		}
	}
	if b.Network, err = openModel(c.Context, file, o.choice()); err != nil {
		return nil, nil, err
	}
	b.Spec.Model = modelName(file)
	override, err := loadInventory(c.String("inventory"))
	if err != nil {
		return nil, nil, err
	}
	b.Spec.Inventory = campaign.PlainText(c.String("inventory"))
	table := netlist.New(b.Network.Config, b.Options.ECC)
	b.Population = func(s campaign.Spec) (campaign.Population, error) {
		plain, err := campaign.NewPlain(table, s)
		if err != nil {
			return nil, err
		}
		return scale(plain, table, override)
	}
	return b, override, p.softwareInputs(c, o, file, b)
}

// softwareInputs makes sequences of the inputs: every second one is kept for the proof,
// unless --proof-inputs has others.
func (p *program) softwareInputs(c *cli.Context, o common, file string, b *software.Bench) error {
	pictures, err := readPictureFlags(c)
	if err != nil {
		return err
	}
	pictures.Frames = b.Frames
	set, err := readInputs(c.String("inputs"), file, o.seed, b.Network, pictures)
	if err != nil {
		return err
	}
	if c.String("proof-inputs") == "" {
		set = set.split()
	} else {
		held, err := readInputs(c.String("proof-inputs"), file, 0, b.Network, pictures)
		if err != nil {
			return err
		}
		set.held = held.data
	}
	p.noteSound(set.rates)
	b.Spec.RandomInputs = set.random
	if set.random {
		p.note("no inputs: random ones are used; %s; give real ones with --inputs", randomEffect)
	}
	if set, err = set.sequences(b.Frames); err != nil {
		return err
	}
	b.Inputs, b.Fresh = set.data, set.held
	return nil
}

// noMeasures is --measures without any.
const noMeasures = "none"

// measuresFlag is --measures.
func measuresFlag() cli.Flag {
	return &cli.StringFlag{Name: "measures", Value: noMeasures, Usage: "what the host does against faults: some of reset, twice, moved, known4 and retry, joined by +"}
}

// guarded is a network with measures, over sequences of frames. The known input is the
// first frame.
func guarded(measures string, n *network.Network, frames int, inputs [][]byte) (*network.Program, error) {
	m, err := software.Parse(measures)
	if err != nil {
		return nil, bad(err)
	}
	prog, err := n.Guarded(frames, m, inputs[0][:n.InputBytes()])
	return prog, bad(err)
}
