package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"upset/faults/campaign"
	"upset/faults/protect"
)

// mixFlag is --mix of upset protect.
func mixFlag() cli.Flag {
	return &cli.StringFlag{Name: "mix", Usage: "`SHARES` of the operating time of several campaigns, for example 0.7,0.3; without it each must meet the target by itself"}
}

// readMix reads the shares of n networks; nil without the flag.
func readMix(c *cli.Context, n int) ([]float64, error) {
	if !c.IsSet("mix") {
		return nil, nil
	}
	if n < 2 {
		return nil, usage("--mix is for several campaigns: name two or more")
	}
	var list []float64
	for _, text := range strings.Split(c.String("mix"), ",") {
		text = strings.TrimSpace(text)
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || !decimal.MatchString(text) || !(span{1e-9, 1}).has(x) {
			return nil, usage("--mix %q: write shares such as 0.7,0.3", c.String("mix"))
		}
		list = append(list, x)
	}
	if len(list) != n {
		return nil, usage("--mix has %d shares for %d campaigns: give one for each", len(list), n)
	}
	return list, nil
}

// protectSeveral performs upset protect on several campaigns.
func (p *program) protectSeveral(c *cli.Context, o common, q campaign.Question, dirs []string) error {
	shares, err := readMix(c, len(dirs))
	if err != nil {
		return err
	}
	if len(dirs) > protect.MaxNetworks {
		return usage("%d campaigns: give at most %d", len(dirs), protect.MaxNetworks)
	}
	mission := protect.MissionWorst
	if shares != nil {
		mission = protect.MissionMix
	}
	if c.IsSet("design") {
		return usage("--design is for one campaign: judge the design on each")
	}
	inputs, err := readInputsOf(c)
	if err != nil {
		return err
	}
	cells, err := inputs.Cells()
	if err != nil {
		return err
	}
	opt := protect.Options{Question: q.Question, Permanent: q.Permanent, BudgetDUE: q.BudgetDUE, Deadline: q.Deadline, Several: c.Float64("pairs"), PulseFITPerKGE: q.PulseFITPerKGE, Set: c.String("options"), Unit: c.String("unit"), Searcher: c.String("searcher"), Inputs: inputs, Cells: cells, Workers: o.workers}
	p.engines = len(dirs) + 1 // proofs, on other inputs, follow each other
	var cases []protect.Case
	var digests []string
	for i, dir := range dirs {
		s, err := loadRecords(dir)
		if err != nil {
			return err
		}
		if !s.Complete {
			return &coded{codeIncomplete, fmt.Errorf("the campaign is not complete: go on with upset campaign resume %s", quote(dir))}
		}
		if s.Note[noteInventory] != "" {
			return usage("%s has an inventory of its own: several networks are searched for on the built-in one", dir)
		}
		x, _, err := p.reopen(c.Context, s.Spec, s.Note)
		if err != nil {
			return err
		}
		k := protect.Case{Engine: x.engine, Stored: s}
		if shares != nil {
			k.Share = shares[i]
		}
		cases, digests = append(cases, k), append(digests, s.ResultDigest())
	}
	asked := []any{q, opt.Set, opt.Several, cells, shares, digests}
	if opt.Unit == protect.UnitRegister {
		asked = append(asked, opt.Unit)
	}
	name := "protect-" + campaign.Digest(asked)[:8]
	for i := range cases {
		cases[i].Dir, cases[i].Ledger = filepath.Join(dirs[i], name), dirs[i]
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
	r, err := protect.RunSeveral(c.Context, cases, mission, opt)
	if errors.Is(err, campaign.ErrInterrupted) || errors.Is(err, context.Canceled) {
		return &coded{codeIncomplete, errors.New("interrupted during the proof: the same command goes on with it")}
	}
	if err != nil {
		return err
	}
	r.Command = p.command()
	if err := p.emitFile(o, r, "protect", o.out); err != nil {
		return err
	}
	return shown(r)
}
