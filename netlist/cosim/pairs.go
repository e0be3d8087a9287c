package cosim

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"upset/netlist"
	"upset/netlist/gate"
)

// Pairs is a map file: for every register in Verilog the machine's, by name. A name that ends in
// a dot stands for all below it, where these have the same names on both sides.
type Pairs []Pair

// Pair is a line of a map file.
type Pair struct{ Verilog, Machine string }

// ReadPairs reads a map file: a pair of names a line, empty lines and lines that begin
// with # aside.
func ReadPairs(r io.Reader) (Pairs, error) {
	var out Pairs
	s := bufio.NewScanner(r)
	for n := 1; s.Scan(); n++ {
		line, _, _ := strings.Cut(s.Text(), "#")
		f := strings.Fields(line)
		switch len(f) {
		case 0:
		case 2:
			out = append(out, Pair{f[0], f[1]})
		default:
			return nil, fmt.Errorf("line %d: want a register in Verilog and one of the machine", n)
		}
	}
	if err := s.Err(); err != nil {
		return nil, err
	}
	return out, nil
}

// machine is the name of the machine's register for one in Verilog.
func (p Pairs) machine(verilog string) (string, bool) {
	for _, x := range p {
		if x.Verilog == verilog {
			return x.Machine, true
		}
		if strings.HasSuffix(x.Verilog, ".") && strings.HasPrefix(verilog, x.Verilog) && strings.HasSuffix(x.Machine, ".") {
			return x.Machine + verilog[len(x.Verilog):], true
		}
	}
	return "", false
}

// bind finds the flops of the gates that hold the bits of the cells: a flop for every bit of
// every cell, in their order. Each flop must belong to a bit and each bit to a flop.
func bind(n *gate.Netlist, cells []netlist.Cell, pairs Pairs) ([]gate.FlopID, error) {
	first := map[string]gate.Register{}
	for _, r := range n.Registers() {
		name, ok := pairs.machine(r.Path)
		if !ok {
			return nil, fmt.Errorf("%s: register %s is not on the map", n.Module, r.Path)
		}
		if r.Element >= 0 {
			name = fmt.Sprintf("%s[%d]", name, r.Element)
		}
		if old, ok := first[name]; ok {
			return nil, fmt.Errorf("%s: both %s and %s are %s", n.Module, old.String(), r.String(), name)
		}
		first[name] = r
	}
	var out []gate.FlopID
	for i := range cells {
		c := &cells[i]
		name := c.Register.Name
		if c.Register.Count > 1 {
			name = fmt.Sprintf("%s[%d]", name, c.Element)
		}
		r, ok := first[name]
		if one := name + "[0]"; !ok && c.Register.Count == 1 { // an array of one element in a small configuration
			name = one
			r, ok = first[name]
		}
		if !ok {
			return nil, fmt.Errorf("%s: no register is %s", n.Module, name)
		}
		if r.Bits != c.Width {
			return nil, fmt.Errorf("%s: %s has %d bits, the machine's %s %d", n.Module, r.String(), r.Bits, name, c.Width)
		}
		delete(first, name)
		for b := range r.Bits {
			out = append(out, r.First+gate.FlopID(b))
		}
	}
	for name, r := range first {
		return nil, fmt.Errorf("%s: %s stands for %s, which the machine does not have", n.Module, r.String(), name)
	}
	return out, nil
}
