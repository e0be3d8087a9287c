package area

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// Block is a part of the machine that is written a second time in Verilog.
type Block struct {
	Module string // and its file in netlist/rtl
	Block  string // of the machine
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
	{Module: "weight_decoder", Block: "wd"},
	{Module: "mac_array", Block: "mac"},
	{Module: "output_stage", Block: "ao"},
}

// parameters are those of modules of the machine that depend on the configuration, by
// their names in Verilog; others keep the values that their files give.
var parameters = []struct {
	name string
	of   func(s *isa.Spec) int
}{
	{"HEIGHT", func(s *isa.Spec) int { return s.UBlockH }},
	{"WIDTH", func(s *isa.Spec) int { return s.UBlockW }},
	{"PIXELS", func(s *isa.Spec) int { return s.UBlockH * s.UBlockW }},
	{"DEPTH", func(s *isa.Spec) int { return s.UBlockD }},
	{"LANES", func(s *isa.Spec) int { return s.ElementUnits }},
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

// texts are the machine's modules by their files: those of netlist/rtl itself.
type texts map[string]string

func readTexts(root string) (texts, error) {
	found, err := filepath.Glob(filepath.Join(root, "*.v"))
	if err != nil {
		return nil, err
	}
	all := texts{}
	for _, f := range found {
		data, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		all[filepath.Base(f)] = string(data)
	}
	return all, nil
}

var (
	word    = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*`)
	comment = regexp.MustCompile(`//[^\n]*`)
)

// needs lists the file of a module and those of all modules that it names, sorted.
func (all texts) needs(module string) (list []string) {
	open := []string{module + ".v"}
	for len(open) > 0 {
		file := open[0]
		open = open[1:]
		text, ok := all[file]
		if !ok || slices.Contains(list, file) {
			continue
		}
		list = append(list, file)
		for _, w := range word.FindAllString(comment.ReplaceAllString(text, ""), -1) {
			open = append(open, w+".v")
		}
	}
	slices.Sort(list)
	return list
}

// Measurement is a block on a configuration, or on all where it has no parameter that
// differs.
type Measurement struct {
	Config isa.Config
	Every  bool
	Subject
}

// measurements lists a block on every configuration; none where its file is not there.
func (all texts) measurements(b Block) (list []Measurement) {
	text, ok := all[b.Module+".v"]
	if !ok {
		return nil
	}
	for _, c := range isa.Configs {
		m := Measurement{Config: c, Subject: Subject{Module: b.Module, Files: all.needs(b.Module), Whole: true}}
		for _, p := range parameters {
			if regexp.MustCompile(`\bparameter\s+(integer\s+)?` + p.name + `\b`).MatchString(text) {
				m.Params = append(m.Params, Param{p.name, p.of(c.Spec())})
			}
		}
		if len(m.Params) == 0 {
			m.Config, m.Every = isa.U55x128, true
			return []Measurement{m}
		}
		list = append(list, m)
	}
	return list
}

// Subjects lists everything that is measured: building blocks, mechanisms, and those blocks
// whose files are there.
func Subjects(root string) (list []Subject, err error) {
	all, err := readTexts(root)
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
		for _, m := range all.measurements(b) {
			add(m.Subject)
		}
	}
	return list, nil
}
