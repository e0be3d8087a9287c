package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"upset/faults/array"
	"upset/faults/campaign"
	"upset/netlist"
	"upset/stats/report"
)

// mergeState is the result of upset campaign merge where shards are missing.
type mergeState struct {
	Campaign string `json:"campaign"`
	Complete bool   `json:"complete"` // false: a complete campaign gives its result
	// Round is that whose turn it is; Planned says that this merge planned it.
	Round   int  `json:"round"`
	Planned bool `json:"planned"`
	Shards  int  `json:"shards"`
	// Missing shards count from 1. Again is what Scheduler takes to run them, one line for
	// each job.
	Missing   []int    `json:"missing"`
	Scheduler string   `json:"scheduler,omitempty"`
	Again     []string `json:"again"`
	// Folded is the number of injections that this merge took over.
	Folded int `json:"folded"`
}

func campaignMergeCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "merge",
		Usage:     "fold the shards of a planned campaign",
		ArgsUsage: "CAMPAIGN",
		Description: `Checks the shards that are done and folds them into the campaign. Where some are
missing it says which, in the syntax of the scheduler, and exits with 3. A complete
round is followed by the plan of the next one (exit 3 too), the last by the result: the
folder is then what upset campaign run leaves. Shards that are damaged, there twice, or
of another campaign are refused by name.

Example:
  upset campaign merge net-run --scheduler slurm`,
		Flags: commonFlags(append(questionFlags(),
			&cli.StringFlag{Name: "scheduler", Usage: "`NAME` in whose syntax missing shards are printed: " + strings.Join(array.Names(), ", ") + "; without it the one that runs this command"},
			pulseFlag())...),
		Action: func(c *cli.Context) error {
			args, o, q, err := readAsked(c, "CAMPAIGN")
			if err != nil {
				return err
			}
			s, known, err := readScheduler(c)
			if err != nil {
				return err
			}
			m, err := p.merge(c, args[0], q)
			if err != nil {
				return err
			}
			if m.Result != nil {
				return report.Write(p.stdout, o.format, m.Result)
			}
			state := merging(args[0], m, s, known)
			if err := p.emitMerge(o, state); err != nil {
				return err
			}
			if state.Planned {
				return &coded{codeIncomplete, fmt.Errorf("round %d is planned: run its %d shards", state.Round, state.Shards)}
			}
			return &coded{codeIncomplete, fmt.Errorf("round %d: %d of %d shards are missing", state.Round, len(state.Missing), state.Shards)}
		},
	}
}

// readScheduler reads --scheduler.
func readScheduler(c *cli.Context) (s array.Scheduler, known bool, err error) {
	if name := c.String("scheduler"); name != "" {
		s, err = array.ByName(name)
		return s, true, bad(err)
	}
	s, known = array.Here(os.Getenv)
	return s, known, nil
}

// merge folds what is done of a campaign and stores the result of a complete one.
func (p *program) merge(c *cli.Context, dir string, q campaign.Question) (*campaign.Merged, error) {
	state, err := loadStatus(dir)
	if err != nil {
		return nil, err
	}
	pop, err := populationOf(state.Spec, state.Note)
	if err != nil {
		return nil, err
	}
	m, err := campaign.Merge(c.Context, dir, pop, campaign.RunOptions{Question: q})
	switch {
	case errors.Is(err, campaign.ErrForeign), errors.Is(err, campaign.ErrShardDamaged), errors.Is(err, campaign.ErrShardTwice), errors.Is(err, campaign.ErrSpecMismatch):
		return nil, bad(err)
	case err != nil:
		return nil, folderError(dir, err)
	case m.Result == nil:
		return m, nil
	}
	m.Result.Command, m.Result.Accuracy = state.Note[noteCommand], notedAccuracy(state.Note)
	p.note("the campaign is stored in %s", dir)
	return m, storeCampaign(dir, m.Result, q)
}

// populationOf is the population of a stored campaign.
func populationOf(s campaign.Spec, note map[string]string) (campaign.Population, error) {
	config, err := parseConfig(s.NPU)
	if err != nil {
		return nil, err
	}
	inventory, err := loadInventory(note[noteInventory])
	if err != nil {
		return nil, err
	}
	table := netlist.New(config, eccNames[s.ECC])
	pop, err := campaign.NewPlain(table, s)
	if err != nil {
		return nil, err
	}
	return scale(pop, table, inventory)
}

// merging is the state of a campaign with missing shards.
func merging(dir string, m *campaign.Merged, s array.Scheduler, known bool) mergeState {
	state := mergeState{
		Campaign: dir, Round: m.Job.Round, Planned: m.Planned, Shards: m.Job.Shards, Missing: m.Missing, Folded: m.Folded,
	}
	if known {
		state.Scheduler, state.Again = s.Name, s.Again(m.Missing)
		return state
	}
	for _, n := range m.Missing {
		state.Again = append(state.Again, fmt.Sprintf("--shard %d/%d", n, m.Job.Shards))
	}
	return state
}

// emitMerge prints which shards are missing.
func (p *program) emitMerge(o common, s mergeState) error {
	switch o.format {
	case report.FormatJSON:
		return report.EncodeJSON(p.stdout, s)
	case report.FormatCSV:
		rows := [][]string{{"round", "shard", "of"}}
		for _, n := range s.Missing {
			rows = append(rows, []string{strconv.Itoa(s.Round), strconv.Itoa(n), strconv.Itoa(s.Shards)})
		}
		return csv.NewWriter(p.stdout).WriteAll(rows)
	}
	what := "missing"
	if s.Planned {
		what = "planned now"
	}
	fmt.Fprintf(p.stdout, "round %d: shards %s of %d %s, %d injections folded\n", s.Round, array.Ranges(s.Missing), s.Shards, what, s.Folded)
	for _, line := range s.Again {
		fmt.Fprintln(p.stdout, line)
	}
	return nil
}
