package main

import (
	"fmt"
	"strings"

	"upset/stats"
	"upset/stats/result"
)

// factors are those by which the flops of each block are changed, one block at a time.
var factors = []float64{0.5, 2}

// writeHangs shows what the verdicts hang on.
func writeHangs(b *strings.Builder, all []assessment) {
	b.WriteString("\n## What the verdicts hang on\n\nEvery declared input has a value at which the verdict on the chosen design is lost, all others unchanged, by calculation on the records of the campaign " +
		"(for pairs on the proof). The study varies every one.\n\n")
	writeFlops(b, all)
	writeValues(b, all)
	writeReadings(b, all)
	writeAvailability(b, all)
}

// scaledSPFM is SPFM over flops, from the blocks, with so many times the flops of one.
func scaledSPFM(a *assessment, block string, factor float64) float64 {
	lambda := lambdaOf(a)
	violating, raw := 0.0, 0.0
	for _, x := range a.Blocks {
		if x.Block == "sb" || x.Block == "pmu" {
			continue // RAM under its code, and registers that only observe
		}
		f := 1.0
		if x.Block == block {
			f = factor
		}
		violating += f * x.FITViolating.Estimate
		raw += f * x.Bits * lambda
	}
	return 1 - violating/raw
}

// lambdaOf is the raw rate of a flop in the default cell.
func lambdaOf(a *assessment) float64 {
	for _, v := range a.Verdicts {
		if v.Default {
			return v.LambdaFlop
		}
	}
	return 0
}

// flopBlocks are the blocks whose flops are changed.
func flopBlocks(a *assessment) (names []string) {
	for _, x := range a.Blocks {
		if x.Block != "sb" && x.Block != "pmu" {
			names = append(names, x.Block)
		}
	}
	return names
}

// writeFlops judges the claims again with each block's flops halved and doubled.
func writeFlops(b *strings.Builder, all []assessment) {
	target := 0.99
	if asil, err := stats.ASILByName("asil-d"); err == nil {
		target = asil.SPFM
	}
	missed, cases, kept, designs := 0, 0, map[string]int{}, 0
	low, high := 1.0, 0.0
	for i := range all {
		a := &all[i]
		for _, block := range flopBlocks(a) {
			for _, f := range factors {
				s := scaledSPFM(a, block, f)
				low, high = min(low, s), max(high, s)
				if cases++; s < target {
					missed++
				}
			}
		}
		designs++
		for name, p := range map[string]*protection{"full": &a.Full, "paper": &a.Paper} {
			if p.Meets && holdsUnder(p.BreakEven) {
				kept[name]++
			}
		}
	}
	fmt.Fprintf(b, "**Flop counts.** With the flops of one block halved or doubled, one block after the other, the unprotected NPU misses %s of SPFM in %d of %d cases (%s to %s). "+
		"The verdict on the chosen design survives every such change in %d of %d cases with the full options and in %d with the paper's.\n\n",
		percent(target), missed, cases, percent(low), percent(high), kept["full"], designs, kept["paper"])
}

// holdsUnder reports that no block's flops, halved or doubled, lose the verdict.
func holdsUnder(list []result.BreakEven) bool {
	for _, x := range list {
		if !strings.HasPrefix(x.Input, "flops of ") {
			continue
		}
		if x.Below != nil && *x.Below > factors[0] || x.Above != nil && *x.Above < factors[1] {
			return false
		}
	}
	return len(list) > 0
}

// lostAt is the value of an input at which a verdict is lost.
func lostAt(list []result.BreakEven, input string) string {
	for _, x := range list {
		if x.Input != input {
			continue
		}
		switch {
		case x.Above != nil:
			return fmt.Sprintf("%.3g", *x.Above)
		case x.Below != nil:
			return fmt.Sprintf("below %.3g", *x.Below)
		}
		return "never"
	}
	return ""
}

