package cosim

import (
	"errors"
	"fmt"
	"strings"

	"upset/netlist"
	"upset/netlist/gate"
	"upset/netlist/rtl"
	"upset/npu"
	"upset/npu/isa"
)

// Block is a block of a configuration with its gates.
type Block struct {
	Config   isa.Config
	Boundary *npu.Boundary
	Gates    *gate.Netlist
	pairs    Pairs
	table    *netlist.Table
	cells    []netlist.Cell // the registers, in the order of sites
	flops    []gate.FlopID  // by register bit, in the same order
}

// NewBlock joins a boundary with gates. It reports gates that do not fit: a flop without a
// register or a register without its flops, a port that is missing, too many or of another width.
func NewBlock(c isa.Config, b *npu.Boundary, g *gate.Netlist, pairs Pairs) (*Block, error) {
	x := &Block{Config: c, Boundary: b, Gates: g, pairs: pairs, table: netlist.New(c, npu.ECCNone)}
	var err error
	if x.cells, err = x.table.Cells(b.Registers); err != nil {
		return nil, err
	}
	if x.flops, err = bind(g, x.cells, pairs); err != nil {
		return nil, err
	}
	if err := errors.Join(
		ports(g.Inputs, append([]npu.Signal{{Name: "clk", Width: 1}, {Name: "rst", Width: 1}}, b.Inputs...)),
		ports(g.Outputs, b.Outputs)); err != nil {
		return nil, fmt.Errorf("%s: %w", g.Module, err)
	}
	return x, nil
}

// clockPort is left out of gates, whose flops share one clock.
const clockPort = "clk"

// ports compares the ports of gates with signals.
func ports(have []gate.Port, want []npu.Signal) error {
	var wrong []string
	width := map[string]int{}
	for i := range have {
		width[have[i].Name] = len(have[i].Nets)
	}
	for i := range want {
		w, ok := width[want[i].Name]
		switch {
		case !ok && want[i].Name != clockPort:
			wrong = append(wrong, "no port "+want[i].Name)
		case ok && w != want[i].Width:
			wrong = append(wrong, fmt.Sprintf("port %s has %d bits, not %d", want[i].Name, w, want[i].Width))
		}
		delete(width, want[i].Name)
	}
	for name := range width {
		wrong = append(wrong, "port "+name+" is not on the block's page")
	}
	if wrong == nil {
		return nil
	}
	return errors.New(strings.Join(wrong, "; "))
}

// Bits is the number of register bits of the block.
func (b *Block) Bits() int { return len(b.flops) }

// boundaries are the blocks with a second implementation, in the order of the pipeline.
var boundaries = []func(isa.Config) *npu.Boundary{
	func(isa.Config) *npu.Boundary { return npu.TraversalBoundary() },
	func(isa.Config) *npu.Boundary { return npu.WeightDecoderBoundary() },
	npu.MACBoundary,
	npu.OutputBoundary,
}

// Blocks lists the blocks with a second implementation.
func Blocks() []string {
	var out []string
	for _, f := range boundaries {
		out = append(out, f(isa.U55x32).Block)
	}
	return out
}

// Open returns a block with the gates that come with the program.
func Open(name string, c isa.Config) (*Block, error) {
	for _, f := range boundaries {
		b := f(c)
		if b.Block != name {
			continue
		}
		g, err := rtl.Gates(name, c)
		if err != nil {
			return nil, err
		}
		m, err := rtl.Map(name)
		if err != nil {
			return nil, err
		}
		pairs, err := ReadPairs(m)
		if err != nil {
			return nil, fmt.Errorf("%s.map: %w", name, err)
		}
		return NewBlock(c, b, g, pairs)
	}
	return nil, fmt.Errorf("no block %q has gates: use %s", name, strings.Join(Blocks(), ", "))
}
