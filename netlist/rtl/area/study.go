package area

import (
	"encoding/json"
	"fmt"
	"strings"

	"upset/faults/mechanism"
	"upset/faults/protect"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats"
	"upset/stats/result"
)

// studied is what the page takes of the results of the study.
type studied struct {
	Revision    string `json:"revision"`
	Assessments []assessed
}

// assessed is a network on a configuration.
type assessed struct {
	Network, NPU string
	SPFM         result.ViolationLimits
	Verdicts     []result.Verdict
	Full, Paper  chosen
}

// chosen is the cheapest protection of a set of options.
type chosen struct {
	Meets  bool
	Area   float64
	Choice []result.Choice
}

// studyPage sets two measurements of the study side by side.
type studyPage struct {
	Before, After string // revisions
	Sets          []string
	Rows          []studyRow
}

// studyRow is a network on a configuration.
type studyRow struct {
	Network, NPU                string
	SPFMBefore, SPFMAfter       string
	VerdictBefore, VerdictAfter string
	Designs                     []studyDesign
}

// studyDesign is the design of a set of options.
type studyDesign struct {
	Options       string
	AreaBefore    float64
	Before, After string // verdicts
	Areas         []float64
}

// newStudyPage reads both measurements, which must be of the same networks and configurations.
func newStudyPage(before, after []byte) (*studyPage, error) {
	var old, now studied
	for _, x := range []struct {
		name string
		data []byte
		to   *studied
	}{{"docs/study/before.json", before, &old}, {"docs/study/results.json", after, &now}} {
		if err := json.Unmarshal(x.data, x.to); err != nil {
			return nil, fmt.Errorf("%s: %w", x.name, err)
		}
	}
	p := &studyPage{Before: old.Revision, After: now.Revision}
	for _, x := range netlist.CostSets() {
		p.Sets = append(p.Sets, x.Library)
	}
	find := map[[2]string]*assessed{}
	for i := range old.Assessments {
		a := &old.Assessments[i]
		find[[2]string{a.Network, a.NPU}] = a
	}
	for i := range now.Assessments {
		b := &now.Assessments[i]
		a := find[[2]string{b.Network, b.NPU}]
		if a == nil {
			return nil, fmt.Errorf("docs/study/before.json has no %s on %s", b.Network, b.NPU)
		}
		row := studyRow{
			Network: b.Network, NPU: b.NPU, SPFMBefore: spfmText(a), SPFMAfter: spfmText(b), VerdictBefore: a.verdict(), VerdictAfter: b.verdict(),
		}
		for _, x := range []struct {
			options  string
			old, now *chosen
		}{{"all", &a.Full, &b.Full}, {"of the paper", &a.Paper, &b.Paper}} {
			d := studyDesign{Options: x.options, AreaBefore: x.old.Area, Before: x.old.verdict(), After: x.now.verdict()}
			var err error
			if d.Areas, err = x.now.areas(b.NPU); err != nil {
				return nil, fmt.Errorf("docs/study/results.json: %s on %s: %w", b.Network, b.NPU, err)
			}
			row.Designs = append(row.Designs, d)
		}
		p.Rows = append(p.Rows, row)
	}
	return p, nil
}

// verdict is the default cell of the unprotected NPU.
func (a *assessed) verdict() string {
	for _, v := range a.Verdicts {
		if v.Default {
			return v.Cell
		}
	}
	return ""
}

// verdict is that of the protected NPU, on which there is nothing but a proof or none.
func (c *chosen) verdict() string {
	if c.Meets {
		return stats.Met
	}
	return stats.NotShown
}

// areas are the added shares of the logic of a configuration with every set of constants.
func (c *chosen) areas(npuName string) (list []float64, err error) {
	config, err := isa.ParseConfig(npuName)
	if err != nil {
		return nil, err
	}
	choices, err := protect.Choices(c.Choice)
	if err != nil {
		return nil, err
	}
	t := netlist.New(config, npu.ECCSECDED)
	if _, err := mechanism.New(t, choices, mechanism.DefaultCells(), 0); err != nil {
		return nil, err // it must fit the present machine
	}
	for _, x := range netlist.CostSets() {
		p := mechanism.NewPricing(t, t.Areas(&x.Costs), &x.Costs, mechanism.DefaultCells())
		cost, err := p.Total(choices)
		if err != nil {
			return nil, err
		}
		logic, _ := p.Logic()
		list = append(list, cost.LogicGE/logic)
	}
	return list, nil
}

// spfmText is SPFM with its limits.
func spfmText(a *assessed) string {
	l := a.SPFM.Any
	return fmt.Sprintf("%.2f %% [%.2f, %.2f]", 100*l.Estimate, 100*l.Lower, 100*l.Upper)
}

// verdictText writes a verdict.
func verdictText(verdict string) string { return strings.ReplaceAll(verdict, "_", " ") }
