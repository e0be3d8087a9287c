package area

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// Block is a part of the machine that is written a second time in Verilog.
type Block struct {
	Module string // and its file in netlist/rtl
	Block  string // of the machine
	// Params are its parameters on a configuration; nil where it has none, and is
	// measured once.
	Params func(s *isa.Spec) []Param
	// Counts tells how often a part of netlist's formulas stands in it; all parts of the
	// block once where it is nil.
	Counts map[string]float64
}

// Blocks lists the blocks that are measured as soon as their files are there.
var Blocks = []Block{
	// Formulas count 18 job counters, 6 block counters and 6 over weight blocks.
	{Module: "job_counter", Block: "traversal", Counts: map[string]float64{"job counters: 3 × 6": 1. / 3}},
	{Module: "block_counter", Block: "traversal", Counts: map[string]float64{"block counters: 2 × 3": 1. / 2}},
	{Module: "inner_counter", Block: "traversal", Counts: map[string]float64{"weight-block counters: 2 × 3": 1. / 2}},
	{Module: "weight_decoder", Block: "wd", Params: func(s *isa.Spec) []Param { return par("DEPTH", s.UBlockD) }},
	{Module: "mac_array", Block: "mac", Params: func(s *isa.Spec) []Param {
		return par("PIXELS", s.UBlockH*s.UBlockW, Param{"DEPTH", s.UBlockD})
	}},
	{Module: "output_stage", Block: "ao", Params: func(s *isa.Spec) []Param { return par("LANES", s.ElementUnits) }},
}

// Formula is what netlist counts for the combinational logic of a block on a
// configuration, and for its flops.
func (b Block) Formula(c isa.Config, costs *netlist.Costs) (combGE float64, flops int) {
	t := netlist.New(c, npu.ECCNone)
	for _, g := range t.Gates(costs) {
		if g.Block != b.Block {
			continue
		}
		if b.Counts == nil {
			combGE += g.GE
		}
		combGE += b.Counts[g.Part] * g.GE
	}
	if b.Counts == nil {
		for _, a := range t.Areas(costs) {
			if a.Block == b.Block {
				flops = a.Flops
			}
		}
	}
	return combGE, flops
}

// Subject is the block on a configuration. Files are all modules of the machine.
func (b Block) Subject(c isa.Config, files []string) Subject {
	s := Subject{Module: b.Module, Files: files, Whole: true}
	if b.Params != nil {
		s.Params = b.Params(c.Spec())
	}
	return s
}

// Configs are the configurations that a block is measured on: all, or one where they do
// not differ.
func (b Block) Configs() []isa.Config {
	if b.Params == nil {
		return []isa.Config{isa.U55x128}
	}
	return isa.Configs[:]
}

// ModuleFiles lists the modules of the machine: the Verilog files of netlist/rtl itself.
func ModuleFiles(root string) (list []string, err error) {
	found, err := filepath.Glob(filepath.Join(root, "*.v"))
	for _, f := range found {
		list = append(list, filepath.Base(f))
	}
	return list, err
}

// Subjects lists everything that is measured: building blocks, mechanisms, and those blocks
// whose files are there.
func Subjects(root string) (list []Subject, err error) {
	files, err := ModuleFiles(root)
	if err != nil {
		return nil, err
	}
	add := func(s Subject) {
		if !slices.ContainsFunc(list, func(x Subject) bool { return x.Key() == s.Key() }) {
			list = append(list, s)
		}
	}
	for _, b := range Buildings() {
		add(b.Subject)
	}
	for _, m := range Mechanisms() {
		add(m.Subject)
	}
	for _, b := range Blocks {
		if !slices.Contains(files, b.Module+".v") {
			continue
		}
		for _, c := range b.Configs() {
			add(b.Subject(c, files))
		}
	}
	return list, nil
}

// benches are the self-checking benches of the mechanisms.
func benches(root string) ([]string, error) {
	list, err := filepath.Glob(filepath.Join(root, "mechanisms", "test", "*_tb.v"))
	if err == nil && len(list) == 0 {
		err = os.ErrNotExist
	}
	return list, err
}

// benchName is the mechanism that a bench is for.
func benchName(file string) string { return strings.TrimSuffix(filepath.Base(file), "_tb.v") }
