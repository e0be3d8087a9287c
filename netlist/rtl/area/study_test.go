package area

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/faults/mechanism"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

const (
	twoBefore = `{"revision": "aa", "Assessments": [
{"Network": "n", "NPU": "u55-32", "SPFM": {"any": {"estimate": 0.9, "lower": 0.89, "upper": 0.91}}, "Verdicts": [{"cell": "met"}, {"default": true, "cell": "not_met"}], "Full": {"Meets": true, "Area": 0.2}, "Paper": {"Meets": false, "Area": 0.3}},
{"Network": "n", "NPU": "u55-64", "Full": {"Meets": true}, "Paper": {"Meets": true}}]}`
	oneAfter = `{"revision": "bb", "Assessments": [
{"Network": "n", "NPU": "u55-32", "SPFM": {"any": {"estimate": 0.95, "lower": 0.94, "upper": 0.96}}, "Verdicts": [{"default": true, "cell": "not_shown"}],
 "Full": {"Meets": true, "Area": 0.1, "Choice": [{"block": "mac", "group": "datapath", "mechanism": "parity"}, {"block": "cc", "mechanism": "duplicate"}]}, "Paper": {"Meets": true, "Area": 0.2, "Choice": []}}]}`
)

// Rows are found by network and configuration, and designs are priced with every set.
func TestStudyPage(t *testing.T) {
	p, err := newStudyPage([]byte(twoBefore), []byte(oneAfter))
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Rows) != 1 || p.Before != "aa" || p.After != "bb" || len(p.Sets) != len(netlist.CostSets()) {
		t.Fatalf("%+v", p)
	}
	r := p.Rows[0]
	if r.SPFMBefore != "90.00 % [89.00, 91.00]" || r.SPFMAfter != "95.00 % [94.00, 96.00]" || r.VerdictBefore != "not_met" || r.VerdictAfter != "not_shown" {
		t.Errorf("%+v", r)
	}
	full, paper := r.Designs[0], r.Designs[1]
	if full.Before != "met" || paper.Before != "not_shown" || full.AreaBefore != 0.2 || paper.AreaBefore != 0.3 || paper.Areas[0] != 0 {
		t.Errorf("%+v, %+v", full, paper)
	}
	tab := netlist.New(isa.U55x32, npu.ECCSECDED)
	choices := []mechanism.Choice{{Block: "mac", Classes: []netlist.Class{netlist.Datapath}, Kind: mechanism.Parity}, {Block: "cc", Kind: mechanism.Duplicate}}
	spans, err := mechanism.Spans(tab, mechanism.DefaultCells(), choices)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range spans {
		if k := len(full.Areas) - len(spans) + i; p.Sets[k] != s.Library || math.Abs(full.Areas[k]-s.Overhead()) > 1e-12 {
			t.Errorf("%s: %v, want %s %v", p.Sets[k], full.Areas[k], s.Library, s.Overhead())
		}
	}
	for _, c := range []struct{ before, after, says string }{
		{twoBefore, strings.Replace(oneAfter, `"n"`, `"m"`, 1), "no m on u55-32"},
		{twoBefore, strings.Replace(oneAfter, "datapath", "nothing", 1), "unknown group"},
		{twoBefore, strings.Replace(oneAfter, `"block": "cc"`, `"block": "pmu"`, 1), "can be duplicated"},
		{"{", oneAfter, "before.json"},
	} {
		if _, err := newStudyPage([]byte(c.before), []byte(c.after)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v, want %q", err, c.says)
		}
	}
}

// The earlier figures are those of every network and configuration of the study.
func TestEarlierStudyIsWhole(t *testing.T) {
	root := filepath.Join("..", "..", "..", "docs", "study")
	var data [2][]byte
	for i, name := range []string{"before.json", "results.json"} {
		var err error
		if data[i], err = os.ReadFile(filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	p, err := newStudyPage(data[0], data[1])
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range p.Rows {
		if r.VerdictBefore == "" || r.VerdictAfter == "" || r.Designs[0].AreaBefore == 0 || r.Designs[1].AreaBefore == 0 {
			t.Errorf("%+v", r)
		}
	}
}
