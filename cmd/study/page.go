package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"upset/faults/mechanism"
	"upset/faults/provenance"
	"upset/stats/result"
)

// writePage writes the study from the stored results.
func writePage() error {
	s, err := readResults()
	if err != nil {
		return err
	}
	all := s.Assessments
	if err := writeFigures(s); err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, `# The study: the paper's claims on our machine

This page is written by

    go run ./cmd/study            # from docs/study/results.json
    go run ./cmd/study -measure   # runs the assessments anew

The records of its campaigns are a file of each release, study-records.zip. It is made from the folder that a measurement keeps, and
read as folders of campaigns are:

    go run ./cmd/study -measure -work study-work
    go run ./cmd/study -records study-records.zip -work study-work
    upset report study-records.zip/kws_ref_model-u55-128 --budget 1
    upset compare study-records.zip/kws_ref_model-u55-128 study-records.zip/vww_96_int8-u55-128

%d networks on four configurations, %s injections each, all defaults of `+"`upset assess`"+`: %s. The paper is "Characterizing Soft-Error
Resiliency in Arm's Ethos-U55 Embedded Machine Learning Accelerator" (Tyagi et al., ISPASS 2024). Its flop counts, raw rates, networks and
budget are not public. So its claims are tested with declared inputs of our own, and no number here reproduces one of its tables. The machine is a reference microarchitecture made from public facts.

`, len(all)/len(configurations), injections, "flops at 7.5e-5 FIT, SECDED on the buffers, a watchdog, 0.2 FIT and SPFM 99 %, any wrong output violates")
	b.WriteString("## Claims\n\n| # | claim | our result | says |\n|---|---|---|---|\n")
	for _, c := range claims(all) {
		fmt.Fprintf(&b, "| %s | %s | %s | **%s** |\n", c.number, c.text, c.measured, c.says)
	}
	writeAssessments(&b, all)
	writeTogether(&b, s)
	writeRatios(&b, s)
	if err := writeCosts(&b, s); err != nil {
		return err
	}
	writeHangs(&b, all)
	writeBoundary(&b, all)
	writeBlocks(&b, all)
	page, err := provenance.Stamp([]byte(b.String()), s.Made)
	if err != nil {
		return err
	}
	return os.WriteFile(pageFile, page, 0o644)
}

func percent(x float64) string { return fmt.Sprintf("%.1f %%", 100*x) }

func writeAssessments(b *strings.Builder, all []assessment) {
	b.WriteString("\n## Unprotected and protected\n\nSPFM over flops, any violation, with one-sided 95 % limits. A hardened cell counts as a lower raw rate, in the residual and in what it is measured against. Area is added logic over unprotected logic. A protection is proven by injections into the protected machine, on inputs that the search never saw.\n\n" +
		"![SPFM of the unprotected NPU against the levels of ISO 26262](study/spfm.svg)\n\n![Residual rate over the number of MACs](study/growth.svg)\n\n" +
		"| network | NPU | cycles | flops | SPFM | residual FIT | full options | paper options | harden all | duplicate all | lock-step |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for i := range all {
		a := &all[i]
		s, f := a.SPFM.Any, a.FIT.Violating
		fmt.Fprintf(b, "| %s | %s | %d | %d | %s [%s, %s] | %.3f [%.3f, %.3f] | %s | %s | %s | %s | %s |\n", a.Network, a.NPU, a.Cycles, a.Flops,
			percent(s.Estimate), percent(s.Lower), percent(s.Upper), f.Estimate, f.Lower, f.Upper, area(a.Full), area(a.Paper),
			design(a.HardenAll), design(a.DuplicateAll), design(a.Lockstep))
	}
}

