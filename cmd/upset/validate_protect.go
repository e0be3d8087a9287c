package main

import (
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"upset/faults"
	"upset/faults/mechanism"
	"upset/faults/protect"
	"upset/npu"
	"upset/stats/result"
)

// protectFlag is --protect of upset validate engine.
func protectFlag() cli.Flag {
	return &cli.StringFlag{Name: "protect", Usage: "compare on the machine with the mechanisms of `FILE`: a result of protect in JSON, or YAML of choices"}
}

// validateProtected compares n samples on a protected machine: the fast engine
// against mechanisms that run beside the machine from cycle 0.
func (p *program) validateProtected(c *cli.Context, o common, x *experiment, n int) (*result.ValidateEngine, error) {
	f, err := os.Open(c.String("protect"))
	if err != nil {
		return nil, bad(err)
	}
	defer f.Close()
	choices, err := protect.ReadChoices(f)
	if err != nil {
		return nil, bad(err)
	}
	e := x.engine
	d, err := mechanism.New(e.Table(), choices, mechanism.DefaultCells(), o.seed)
	if err != nil {
		if e.Table().ECC != npu.ECCSECDED {
			return nil, usage("%v (the flag --ecc chooses the code of the RAM)", err)
		}
		return nil, bad(err)
	}
	if err := d.Delay(c.Uint64("alarm-latency")); err != nil {
		return nil, bad(err)
	}
	bar := p.progress("faults injected twice", n)
	defer bar.finish()
	list, err := protect.Validate(c.Context, e, d, o.seed, n, o.workers, bar.set, nil)
	if err != nil {
		return nil, err
	}
	r := &result.ValidateEngine{
		NPU: e.Table().Config.String(), Model: x.model, Seed: o.seed, Samples: len(list), GoldenCycles: int64(e.Cycles()),
		ByBlock: map[string]int{}, ByClass: map[string]int{}, ByPath: map[string]int{}, Warnings: x.warnings(),
	}
	for i := range list {
		s := &list[i]
		block, class := d.Where(s.Site.ID)
		r.ByBlock[block]++
		r.ByClass[class]++
		r.ByPath[s.Fast.Path.String()]++
		r.PlainCycles += int64(s.Plain.End)
		if s.Fast.Path.Pruned() {
			r.Pruned++
		} else {
			r.Simulated++
		}
		if !s.Same() {
			r.Differences++
			p.note("%s@%d, input %d: fast %s (%s), plain %s%s", d.Name(s.Site.ID), s.Site.Cycle, s.Input, s.Fast.Outcome, s.Fast.Path, s.Plain.Outcome, alarmText(s.Plain))
		}
	}
	return r, nil
}

// alarmText names the mechanism and the cycle of an alarm.
func alarmText(r faults.Record) string {
	if r.Alarm == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s at cycle %d)", mechanism.Kind(r.Alarm), r.End)
}
