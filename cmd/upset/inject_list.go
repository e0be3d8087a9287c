package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"upset/faults"
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/stats/report"
)

// Bounds of a list of faults (our choice).
const (
	maxListBytes = 256 << 20
	maxListRows  = 2_000_000
	maxListCell  = 1000 // bytes
)

// Columns of a list of faults, and those that are added to it.
const (
	listSite  = "site"
	listInput = "input"
)

var listAdded = []string{"outcome", "cause", "path", "end_cycle", "latency_cycles", "mechanism"}

// faultList is a user's list of faults.
type faultList struct {
	header []string
	rows   [][]string
	sites  []faults.Site
	inputs []int
}

// injectList injects the faults of a file and prints the file with what became of each.
func (p *program) injectList(c *cli.Context, o common, model string) error {
	x, err := p.openExperiment(c, o, model)
	if err != nil {
		return err
	}
	file := c.String("sites-file")
	f, err := os.Open(file)
	if err != nil {
		return bad(err)
	}
	defer f.Close()
	list, err := readFaults(f, x.engine)
	if err != nil {
		return bad(fmt.Errorf("%s: %w", file, err))
	}
	records, err := p.injectListed(c, o, x.engine, list)
	if err != nil {
		return err
	}
	out := csv.NewWriter(p.stdout)
	if err := out.Write(append(slices.Clone(list.header), listAdded...)); err != nil {
		return err
	}
	for i, r := range records {
		row := slices.Clone(list.rows[i])
		for k := range row {
			row[k] = report.Cell(row[k])
		}
		latency, alarm := "", ""
		if n, ok := r.Latency(); ok {
			latency = strconv.FormatUint(n, 10)
		}
		if r.Alarm != 0 {
			alarm = mechanism.Kind(r.Alarm).String()
		}
		row = append(row, r.Outcome.String(), r.Cause.String(), r.Path.String(), strconv.FormatUint(r.End, 10), latency, alarm)
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// injectListed injects a list in the order of inputs and cycles, on several workers.
func (p *program) injectListed(c *cli.Context, o common, e *engine.Engine, list *faultList) ([]faults.Record, error) {
	records := make([]faults.Record, len(list.sites))
	bar := p.progress("faults injected", len(records))
	defer bar.finish()
	at := func(i int) (int, uint64) { return list.inputs[i], list.sites[i].Cycle }
	return records, e.Each(c.Context, len(records), o.workers, at, func(w *engine.Worker) (func(int) error, error) {
		return func(i int) (err error) {
			if records[i], err = w.Inject(list.inputs[i], list.sites[i], nil); err != nil {
				err = fmt.Errorf("line %d: %w", i+2, err)
			}
			return err
		}, nil
	}, bar.set)
}

// readFaults reads a list of faults for an engine.
func readFaults(r io.Reader, e *engine.Engine) (*faultList, error) {
	in := csv.NewReader(bufio.NewReader(io.LimitReader(r, maxListBytes)))
	in.ReuseRecord = true
	header, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("no header: %w", err)
	}
	l := &faultList{header: slices.Clone(header)}
	l.header[0] = strings.TrimPrefix(l.header[0], "\ufeff") // of spreadsheets
	for i, name := range l.header {
		if slices.Contains(listAdded, name) {
			return nil, fmt.Errorf("column %q is one of those that are added: rename it", name)
		}
		if slices.Index(l.header, name) != i {
			return nil, fmt.Errorf("column %q stands twice", name)
		}
	}
	site, input := slices.Index(l.header, listSite), slices.Index(l.header, listInput)
	if site < 0 {
		return nil, fmt.Errorf("no column %q: the first line names the columns", listSite)
	}
	for n := 2; ; n++ {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if n > maxListRows {
			return nil, fmt.Errorf("more than %d rows: split the file", maxListRows)
		}
		for _, cell := range row {
			if len(cell) > maxListCell {
				return nil, fmt.Errorf("line %d: a cell has more than %d bytes", n, maxListCell)
			}
		}
		s, err := parseSite(e, strings.TrimSpace(row[site]))
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		k := 0
		if input >= 0 && strings.TrimSpace(row[input]) != "" {
			if k, err = strconv.Atoi(strings.TrimSpace(row[input])); err != nil || k < 0 || k >= e.Inputs() {
				return nil, fmt.Errorf("line %d: input %q must be a number below %d", n, row[input], e.Inputs())
			}
		}
		l.rows, l.sites, l.inputs = append(l.rows, slices.Clone(row)), append(l.sites, s), append(l.inputs, k)
	}
	if len(l.rows) == 0 {
		return nil, errors.New("no rows")
	}
	return l, nil
}
