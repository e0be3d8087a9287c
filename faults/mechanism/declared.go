package mechanism

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"

	yaml "go.yaml.in/yaml/v3"
)

// Range is a declared value: one number, or two between which it lies. The worst end
// decides.
type Range struct {
	Low, High float64
}

// UnmarshalYAML reads a number or a list of two.
func (r *Range) UnmarshalYAML(n *yaml.Node) error {
	var ends []float64
	if n.Kind == yaml.SequenceNode {
		if err := n.Decode(&ends); err != nil || len(ends) != 2 || ends[0] > ends[1] {
			return fmt.Errorf("line %d: give a number, or a range such as [0.2, 0.3] with the smaller end first", n.Line)
		}
		*r = Range{ends[0], ends[1]}
		return nil
	}
	var x float64
	if err := n.Decode(&x); err != nil || math.IsNaN(x) {
		return fmt.Errorf("line %d: %q is no number", n.Line, n.Value)
	}
	*r = Range{x, x}
	return nil
}

// Declared is one line of the table of inputs that a search and its verdict rest on: a
// hardened cell, or the area of a mechanism.
type Declared struct {
	Kind Kind
	// Area is that of a cell ÷ a plain flop, or a factor of what the formula of a
	// mechanism gives.
	Area Range
	// Ratio is the soft-error rate of a cell ÷ that of a plain flop, and for triplication
	// that of the pulses at a voter's output. Other mechanisms have none: what they let
	// through is simulated.
	Ratio  *Range
	Source string
}

// Inputs is the table of declared inputs.
type Inputs []Declared

// DefaultInputs are the cells of the CLEAR library and the built-in area formulas.
func DefaultInputs() Inputs {
	cells := DefaultCells()
	one := func(x float64) Range { return Range{x, x} }
	ratio := func(x float64) *Range { r := one(x); return &r }
	const clear = "CLEAR cell library (Cheng et al., DAC 2016), recalled, not verified"
	in := Inputs{
		{HardenLight, one(cells.Light.Area), ratio(cells.Light.SER), clear + ": light hardened latch"},
		{Harden, one(cells.DICE.Area), ratio(cells.DICE.SER), clear + ": LEAP-DICE"},
	}
	in = append(in, Declared{Triplicate, one(1), ratio(cells.Voter), "rate of pulses at the voter, our choice: as a flop, the worst case; area: built-in formula, docs/mechanism-area.md"})
	for _, k := range []Kind{Parity, ParityInterleaved, Duplicate, Lockstep, Residue, StreamCRC, Checksum, SECDED} {
		in = append(in, Declared{Kind: k, Area: one(1), Source: "built-in formula, docs/mechanism-area.md"})
	}
	return in
}

// declaredLimit bounds the size of a file of inputs in bytes.
const declaredLimit = 1 << 20

// ReadInputs reads a file that changes some of the default inputs:
//
//	cells:
//	  harden-light: {area: 1.2, ratio: [0.2, 0.3], source: data sheet of the library}
//	  harden: {area: 2.1, ratio: 1.0e-3}
//	  parity: {area: [1, 1.2], source: trial synthesis}
//
// Every value is a number or a range. Names are those of mechanisms; for anything but
// cells the area is a factor, and there is no ratio. Unknown names and keys are errors.
func ReadInputs(r io.Reader) (Inputs, error) {
	data, err := io.ReadAll(io.LimitReader(r, declaredLimit+1))
	if err != nil {
		return nil, fmt.Errorf("cells: %w", err)
	}
	if len(data) > declaredLimit {
		return nil, fmt.Errorf("cells: the file is larger than %d bytes", declaredLimit)
	}
	type line struct {
		Area   *Range  `yaml:"area"`
		Ratio  *Range  `yaml:"ratio"`
		Source *string `yaml:"source"`
	}
	var file struct {
		Cells map[string]line `yaml:"cells"`
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("cells: %w", err)
	}
	if len(file.Cells) == 0 {
		return nil, errors.New("cells: the file declares nothing: it must have the key cells, see upset assess --help")
	}
	in := DefaultInputs()
	for _, name := range slices.Sorted(maps.Keys(file.Cells)) {
		x := file.Cells[name]
		i := slices.IndexFunc(in, func(d Declared) bool { return d.Kind.String() == name })
		if i < 0 {
			return nil, fmt.Errorf("cells: unknown cell or mechanism %q: choose one of %s", name, in.names())
		}
		if x.Ratio != nil && in[i].Ratio == nil {
			return nil, fmt.Errorf("cells: %s has a ratio: only hardened cells and voters have one, what a mechanism lets through is simulated", name)
		}
		if x.Area == nil && x.Ratio == nil {
			return nil, fmt.Errorf("cells: %s: give area, ratio or both", name)
		}
		in[i].Source = "declared by the user"
		if x.Source != nil {
			in[i].Source = *x.Source
		}
		if x.Area != nil {
			in[i].Area = *x.Area
		}
		if x.Ratio != nil {
			in[i].Ratio = x.Ratio
		}
	}
	_, err = in.Cells()
	return in, err
}

// names lists the names of all inputs.
func (in Inputs) names() (text string) {
	for i, d := range in {
		if i > 0 {
			text += ", "
		}
		text += d.Kind.String()
	}
	return text
}

// WithHardenedRatio is the table with hardened cells of a ratio. No light cell is better
// than that.
func (in Inputs) WithHardenedRatio(ratio float64) Inputs {
	out := slices.Clone(in)
	for i, d := range out {
		switch {
		case d.Kind == Harden:
			out[i].Ratio, out[i].Source = &Range{ratio, ratio}, "--hardened-ratio"
		case d.Kind == HardenLight && d.Ratio.High < ratio:
			out[i].Ratio, out[i].Source = &Range{ratio, ratio}, "--hardened-ratio: no better than the hardened cell"
		}
	}
	return out
}

// Cells are the figures that decide: the larger end of areas; the larger end of ratios
// for residuals, the smaller one for the raw rate that SPFM is measured against.
func (in Inputs) Cells() (Cells, error) {
	c := DefaultCells()
	for _, d := range in {
		if d.Ratio == nil || d.Kind == Triplicate {
			if !(d.Area.Low > 0 && d.Area.High < 100) {
				return c, fmt.Errorf("cells: area factor %v of %s: must lie above 0 and below 100", d.Area.High, d.Kind)
			}
			if d.Area.High != 1 {
				c.Factor[d.Kind] = d.Area.High
			}
			if d.Ratio != nil {
				c.Voter = d.Ratio.High
			}
			continue
		}
		cell := Cell{Area: d.Area.High, SER: d.Ratio.High}
		if d.Ratio.Low != d.Ratio.High {
			if d.Ratio.Low <= 0 {
				return c, fmt.Errorf("cells: ratio %v of %s: the lower end of a range must lie above 0", d.Ratio.Low, d.Kind)
			}
			cell.Least = d.Ratio.Low
		}
		if d.Area.Low < 1 {
			return c, fmt.Errorf("cells: area %v of %s: a hardened cell is not smaller than a plain flop", d.Area.Low, d.Kind)
		}
		if d.Kind == Harden {
			c.DICE = cell
		} else {
			c.Light = cell
		}
	}
	if err := c.check(); err != nil {
		return c, fmt.Errorf("cells: %w", err)
	}
	return c, nil
}
