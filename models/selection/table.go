package selection

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Table holds the scores that one output of a scorer gave to a pool: a row of
// int8 or int16 numbers for every input row.
type Table struct {
	Scale     float64
	ZeroPoint int
	Width     int    // numbers of a row
	Wide      bool   // the numbers are int16, little-endian, and not int8
	Data      []byte // row by row
}

// Bytes is the size of a row.
func (t *Table) Bytes() int {
	if t.Wide {
		return 2 * t.Width
	}
	return t.Width
}

// Rows is the number of rows.
func (t *Table) Rows() int {
	if t.Width == 0 {
		return 0
	}
	return len(t.Data) / t.Bytes()
}

// Row returns the bytes of row i. They must not be changed.
func (t *Table) Row(i int) []byte {
	n := t.Bytes()
	return t.Data[i*n : (i+1)*n : (i+1)*n]
}

// Int returns the stored number j of row i.
func (t *Table) Int(i, j int) int {
	if t.Wide {
		return int(int16(binary.LittleEndian.Uint16(t.Data[2*(i*t.Width+j):])))
	}
	return int(int8(t.Data[i*t.Width+j]))
}

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

// Top returns the position of the largest number of row i, the first of equals.
func (t *Table) Top(i int) int {
	best := 0
	for j := 1; j < t.Width; j++ {
		if t.Int(i, j) > t.Int(i, best) {
			best = j
		}
	}
	return best
}

// WithRow returns a copy of the table in which row i holds other bytes.
func (t *Table) WithRow(i int, output []byte) (Table, error) {
	if i < 0 || i >= t.Rows() {
		return Table{}, fmt.Errorf("row %d of a table of %d rows", i, t.Rows())
	}
	if len(output) != t.Bytes() {
		return Table{}, fmt.Errorf("row %d: %d bytes, but a row of the table has %d", i, len(output), t.Bytes())
	}
	c := *t
	c.Data = make([]byte, len(t.Data))
	copy(c.Data, t.Data)
	copy(c.Data[i*t.Bytes():], output)
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

// Reals returns the real values of all rows.
func (t *Table) Reals() [][]float64 {
	rows := make([][]float64, t.Rows())
	for i := range rows {
		rows[i] = t.Real(i)
	}
	return rows
}

// Entropy is the cross-entropy of row i, as logits, with a class.
func (t *Table) Entropy(i, class int) float64 {
	top := t.At(i, t.Top(i))
	sum := 0.0
	for j := range t.Width {
		sum += math.Exp(t.At(i, j) - top)
	}
	return math.Log(sum) + top - t.At(i, class)
}

// Confidence returns the class of the largest logit of row i between two columns, its
// probability under softmax, and its lead over the second one in codes.
func (t *Table) Confidence(i, from, to int) (class int, top float64, lead int) {
	best, second := math.MinInt, math.MinInt
	for j := from; j < to; j++ {
		v := t.Int(i, j)
		if v > best {
			class, best, second = j-from, v, best
		} else {
			second = max(second, v)
		}
	}
	sum := 0.0
	for j := from; j < to; j++ {
		sum += math.Exp(t.Scale * float64(t.Int(i, j)-best))
	}
	return class, 1 / sum, best - second
}
