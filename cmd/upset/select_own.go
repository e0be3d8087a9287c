package main

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/urfave/cli/v2"

	"upset/models/selection"
	"upset/models/selection/own"
)

// selectionOwn is the result of upset select run --task: the decision of a task that
// the user brought.
type selectionOwn struct {
	Name       string `json:"name"`
	Title      string `json:"title"`
	NPU        string `json:"npu"`
	Metric     string `json:"metric"`
	Inferences int    `json:"inferences"`
	Cycles     uint64 `json:"cycles"` // of an inference, on average
	Total      uint64 `json:"total_cycles"`
	// Scorers are the networks with the inferences that the decision took of each.
	Scorers []selectionOwnScorer `json:"scorers"`
	// ScoreDigest is the SHA-256 over all outputs in order.
	ScoreDigest string `json:"score_digest"`
	Items       []int  `json:"items"`
}

// selectionOwnScorer is a network of a user's task.
type selectionOwnScorer struct {
	Name       string `json:"name"`
	Rows       int    `json:"rows"`
	Inferences int    `json:"inferences"`
	Cycles     uint64 `json:"cycles"`
}

// taskFlag names the folder of a user's task.
func taskFlag() cli.Flag {
	return &cli.StringFlag{Name: "task", Usage: "a task of your own: the folder `DIR` with its task.json, see docs/owntask.md"}
}

func selectNewCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "new",
		Usage:     "write an example of a task of your own",
		ArgsUsage: "DIR",
		Description: `Writes a working task into a new folder: task.json, two small networks, a pool of
pictures, the Go source of the rule and its built module, so that no toolchain is needed.

Examples:
  upset select new my-task
  upset select run --task my-task`,
		Flags: commonFlags(),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, "DIR")
			if err != nil {
				return err
			}
			if _, err := readCommon(c); err != nil {
				return err
			}
			names, err := own.New(args[0])
			if err != nil {
				return bad(err)
			}
			fmt.Fprintf(p.stdout, "%s holds %s\n", args[0], strings.Join(names, ", "))
			return nil
		},
	}
}

// runOwn performs upset select run --task.
func (p *program) runOwn(c *cli.Context, o common, dir string) error {
	t, err := own.Open(dir)
	if err != nil {
		return bad(err)
	}
	defer t.Close()
	w, err := t.Build(o.seed)
	if err != nil {
		return err
	}
	run, err := selection.NewRun(w, o.seed, o.config)
	if err != nil {
		return bad(err)
	}
	bar := p.progress(t.Name+": inferences", len(run.Calls))
	defer bar.finish()
	var done atomic.Int64
	cost, err := run.Execute(c.Context, selection.Machine{
		Config: o.config, System: o.system, Workers: o.workers, Progress: func() { bar.set(int(done.Add(1))) },
	})
	if err != nil {
		return err
	}
	r := selectionOwn{
		Name: t.Name, Title: t.Title, NPU: o.config.String(), Metric: string(t.Metric), Inferences: cost.Inferences,
		Cycles: cost.Cycles / uint64(max(1, cost.Inferences)), Total: cost.Cycles, ScoreDigest: cost.Digest, Items: run.Outcome.Items,
	}
	for k := range run.Scorers {
		s := selectionOwnScorer{Name: run.Scorers[k].Name, Rows: len(run.Scorers[k].Rows), Cycles: cost.Each[k]}
		for i := range run.Calls {
			if run.Calls[i].Scorer == k {
				s.Inferences++
			}
		}
		r.Scorers = append(r.Scorers, s)
	}
	return p.emitSelection(o, "select-run", r, r.table())
}

// mostShown bounds the items of a decision that a table shows (our choice).
const mostShown = 12

// table is the result as lines of a table.
func (r *selectionOwn) table() [][]string {
	rows := [][]string{{"network", "rows", "inferences", "cycles"}}
	for _, s := range r.Scorers {
		rows = append(rows, []string{s.Name, strconv.Itoa(s.Rows), strconv.Itoa(s.Inferences), strconv.FormatUint(s.Cycles, 10)})
	}
	var items []string
	for i, v := range r.Items {
		if i == mostShown {
			items = append(items, "…")
			break
		}
		items = append(items, strconv.Itoa(v))
	}
	return append(rows, []string{r.Metric, strconv.Itoa(len(r.Items)), strings.Join(items, " "), ""})
}
