package netlist

import (
	"fmt"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// Count is a whole number of a YAML file, written in decimal digits with an optional
// sign. Leading zeros mean nothing: 010 is ten. The YAML reader alone would take it
// for eight, and cut fractions off.
type Count int

// UnmarshalYAML refuses what is not written as a whole number.
func (c *Count) UnmarshalYAML(n *yaml.Node) error {
	v, err := strconv.Atoi(n.Value)
	if err != nil || !plain(n) {
		return fmt.Errorf("line %d: %q is no whole number in decimal digits", n.Line, n.Value)
	}
	*c = Count(v)
	return nil
}

// Figure is a number of a YAML file in decimal notation, such as 010, 0.5 or 1e-4.
// Neither hexadecimal numbers nor NaN and infinities are figures.
type Figure float64

// decimal is the form of a figure.
var decimal = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`)

// UnmarshalYAML refuses what is not written as a decimal number, or is too large.
func (f *Figure) UnmarshalYAML(n *yaml.Node) error {
	v, err := strconv.ParseFloat(n.Value, 64)
	if err != nil || !plain(n) || !decimal.MatchString(n.Value) {
		return fmt.Errorf("line %d: %q is no number such as 0.5 or 1e-4", n.Line, n.Value)
	}
	*f = Figure(v)
	return nil
}

// plain tells a scalar without quotes and without a tag.
func plain(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Style == 0 }
