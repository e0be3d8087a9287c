package report

import (
	"strconv"
	"strings"

	"upset/stats"
	"upset/stats/result"
)

// gatesDocument shows the comparison of blocks with their gates.
func gatesDocument(r result.ValidateGates) document {
	d := document{title: "Blocks beside gates: " + strings.Join(r.Models, ", "), subtitle: "seed " + strconv.FormatUint(r.Seed, 10)}
	s := section{table: gatesTable(r.Blocks), note: "After every clock all registers of a block, and what its outputs do, are compared with gates that were made from Verilog; " +
		"a flip inverts a register bit in both. What is compared, and what it shows: docs/gates.md."}
	d.sections = append(d.sections, s)
	if len(r.Examples) > 0 {
		d.sections = append(d.sections, section{heading: "Differences", lines: r.Examples})
	}
	d.sections = append(d.sections, warningSection(r.Warnings)...)
	return d
}

func gatesTable(blocks []result.GatesBlock) *table {
	t := &table{columns: columns("NPU", "block", ">gates", ">flops", ">clocks", ">flips", ">that spread", ">clocks with flips", ">differences")}
	for _, b := range blocks {
		t.add(b.NPU, b.Block, count(b.Gates), count(b.Flops), count(b.Clocks), count(b.Flips), count(b.Spread), count(b.DisturbedClocks), count(b.Differences))
		if b.Differences > 0 {
			t.rows[len(t.rows)-1][8].class = stats.NotMet
		}
	}
	return t
}

// gatesCSV lists the blocks.
func gatesCSV(r result.ValidateGates) csvTable {
	t := csvTable{header: []string{"table", "npu", "name", "clocks", "flips", "spread", "differences"}}
	for _, b := range r.Blocks {
		t.add("gates", fields{
			"npu": b.NPU, "name": b.Block, "clocks": strconv.Itoa(b.Clocks), "flips": strconv.Itoa(b.Flips),
			"spread": strconv.Itoa(b.Spread), "differences": strconv.Itoa(b.Differences),
		})
	}
	return t
}
