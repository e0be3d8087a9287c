package area

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"upset/netlist"
	"upset/npu/isa"
)

//go:embed page.tmpl
var pageText string

// fitRow is a constant with its measured values.
type fitRow struct {
	Name     string
	Now      float64
	Measured []float64
}

// Middle is the middle of the measured values.
func (r fitRow) Middle() float64 { return (slices.Min(r.Measured) + slices.Max(r.Measured)) / 2 }

// buildingRow is a building block on the page.
type buildingRow struct {
	Building
	Result
	Size string
	Now  float64
}

// Each is what a unit takes in a library.
func (r buildingRow) Each(i int) float64 { return r.PerUnit(r.Areas[i]) }

// mechanismRow is a mechanism on the page.
type mechanismRow struct {
	Mechanism
	Result
	Kind    string
	Default float64   // formula with the constants of the program
	Own     []float64 // formula with the constants of each library
	Gated   []float64 // synthesised, with clock gates for enables
}

// blockRow is a block on a configuration.
type blockRow struct {
	Config  string
	Flops   int // counted by the program; 0 where it does not count them apart
	Default float64
	Own     []float64
	Gated   []float64 // combinational area without the multiplexers of enables
	Result
}

// blockPage is a block with all configurations.
type blockPage struct {
	Module, Block string
	Rows          []blockRow
}

type pageData struct {
	*File
	Command string
	Enable  []float64
	Fits    []fitRow
	Parts   []buildingRow
	Kinds   []mechanismRow
	Blocks  []blockPage
	Pending []string
	Logic   []logicRow
	Designs []Design
	Study   *studyPage
}

// logicRow is the whole logic of a configuration.
type logicRow struct {
	Config  string
	Default float64
	Own     []float64
}

// EnableGE is what the enable of a flop takes in each library: a multiplexer that a clock
// gate makes needless.
func (f *File) EnableGE() ([]float64, error) {
	s := Subject{Module: "part_flop_enable", Params: par("W", 32)}
	r, err := f.Find(s)
	if err != nil {
		return nil, err
	}
	var list []float64
	for _, a := range r.Areas {
		list = append(list, a.CombGE/32)
	}
	return list, nil
}

// gated takes the multiplexers of enabled flops off an area.
func gated(ge float64, enabled int, each float64) float64 { return ge - float64(enabled)*each }

// Page makes docs/area.md. Files are read below root, which is netlist/rtl.
func Page(f *File, root string) ([]byte, error) {
	d := pageData{File: f, Command: strings.TrimSuffix(Update, " -update")}
	var err error
	if d.Enable, err = f.EnableGE(); err != nil {
		return nil, err
	}
	for _, step := range []func(*File) error{d.parts, d.mechanisms, func(f *File) error { return d.blocks(f, root) }, func(*File) error { return d.overheads(root) }} {
		if err := step(f); err != nil {
			return nil, err
		}
	}
	t, err := template.New("page").Funcs(template.FuncMap{"n": whole, "g": short, "pc": percent, "ratio": ratio, "own": own, "word": verdictText}).Parse(pageText)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, d)
	return b.Bytes(), err
}

func (d *pageData) parts(f *File) error {
	defaults := netlist.DefaultCosts()
	for _, name := range Constants() {
		fit, err := f.Fit(name)
		if err != nil {
			return err
		}
		d.Fits = append(d.Fits, fitRow{name, *Constant(defaults, name), fit})
	}
	for _, b := range Buildings() {
		r, err := f.Find(b.Subject)
		if err != nil {
			return err
		}
		row := buildingRow{Building: b, Result: r, Now: *Constant(defaults, b.Constant)}
		for _, p := range b.Params {
			if p.Name == "W" {
				row.Size = fmt.Sprintf("%d", p.Value)
			}
			if p.Name == "LEVELS" && b.Module != "part_mux" {
				row.Size += fmt.Sprintf(" by up to %d", 1<<p.Value-1)
			}
		}
		d.Parts = append(d.Parts, row)
	}
	return nil
}

func (d *pageData) mechanisms(f *File) error {
	for _, m := range Mechanisms() {
		r, err := f.Find(m.Subject)
		if err != nil {
			return err
		}
		row := mechanismRow{Mechanism: m, Result: r, Kind: m.Kind.String(), Default: m.Formula(netlist.DefaultCosts())}
		for i, x := range netlist.MeasuredCosts() {
			row.Own = append(row.Own, m.Formula(&x.Costs))
			row.Gated = append(row.Gated, gated(r.Areas[i].GE(), r.Gates.Enabled, d.Enable[i]))
		}
		d.Kinds = append(d.Kinds, row)
	}
	return nil
}

func (d *pageData) blocks(f *File, root string) error {
	all, err := readTexts(root)
	if err != nil {
		return err
	}
	for _, b := range Blocks {
		p := blockPage{Module: b.Module, Block: b.Block}
		for _, m := range all.measurements(b) {
			r, err := f.Find(m.Subject)
			if err != nil {
				return err
			}
			row := blockRow{Config: m.Config.String(), Result: r}
			row.Default, row.Flops = b.Formula(m.Config, netlist.DefaultCosts())
			for i, x := range netlist.MeasuredCosts() {
				ge, _ := b.Formula(m.Config, &x.Costs)
				row.Own = append(row.Own, ge)
				row.Gated = append(row.Gated, gated(r.Areas[i].CombGE, r.Gates.Enabled, d.Enable[i]))
			}
			if m.Every {
				row.Config = "all"
			}
			p.Rows = append(p.Rows, row)
		}
		if len(p.Rows) == 0 {
			d.Pending = append(d.Pending, b.Module)
			continue
		}
		d.Blocks = append(d.Blocks, p)
	}
	return nil
}

func (d *pageData) overheads(root string) error {
	readme, err := os.ReadFile(filepath.Join(root, "..", "..", "README.md"))
	if err != nil {
		return err
	}
	study, err := os.ReadFile(filepath.Join(root, "..", "..", "docs", "study", "results.json"))
	if err != nil {
		return err
	}
	shown, err := readmeDesigns(string(readme))
	if err != nil {
		return err
	}
	d.Designs = append(references(isa.U55x128), shown...)
	for i := range d.Designs {
		if err := d.Designs[i].price(); err != nil {
			return err
		}
	}
	before, err := os.ReadFile(filepath.Join(root, "..", "..", "docs", "study", "before.json"))
	if err != nil {
		return err
	}
	if d.Study, err = newStudyPage(before, study); err != nil {
		return err
	}
	for _, c := range isa.Configs {
		row := logicRow{Config: c.String(), Default: logic(c, netlist.DefaultCosts())}
		for _, x := range netlist.MeasuredCosts() {
			row.Own = append(row.Own, logic(c, &x.Costs))
		}
		d.Logic = append(d.Logic, row)
	}
	return nil
}