// writeValues lists break-even values.
func writeValues(b *strings.Builder, all []assessment) {
	b.WriteString("Empty: the design has no such cell, or there is nothing to lose.\n\n" +
		"| network | NPU | SPFM of the full design | with hardening as coverage | light cells lost at a ratio of | hardened cells, paper's design | raw rate lost at, FIT | share of pairs lost at |\n|---|---|---:|---:|---:|---:|---:|---:|\n")
	for i := range all {
		a := &all[i]
		f := &a.Full
		fmt.Fprintf(b, "| %s | %s | %.2f %% [%.2f %%, %.2f %%] | %.2f %% | %s | %s | %s | %s |\n", a.Network, a.NPU,
			100*f.SPFM.Estimate, 100*f.SPFM.Lower, 100*f.SPFM.Upper, 100*f.Coverage.Estimate,
			lostAt(f.BreakEven, "harden-light rate ratio"), lostAt(a.Paper.BreakEven, "harden rate ratio"), lostAt(f.BreakEven, "raw rate of a flop"), lostAt(f.BreakEven, "share of pairs"))
	}
}

// writeReadings counts verdicts under other inventories and without credit.
func writeReadings(b *strings.Builder, all []assessment) {
	b.WriteString("\nOver all networks and configurations, by calculation:\n\n| reading | SPFM unprotected | verdict unprotected: not met | SPFM of the full design | design met | not shown | not met |\n|---|---:|---:|---:|---:|---:|---:|\n")
	type row struct {
		name         string
		bare, chosen []result.Alternative
	}
	var rows []row
	add := func(k int, name string, bare, chosen result.Alternative) {
		for len(rows) <= k {
			rows = append(rows, row{name: name})
		}
		rows[k].bare, rows[k].chosen = append(rows[k].bare, bare), append(rows[k].chosen, chosen)
	}
	for i := range all {
		for k, x := range all[i].Inventories {
			add(k, "inventory: "+x.Name, x.Unprotected, x.Chosen)
		}
		for k, x := range all[i].Credits {
			name := "without credit of " + x.Without
			if x.Without == "all" {
				name = "without credit of any detector"
			}
			add(len(all[i].Inventories)+k, name, x.Unprotected, x.Chosen)
		}
	}
	for _, r := range rows {
		n := map[string]int{}
		for _, x := range r.chosen {
			n[x.Result]++
		}
		missed := 0
		for _, x := range r.bare {
			if x.Result == stats.NotMet {
				missed++
			}
		}
		bareLow, bareHigh := rangeOf(r.bare)
		low, high := rangeOf(r.chosen)
		fmt.Fprintf(b, "| %s | %s to %s | %d of %d | %.2f %% to %.2f %% | %d | %d | %d |\n", r.name, percent(bareLow), percent(bareHigh), missed, len(r.bare), 100*low, 100*high, n[stats.Met], n[stats.NotShown], n[stats.NotMet])
	}
}

// rangeOf is the least and the greatest SPFM.
func rangeOf(list []result.Alternative) (low, high float64) {
	low = 1
	for _, x := range list {
		low, high = min(low, x.SPFM.Estimate), max(high, x.SPFM.Estimate)
	}
	return low, high
}

// writeAvailability shows what detection costs in stops.
func writeAvailability(b *strings.Builder, all []assessment) {
	b.WriteString("\n**Reported errors** of the cheapest design, against the unprotected machine, and the cheapest design that does not report more (by calculation; empty where the set has none):\n\n" +
		"| network | NPU | DUE unprotected, FIT | DUE of the full design | times | area | area without more reports |\n|---|---|---:|---:|---:|---:|---:|\n")
	for i := range all {
		a := &all[i]
		other := ""
		if a.Available != nil {
			other = percent(a.Available.AreaOverhead)
		}
		fmt.Fprintf(b, "| %s | %s | %.3f | %.3f | %.1f | %s | %s |\n", a.Network, a.NPU, a.FIT.DUE.Estimate, a.Full.DUE.Estimate, a.Full.DUE.Estimate/max(a.FIT.DUE.Estimate, 1e-9), area(a.Full), other)
	}
}
