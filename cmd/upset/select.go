package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"path/filepath"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"upset/models/selection"
	"upset/models/selection/tasks"
	"upset/stats/report"
)

// selectionList is the result of upset select list.
type selectionList struct {
	Tasks []selectionTask `json:"tasks"`
}

// selectionTask describes a selection algorithm.
type selectionTask struct {
	Name      string `json:"name"`
	Title     string `json:"title"`
	Family    string `json:"family"`
	Kind      string `json:"kind"` // "npu" or "product"
	Utility   string `json:"utility"`
	Mechanism string `json:"mechanism"`
	// Where names the part of this program that holds a product's algorithm.
	Where string `json:"where,omitempty"`
	// StandIn says what the task stands for where the publication's own algorithm does
	// not fit the NPU.
	StandIn string `json:"stand_in,omitempty"`
}

func selectCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:        "select",
		Usage:       "selection algorithms on the simulated NPU: list, run, campaign, audit, new",
		Subcommands: []*cli.Command{selectListCommand(p), selectRunCommand(p), selectCampaignCommand(p), selectAuditCommand(p), selectNewCommand(p)},
	}
}

func selectListCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:  "list",
		Usage: "the selection algorithms",
		Description: `Lists published selection algorithms: those whose scores the NPU computes, and
those that are parts of this program.

Examples:
  upset select list
  upset select list --family exit --format json`,
		Flags: commonFlags(
			&cli.StringFlag{Name: "family", Usage: "only tasks of this `FAMILY`"},
			&cli.StringFlag{Name: "utility", Usage: "only tasks that score by this `UTILITY`"},
			&cli.StringFlag{Name: "mechanism", Usage: "only tasks that select by this `MECHANISM`"},
		),
		Action: func(c *cli.Context) error {
			if _, err := arguments(c); err != nil {
				return err
			}
			o, err := readCommon(c)
			if err != nil {
				return err
			}
			all, err := tasks.All()
			if err != nil {
				return err
			}
			list := selectionList{Tasks: []selectionTask{}}
			for i := range all {
				t := &all[i]
				if matchesFlag(c, "family", t.Family) && matchesFlag(c, "utility", t.Utility) && matchesFlag(c, "mechanism", t.Mechanism) {
					list.Tasks = append(list.Tasks, describeTask(t))
				}
			}
			if len(list.Tasks) == 0 {
				return usage("no task has that family, utility and mechanism; upset select list shows all")
			}
			return p.emitSelection(o, "select-list", list, list.table())
		},
	}
}

// matchesFlag reports whether a filter is not given or equals a value.
func matchesFlag(c *cli.Context, flag, value string) bool {
	want := c.String(flag)
	return want == "" || want == value
}

func describeTask(t *selection.Task) selectionTask {
	return selectionTask{
		Name: t.Name, Title: t.Title, Family: t.Family, Kind: string(t.Kind), Utility: t.Utility, Mechanism: t.Mechanism, Where: t.Where, StandIn: t.StandIn,
	}
}

// table is the list as lines of a table.
func (l *selectionList) table() [][]string {
	rows := [][]string{{"name", "family", "kind", "utility", "mechanism", "title"}}
	for _, t := range l.Tasks {
		title := t.Title
		if t.Where != "" {
			title += " [" + t.Where + "]"
		}
		if t.StandIn != "" {
			title += " (stand-in: " + t.StandIn + ")"
		}
		rows = append(rows, []string{t.Name, t.Family, t.Kind, t.Utility, t.Mechanism, title})
	}
	return rows
}

// emitSelection prints a result as JSON, CSV or a table, and stores it with
// --out.
func (p *program) emitSelection(o common, name string, v any, rows [][]string) error {
	encode := func(w io.Writer) error {
		return report.EncodeJSON(w, v)
	}
	if o.out != "" {
		if err := makeFolder(o.out); err != nil {
			return err
		}
		if err := report.WriteFileAtomic(filepath.Join(o.out, name+".json"), encode); err != nil {
			return err
		}
	}
	switch o.format {
	case report.FormatJSON:
		return encode(p.stdout)
	case report.FormatCSV:
		return csv.NewWriter(p.stdout).WriteAll(rows)
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		for i, field := range r {
			if i > 0 {
				fmt.Fprint(w, "\t")
			}
			fmt.Fprint(w, field)
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}
