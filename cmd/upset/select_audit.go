package main

import (
	"fmt"
	"math"
	"strconv"

	"github.com/urfave/cli/v2"

	"upset/models/selection"
	"upset/models/selection/audit"
)

// selectionAudit is the result of upset select audit.
type selectionAudit struct {
	NPU   string  `json:"npu"`
	Seed  uint64  `json:"seed"`
	Error float64 `json:"error"`
	Draws int     `json:"draws"`
	// Networks are those of the audited tasks that score a pool.
	Networks []auditedNetwork `json:"networks"`
}

// auditedNetwork says how hard the function of a network is to learn.
type auditedNetwork struct {
	Task    string `json:"task"`
	Family  string `json:"family"`
	Network string `json:"network"`
	// Rows are those of the pool that were taken; every second one trains.
	Rows    int `json:"rows"`
	Inputs  int `json:"inputs"`
	Outputs int `json:"outputs"`
	// Dimension is the intrinsic dimension of the rows, 0 where it cannot be told.
	Dimension float64 `json:"dimension"`
	// WholeBits is what there is to know of the function, BiasBits what of it the rows
	// leave open: −1 where no hypothesis comes near.
	WholeBits float64 `json:"whole_bits"`
	BiasBits  float64 `json:"bias_bits"`
}

// Bounds of audits (our choice).
const mostDraws = 1_000_000

func selectAuditCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "audit",
		Usage:     "how hard the functions are that the networks of tasks compute",
		ArgsUsage: "TASK...",
		Description: `Asks of every network that scores a pool how many bits somebody must know beforehand
who learns its function from half of the pool (the exact inductive bias of Boopathy et
al., 2024), how many there are to know without any row (the difference is what the rows
say; Boopathy et al., 2023), and how many dimensions the rows have (Facco et al., 2017).
The hypotheses are functions of a Gaussian process. The figures compare tasks; they are
extrapolated, and no verdict uses them.

Examples:
  upset select audit window-cascade
  upset select audit --all --error 0.2 --format csv`,
		Flags: commonFlags(
			&cli.BoolFlag{Name: "all", Usage: "all tasks of the NPU"},
			&cli.Float64Flag{Name: "error", Value: audit.DefaultSettings().Error, Usage: "mean square error `E` that counts as learnt, where 1 is that of the mean"},
			&cli.IntFlag{Name: "draws", Value: audit.DefaultSettings().Draws, Usage: "`N` hypotheses"},
		),
		Action: func(c *cli.Context) error {
			o, err := readCommon(c)
			if err != nil {
				return err
			}
			s := audit.Settings{Error: c.Float64("error"), Draws: c.Int("draws"), Seed: o.seed}
			if !(s.Error > 0 && s.Error < 1) {
				return usage("--error %v: must lie between 0 and 1", s.Error)
			}
			if s.Draws < 100 || s.Draws > mostDraws {
				return usage("--draws %d: want 100 to %d", s.Draws, mostDraws)
			}
			list, err := chosenTasks(c.Args().Slice(), c.Bool("all"))
			if err != nil {
				return err
			}
			return p.selectAudit(c, o, s, list)
		},
	}
}

// selectAudit audits tasks.
func (p *program) selectAudit(c *cli.Context, o common, s audit.Settings, list []*selection.Task) error {
	r := selectionAudit{NPU: o.config.String(), Seed: s.Seed, Error: s.Error, Draws: s.Draws, Networks: []auditedNetwork{}}
	bar := p.progress("tasks", len(list))
	defer bar.finish()
	for i, t := range list {
		if err := c.Context.Err(); err != nil {
			return err
		}
		w, err := t.Build(s.Seed)
		if err != nil {
			return fmt.Errorf("task %s: %w", t.Name, err)
		}
		run, err := selection.NewRun(w, s.Seed, o.config)
		if err != nil {
			return fmt.Errorf("task %s: %w", t.Name, err)
		}
		found, err := audit.Task(run, o.config, s)
		if err != nil {
			return fmt.Errorf("task %s: %w", t.Name, err)
		}
		for _, f := range found {
			r.Networks = append(r.Networks, auditedNetwork{
				Task: t.Name, Family: t.Family, Network: f.Scorer, Rows: f.Rows, Inputs: f.Inputs, Outputs: f.Outputs, Dimension: f.Dimension, WholeBits: finite(f.Whole), BiasBits: finite(f.Bias),
			})
		}
		bar.set(i + 1)
	}
	return p.emitSelection(o, "select-audit", r, r.table())
}

// finite is a number of bits, or −1 for no finite one.
func finite(bits float64) float64 {
	if math.IsInf(bits, 0) || math.IsNaN(bits) {
		return -1
	}
	return bits
}

// table is the audit as lines of a table.
func (r *selectionAudit) table() [][]string {
	rows := [][]string{{"task", "network", "rows", "inputs", "outputs", "dimension", "bits in all", "bits the rows leave"}}
	number := func(x float64) string {
		if x < 0 {
			return "none comes near"
		}
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	for _, n := range r.Networks {
		dimension := "–"
		if n.Dimension > 0 {
			dimension = number(n.Dimension)
		}
		rows = append(rows, []string{n.Task, n.Network, strconv.Itoa(n.Rows), strconv.Itoa(n.Inputs), strconv.Itoa(n.Outputs), dimension, number(n.WholeBits), number(n.BiasBits)})
	}
	return rows
}
