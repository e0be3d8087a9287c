package export

import (
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"

	"upset/stats/result"
)

// Names of the sheets.
const (
	sheetSummary     = "Summary"
	sheetFMEDA       = "FMEDA"
	sheetModes       = "Failure modes"
	sheetProtection  = "Protection"
	sheetSites       = "Sites"
	sheetDependent   = "Dependent failures"
	sheetAssumptions = "Assumptions of use"
)

// Safety is what the workbook is made of.
type Safety struct {
	Campaign *result.Campaign
	// Protect is the judged protection, nil where none was.
	Protect *result.Protect
	// Registers are the records by register.
	Registers []Register
	// Tool is the build.
	Tool string
}

// Register counts the records of one register.
type Register struct {
	Name, Block, Class string
	Bits               int
	Injections         int
	Outcomes           result.Outcomes
}

// sheet is a table that is to be written: cells are strings, integers and floats.
type sheet struct {
	name   string
	note   string // above the table
	header []string
	widths []float64
	rows   [][]any
}

// WriteWorkbook writes the workbook of a campaign (Office Open XML).
func WriteWorkbook(w io.Writer, s Safety) error {
	f := excelize.NewFile()
	defer f.Close()
	bold, err := f.NewStyle(&excelize.Style{
		Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"DDE6F0"}},
		Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"},
	})
	if err != nil {
		return err
	}
	wrap, err := f.NewStyle(&excelize.Style{Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	if err != nil {
		return err
	}
	for i, x := range []sheet{summary(s), fmeda(s), modes(s), protection(s), sites(s), dependent(s), assumptions(s)} {
		if i == 0 {
			err = f.SetSheetName(f.GetSheetName(0), x.name)
		} else {
			_, err = f.NewSheet(x.name)
		}
		if err == nil {
			err = x.write(f, bold, wrap)
		}
		if err != nil {
			return fmt.Errorf("sheet %s: %w", x.name, err)
		}
	}
	return f.Write(w)
}

// write fills a sheet. Text is stored as text: nothing of it is a formula.
func (x *sheet) write(f *excelize.File, bold, wrap int) error {
	row := 1
	if x.note != "" {
		if err := f.SetCellStr(x.name, "A1", x.note); err != nil {
			return err
		}
		row = 3
	}
	put := func(column int, v any) error {
		cell, err := excelize.CoordinatesToCellName(column, row)
		if err != nil {
			return err
		}
		if s, ok := v.(string); ok {
			return f.SetCellStr(x.name, cell, s)
		}
		return f.SetCellValue(x.name, cell, v)
	}
	for i, h := range x.header {
		if err := put(i+1, h); err != nil {
			return err
		}
	}
	if err := f.SetRowStyle(x.name, row, row, bold); err != nil {
		return err
	}
	top := row
	for _, r := range x.rows {
		row++
		for i, v := range r {
			if err := put(i+1, v); err != nil {
				return err
			}
		}
	}
	if row > top {
		if err := f.SetRowStyle(x.name, top+1, row, wrap); err != nil {
			return err
		}
	}
	for i, width := range x.widths {
		name, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			return err
		}
		if err := f.SetColWidth(x.name, name, name, width); err != nil {
			return err
		}
	}
	return f.SetPanes(x.name, &excelize.Panes{Freeze: true, YSplit: top, TopLeftCell: fmt.Sprintf("A%d", top+1), ActivePane: "bottomLeft"})
}

func summary(s Safety) sheet {
	c := s.Campaign
	x := sheet{name: sheetSummary, header: []string{"", "value", "lower limit", "upper limit", "unit"}, widths: []float64{44, 60, 14, 14, 10}}
	add := func(cells ...any) { x.rows = append(x.rows, cells) }
	limits := func(name string, l result.Limits, unit string) { add(name, l.Estimate, l.Lower, l.Upper, unit) }
	add("tool", s.Tool)
	add("network", c.Model)
	add("NPU configuration", c.NPU)
	add("injections", c.Injections)
	add("seed", fmt.Sprint(c.Seed))
	add("digest of the result", c.ResultDigest)
	add("confidence of one-sided limits", c.Assumptions.Confidence)
	limits("unprotected: transient residual", c.FIT.Violating, "FIT")
	limits("unprotected: reported (DUE)", c.FIT.DUE, "FIT")
	add("raw rate of a flop", c.Assumptions.LambdaFlop, "", "", "FIT")
	add("raw rate of an SRAM bit", c.Assumptions.LambdaSRAM, "", "", "FIT")
	add("budget", c.Assumptions.BudgetFIT, "", "", "FIT")
	if p := s.Protect; p != nil {
		add("with protection", p.Statement)
		limits("with protection: transient residual", p.FITViolating, "FIT")
		limits("with protection: reported (DUE)", p.FITDUE, "FIT")
		limits("with protection: SPFM", p.SPFM, "1")
		add("logic area added", p.AreaOverhead, p.AreaOverheadRange.Low, p.AreaOverheadRange.High, "1, limits: two libraries")
		for _, i := range p.Inputs {
			add("declared: "+i.Name, i.Source)
		}
		for _, b := range p.BreakEven {
			below, above := any("never"), any("never")
			if b.Below != nil {
				below = *b.Below
			}
			if b.Above != nil {
				above = *b.Above
			}
			add("verdict lost below, above: "+b.Input, b.Value, below, above, b.Unit)
		}
		for _, w := range p.Warnings {
			add("warning", w.Message)
		}
	}
	for _, w := range c.Warnings {
		add("warning", w.Message)
	}
	return x
}

