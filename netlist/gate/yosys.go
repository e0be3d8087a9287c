package gate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"strconv"
)

// RegisterAttribute marks the nets of registers in a design of yosys. In a module
// that has such nets, they and the flops are the same: every bit of a marked net
// is a flop of its own and every flop has one marked name.
const RegisterAttribute = "upset_register"

// The parts of a file of yosys' write_json that are read.
type (
	yosysFile struct {
		Modules map[string]*yosysModule `json:"modules"`
	}
	yosysModule struct {
		Ports    map[string]*yosysPort `json:"ports"`
		Cells    map[string]*yosysCell `json:"cells"`
		NetNames map[string]*yosysNet  `json:"netnames"`
	}
	yosysPort struct {
		Direction string `json:"direction"`
		Bits      bits   `json:"bits"`
		Offset    int    `json:"offset"`
	}
	yosysCell struct {
		Type        string          `json:"type"`
		Connections map[string]bits `json:"connections"`
	}
	yosysNet struct {
		HideName   int            `json:"hide_name"`
		Bits       bits           `json:"bits"`
		Offset     int            `json:"offset"`
		Upto       int            `json:"upto"`
		Attributes map[string]any `json:"attributes"`
	}
)

// bits are the bits of a signal: a number of yosys, or one of the constants.
type bits []int64

const (
	bitZero      = -1
	bitOne       = -2
	bitUndefined = -3
)

func (b *bits) UnmarshalJSON(data []byte) error {
	*b = nil
	data = bytes.TrimSpace(data)
	if len(data) < 2 || data[0] != '[' {
		return errors.New("bits are not a list")
	}
	data = data[1 : len(data)-1]
	if len(bytes.TrimSpace(data)) == 0 {
		return nil
	}
	for _, t := range bytes.Split(data, []byte{','}) {
		switch s := string(bytes.TrimSpace(t)); s {
		case `"0"`:
			*b = append(*b, bitZero)
		case `"1"`:
			*b = append(*b, bitOne)
		case `"x"`, `"z"`:
			*b = append(*b, bitUndefined)
		default:
			v, err := strconv.ParseInt(s, 10, 63)
			if err != nil || v < 0 {
				return fmt.Errorf("bit %.40s is not a number", s)
			}
			*b = append(*b, v)
		}
	}
	return nil
}

// FromYosys reads a module from the output of yosys' write_json. The module is flat and
// consists of generic gates ($_AND_ …) and of plain flops ($_DFF_P_) that share
// one clock input. A loop, a net without a driver or with two, an undefined constant,
// a cell of another type and a flop whose Q has no public name give an error that
// names the cell or net. Where nets have RegisterAttribute, a flop takes its name
// from there, and an error names the flop without and the bit that is no flop. Without such
// nets, of several names of a Q the one deepest in the hierarchy counts, then the
// shortest, then the first in the alphabet. Ports stand in the order of their names, flops by
// register, element and bit.
func FromYosys(r io.Reader, module string) (*Netlist, error) {
	var f yosysFile
	if err := json.NewDecoder(r).Decode(&f); err != nil {
		return nil, fmt.Errorf("yosys netlist: %w", err)
	}
	m := f.Modules[module]
	if m == nil {
		return nil, fmt.Errorf("yosys netlist: there is no module %q", module)
	}
	c := &converter{m: m, n: &Netlist{Module: module}, driver: map[int64]int32{}, by: map[int64]string{}}
	if err := c.convert(); err != nil {
		return nil, fmt.Errorf("yosys netlist, module %s: %w", module, err)
	}
	return c.n, nil
}

type converter struct {
	m      *yosysModule
	n      *Netlist
	d      draft
	driver map[int64]int32 // by bit of yosys: driver as in draft
	by     map[int64]string
	q      []int64 // by flop: bit of yosys
	flopD  []int64
	clock  int64 // bit of yosys; negative without flops
	gates  []*yosysCell
	marks  int // bits with RegisterAttribute
}

func sortedKeys[V any](m map[string]V) []string {
	list := make([]string, 0, len(m))
	for k := range m {
		list = append(list, k)
	}
	sort.Strings(list)
	return list
}

func (c *converter) drive(bit int64, driver int32, name string) error {
	if bit < 0 {
		return fmt.Errorf("%s drives a constant", name)
	}
	if other, ok := c.by[bit]; ok {
		return fmt.Errorf("net %s has two drivers, %s and %s", c.netName(bit), other, name)
	}
	c.driver[bit], c.by[bit] = driver, name
	return nil
}

// netName finds a name of a bit for an error.
func (c *converter) netName(bit int64) string {
	for _, name := range sortedKeys(c.m.NetNames) {
		if i := slices.Index(c.m.NetNames[name].Bits, bit); i >= 0 {
			return fmt.Sprintf("%s bit %d", name, i)
		}
	}
	return strconv.FormatInt(bit, 10)
}

func (c *converter) convert() error {
	if err := c.inputs(); err != nil {
		return err
	}
	if err := c.cells(); err != nil {
		return err
	}
	return c.connect()
}

