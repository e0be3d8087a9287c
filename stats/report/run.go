package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"upset/stats/result"
)

// runDocument shows one inference.
func runDocument(r result.Run) document {
	d := document{
		title:    "Inference: " + r.Model + " on " + r.NPU,
		subtitle: fmt.Sprintf("%s cycles, %s MACs, state %s", count(r.Cycles), count(r.MACs), r.StateDigest),
	}
	input := r.Input
	if input == "zero" {
		input = "all-zero bytes (no input was given)"
	}
	d.sections = append(d.sections, section{pairs: []pair{{"input", input}}})
	operations := &table{columns: columns(">index", "name", "kind", ">cycles", ">MACs", ">utilisation", ">read", ">written")}
	for _, o := range r.Operations {
		operations.add(strconv.Itoa(o.Index), o.Name, o.Kind, count(o.Cycles), count(o.MACs),
			percent(o.Utilisation, nearest), traffic(o.ReadBytes), traffic(o.WriteBytes))
	}
	d.sections = append(d.sections, section{heading: "Operations", table: operations})
	if len(r.PMU) > 0 {
		counters := section{heading: "PMU counters"}
		for _, name := range slices.Sorted(maps.Keys(r.PMU)) {
			counters.pairs = append(counters.pairs, pair{name, count(r.PMU[name])})
		}
		d.sections = append(d.sections, counters)
	}
	if r.Reading != nil {
		d.sections = append(d.sections, readingSections(r.Reading)...)
	}
	outputs := &table{columns: columns("output", "shape", "type", ">top-1", "SHA-256")}
	for _, o := range r.Outputs {
		top := "-"
		if o.Top1 != nil {
			top = strconv.Itoa(*o.Top1)
		}
		outputs.add(o.Name, shapeText(o.Shape), o.Type, top, o.SHA256)
	}
	d.sections = append(d.sections, section{heading: "Outputs", table: outputs})
	d.sections = append(d.sections, warningSection(r.Warnings)...)
	d.sections = append(d.sections, commandSection(r.Command)...)
	return d
}

// traffic prints bytes by port, in the order of their names.
func traffic(bytes map[string]int64) string {
	if len(bytes) == 0 {
		return "-"
	}
	var parts []string
	for _, port := range slices.Sorted(maps.Keys(bytes)) {
		parts = append(parts, port+" "+count(bytes[port]))
	}
	return strings.Join(parts, ", ")
}

// shapeText prints a shape as 1x49x10x1.
func shapeText(shape []int) string {
	parts := make([]string, len(shape))
	for i, n := range shape {
		parts[i] = strconv.Itoa(n)
	}
	return strings.Join(parts, "x")
}

// sitesDocument shows the inventory.
func sitesDocument(s result.Sites) document {
	d := document{
		title: "Fault sites of " + s.NPU,
		subtitle: fmt.Sprintf("%s flops, %s SRAM bits, %s GE of logic", count(s.Flops), count(s.SRAMBits),
			count(int64(s.AreaGE+0.5))),
	}
	if s.TotalSites > 0 {
		d.sections = append(d.sections, section{pairs: []pair{
			{"model", s.Model},
			{"sites", fmt.Sprintf("%s (bits x %s cycles)", count(s.TotalSites), count(s.Cycles))},
		}})
	}
	blocks := &table{columns: columns("block", ">flops", ">SRAM bits", ">area GE", ">flop area", ">registers")}
	registers := &table{columns: columns("block", "register", "class", "cells", ">width", ">instances", ">bits")}
	for _, b := range s.Blocks {
		share := "-"
		if b.AreaGE > 0 && b.FlopAreaGE > 0 {
			share = percent(b.FlopAreaGE/b.AreaGE, nearest)
		}
		blocks.add(b.Block, count(b.Flops), count(b.SRAMBits), count(int64(b.AreaGE+0.5)), share, count(len(b.Registers)))
		for _, r := range b.Registers {
			cells := "flops"
			if r.SRAM {
				cells = "SRAM"
			}
			registers.add(b.Block, r.Name, r.Class, cells, count(r.Width), count(r.Instances), count(r.Bits))
		}
	}
	d.sections = append(d.sections, section{heading: "Blocks", table: blocks})
	if len(registers.rows) > 0 {
		d.sections = append(d.sections, section{heading: "Registers", table: registers})
	}
	d.sections = append(d.sections, warningSection(s.Warnings)...)
	d.sections = append(d.sections, commandSection(s.Command)...)
	return d
}

