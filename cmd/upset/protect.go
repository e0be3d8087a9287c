package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/faults/protect"
	"upset/netlist"
	"upset/npu"
	"upset/stats"
	"upset/stats/report"
	"upset/stats/result"
)

func detailFlag() cli.Flag {
	return &cli.BoolFlag{Name: "detail", Usage: "print every table instead of one screen"}
}

func optionsFlag() cli.Flag {
	return &cli.StringFlag{Name: "options", Value: protect.OptionsFull, Usage: "mechanisms: paper (harden, duplicate), full (also light hardening, parity, triplication, lock-step, checkers); of assess also software: what a board's owner can do (run twice, reset, known answers, run again)"}
}

// searchFlags are those of a search for protection.
func searchFlags() []cli.Flag {
	return []cli.Flag{
		optionsFlag(),
		hardenedRatioFlag(),
		designFlag(),
		unitFlag(),
		searcherFlag(),
		alarmLatencyFlag(),
		pulseRateFlag(": part of the verdict, in the blocks that have gates; without it"),
		&cli.Float64Flag{Name: "pairs", Usage: "share `S` of upset events, 0 to 1, that flip two neighbouring flops: part of the verdict, the proof injects them; 28 nm: 0.04 to 0.06"},
		&cli.StringFlag{Name: "proof-inputs", Usage: "`DIR` with inputs for the proof; without it an assessment keeps every second input back, and random inputs are drawn anew"},
		cellsFlag(),
	}
}

// hardenedRatioFlag is --hardened-ratio.
func hardenedRatioFlag() cli.Flag {
	return &cli.Float64Flag{Name: "hardened-ratio", Value: mechanism.DefaultCells().DICE.SER, Usage: "soft-error rate of a hardened cell, in terms of a plain flop's; no light cell is better than that"}
}

// cellsFlag is --cells.
func cellsFlag() cli.Flag {
	return &cli.StringFlag{Name: "cells", Usage: "`FILE` in YAML with your own cells and areas of mechanisms, numbers or ranges: cells: {harden-light: {area: 1.2, ratio: [0.2, 0.3], source: data sheet}}"}
}

// alarmLatencyFlag is --alarm-latency of what simulates mechanisms.
func alarmLatencyFlag() cli.Flag {
	return &cli.Uint64Flag{Name: "alarm-latency", Usage: "the NPU goes on for `N` cycles after the alarm of a mechanism; at 0 it stops before its next clock"}
}

func protectCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "protect",
		Usage:     "the cheapest protection for a target, with its proof",
		ArgsUsage: "CAMPAIGN...",
		Description: `Finds the cheapest set of mechanisms with which the machine of a campaign meets the
target, and proves it by a new campaign on the protected machine. Exit code 4 says
that the target was not shown to be met.

With several campaigns on one configuration the protection must be enough for each of
their networks, or with --mix for their shares of the operating time.

Examples:
  upset protect upset-out/fashion-tiny-u55-128-1a2b3c4d
  upset protect run1 --options paper --target asil-d --budget 10
  upset protect run1 run2 --mix 0.8,0.2`,
		Flags: commonFlags(append(append(questionFlags(), searchFlags()...), mixFlag())...),
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 {
				return usage("name the folder of a campaign; see upset protect --help")
			}
			o, err := readCommon(c, report.FormatHTML)
			if err != nil {
				return err
			}
			q, err := readQuestion(c)
			if err != nil {
				return err
			}
			if err := checkSearch(c); err != nil {
				return err
			}
			if c.NArg() > 1 || c.IsSet("mix") {
				return p.protectSeveral(c, o, q, c.Args().Slice())
			}
			return p.protectCampaign(c, o, q, c.Args().First())
		},
	}
}

// checkSearch checks the flags of a search.
func checkSearch(c *cli.Context) error {
	if s := c.Float64("hardened-ratio"); !(s >= 0 && s <= 1) {
		return usage("hardened ratio %v: must lie between 0 and 1, for example 0.1", s)
	}
	if c.String("inputs-are") != stats.InputsFixed {
		return usage("--inputs-are %s: search and proof are for these inputs; use upset campaign run or report for the population", c.String("inputs-are"))
	}
	if err := checkOptions(c); err != nil {
		return err
	}
	if err := checkUnit(c); err != nil {
		return err
	}
	if err := checkSearcher(c); err != nil {
		return err
	}
	if _, err := readInputsOf(c); err != nil {
		return err
	}
	_, err := readDesign(c)
	return err
}

