// Package data holds the small data sets from which networks of the selection
// tasks are trained, and the form of their recipes.
//
// digits.csv.gz is the 8×8 handwritten digits set of the UCI repository (Alpaydin
// and Kaynak, "Optical Recognition of Handwritten Digits", 1998), in the form in
// which the Debian package python3-sklearn (BSD-3-Clause) ships it.
package data

import (
	"bytes"
	"compress/gzip"
	_ "embed" // for the digits
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
)

//go:embed digits.csv.gz
var digits []byte

// maxDigitsBytes bounds the unpacked file (the file has 0.3 MB; our choice).
const maxDigitsBytes = 4 << 20

// DigitsSize is the number of pixels of a digit.
const DigitsSize = 64

// Samples is a labelled data set.
type Samples struct {
	X      [][]float64
	Labels []int
}

// Digits returns the 1,797 digits with pixels of 0 to 16.
func Digits() (*Samples, error) {
	z, err := gzip.NewReader(bytes.NewReader(digits))
	if err != nil {
		return nil, fmt.Errorf("digits: %w", err)
	}
	return parseDigits(io.LimitReader(z, maxDigitsBytes))
}

func parseDigits(r io.Reader) (*Samples, error) {
	lines := csv.NewReader(r)
	lines.FieldsPerRecord = DigitsSize + 1
	s := &Samples{}
	for {
		fields, err := lines.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("digits: %w", err)
		}
		x := make([]float64, DigitsSize+1)
		for i, f := range fields {
			v, err := strconv.ParseFloat(f, 64)
			if err != nil || v != float64(int(v)) || v < 0 || v > 16 {
				return nil, fmt.Errorf("digits: line %d: %q is no number of 0 to 16", len(s.X)+1, f)
			}
			x[i] = v
		}
		label := int(x[DigitsSize])
		if label > 9 {
			return nil, fmt.Errorf("digits: line %d: label %d is no digit", len(s.X)+1, label)
		}
		s.X, s.Labels = append(s.X, x[:DigitsSize]), append(s.Labels, label)
	}
	if len(s.X) == 0 {
		return nil, fmt.Errorf("digits: the file is empty")
	}
	return s, nil
}
