package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"upset/stats/result"
)

// csvTable is one flat table: a row says in its column "table" what it is, and
// leaves the columns that do not concern it empty.
type csvTable struct {
	header []string
	rows   []map[string]string
}

// fields is one row under construction.
type fields map[string]string

// add appends a row.
func (t *csvTable) add(kind string, f fields) {
	f["table"] = kind
	t.rows = append(t.rows, f)
}

// writeCSV writes the rows of a result that are worth a spreadsheet.
func writeCSV(w io.Writer, v any) error {
	var t csvTable
	switch r := v.(type) {
	case result.Campaign:
		t = campaignCSV(r)
	case result.Protect:
		t = protectCSV(r)
	case result.Assess:
		t = campaignCSV(r.Campaign)
		second := protectCSV(r.Protect)
		t.rows = append(t.rows, second.rows...)
		if r.Evidence != nil {
			t.addEvidence(r.Evidence)
		}
		for _, name := range second.header {
			if !slices.Contains(t.header, name) {
				t.header = append(t.header, name)
			}
		}
	case result.Software:
		t = softwareCSV(r)
	case result.Check:
		t = checkCSV(r)
	case result.Run:
		t = runCSV(r)
	case result.Sites:
		t = sitesCSV(r)
	case result.Compare:
		t = compareCSV(r)
	case result.Sweep:
		t = sweepCSV(r)
	case result.Gate:
		t = gateCSV(r)
	case result.Decision:
		t = decisionCSV(r)
	case result.ValidateEngine:
		t = validateCSV(r)
	case result.ValidateGates:
		t = gatesCSV(r)
	case result.Qualify:
		t = qualifyCSV(r)
	case result.Verify:
		t = verifyCSV(r)
	case result.Residue:
		t = residueCSV(r)
	default:
		return fmt.Errorf("%T has no table: use json", v)
	}
	out := csv.NewWriter(w)
	if err := out.Write(t.header); err != nil {
		return err
	}
	for _, row := range t.rows {
		record := make([]string, len(t.header))
		for i, name := range t.header {
			record[i] = row[name]
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// number prints a float so that it reads back exactly.
func number(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// intervalFields are the columns of a proportion. The estimate of a bound
// stays empty: a bound is no estimate.
func intervalFields(metric string, i result.Interval) fields {
	f := fields{"metric": metric, "lower": number(i.Low), "upper": number(i.High), "failures": strconv.Itoa(i.Failures), "n": strconv.Itoa(i.N)}
	if !i.Bound() {
		f["estimate"] = number(i.Estimate)
	}
	return f
}

// limitFields are the columns of a rate or metric.
func limitFields(metric string, l result.Limits) fields {
	f := fields{"metric": metric, "lower": number(l.Lower), "upper": number(l.Upper)}
	if !l.Bound() && (l.Estimate != 1 || l.Lower == 1) {
		f["estimate"] = number(l.Estimate)
	}
	return f
}

// with adds columns to a row.
func (f fields) with(pairs ...string) fields {
	for i := 0; i+1 < len(pairs); i += 2 {
		f[pairs[i]] = pairs[i+1]
	}
	return f
}

// span adds what the measured libraries span of an added area, where it was computed.
func (f fields) span(r result.Range) fields {
	if r == (result.Range{}) {
		return f
	}
	return f.with("area_overhead_low", number(r.Low), "area_overhead_high", number(r.High))
}

// campaignCSV lists strata, blocks, totals and verdicts.
func campaignCSV(c result.Campaign) csvTable {
	t := csvTable{header: []string{"table", "block", "class", "phase", "sram", "weight", "bits", "n"}}
	for _, class := range outcomeClasses(result.Outcomes{}) {
		t.header = append(t.header, class.key)
	}
	t.header = append(t.header, "layer", "metric", "scenario", "lambda_flop", "lambda_sram", "budget_fit", "violation", "target",
		"failures", "estimate", "lower", "upper", "result", "cell", "mode", "lambda_raw", "mechanism", "fault", "coverage", "overdue")
	for _, s := range c.Strata {
		f := fields{
			"block": s.Block, "class": s.Class, "phase": s.Phase, "sram": strconv.FormatBool(s.SRAM),
			"weight": number(s.Weight), "bits": number(s.Bits), "n": strconv.Itoa(s.N), "overdue": strconv.Itoa(s.Overdue),
		}
		for _, class := range outcomeClasses(s.Outcomes) {
			f[class.key] = strconv.Itoa(class.n)
		}
		t.add("stratum", f)
	}
	for _, b := range c.Blocks {
		for _, m := range []struct {
			name string
			i    result.Interval
		}{{"avf_violating", b.AVFViolating}, {"avf_sdc", b.AVFSDC}, {"avf_critical", b.AVFCritical}, {"avf_due", b.AVFDUE}} {
			t.add("block", intervalFields(m.name, m.i).with("block", b.Block, "bits", number(b.Bits)))
		}
		t.add("block", limitFields("fit_violating", b.FITViolating).with("block", b.Block, "bits", number(b.Bits)))
	}
	for _, r := range c.FMEDA {
		t.add("fmeda", limitFields("lambda", r.Lambda).with("block", r.Block, "class", r.Class, "mode", r.Mode, "lambda_raw", number(r.LambdaRaw),
			"failures", strconv.Itoa(r.Share.Failures), "n", strconv.Itoa(r.Share.N), "mechanism", r.Mechanism, "fault", r.Fault, "coverage", number(r.Coverage)))
	}
	for _, cell := range c.Heat.Cells {
		block, layer := heatNames(c.Heat, cell)
		t.add("heat", intervalFields("avf_violating", cell.AVF).with("block", block, "layer", layer, "weight", number(cell.Weight)))
		t.add("heat", intervalFields("avf_critical", cell.Critical).with("block", block, "layer", layer, "weight", number(cell.Weight)))
	}
	t.add("total", intervalFields("avf_violating", c.AVF.Violating))
	t.add("total", intervalFields("avf_sdc", c.AVF.SDC))
	t.add("total", intervalFields("avf_critical", c.AVF.Critical))
	t.add("total", intervalFields("avf_due", c.AVF.DUE))
	t.add("total", limitFields("fit_violating", c.FIT.Violating))
	t.add("total", limitFields("fit_critical", c.FIT.Critical))
	t.add("total", limitFields("fit_due", c.FIT.DUE))
	if a := c.Accuracy; a != nil {
		t.add("total", fields{"metric": "accuracy", "n": strconv.Itoa(a.Labelled), "estimate": number(a.Share)})
	}
	for _, v := range c.Verdicts {
		t.add("verdict", limitFields(v.Metric, result.Limits{Estimate: v.Estimate, Lower: v.Lower, Upper: v.Upper}).with(
			"scenario", v.Scenario, "lambda_flop", number(v.LambdaFlop), "lambda_sram", number(v.LambdaSRAM),
			"budget_fit", number(v.BudgetFIT), "violation", v.Violation, "target", number(v.Target), "result", v.Result, "cell", v.Cell,
		))
	}
	return t
}

// protectCSV lists the choice, the reference designs, the front and the proof.
func protectCSV(p result.Protect) csvTable {
	t := csvTable{header: []string{
		"table", "block", "group", "mechanism", "design", "flops", "area_ge", "area_overhead", "area_overhead_low", "area_overhead_high", "area_overhead_with_ram",
		"metric", "estimate", "lower", "upper", "meets", "attempt", "seed", "n", "failures", "confidence", "power", "model",
	}}
	for _, c := range p.Choice {
		for _, m := range []struct {
			name string
			l    result.Limits
		}{{"fit_before", c.FITBefore}, {"fit_after", c.FITAfter}, {"fit_due", c.FITDUE}} {
			t.add("choice", limitFields(m.name, m.l).with("block", c.Block, "group", groupText(c), "mechanism", c.Mechanism,
				"flops", strconv.FormatInt(c.Flops, 10), "area_ge", number(c.AreaGE), "area_overhead", number(c.Overhead)).span(c.OverheadRange))
		}
	}
	design := func(kind, name string, a result.Alternative) {
		for _, m := range []struct {
			name string
			l    result.Limits
		}{{"fit_violating", a.FITViolating}, {"fit_due", a.FITDUE}, {"spfm", a.SPFM}} {
			f := limitFields(m.name, m.l).with("design", name, "area_overhead", number(a.AreaOverhead), "meets", strconv.FormatBool(a.Meets)).span(a.AreaOverheadRange)
			if kind == "design" {
				f["area_overhead_with_ram"] = number(a.AreaOverheadWithRAM)
			}
			t.add(kind, f)
		}
	}
	design("design", "chosen", result.Alternative{
		Meets: p.Meets, AreaOverhead: p.AreaOverhead, AreaOverheadWithRAM: p.AreaOverheadWithRAM, AreaOverheadRange: p.AreaOverheadRange,
		FITViolating: p.FITViolating, FITDUE: p.FITDUE, SPFM: p.SPFM,
	})
	for _, a := range alternatives(p) {
		design("design", a.key, a.Alternative)
	}
	for _, point := range p.Pareto {
		for _, m := range []struct {
			name string
			l    result.Limits
		}{{"fit_violating", point.FITViolating}, {"spfm", point.SPFM}} {
			t.add("pareto", limitFields(m.name, m.l).with("design", point.Design,
				"area_overhead", number(point.AreaOverhead), "meets", strconv.FormatBool(point.Meets)).span(point.AreaOverheadRange))
		}
	}
	for i, a := range p.Proof.Attempts {
		common := func(f fields) fields {
			return f.with("design", a.Design, "area_overhead", number(a.AreaOverhead), "meets", strconv.FormatBool(a.Holds),
				"attempt", strconv.Itoa(i+1), "seed", strconv.FormatUint(a.Seed, 10), "n", strconv.Itoa(a.Injections),
				"failures", strconv.Itoa(a.Violations), "confidence", number(a.Confidence), "power", number(a.Power)).span(a.AreaOverheadRange)
		}
		t.add("attempt", common(fields{"metric": "fit_violating", "upper": number(a.FITUpper)}))
		t.add("attempt", common(fields{"metric": "spfm", "lower": number(a.SPFMLower)}))
	}
	if p.Pulses != nil {
		for _, b := range p.Pulses.Blocks {
			row := func(design string, n, failures int, l result.Limits) {
				t.add("pulses", limitFields("fit_pulses", l).with("block", b.Block, "design", design, "n", strconv.Itoa(n), "failures", strconv.Itoa(failures)))
			}
			row("unprotected", b.N, b.Violating, b.FIT)
			if b.RemainingFIT != nil {
				row("chosen", b.ProtectedN, b.Remaining, *b.RemainingFIT)
			}
		}
	}
	latencyCSV(&t, p)
	return t
}

// runCSV lists operations.
func runCSV(r result.Run) csvTable {
	t := csvTable{header: []string{"table", "index", "name", "kind", "cycles", "macs", "utilisation", "read_bytes", "write_bytes"}}
	for _, o := range r.Operations {
		t.add("operation", fields{
			"index": strconv.Itoa(o.Index), "name": o.Name, "kind": o.Kind, "cycles": strconv.FormatInt(o.Cycles, 10),
			"macs": strconv.FormatInt(o.MACs, 10), "utilisation": number(o.Utilisation),
			"read_bytes": portFields(o.ReadBytes), "write_bytes": portFields(o.WriteBytes),
		})
	}
	if r.Reading != nil {
		readingCSV(&t, r.Reading)
	}
	return t
}

// portFields prints traffic as port=bytes, joined by semicolons.
func portFields(bytes map[string]int64) string {
	var parts []string
	for _, port := range slices.Sorted(maps.Keys(bytes)) {
		parts = append(parts, port+"="+strconv.FormatInt(bytes[port], 10))
	}
	return strings.Join(parts, ";")
}

// sitesCSV lists registers.
func sitesCSV(s result.Sites) csvTable {
	t := csvTable{header: []string{"table", "block", "register", "class", "sram", "width", "instances", "bits", "flops", "sram_bits", "area_ge"}}
	for _, b := range s.Blocks {
		t.add("block", fields{
			"block": b.Block, "flops": strconv.FormatInt(b.Flops, 10), "sram_bits": strconv.FormatInt(b.SRAMBits, 10), "area_ge": number(b.AreaGE),
		})
		for _, r := range b.Registers {
			t.add("register", fields{
				"block": b.Block, "register": r.Name, "class": r.Class, "sram": strconv.FormatBool(r.SRAM), "width": strconv.Itoa(r.Width),
				"instances": strconv.Itoa(r.Instances), "bits": strconv.FormatInt(r.Bits, 10),
			})
		}
	}
	return t
}

// compareCSV lists the blocks of every pair.
func compareCSV(c result.Compare) csvTable {
	t := csvTable{header: []string{
		"table", "campaign_a", "campaign_b", "block", "campaign", "metric", "failures", "n", "estimate", "lower", "upper",
		"only_a", "only_b", "p", "p_holm", "sign", "paired",
	}}
	name := func(i int) string {
		if i < 0 || i >= len(c.Campaigns) {
			return label(i)
		}
		return c.Campaigns[i].Name
	}
	for _, p := range c.Pairs {
		for _, b := range append(p.Blocks[:len(p.Blocks):len(p.Blocks)], p.Total) {
			for _, side := range []struct {
				name string
				i    result.Interval
			}{{"a", b.A}, {"b", b.B}} {
				t.add("block", intervalFields("avf_violating", side.i).with("campaign_a", name(p.A), "campaign_b", name(p.B), "block", b.Block,
					"campaign", side.name, "only_a", strconv.Itoa(b.OnlyA), "only_b", strconv.Itoa(b.OnlyB),
					"p", number(b.P), "p_holm", number(b.PHolm), "sign", b.Sign, "paired", strconv.Itoa(p.Paired)))
			}
		}
	}
	return t
}

// validateCSV lists sample counts.
func validateCSV(v result.ValidateEngine) csvTable {
	t := csvTable{header: []string{"table", "name", "samples"}}
	for _, part := range []struct {
		kind   string
		counts map[string]int
	}{{"block", v.ByBlock}, {"class", v.ByClass}, {"path", v.ByPath}} {
		for _, name := range slices.Sorted(maps.Keys(part.counts)) {
			t.add(part.kind, fields{"name": name, "samples": strconv.Itoa(part.counts[name])})
		}
	}
	t.add("differences", fields{"samples": strconv.Itoa(v.Differences)})
	return t
}
