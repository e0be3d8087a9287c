package main

import (
	"io"
	"path/filepath"
	"time"

	"upset/faults"
	"upset/faults/campaign"
	"upset/stats/report"
	"upset/stats/result"

	"github.com/urfave/cli/v2"
)

func assessCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "assess",
		Usage:     "the whole job: campaign, verdict, protection, proof, report",
		ArgsUsage: "MODEL",
		Description: `Runs a fault-injection campaign, judges it against the target, finds the cheapest
protection that meets the target, and proves that by injecting into the protected
machine. Exit code 4 says that the target was not shown to be met even so.

Examples:
  upset assess testdata/models/fashion-dscnn.tflite
  upset assess net.tflite --npu u55-256 --injections 50000 --options paper
  upset assess net_vela.tflite --options software --frames 4
  upset assess net_vela.tflite --inputs pictures --evidence 2000 --format html > net.html`,
		Flags: commonFlags(append(append(append(experimentFlags(specFlags()...), questionFlags()...), searchFlags()...), append(shardFlags(), append(engineFlags(), inventoryFlag(), evidenceFlag(), evidenceTimeFlag(), detailFlag())...)...)...),
		Action: func(c *cli.Context) error {
			args, o, q, err := readAsked(c, "MODEL")
			if err != nil {
				return err
			}
			if err := checkSearch(c); err != nil {
				return err
			}
			if err := checkEvidence(c); err != nil {
				return err
			}
			if c.String("fault") != faults.SEU.String() {
				return usage("--fault %s: protection is searched and proven against single upsets; use upset campaign run for other faults", c.String("fault"))
			}
			for _, name := range []string{"only", "layer", "bits", "class"} {
				if c.IsSet(name) {
					return usage("--%s leaves out part of the machine, which an assessment must not: use upset campaign run", name)
				}
			}
			if c.String("sites") != campaign.SitesAll {
				return usage("--sites %s leaves out part of the machine, which an assessment must not: use upset campaign run", c.String("sites"))
			}
			s, err := readSubmission(c, o)
			if err != nil {
				return err
			}
			switch {
			case s != nil && c.String("options") == optionsSoftware:
				return usage("--engine %s: measures in software are searched for in one process", s.engine)
			case s != nil:
				return p.submitAssess(c, o, q, args[0], s)
			case c.String("options") == optionsSoftware:
				return p.assessSoftware(c, o, q, args[0])
			}
			return p.assess(c, o, q, args[0])
		},
	}
}

// assess performs upset assess.
func (p *program) assess(c *cli.Context, o common, q campaign.Question, file string) error {
	began := time.Now()
	upsets := q
	upsets.PulseFITPerKGE = 0 // the campaign is of upsets; pulses are injected beside it
	run, err := p.runCampaign(c, o, upsets, file, !c.IsSet("proof-inputs"))
	if err != nil {
		return err
	}
	defer run.lock.Release()
	s, err := campaign.Load(run.dir)
	if err != nil {
		return err
	}
	inventory, err := readInventory(c)
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
	if err := run.experiment.readHeld(c); err != nil {
		return err
	}
	job := search{run.experiment, s, run.population, inventory, q, c.String("options"), inputs, run.dir, c.Float64("pairs"), design, c.String("unit"), c.String("searcher")}
	r, err := p.protect(c.Context, o, job)
	if err != nil {
		return err
	}
	all := result.Assess{Campaign: *run.result, Protect: *r}
	if r.Pulses != nil {
		q.WithPulses(&all.Campaign, r.Pulses.TotalUnprotected)
	}
	if n := c.Int("evidence"); n > 0 {
		if all.Evidence, err = p.evidence(c.Context, o, job, r, n, allow(began, c.Float64("evidence-time"))); err != nil {
			return interruptedEvidence(err)
		}
	}
	if err := report.WriteFileAtomic(filepath.Join(run.dir, cellsJSON), func(w io.Writer) error { return report.EncodeJSON(w, job.cells()) }); err != nil {
		return err
	}
	if c.Bool("detail") && o.format == report.FormatText {
		o.format = report.FormatDetail
	}
	if err := p.emitFile(o, all, "assess", run.dir); err != nil {
		return err
	}
	if err := sound(all.Evidence); err != nil {
		return err
	}
	return shown(r)
}
