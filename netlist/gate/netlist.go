package gate

import (
	"fmt"
	"strings"
)

// Kind is the function of a gate.
type Kind uint8

// The kinds, with the names and functions of yosys' generic gates. A, B and S
// are the operands.
const (
	Not    Kind = iota // ¬A
	And                // A ∧ B
	Or                 // A ∨ B
	Xor                // A ⊕ B
	Xnor               // ¬(A ⊕ B)
	Nand               // ¬(A ∧ B)
	Nor                // ¬(A ∨ B)
	AndNot             // A ∧ ¬B
	OrNot              // A ∨ ¬B
	Mux                // S ? B : A

	// Kinds is the number of kinds.
	Kinds int = iota
)

var kindNames = [Kinds]string{"NOT", "AND", "OR", "XOR", "XNOR", "NAND", "NOR", "ANDNOT", "ORNOT", "MUX"}

// String returns the name of the kind as yosys has it between $_ and _.
func (k Kind) String() string {
	if int(k) < Kinds {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Operands is the number of operands of a gate of the kind: 1, 2 or 3.
func (k Kind) Operands() int {
	switch k {
	case Not:
		return 1
	case Mux:
		return 3
	}
	return 2
}

// symmetric says whether A and B can be exchanged.
func (k Kind) symmetric() bool { return k != Not && k != AndNot && k != OrNot && k != Mux }

// NetID is the number of a net: see the package's text for the order.
type NetID int32

// The nets of the constants.
const (
	Zero NetID = 0
	One  NetID = 1
)

// FlopID is an index of Netlist.Flops.
type FlopID int32

// Gate is a gate. B is 0 for a Not, S is 0 for everything but a Mux.
type Gate struct {
	Kind    Kind
	A, B, S NetID
}

// operands lists the nets that the gate reads.
func (g *Gate) operands() []NetID {
	list := [3]NetID{g.A, g.B, g.S}
	return list[:g.Kind.Operands()]
}

// Port is an input or output port with its nets, bit 0 first.
type Port struct {
	Name string
	Nets []NetID
}

// Flop is a flip-flop: a bit of a register. Register is the path of the register
// in the module, for example trav.oy. Element is the index of the register in an
// array, or -1. D is the net that it takes at the clock.
type Flop struct {
	Register string
	Element  int
	Bit      int
	D        NetID
}

// String returns the flop's name, for example trav.oy.3 or pendw[3].5.
func (f *Flop) String() string {
	return fmt.Sprintf("%s.%d", registerName(f.Register, f.Element), f.Bit)
}

func registerName(path string, element int) string {
	if element < 0 {
		return path
	}
	return fmt.Sprintf("%s[%d]", path, element)
}

// Register is a register of a netlist: the flops First to First+Bits-1, bit 0
// first.
type Register struct {
	Path    string
	Element int // index in its array, or -1
	First   FlopID
	Bits    int
}

// String returns the register's name, for example trav.oy or pendw[3].
func (r *Register) String() string { return registerName(r.Path, r.Element) }

// Netlist is a module as gates and flops. It is read only once it was made by
// Read or FromYosys; several simulators can share it.
type Netlist struct {
	Module  string
	Inputs  []Port
	Outputs []Port
	Flops   []Flop
	Gates   []Gate

	inputBits int
	depth     int
	levels    []int32 // of every net
	registers []Register
	register  map[string]int // by Register.String
}

// Nets is the number of nets.
func (n *Netlist) Nets() int { return n.firstGate() + len(n.Gates) }

func (n *Netlist) firstFlop() int { return 2 + n.inputBits }
func (n *Netlist) firstGate() int { return 2 + n.inputBits + len(n.Flops) }

// Input returns the nets of an input port, bit 0 first, or nil when there is no
// such port.
func (n *Netlist) Input(name string) []NetID { return find(n.Inputs, name) }

// Output returns the nets of an output port, bit 0 first, or nil when there is
// no such port.
func (n *Netlist) Output(name string) []NetID { return find(n.Outputs, name) }

func find(list []Port, name string) []NetID {
	for i := range list {
		if list[i].Name == name {
			return list[i].Nets
		}
	}
	return nil
}

// Flop returns the flops of a register, bit 0 first, or nil when there is no such
// register. Element is -1 for a register that is not in an array.
func (n *Netlist) Flop(register string, element int) []FlopID {
	i, ok := n.register[registerName(register, element)]
	if !ok {
		return nil
	}
	r := &n.registers[i]
	list := make([]FlopID, r.Bits)
	for b := range list {
		list[b] = r.First + FlopID(b)
	}
	return list
}

// FlopNets returns the Q nets of a register, bit 0 first, or nil: for SetNets
// and GetNets of a Simulator.
func (n *Netlist) FlopNets(register string, element int) []NetID {
	var list []NetID
	for _, f := range n.Flop(register, element) {
		list = append(list, n.Q(f))
	}
	return list
}

// NextNets returns the D nets of a register, bit 0 first, or nil: GetNets of a
// Simulator reads what the register takes at the next clock.
func (n *Netlist) NextNets(register string, element int) []NetID {
	var list []NetID
	for _, f := range n.Flop(register, element) {
		list = append(list, n.D(f))
	}
	return list
}

// Registers lists the registers in the order of their flops.
func (n *Netlist) Registers() []Register { return append([]Register(nil), n.registers...) }

// Q is the net that a flop drives.
func (n *Netlist) Q(f FlopID) NetID { return NetID(n.firstFlop() + int(f)) }

// D is the net that a flop takes at the clock.
func (n *Netlist) D(f FlopID) NetID { return n.Flops[f].D }

// FlopOf returns the flop that drives a net.
func (n *Netlist) FlopOf(net NetID) (FlopID, bool) {
	f := int(net) - n.firstFlop()
	return FlopID(f), f >= 0 && f < len(n.Flops)
}

// GateOf returns the index in Gates of the gate that drives a net.
func (n *Netlist) GateOf(net NetID) (int, bool) {
	g := int(net) - n.firstGate()
	return g, g >= 0 && g < len(n.Gates)
}

// GateNet is the net that a gate, an index of Gates, drives.
func (n *Netlist) GateNet(gate int) NetID { return NetID(n.firstGate() + gate) }

// Level is the largest number of gates on a way from a constant, an input or a
// flop to the net, which is 0 for those themselves.
func (n *Netlist) Level(net NetID) int { return int(n.levels[net]) }

// Depth is the largest level of a net: the logic depth of the module.
func (n *Netlist) Depth() int { return n.depth }

// readers lists the gates that read each net: those of net i are
// readers[start[i]:start[i+1]]. A gate that reads a net twice is there twice.
func (n *Netlist) readers() (readers, start []int32) {
	start = make([]int32, n.Nets()+1)
	for i := range n.Gates {
		g := &n.Gates[i]
		for _, o := range g.operands() {
			start[o+1]++
		}
	}
	for i := range n.Nets() {
		start[i+1] += start[i]
	}
	readers = make([]int32, start[n.Nets()])
	fill := append([]int32(nil), start...)
	for i := range n.Gates {
		g := &n.Gates[i]
		for _, o := range g.operands() {
			readers[fill[o]] = int32(i)
			fill[o]++
		}
	}
	return readers, start
}

// Counts is the number of gates of every kind.
func (n *Netlist) Counts() [Kinds]int {
	var c [Kinds]int
	for i := range n.Gates {
		c[n.Gates[i].Kind]++
	}
	return c
}

// NetName names a net for a reader: the port's bit or the flop that drives it, or
// the kind and index of its gate.
func (n *Netlist) NetName(net NetID) string {
	switch {
	case net == Zero:
		return "constant 0"
	case net == One:
		return "constant 1"
	case net < 0 || int(net) >= n.Nets():
		return fmt.Sprintf("no net %d", net)
	}
	if f, ok := n.FlopOf(net); ok {
		return n.Flops[f].String()
	}
	if g, ok := n.GateOf(net); ok {
		return fmt.Sprintf("gate %d (%s)", g, n.Gates[g].Kind)
	}
	for i := range n.Inputs {
		p := &n.Inputs[i]
		if b := int(net - p.Nets[0]); b < len(p.Nets) {
			return fmt.Sprintf("%s.%d", p.Name, b)
		}
	}
	return fmt.Sprintf("net %d", net)
}

// complete checks the netlist and fills in what follows from it. It numbers the
// nets of the input ports. Every error names what it is about.
func (n *Netlist) complete() error {
	n.inputBits = 0
	for i := range n.Inputs {
		p := &n.Inputs[i]
		if len(p.Nets) == 0 {
			return fmt.Errorf("input %q has no bits", p.Name)
		}
		for b := range p.Nets {
			p.Nets[b] = NetID(2 + n.inputBits + b)
		}
		n.inputBits += len(p.Nets)
	}
	if err := n.checkNames(); err != nil {
		return err
	}
	first, nets := NetID(n.firstGate()), NetID(n.Nets())
	n.levels = make([]int32, nets)
	n.depth = 0
	for i := range n.Gates {
		g, net := &n.Gates[i], first+NetID(i)
		if int(g.Kind) >= Kinds {
			return fmt.Errorf("gate %d has the unknown kind %d", i, g.Kind)
		}
		ops := [3]NetID{g.A, g.B, g.S}
		level := int32(0)
		for k, o := range ops {
			if k >= g.Kind.Operands() && o != 0 {
				return fmt.Errorf("gate %d (%s) has more than %d operands", i, g.Kind, g.Kind.Operands())
			}
			if o < 0 || o >= net {
				return fmt.Errorf("gate %d (%s) reads net %d, which is not before it", i, g.Kind, o)
			}
			level = max(level, n.levels[o])
		}
		n.levels[net] = level + 1
		n.depth = max(n.depth, int(level)+1)
	}
	for i := range n.Outputs {
		p := &n.Outputs[i]
		if len(p.Nets) == 0 {
			return fmt.Errorf("output %q has no bits", p.Name)
		}
		for b, o := range p.Nets {
			if o < 0 || o >= nets {
				return fmt.Errorf("output %s.%d is net %d, which does not exist", p.Name, b, o)
			}
		}
	}
	for i := range n.Flops {
		if f := &n.Flops[i]; f.D < 0 || f.D >= nets {
			return fmt.Errorf("flop %s takes net %d, which does not exist", f, f.D)
		}
	}
	return nil
}

// checkNames checks that names are there and that there is one of each, and
// gathers the flops into registers.
func (n *Netlist) checkNames() error {
	ports := map[string]bool{}
	for _, list := range [][]Port{n.Inputs, n.Outputs} {
		for i := range list {
			if list[i].Name == "" || ports[list[i].Name] {
				return fmt.Errorf("port %q has no name of its own", list[i].Name)
			}
			ports[list[i].Name] = true
		}
	}
	n.registers, n.register = nil, map[string]int{}
	for i := range n.Flops {
		f := &n.Flops[i]
		if f.Register == "" || f.Element < -1 {
			return fmt.Errorf("flop %d has no register", i)
		}
		if f.Bit == 0 {
			r := Register{Path: f.Register, Element: f.Element, First: FlopID(i)}
			name := r.String()
			if _, ok := n.register[name]; ok {
				return fmt.Errorf("register %s is there twice", name)
			}
			n.register[name] = len(n.registers)
			n.registers = append(n.registers, r)
		}
		last := len(n.registers) - 1
		if last < 0 || n.registers[last].Path != f.Register || n.registers[last].Element != f.Element || n.registers[last].Bits != f.Bit {
			return fmt.Errorf("flop %s does not follow the bit before it: registers have all bits from 0", f)
		}
		n.registers[last].Bits++
	}
	return nil
}

// String describes the netlist in a line: module, flops, gates, depth.
func (n *Netlist) String() string {
	var kinds []string
	for k, c := range n.Counts() {
		if c > 0 {
			kinds = append(kinds, fmt.Sprintf("%d %s", c, Kind(k)))
		}
	}
	return fmt.Sprintf("%s: %d flops, %d gates (%s), depth %d", n.Module, len(n.Flops), len(n.Gates), strings.Join(kinds, ", "), n.depth)
}