// writeTogether shows the protection of a chip that runs every network.
func writeTogether(b *strings.Builder, s *study) {
	b.WriteString("\n## One chip for all networks\n\n")
	if s.TogetherMade != nil {
		fmt.Fprintf(b, "%s\n\n", s.TogetherMade.Line())
	}
	fmt.Fprintf(b, "A chip is protected once, and each of the %d networks must meet the target on it. The search takes all campaigns at once; the proof injects into every network.\n\n"+
		"![Added area of each way to protect; discs are networks, diamonds are one chip for all](study/area.svg)\n\n"+
		"| NPU | full options | paper options | dearest network, full | dearest network, paper |\n|---|---:|---:|---:|---:|\n", len(networks))
	for _, t := range s.Together {
		var full, paper float64
		for i := range s.Assessments {
			if a := &s.Assessments[i]; a.NPU == t.NPU {
				full, paper = max(full, a.Full.Area), max(paper, a.Paper.Area)
			}
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", t.NPU, area(t.Full), area(t.Paper), percent(full), percent(paper))
	}
}

// writeRatios shows what poorer hardened cells cost.
func writeRatios(b *strings.Builder, s *study) {
	fmt.Fprintf(b, "\n## Poorer hardened cells\n\nThe paper's options on %s, where a hardened cell fails at a share of the rate of a plain one. "+
		"The default share is that of the best published cells. *Duplicated* is the share of the added area that duplicated blocks take.\n\n| network | share | added area | duplicated | injections of the proof |\n|---|---:|---:|---:|---:|\n", ratioNPU)
	for i := range s.Assessments {
		a := &s.Assessments[i]
		for k, r := range append([]ratio{{mechanism.DefaultCells().DICE.SER, a.Paper}}, a.Ratios...) {
			if a.NPU != ratioNPU {
				continue
			}
			name := a.Network
			if k > 0 {
				name = ""
			}
			fmt.Fprintf(b, "| %s | %g | %s | %s | %d |\n", name, r.Ratio, area(r.protection), percent(duplicated(r.protection)), r.Injections)
		}
	}
}

// duplicated is the share of the added area in duplicated blocks.
func duplicated(p protection) float64 {
	var of, all float64
	for _, c := range p.Choice {
		all += c.AreaGE
		if c.Mechanism == "duplicate" {
			of += c.AreaGE
		}
	}
	return of / max(all, 1)
}

func area(p protection) string {
	if !p.Meets {
		return percent(p.Area) + ", not shown"
	}
	return percent(p.Area)
}

func design(d result.Alternative) string {
	if !d.Meets {
		return percent(d.AreaOverhead) + ", not met"
	}
	return percent(d.AreaOverhead) + ", by calculation"
}

// writeBoundary counts verdicts for each cell of the matrix.
func writeBoundary(b *strings.Builder, all []assessment) {
	type cell struct {
		scenario  string
		lambda    float64
		budget    float64
		violation string
	}
	var order []cell
	counts := map[cell]map[string]int{}
	for i := range all {
		seen := map[cell]bool{}
		for _, v := range all[i].Verdicts {
			k := cell{v.Scenario, v.LambdaFlop, v.BudgetFIT, v.Violation}
			if seen[k] {
				continue
			}
			seen[k] = true
			if counts[k] == nil {
				counts[k] = map[string]int{}
				order = append(order, k)
			}
			counts[k][v.Cell]++
		}
	}
	b.WriteString("\n## Where the boundary lies\n\nVerdicts on the unprotected NPU over all networks and configurations. SPFM does not depend on the raw rate of flops, so that the budget decides only where SPFM is met.\n\n" +
		"| raw rates | FIT per flop | budget, FIT | violation | met | not shown | not met |\n|---|---:|---:|---|---:|---:|---:|\n")
	for _, k := range order {
		n := counts[k]
		fmt.Fprintf(b, "| %s | %.3g | %g | %s | %d | %d | %d |\n", k.scenario, k.lambda, k.budget, k.violation, n["met"], n["not_shown"], n["not_met"])
	}
}

// writeBlocks shows the share of each block in the residual rate.
func writeBlocks(b *strings.Builder, all []assessment) {
	b.WriteString("\n## Blocks\n\nMean over networks: share of the block in the residual rate, and in brackets its vulnerability (AVF, any violation).\n\n![Vulnerability of each block](study/blocks.svg)\n\n| block |")
	for _, c := range configurations {
		b.WriteString(" " + c + " |")
	}
	b.WriteString("\n|---|---:|---:|---:|---:|\n")
	for _, block := range blocksOf(all) {
		fmt.Fprintf(b, "| %s |", block)
		for _, c := range configurations {
			share, avf := blockMean(all, block, c)
			fmt.Fprintf(b, " %s (%s) |", percent(share), percent(avf))
		}
		b.WriteByte('\n')
	}
}

func blocksOf(all []assessment) (names []string) {
	for _, b := range all[0].Blocks {
		names = append(names, b.Block)
	}
	return names
}

// blockMean is the mean share in the residual rate and the mean AVF of a block over
// the networks of a configuration.
func blockMean(all []assessment, block, npu string) (share, avf float64) {
	n := 0.0
	for i := range all {
		a := &all[i]
		k := slices.IndexFunc(a.Blocks, func(x result.BlockAVF) bool { return x.Block == block })
		if a.NPU != npu || k < 0 || a.FIT.Violating.Estimate == 0 {
			continue
		}
		share += a.Blocks[k].FITViolating.Estimate / a.FIT.Violating.Estimate
		avf += a.Blocks[k].AVFViolating.Estimate
		n++
	}
	return share / max(n, 1), avf / max(n, 1)
}
