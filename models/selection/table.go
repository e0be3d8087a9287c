package selection

import "fmt"

// Table holds the scores that one scorer gave to its pool: a row of int8
// numbers for every input row.
type Table struct {
	Scale     float64
	ZeroPoint int
	Width     int    // numbers of a row
	Data      []byte // int8, row by row
}

// Rows is the number of rows.
func (t *Table) Rows() int {
	if t.Width == 0 {
		return 0
	}
	return len(t.Data) / t.Width
}

// Row returns the bytes of row i. They must not be changed.
func (t *Table) Row(i int) []byte { return t.Data[i*t.Width : (i+1)*t.Width : (i+1)*t.Width] }

// Int returns the stored number j of row i.
func (t *Table) Int(i, j int) int { return int(int8(t.Data[i*t.Width+j])) }

// At returns the real value of number j of row i.
func (t *Table) At(i, j int) float64 { return t.Scale * float64(t.Int(i, j)-t.ZeroPoint) }

// Real returns the real values of row i.
func (t *Table) Real(i int) []float64 {
	row := make([]float64, t.Width)
	for j := range row {
		row[j] = t.At(i, j)
	}
	return row
}

// WithRow returns a copy of the table in which row i holds other bytes.
func (t *Table) WithRow(i int, output []byte) (Table, error) {
	if i < 0 || i >= t.Rows() {
		return Table{}, fmt.Errorf("row %d of a table of %d rows", i, t.Rows())
	}
	if len(output) != t.Width {
		return Table{}, fmt.Errorf("row %d: %d bytes, but a row of the table has %d", i, len(output), t.Width)
	}
	c := *t
	c.Data = make([]byte, len(t.Data))
	copy(c.Data, t.Data)
	copy(c.Data[i*t.Width:], output)
	return c, nil
}

// Column returns the real values of number j of all rows.
func (t *Table) Column(j int) []float64 {
	column := make([]float64, t.Rows())
	for i := range column {
		column[i] = t.At(i, j)
	}
	return column
}
