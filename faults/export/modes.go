package export

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"upset/faults/campaign"
)

// Bounds on a workbook that is read (our choice: the sheet of the largest NPU has some
// 500 rows and 40 kB).
const (
	maxWorkbook = 16 << 20 // bytes of the file
	maxUnzipped = 64 << 20
	maxRows     = 20_000
	maxText     = 500 // bytes of a cell
)

// ErrSheet: a workbook has no usable sheet of failure modes.
var ErrSheet = errors.New("not a filled sheet of failure modes")

// ReadModes reads the sheet of failure modes of a workbook, as [WriteWorkbook] made it and
// a user filled it.
func ReadModes(file string) ([]campaign.ModeLabel, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if s, err := f.Stat(); err == nil && s.Size() > maxWorkbook {
		return nil, fmt.Errorf("%w: %s has %d bytes, at most %d are read", ErrSheet, file, s.Size(), maxWorkbook)
	}
	list, err := readModes(io.LimitReader(f, maxWorkbook))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return list, nil
}

func readModes(r io.Reader) (list []campaign.ModeLabel, err error) {
	book, err := excelize.OpenReader(r, excelize.Options{UnzipSizeLimit: maxUnzipped, UnzipXMLSizeLimit: maxUnzipped, RawCellValue: true})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSheet, err)
	}
	defer book.Close()
	rows, err := book.Rows(sheetModes)
	if err != nil {
		return nil, fmt.Errorf("%w: no sheet %q", ErrSheet, sheetModes)
	}
	defer rows.Close()
	want := []string{"part", "class", "failure mode", columnGroup, columnPoint}
	var at []int
	for n := 1; rows.Next(); n++ {
		if n > maxRows {
			return nil, fmt.Errorf("%w: more than %d rows", ErrSheet, maxRows)
		}
		cells, err := rows.Columns()
		if err != nil {
			return nil, fmt.Errorf("%w: row %d: %w", ErrSheet, n, err)
		}
		if at == nil {
			if found := places(cells, want); found != nil {
				at = found
			}
			continue
		}
		var v [5]string
		for i, k := range at {
			if k < len(cells) {
				v[i] = strings.TrimSpace(cells[k])
			}
			if len(v[i]) > maxText {
				return nil, fmt.Errorf("%w: row %d: a cell has more than %d bytes", ErrSheet, n, maxText)
			}
		}
		if v[0] == "" && v[1] == "" && v[2] == "" {
			continue
		}
		list = append(list, campaign.ModeLabel{Block: v[0], Class: v[1], Mode: v[2], Group: v[3], Point: v[4]})
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: sheet %q has no rows below %s", ErrSheet, sheetModes, strings.Join(want, ", "))
	}
	return list, rows.Error()
}

// places are the columns of names, nil where one is missing.
func places(cells, names []string) (at []int) {
	for _, n := range names {
		i := slices.IndexFunc(cells, func(c string) bool { return strings.TrimSpace(c) == n })
		if i < 0 {
			return nil
		}
		at = append(at, i)
	}
	return at
}
