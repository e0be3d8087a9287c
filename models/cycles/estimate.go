// Package cycles compares the cycles of the machine with what others say about
// the same networks: the estimate that Vela writes beside each compiled network,
// operation by operation, and the counters that Arm publishes for its simulator.
// The program in generate writes the comparison to docs/cycles.md.
package cycles

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
)

// Row is one operation of a per-layer table of Vela.
type Row struct {
	Source string  // operator of the source network, for example SOFTMAX
	Kind   string  // Vela's name of the NPU operation, for example Conv2DBias
	Name   string  // Vela's name of the tensor
	Cycles float64 // Vela's estimate
	MACs   int64
}

// Names of the columns that are read (Vela 3.10).
const (
	columnSource = "TFLite_operator"
	columnKind   = "NNG Operator"
	columnCycles = "Op Cycles"
	columnMACs   = "MAC Count"
	columnName   = "Name"
)

// maxRows bounds a table (our choice).
const maxRows = 100_000

// ReadRows reads a per-layer table of Vela, a CSV file with a line of titles.
func ReadRows(r io.Reader) ([]Row, error) {
	c := csv.NewReader(r)
	title, err := c.Read()
	if err != nil {
		return nil, fmt.Errorf("per-layer table: no line of titles: %w", err)
	}
	at := map[string]int{}
	for i, t := range title {
		if _, twice := at[t]; !twice {
			at[t] = i
		}
	}
	for _, want := range []string{columnSource, columnKind, columnCycles, columnMACs, columnName} {
		if _, ok := at[want]; !ok {
			return nil, fmt.Errorf("per-layer table: no column %q; is this a table of Vela 3.10?", want)
		}
	}
	var rows []Row
	for len(rows) < maxRows {
		line, err := c.Read()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("per-layer table: %w", err)
		}
		if line[at[columnKind]] == columnKind { // every NPU subgraph has titles of its own
			continue
		}
		row := Row{Source: line[at[columnSource]], Kind: line[at[columnKind]], Name: line[at[columnName]]}
		if row.Cycles, err = number(line[at[columnCycles]]); err != nil {
			return nil, fmt.Errorf("per-layer table: row %d: %w", len(rows)+1, err)
		}
		macs, err := number(line[at[columnMACs]])
		if err != nil {
			return nil, fmt.Errorf("per-layer table: row %d: %w", len(rows)+1, err)
		}
		row.MACs = int64(macs)
		rows = append(rows, row)
	}
	return nil, fmt.Errorf("per-layer table: more than %d rows", maxRows)
}

// number reads a count that Vela may print as a fraction.
func number(s string) (float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || v < 0 || v > 1e15 {
		return 0, fmt.Errorf("%q is no count", s)
	}
	return v, nil
}

// empty reports whether a row is an operator that needs no work.
func (r *Row) empty() bool { return r.Cycles == 0 && r.Kind == "Memcpy" }