// compareDocument sets campaigns side by side.
func compareDocument(c result.Compare) document {
	d := document{title: "Comparison of campaigns"}
	campaigns := &table{columns: columns("", "campaign", "NPU", "model", ">injections", ">violating", ">critical SDC", ">violating FIT", ">budget", "verdict", "result")}
	for i, k := range c.Campaigns {
		campaigns.add(label(i), k.Name, k.NPU, k.Model, count(k.Injections), intervalText(k.AVF.Violating), intervalText(k.AVF.Critical),
			limitsText(k.FITViolating), significant(k.BudgetFIT, nearest), verdictWord(k.Verdict), k.ResultDigest)
		campaigns.rows[i][9].class = k.Verdict
	}
	d.sections = append(d.sections, section{heading: "Campaigns", table: campaigns})
	for _, p := range c.Pairs {
		t := &table{columns: columns("block", ">"+label(p.A), ">"+label(p.B), "difference", ">only "+label(p.A), ">only "+label(p.B), ">P", ">P (Holm)")}
		for _, b := range append(p.Blocks[:len(p.Blocks):len(p.Blocks)], p.Total) {
			t.add(b.Block, intervalText(b.A), intervalText(b.B), b.Sign, count(b.OnlyA), count(b.OnlyB),
				significant(b.P, nearest), significant(b.PHolm, nearest))
		}
		how := count(p.Paired) + " faults in common, paired"
		if p.Paired == 0 {
			how = "no faults in common, unpaired"
		}
		d.sections = append(d.sections, section{
			heading: label(p.B) + " against " + label(p.A),
			note:    how + "; ~ where no difference is shown at " + significant(100*c.Confidence, nearest) + " % over all blocks.",
			table:   t,
		})
	}
	d.sections = append(d.sections, warningSection(c.Warnings)...)
	d.sections = append(d.sections, commandSection(c.Command)...)
	return d
}

// label names the campaigns of a comparison A, B, C, …
func label(i int) string {
	if i >= 0 && i < 26 {
		return string(rune('A' + i))
	}
	return "#" + strconv.Itoa(i+1)
}

// validateDocument shows the comparison of the fast engine with the plain one.
func validateDocument(v result.ValidateEngine) document {
	d := document{
		title:    "Engine check: " + v.Model + " on " + v.NPU,
		subtitle: "seed " + strconv.FormatUint(v.Seed, 10),
	}
	d.sections = append(d.sections, section{pairs: []pair{
		{"samples", count(v.Samples)},
		{"differences", count(v.Differences)},
		{"simulated", count(v.Simulated)},
		{"pruned", count(v.Pruned)},
		{"plain cycles", count(v.PlainCycles)},
	}})
	if len(v.Categories) > 0 {
		t := &table{columns: columns("category", ">samples", ">differences", ">upper limit at 95 %")}
		for _, c := range v.Categories {
			t.add(c.Name, count(c.Samples), count(c.Differences), significant(c.Upper, up))
		}
		d.sections = append(d.sections, section{heading: "Categories, which overlap", table: t})
	}
	if len(v.Runs) > 0 {
		t := &table{columns: columns("NPU", "model", ">cycles", ">samples", ">differences", ">plain cycles")}
		for _, r := range v.Runs {
			t.add(r.NPU, r.Model, count(r.Cycles), count(r.Samples), count(r.Differences), count(r.PlainCycles))
		}
		d.sections = append(d.sections, section{heading: "Runs", table: t})
	}
	for _, part := range []struct {
		name   string
		counts map[string]int
	}{{"Samples by block", v.ByBlock}, {"Samples by class", v.ByClass}, {"Samples by path", v.ByPath}} {
		if len(part.counts) == 0 {
			continue
		}
		s := section{heading: part.name}
		for _, name := range slices.Sorted(maps.Keys(part.counts)) {
			s.pairs = append(s.pairs, pair{name, count(part.counts[name])})
		}
		d.sections = append(d.sections, s)
	}
	d.sections = append(d.sections, warningSection(v.Warnings)...)
	return d
}