// protectCampaign performs upset protect.
func (p *program) protectCampaign(c *cli.Context, o common, q campaign.Question, dir string) error {
	s, err := loadRecords(dir)
	if err != nil {
		return err
	}
	if !s.Complete {
		return &coded{codeIncomplete, fmt.Errorf("the campaign is not complete: go on with upset campaign resume %s", quote(dir))}
	}
	p.engines = 2 // a proof on other inputs has fault-free runs of its own
	x, pop, err := p.reopen(c.Context, s.Spec, s.Note)
	if err != nil {
		return err
	}
	inventory, err := loadInventory(s.Note[noteInventory])
	if err != nil {
		return err
	}
	inputs, err := readInputsOf(c)
	if err != nil {
		return err
	}
	design, err := readDesign(c)
	if err != nil {
		return err
	}
	if err := x.readHeld(c); err != nil {
		return err
	}
	r, err := p.protect(c.Context, o, search{x, s, pop, inventory, q, c.String("options"), inputs, dir, c.Float64("pairs"), design, c.String("unit"), c.String("searcher")})
	if err != nil {
		return err
	}
	if err := p.emitFile(o, r, "protect", o.out); err != nil {
		return err
	}
	return shown(r)
}

// search is everything that a search for protection needs.
type search struct {
	experiment *experiment
	stored     *campaign.Stored
	population campaign.Population
	inventory  *netlist.Override
	question   campaign.Question
	set        string // of mechanisms
	inputs     mechanism.Inputs
	dir        string             // of the campaign
	pairs      float64            // share of the upset events
	design     []mechanism.Choice // given: judged without a search
	unit       string             // of the search
	searcher   string             // empty for the exact one alone
}

// readInputsOf reads the declared cells and mechanisms: --cells and --hardened-ratio.
func readInputsOf(c *cli.Context) (mechanism.Inputs, error) {
	in := mechanism.DefaultInputs()
	if name := c.String("cells"); name != "" {
		f, err := os.Open(name)
		if err != nil {
			return nil, usage("--cells: %w", pathError(name, err))
		}
		defer f.Close()
		if in, err = mechanism.ReadInputs(f); err != nil {
			return nil, usage("%s: %w", name, err)
		}
	}
	if c.IsSet("hardened-ratio") {
		in = in.WithHardenedRatio(c.Float64("hardened-ratio"))
	}
	_, err := in.Cells()
	return in, bad(err)
}

// designFlag is --design.
func designFlag() cli.Flag {
	return &cli.StringFlag{Name: "design", Usage: "judge the protection in `FILE` without a search: a result of protect or assess in JSON, or YAML with choice: [{block, group, registers, mechanism}]"}
}

// unitFlag is --unit.
func unitFlag() cli.Flag {
	return &cli.StringFlag{Name: "unit", Value: protect.UnitBlockClass, Usage: "what is protected or left alone as a whole: block-class, or register; single registers are chosen on one half of the injections and judged on the other"}
}

// searcherFlag is --searcher.
func searcherFlag() cli.Flag {
	return &cli.StringFlag{Name: "searcher", Value: protect.SearcherExact, Usage: "exact, or flow: a generative flow network searches beside it, and is held against it"}
}

// checkSearcher checks --searcher.
func checkSearcher(c *cli.Context) error {
	switch s := c.String("searcher"); {
	case s != protect.SearcherExact && s != protect.SearcherFlow:
		return usage("unknown searcher %q: use %s or %s", s, protect.SearcherExact, protect.SearcherFlow)
	case s == protect.SearcherFlow && (c.IsSet("design") || c.String("unit") == protect.UnitRegister):
		return usage("--searcher flow searches for whole classes: leave out --design and --unit register")
	}
	return nil
}

// checkUnit checks --unit.
func checkUnit(c *cli.Context) error {
	switch u := c.String("unit"); {
	case u != protect.UnitBlockClass && u != protect.UnitRegister:
		return usage("unknown unit %q: use %s or %s", u, protect.UnitBlockClass, protect.UnitRegister)
	case c.IsSet("unit") && c.IsSet("design"):
		return usage("--unit is for a search, and --design judges without one: leave one of them out")
	}
	return nil
}

// readDesign reads --design; nil without it.
func readDesign(c *cli.Context) ([]mechanism.Choice, error) {
	name := c.String("design")
	if name == "" {
		return nil, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, usage("--design: %w", pathError(name, err))
	}
	defer f.Close()
	list, err := protect.ReadChoices(f)
	if err != nil {
		return nil, usage("%s: %w", name, err)
	}
	return list, nil
}

