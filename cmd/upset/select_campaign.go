package main

import (
	"io"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"upset/faults/decision"
	"upset/models/guest"
	"upset/models/selection"
	"upset/models/selection/own"
	"upset/models/selection/tasks"
	"upset/stats/report"
	"upset/stats/result"
)

// Defaults and bounds of campaigns on selection tasks (our choice).
const (
	selectInjections     = 2000
	selectPersistent     = 200 // each scores the whole pool again
	mostSelectInjections = 10_000_000
	mostStruck           = 1000
)

func selectCampaignCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "campaign",
		Usage:     "inject faults while a pool is scored, and judge them by the selection",
		ArgsUsage: "TASK",
		Description: `Inverts flops while the NPU runs the inferences that the decision of a task takes, and
asks what each fault does to that decision: nothing, another one, or one that matters.
An inference that the fault-free decision does not take cannot be struck. With
--exposure persistent it inverts bits of weights, scales and commands in memory, which
every inference reads; with --exposure state, bits of the state that networks with
memory keep between inferences. Tasks that are given the same seed meet the same faults.
--seed draws faults, networks and pool anew; seeds 1 to 3 are stored, others are trained,
which takes up to a minute.

Examples:
  upset select campaign window-cascade --injections 5000
  upset select campaign --task my-task
  upset select campaign facility-location --exposure persistent --format html > page.html`,
		Flags: commonFlags(
			&cli.IntFlag{Name: "injections", Usage: "`N` faults, by default 2,000, or 200 persistent ones"},
			&cli.StringFlag{Name: "exposure", Value: string(selection.Transient), Usage: "transient, persistent or state"},
			&cli.IntFlag{Name: "struck", Value: decision.MaxStruck, Usage: "strike up to `N` inferences of each network, spread over all; each needs a fault-free run"},
			&cli.Float64Flag{Name: "confidence", Value: 0.95, Usage: "confidence `C` of every interval"},
			eccFlag(), taskFlag(),
			&cli.StringFlag{Name: "rule", Usage: "decide with the rule of a WebAssembly module `FILE.wasm`, see docs/guest.md"},
		),
		Action: func(c *cli.Context) error {
			want := []string{"TASK"}
			if c.String("task") != "" {
				want = nil
			}
			args, err := arguments(c, want...)
			if err != nil {
				return err
			}
			o, err := readCommon(c, report.FormatHTML)
			if err != nil {
				return err
			}
			if dir := c.String("task"); dir != "" {
				if c.String("rule") != "" {
					return usage("--rule: a task of your own has its rule in task.json")
				}
				t, err := own.Open(dir)
				if err != nil {
					return bad(err)
				}
				defer t.Close()
				return p.selectCampaign(c, o, &t.Task)
			}
			registry, err := tasks.All()
			if err != nil {
				return err
			}
			t, err := registry.ByName(args[0])
			if err != nil {
				return bad(err)
			}
			if t.Kind != selection.OnNPU {
				return usage("%s is a part of this program (%s), not a task of the NPU", t.Name, t.Where)
			}
			return p.selectCampaign(c, o, t)
		},
	}
}

// readRule loads a module that decides in place of a task's rule, if one is named.
func readRule(file string, metric selection.Metric) (func(*selection.Workload) (selection.Rule, error), error) {
	if file == "" {
		return nil, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, bad(err)
	}
	defer f.Close()
	wasm, err := io.ReadAll(io.LimitReader(f, guest.MaxModule+1))
	if err != nil {
		return nil, err
	}
	m, err := guest.Load(file, wasm, guest.Limits{})
	if err != nil {
		return nil, bad(err)
	}
	return func(w *selection.Workload) (selection.Rule, error) { return selection.NewGuestRule(m, metric, w) }, nil
}

// selectCampaign performs upset select campaign.
func (p *program) selectCampaign(c *cli.Context, o common, t *selection.Task) error {
	exposure, n := selection.Exposure(c.String("exposure")), c.Int("injections")
	if exposure != selection.Transient && exposure != selection.Persistent && exposure != selection.State {
		return usage("--exposure %s: want transient, persistent or state", exposure)
	}
	if !c.IsSet("injections") {
		if n = selectInjections; exposure == selection.Persistent {
			n = selectPersistent
		}
	}
	if n < 1 || n > mostSelectInjections {
		return usage("--injections %d: want 1 to %d", n, mostSelectInjections)
	}
	struck, confidence := c.Int("struck"), c.Float64("confidence")
	if struck < 1 || struck > mostStruck {
		return usage("--struck %d: want 1 to %d", struck, mostStruck)
	}
	if !(confidence > 0 && confidence < 1) {
		return usage("--confidence %v: must lie between 0 and 1", confidence)
	}
	ecc, err := readECC(c)
	if err != nil {
		return err
	}
	machine := decision.Machine{Config: o.config, System: o.system, ECC: ecc, Workers: o.workers}
	rule, err := readRule(c.String("rule"), t.Metric)
	if err != nil {
		return err
	}
	s, err := decision.OpenTask(t, machine, struck, o.seed, rule)
	if err != nil {
		return err
	}
	r := result.Decision{
		Task: t.Name, Title: t.Title, Family: t.Family, Metric: string(t.Metric), NPU: o.config.String(), Exposure: string(exposure), ECC: c.String("ecc"),
		Seed: o.seed, Confidence: confidence, Epsilon: t.Epsilon, Command: p.command(),
	}
	bar := p.progress("faults", n)
	began := time.Now()
	switch exposure {
	case selection.Transient:
		hits, err := s.Run(c.Context, decision.Draw(s.Table(), o.seed, n), nil, o.workers, bar.set)
		bar.finish()
		if err != nil {
			return err
		}
		err = s.Fill(&r, hits)
		if err != nil {
			return err
		}
	case selection.State:
		list, err := s.RunState(c.Context, o.seed, n, o.workers, bar.set)
		bar.finish()
		if err != nil {
			return bad(err)
		}
		if err := s.FillState(&r, list); err != nil {
			return err
		}
	default:
		list, err := s.RunPersistent(c.Context, machine, o.seed, n, bar.set)
		bar.finish()
		if err != nil {
			return err
		}
		if err := s.FillPersistent(&r, list); err != nil {
			return err
		}
	}
	r.Seconds = time.Since(began).Seconds()
	r.Rate = float64(n) / max(r.Seconds, 1e-9)
	if rule != nil {
		r.Warnings = append(r.Warnings, result.Warning{Code: "guest_rule", Subject: c.String("rule"), Message: "the module decides, not the rule of the publication; consequences are still those of its objective"})
	}
	if t.Negative != "" {
		r.Warnings = append(r.Warnings, result.Warning{Code: "negative_task", Subject: t.Name, Message: "an effect that the publication promises does not show: " + t.Negative})
	}
	return p.emitFile(o, r, "select-campaign", o.out)
}