func fmeda(s Safety) sheet {
	x := sheet{
		name:   sheetFMEDA,
		note:   "Failure modes of the unprotected NPU under transient faults. DD: detected, DU: violates undetected. Rates in FIT; limits one-sided.",
		header: []string{"part", "class", "failure mode", "effect at the boundary of the IP", "raw rate", "rate", "lower limit", "upper limit", "safe", "DD", "DU", "mechanism", "coverage", "median latency, cycles", "largest latency, cycles"},
		widths: []float64{12, 12, 26, 44, 10, 10, 10, 10, 10, 10, 10, 22, 10, 12, 12},
	}
	for _, r := range s.Campaign.FMEDA {
		safe, dd, du := 0.0, 0.0, 0.0
		switch r.Fault {
		case "safe":
			safe = r.Lambda.Estimate
		case "single_point":
			du = r.Lambda.Estimate
		default:
			dd = r.Lambda.Estimate
		}
		row := []any{r.Block, r.Class, r.Mode, r.Effect, r.LambdaRaw, r.Lambda.Estimate, r.Lambda.Lower, r.Lambda.Upper, safe, dd, du, r.Mechanism, r.Coverage}
		x.rows = append(x.rows, append(row, latencyOf(s.Campaign.Latencies, r.Mechanism)...))
	}
	return x
}

// latencyOf are the median and the largest latency of what reports a mode, in cycles, empty
// where nothing was seen.
func latencyOf(list []result.Latency, mechanism string) []any {
	median, largest := int64(0), int64(0)
	for _, l := range list {
		own := mechanism == "status of the NPU" && l.Own && l.Mechanism != "watchdog"
		if own || l.Mechanism == mechanism {
			median, largest = max(median, l.Median), max(largest, l.Maximum)
		}
	}
	if largest == 0 {
		return []any{"", ""}
	}
	return []any{median, largest}
}

// Columns of the sheet of failure modes that the user fills.
const (
	columnGroup = "your failure mode at the boundary"
	columnPoint = "your diagnostic point"
)

func modes(s Safety) sheet {
	x := sheet{
		name:   sheetModes,
		note:   "Fill in the last two columns and give the file to upset report CAMPAIGN --failure-modes FILE: rates are then added up by your failure modes.",
		header: []string{"part", "class", "failure mode", "effect at the boundary of the IP", columnGroup, columnPoint},
		widths: []float64{12, 12, 26, 44, 36, 30},
	}
	for _, r := range s.Campaign.FMEDA {
		x.rows = append(x.rows, []any{r.Block, r.Class, r.Mode, r.Effect, "", ""})
	}
	return x
}

func protection(s Safety) sheet {
	x := sheet{
		name:   sheetProtection,
		header: []string{"part", "class", "registers", "mechanism", "flops", "added area, GE", "overhead", "overhead, lowest library", "overhead, highest library", "rate before, FIT", "rate after, FIT", "upper limit after, FIT", "reported, FIT", "median latency, cycles", "largest latency, cycles"},
		widths: []float64{12, 12, 30, 16, 8, 12, 10, 10, 10, 10, 10, 10, 10, 12, 12},
	}
	if s.Protect == nil {
		x.note = "No protection was judged: upset assess or upset protect do."
		return x
	}
	x.note = s.Protect.Statement
	for _, c := range s.Protect.Choice {
		row := []any{c.Block, c.Group, strings.Join(c.Registers, ", "), c.Mechanism, c.Flops, c.AreaGE, c.Overhead, c.OverheadRange.Low, c.OverheadRange.High,
			c.FITBefore.Estimate, c.FITAfter.Estimate, c.FITAfter.Upper, c.FITDUE.Estimate}
		x.rows = append(x.rows, append(row, latencyOf(s.Protect.Latencies, c.Mechanism)...))
	}
	return x
}

func sites(s Safety) sheet {
	x := sheet{
		name: sheetSites,
		note: "Records by register, not weighted: shares of a block are in the FMEDA.",
		header: []string{"register", "part", "class", "bits", "injections", "masked", "persisting", "wrong, tolerable", "wrong, critical", "stray write",
			"stopped", "hang", "detected", "corrected"},
		widths: []float64{30, 12, 12, 8, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10},
	}
	for _, r := range s.Registers {
		o := r.Outcomes
		x.rows = append(x.rows, []any{r.Name, r.Block, r.Class, r.Bits, r.Injections, o.Masked, o.Latent, o.SDCTolerable, o.SDCCritical, o.StrayWrite, o.DUEDetected, o.DUEHang, o.Detected, o.Corrected})
	}
	return x
}