// cells are the figures that decide.
func (s search) cells() mechanism.Cells {
	cells, _ := s.inputs.Cells() // checked when they were read
	return cells
}

// withECC is the engine of the experiment with another code on the RAM.
func (x *experiment) withECC(ctx context.Context, ecc npu.ECC) (*engine.Engine, error) {
	options := x.engine.Options()
	options.ECC = ecc
	return engine.NewContext(ctx, x.engine.Program(), x.inputs.data, options, nil)
}

// protect searches and proves.
func (p *program) protect(ctx context.Context, o common, s search) (r *result.Protect, err error) {
	if f := s.stored.Spec.Fault; f != "" {
		return nil, usage("the campaign is of %s faults: protection is searched and proven against single upsets", f)
	}
	e := s.experiment.engine
	// Every question has a folder of its own, so that none meets the proofs of
	// another.
	asked := []any{s.question, s.set, s.cells(), s.pairs}
	if s.unit == protect.UnitRegister {
		asked = append(asked, s.unit)
	}
	if s.searcher == protect.SearcherFlow {
		asked = append(asked, s.searcher)
	}
	name := "protect-" + campaign.Digest(asked)[:8]
	opt := protect.Options{
		Inputs: s.inputs, Permanent: s.question.Permanent, Question: s.question.Question, BudgetDUE: s.question.BudgetDUE, Deadline: s.question.Deadline, Several: s.pairs, PulseFITPerKGE: s.question.PulseFITPerKGE, Set: s.set, Unit: s.unit, Searcher: s.searcher, Areas: s.inventory.Apply(e.Table().Areas(nil), nil), AreasWith: areasWith(e, s.inventory),
		Dir: filepath.Join(s.dir, name), Ledger: s.dir, Workers: o.workers,
		Rebuild: func(ecc npu.ECC) (*engine.Engine, error) { return s.experiment.withECC(ctx, ecc) },
	}
	if s.inventory != nil {
		opt.Population = s.population
	}
	if s.experiment.inputs.held != nil {
		opt.Fresh = func(ecc npu.ECC) (*engine.Engine, error) { return s.experiment.fresh(ctx, p, ecc) }
	}
	tries := p.progress("records beside mechanisms", 0)
	opt.Trying = tries.setOf
	defer tries.finish()
	sticking := p.progress("stuck-at faults", 0)
	opt.Sticking = sticking.setOf
	defer sticking.finish()
	pulsing := p.progress("pulses in logic", 0)
	opt.Pulsing = pulsing.setOf
	defer pulsing.finish()
	bar := p.progress("proof", 0)
	defer bar.finish()
	opt.Progress = func(g campaign.Progress) { bar.setOf(g.Done, g.Total) }
	if s.design != nil {
		r, err = protect.Judge(ctx, e, s.stored, opt, s.design)
	} else {
		r, err = protect.Run(ctx, e, s.stored, opt)
	}
	if errors.Is(err, campaign.ErrInterrupted) || errors.Is(err, context.Canceled) {
		return nil, &coded{codeIncomplete, errors.New("interrupted during the proof: the same command goes on with it")}
	}
	if err != nil {
		return nil, err
	}
	r.Campaign, r.Command = s.dir, p.command()
	return r, nil
}

// areasWith gives the areas of the machine, with an inventory that may be nil, for other
// constants.
func areasWith(e *engine.Engine, inventory *netlist.Override) func(*netlist.Costs) []netlist.BlockArea {
	return func(c *netlist.Costs) []netlist.BlockArea { return inventory.Apply(e.Table().Areas(c), c) }
}

// shown is an error with exit code 4 unless the target is proven.
func shown(r *result.Protect) error {
	if r.Meets {
		return nil
	}
	return &coded{codeNotMet, errors.New(r.Statement)}
}

// emitFile prints a result, and with a folder also stores it there as JSON and
// as a page.
func (p *program) emitFile(o common, v any, name, dir string) error {
	if dir != "" {
		if err := makeFolder(dir); err != nil {
			return err
		}
		for file, format := range map[string]string{name + ".json": report.FormatJSON, name + ".html": report.FormatHTML} {
			err := report.WriteFileAtomic(filepath.Join(dir, file), func(w io.Writer) error { return report.Write(w, format, v) })
			if err != nil {
				return err
			}
		}
	}
	return report.Write(p.stdout, o.format, v)
}
