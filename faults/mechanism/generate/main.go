// Command generate writes docs/mechanism-area.md: what every mechanism adds to the area,
// part by part, and what is left out. Run it from the project's root:
//
//	go run ./faults/mechanism/generate
package main

import (
	"bytes"
	_ "embed"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"upset/faults/mechanism"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

//go:embed page.tmpl
var text string

func main() {
	out := flag.String("out", filepath.FromSlash("docs/mechanism-area.md"), "page to write")
	flag.Parse()
	page, err := page()
	if err == nil {
		err = os.WriteFile(*out, page, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// config is the configuration of the examples (our choice: the default of the commands).
const config = isa.U55x128

// examples puts every mechanism somewhere: where it is worth most, or on the only place
// where it can be.
var examples = []mechanism.Choice{
	{Block: "mac", Kind: mechanism.HardenLight},
	{Block: "mac", Kind: mechanism.Harden},
	{Block: "dma", Kind: mechanism.Parity},
	{Block: "dma", Kind: mechanism.ParityInterleaved},
	{Block: "dma", Kind: mechanism.ParityAlways},
	{Block: "dma", Kind: mechanism.Duplicate},
	{Block: "dma", Kind: mechanism.Triplicate},
	{Block: mechanism.Whole, Kind: mechanism.Lockstep},
	{Block: "sb", Kind: mechanism.SECDED},
	{Block: "cc", Kind: mechanism.Watchdog},
	{Block: "traversal", Kind: mechanism.Residue},
	{Block: "wd", Kind: mechanism.StreamCRC},
	{Block: "mac", Kind: mechanism.Checksum},
}

// example is a mechanism at a place with its area.
type example struct {
	Name, Where, Source string
	Flops               string
	Items               []mechanism.Item
	Cost                mechanism.Cost
	LeftOut             []mechanism.Omission
	share               float64
}

// Share is the area in per cent of the unprotected logic.
func (e example) Share() string { return fmt.Sprintf("%.2f %%", 100*e.share) }

// data is what the page shows.
type data struct {
	NPU        string
	Costs      netlist.Costs
	Cells      mechanism.Cells
	Blocks     []netlist.BlockArea
	Logic      float64
	Code       float64
	RAM        float64
	Examples   []example
	Offset     float64
	OffsetPart float64
}

// offsetClocks is how far apart copies usually run (Arm Cortex-R8: an offset in time; two
// clocks are our choice).
const offsetClocks = 2

// page makes the page.
func page() ([]byte, error) {
	cells := mechanism.DefaultCells()
	coded, bare := netlist.New(config, npu.ECCSECDED), netlist.New(config, npu.ECCNone)
	d := data{NPU: config.String(), Costs: *netlist.DefaultCosts(), Cells: cells, Blocks: coded.Areas(nil)}
	prices := mechanism.NewPricing(coded, d.Blocks, nil, cells)
	d.Logic, d.RAM = prices.Logic()
	before := mechanism.NewPricing(bare, bare.Areas(nil), nil, cells)
	plain, _ := before.Logic()
	d.Code = d.Logic - plain
	for _, c := range examples {
		p := prices
		if c.Kind == mechanism.SECDED { // the machine has it already, or it is added
			p = before
		}
		items, err := p.Items(c)
		if err != nil {
			return nil, err
		}
		cost, err := p.Cost(c)
		if err != nil {
			return nil, err
		}
		x := example{Name: c.Kind.String(), Where: "block " + c.Block, Items: items, Cost: cost, Source: mechanism.Source(c.Kind), LeftOut: mechanism.LeftOut(c.Kind), share: cost.LogicGE / d.Logic}
		if c.Block == mechanism.Whole {
			x.Where = "the whole NPU"
		}
		if n := p.Flops(c); n > 0 && c.Kind != mechanism.SECDED && c.Kind != mechanism.Lockstep {
			x.Flops = fmt.Sprintf(", %s flops", grouped(float64(n)))
		}
		d.Examples = append(d.Examples, x)
	}
	var err error
	if d.Offset, err = prices.OffsetCost(offsetClocks); err != nil {
		return nil, err
	}
	d.OffsetPart = 100 * d.Offset / d.Logic
	t, err := template.New("page").Funcs(template.FuncMap{"n": grouped, "clocks": func() int { return offsetClocks }}).Parse(text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, d)
	return b.Bytes(), err
}

// grouped writes a number with its thousands apart.
func grouped(x float64) string {
	s := strings.TrimSuffix(fmt.Sprintf("%.1f", x), ".0")
	whole, rest, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if rest != "" {
		whole += "." + rest
	}
	return whole
}
