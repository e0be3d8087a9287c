package main

import (
	"encoding/csv"
	"fmt"
	"strconv"

	"github.com/urfave/cli/v2"

	"upset/faults"
	"upset/faults/campaign"
	"upset/stats/report"
)

// status is the result of upset campaign status.
type status struct {
	NPU        string `json:"npu"`
	Model      string `json:"model"`
	SpecDigest string `json:"spec_digest"`
	Seed       uint64 `json:"seed"`
	// Done of Planned injections are stored; Cap is the most there may be.
	Done      int  `json:"done"`
	Planned   int  `json:"planned"`
	Cap       int  `json:"cap"`
	Rounds    int  `json:"rounds"`
	MaxRounds int  `json:"max_rounds"`
	Complete  bool `json:"complete"`
	// Torn says that the last write was cut off, which resume repairs; Running
	// that a process is at work on the campaign.
	Torn    bool `json:"torn"`
	Running bool `json:"running"`
	// Damaged says that part of the log is unreadable, Damage what, and Missing how many
	// injections it held; resume repairs the log and injects them again.
	Damaged bool   `json:"damaged"`
	Damage  string `json:"damage,omitempty"`
	Missing int    `json:"missing"`
	// Classification numbers the rules by which outcomes are told apart, Builds names
	// those of the tool that wrote the log.
	Classification int              `json:"classification"`
	Builds         []campaign.Build `json:"builds"`
}

func campaignStatusCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "status",
		Usage:     "how far a campaign is",
		ArgsUsage: "CAMPAIGN",
		Description: `Says how many injections of a campaign are stored and whether it is complete.

Example:
  upset campaign status upset-out/fashion-tiny-u55-128-1a2b3c4d`,
		Flags: commonFlags(),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, "CAMPAIGN")
			if err != nil {
				return err
			}
			o, err := readCommon(c)
			if err != nil {
				return err
			}
			s, err := loadStatus(args[0])
			if err != nil {
				return err
			}
			st := status{
				NPU: s.Spec.NPU, Model: s.Spec.Model, SpecDigest: s.SpecDigest, Seed: s.Spec.Seed, Done: s.Done, Planned: s.Planned, Cap: s.Cap,
				Rounds: s.Rounds, MaxRounds: s.MaxRounds, Complete: s.Complete, Torn: s.Torn, Running: s.Locked,
				Classification: faults.Classification, Builds: s.Builds, // others are refused
			}
			if d := s.Damage; d != nil {
				st.Damaged, st.Damage, st.Missing = true, d.String(), d.Missing
			}
			return p.emitStatus(o, st, args[0])
		},
	}
}

// emitStatus prints the state of a campaign.
func (p *program) emitStatus(o common, s status, dir string) error {
	last := s.Builds[len(s.Builds)-1]
	switch o.format {
	case report.FormatJSON:
		return report.EncodeJSON(p.stdout, s)
	case report.FormatCSV:
		return csv.NewWriter(p.stdout).WriteAll([][]string{
			{"npu", "model", "spec_digest", "seed", "done", "planned", "cap", "rounds", "max_rounds", "complete", "torn", "running", "damaged", "missing", "classification", "build"},
			{
				report.Cell(s.NPU), report.Cell(s.Model), report.Cell(s.SpecDigest), strconv.FormatUint(s.Seed, 10), strconv.Itoa(s.Done), strconv.Itoa(s.Planned), strconv.Itoa(s.Cap),
				strconv.Itoa(s.Rounds), strconv.Itoa(s.MaxRounds), strconv.FormatBool(s.Complete), strconv.FormatBool(s.Torn), strconv.FormatBool(s.Running),
				strconv.FormatBool(s.Damaged), strconv.Itoa(s.Missing), strconv.Itoa(s.Classification), last.Revision,
			},
		})
	}
	state := "can be resumed"
	switch {
	case s.Complete:
		state = "complete"
	case s.Running:
		state = "running"
	case s.Damaged:
		state = fmt.Sprintf("damaged: %s; upset campaign resume %s repairs the log and injects again what is missing", s.Damage, quote(dir))
	}
	fmt.Fprintf(p.stdout, "%s on %s, seed %d, spec %s\n%d of %d injections, round %d of at most %d: %s\nwritten by build %s, classification %d\n",
		report.Plain(s.Model), report.Plain(s.NPU), s.Seed, report.Plain(s.SpecDigest), s.Done, max(s.Planned, s.Done), s.Rounds, s.MaxRounds, state, report.Plain(fmt.Sprint(last)), s.Classification)
	return nil
}
