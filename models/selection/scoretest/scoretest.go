// Package scoretest makes tables of scores for tests of rules.
package scoretest

import (
	"testing"

	"upset/models/selection"
	"upset/models/selection/digits"
)

// Table makes a table of rows; numbers left out are 0.
func Table(scale float64, width int, rows ...[]int) selection.Table {
	t := selection.Table{Scale: scale, Width: width, Data: make([]byte, width*len(rows))}
	for i, row := range rows {
		for j, v := range row {
			t.Data[i*width+j] = byte(int8(v))
		}
	}
	return t
}

// Scores is a table of unit scale, as wide as its first row.
func Scores(rows ...[]int) selection.Table { return Table(1, len(rows[0]), rows...) }

// Class is a row of ten logits in which one class leads.
func Class(c, lead int) []int {
	row := make([]int, 10)
	row[c] = lead
	return row
}

// Labels makes a table in which each row favours a class by 40 codes.
func Labels(labels ...int) selection.Table {
	var rows [][]int
	for _, l := range labels {
		rows = append(rows, Class(l, 40))
	}
	return Table(0.1, 10, rows...)
}

// Decide asks a rule, which must not fail.
func Decide(t *testing.T, r selection.Rule, scores ...selection.Table) selection.Outcome {
	t.Helper()
	o, err := r.Decide(selection.FromTables(scores...))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// Workload wraps a rule in a workload of one scorer.
func Workload(r selection.Rule, rows int) *selection.Workload {
	return &selection.Workload{Scorers: []selection.Scorer{{Rows: make([][]byte, rows)}}, Rule: r}
}

// Pool is a pool of rows on a line with their classes.
func Pool(at []float64, truth ...int) *digits.Pool {
	p := &digits.Pool{Seed: 1, Truth: truth}
	for _, v := range at {
		p.Rows = append(p.Rows, []float64{v})
	}
	return p
}