// inputs numbers the input ports and refuses ports of other kinds.
func (c *converter) inputs() error {
	next := int32(2)
	for _, name := range sortedKeys(c.m.Ports) {
		p := c.m.Ports[name]
		if p == nil || len(p.Bits) == 0 {
			return fmt.Errorf("port %s has no bits", name)
		}
		port := Port{Name: name, Nets: make([]NetID, len(p.Bits))}
		switch p.Direction {
		case "input":
			for b, bit := range p.Bits {
				if err := c.drive(bit, -1-next, fmt.Sprintf("input %s.%d", name, b)); err != nil {
					return err
				}
				next++
			}
			c.n.Inputs = append(c.n.Inputs, port)
		case "output":
			c.n.Outputs = append(c.n.Outputs, port)
		default:
			return fmt.Errorf("port %s is %q: only inputs and outputs are possible", name, p.Direction)
		}
	}
	return nil
}

var kindOfCell = func() map[string]Kind {
	m := map[string]Kind{}
	for k, name := range kindNames {
		m["$_"+name+"_"] = Kind(k)
	}
	return m
}()

// pin returns the bit of a cell's one-bit port.
func pin(name string, cell *yosysCell, port string) (int64, error) {
	b := cell.Connections[port]
	if len(b) != 1 {
		return 0, fmt.Errorf("cell %s (%s) has %d bits at %s", name, cell.Type, len(b), port)
	}
	return b[0], nil
}

// cells registers what every cell drives: flops in the order of their names,
// gates in the order of their cells' names.
func (c *converter) cells() error {
	var flops []string
	for _, name := range sortedKeys(c.m.Cells) {
		cell := c.m.Cells[name]
		if cell == nil {
			return fmt.Errorf("cell %s is empty", name)
		}
		if cell.Type == "$_DFF_P_" {
			flops = append(flops, name)
			continue
		}
		k, ok := kindOfCell[cell.Type]
		if !ok {
			return fmt.Errorf("cell %s is a %s, which is not a generic gate", name, cell.Type)
		}
		if len(cell.Connections) != k.Operands()+1 {
			return fmt.Errorf("cell %s (%s) has %d pins", name, cell.Type, len(cell.Connections))
		}
		y, err := pin(name, cell, "Y")
		if err != nil {
			return err
		}
		if err := c.drive(y, int32(len(c.d.kind)), "cell "+name); err != nil {
			return err
		}
		c.d.kind = append(c.d.kind, k)
		c.d.name = append(c.d.name, name)
		c.gates = append(c.gates, cell)
	}
	return c.flops(flops)
}

// connect finds the drivers of everything that is read, orders the gates and
// completes the netlist.
func (c *converter) connect() error {
	read := func(bit int64, format string, a ...any) (int32, error) {
		switch bit {
		case bitZero:
			return -1 - int32(Zero), nil
		case bitOne:
			return -1 - int32(One), nil
		case bitUndefined:
			return 0, fmt.Errorf("%s is an undefined constant", fmt.Sprintf(format, a...))
		}
		d, ok := c.driver[bit]
		if ok && bit == c.clock {
			return 0, fmt.Errorf("%s reads the clock", fmt.Sprintf(format, a...))
		}
		if !ok {
			return 0, fmt.Errorf("%s reads net %s, which has no driver", fmt.Sprintf(format, a...), c.netName(bit))
		}
		return d, nil
	}
	c.d.ops = make([][3]int32, len(c.gates))
	for i, cell := range c.gates {
		for k := range c.d.kind[i].Operands() {
			port := [3]string{"A", "B", "S"}[k]
			bit, err := pin(c.d.name[i], cell, port)
			if err != nil {
				return err
			}
			if c.d.ops[i][k], err = read(bit, "pin %s of cell %s", port, c.d.name[i]); err != nil {
				return err
			}
		}
	}
	var roots []int32
	for i := range c.n.Outputs {
		name := c.n.Outputs[i].Name
		for b, bit := range c.m.Ports[name].Bits {
			d, err := read(bit, "output %s.%d", name, b)
			if err != nil {
				return err
			}
			roots = append(roots, d)
		}
	}
	for i, bit := range c.flopD {
		d, err := read(bit, "flop %s", &c.n.Flops[i])
		if err != nil {
			return err
		}
		roots = append(roots, d)
	}
	for i := range c.n.Inputs {
		c.n.inputBits += len(c.n.Inputs[i].Nets)
	}
	first := c.n.firstGate()
	gates, position, err := c.d.order(first, roots)
	if err != nil {
		return err
	}
	c.n.Gates = gates
	net := func(driver int32) NetID {
		if driver < 0 {
			return NetID(-1 - driver)
		}
		return NetID(first) + NetID(position[driver])
	}
	next := 0
	for i := range c.n.Outputs {
		for b := range c.n.Outputs[i].Nets {
			c.n.Outputs[i].Nets[b] = net(roots[next])
			next++
		}
	}
	for i := range c.n.Flops {
		c.n.Flops[i].D = net(roots[next])
		next++
	}
	return c.n.complete()
}
