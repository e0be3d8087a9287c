package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// claim is one line of the table. Numbers are those under which the project lists the
// claims of the paper.
type claim struct{ number, text, measured, says string }

// What a measurement says of a claim.
const (
	agree    = "agree"
	disagree = "disagree"
	unclear  = "cannot say"
)

// claims judges every claim from the results.
func claims(all []assessment) []claim {
	return []claim{allMiss(all), selective(all), apart(all), ranking(all), application(all), growth(all), everywhere(all)}
}

// verdictOf is the default cell of the unprotected NPU.
func verdictOf(a *assessment) string {
	for _, v := range a.Verdicts {
		if v.Default {
			return v.Cell
		}
	}
	return ""
}

func allMiss(all []assessment) claim {
	n := map[string]int{}
	for i := range all {
		n[verdictOf(&all[i])]++
	}
	c := claim{"3", "all four configurations miss ASIL-D unprotected", fmt.Sprintf("not met in %d, not shown in %d, met in %d of %d", n["not_met"], n["not_shown"], n["met"], len(all)), agree}
	switch {
	case n["met"] > 0:
		c.says = disagree
	case n["not_met"] < len(all):
		c.says = unclear + " for all: agree where not met"
	}
	return c
}

// spread is the least and the greatest of a figure.
func spread(all []assessment, f func(*assessment) float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for i := range all {
		v := f(&all[i])
		low, high = min(low, v), max(high, v)
	}
	return low, high
}

// paperArea is the added area that the paper names.
const paperArea = 0.38

func selective(all []assessment) claim {
	met := 0
	for i := range all {
		if all[i].Paper.Meets {
			met++
		}
	}
	fullLow, fullHigh := spread(all, func(a *assessment) float64 { return a.Full.Area })
	low, high := spread(all, func(a *assessment) float64 { return a.Paper.Area })
	says := agree + " that it is far below lock-step; the area is ours"
	poorer, within := "", false
	for _, r := range ratios {
		low, high, n := math.Inf(1), math.Inf(-1), 0
		for i := range all {
			for _, x := range all[i].Ratios {
				if x.Ratio == r && x.Meets {
					low, high, n = min(low, x.Area), max(high, x.Area), n+1
				}
			}
		}
		if n == 0 {
			continue
		}
		poorer += fmt.Sprintf("; with hardened cells at %g of the plain rate (%s) %s to %s", r, ratioNPU, percent(low), percent(high))
		if !within && low < paperArea && paperArea < high {
			within = true
			says = agree + fmt.Sprintf(" that it is far below lock-step; 38 %% lies within what cells at %g give, with some blocks duplicated", r)
		}
	}
	if met < len(all) {
		says = unclear
	}
	return claim{"8", "selective duplication and hardening reaches ASIL-D at 38 % area, lock-step costs 100 %",
		fmt.Sprintf("proven in %d of %d; paper's options %s to %s, full options %s to %s%s", met, len(all), percent(low), percent(high), percent(fullLow), percent(fullHigh), poorer), says}
}

// apart asks whether blocks differ beyond their limits.
func apart(all []assessment) claim {
	n := 0
	for i := range all {
		var low, high float64
		high = 1
		for _, b := range all[i].Blocks {
			if b.Bits > 0 && b.Block != "sb" && b.Block != "pmu" {
				low, high = max(low, b.AVFViolating.Low), min(high, b.AVFViolating.High)
			}
		}
		if low > high {
			n++
		}
	}
	says := unclear
	if n == len(all) {
		says = agree
	}
	return claim{"9", "vulnerability differs strongly between blocks", fmt.Sprintf("in %d of %d the intervals of the most and the least vulnerable block are apart", n, len(all)), says}
}

// ranking orders blocks by vulnerability for each bit.
func ranking(all []assessment) claim {
	rank := map[string]float64{}
	for i := range all {
		for _, b := range all[i].Blocks {
			rank[b.Block] += b.AVFViolating.Estimate / float64(len(all))
		}
	}
	names := blocksOf(all)
	slices.SortFunc(names, func(a, b string) int {
		if rank[a] > rank[b] {
			return -1
		}
		return 1
	})
	var text []string
	for _, n := range names[:4] {
		text = append(text, fmt.Sprintf("%s %s", n, percent(rank[n])))
	}
	says := disagree
	t, w := slices.Index(names, "traversal"), slices.Index(names, "wd")
	switch {
	case t <= 1 && w <= 1:
		says = agree
	case t == 0:
		says = agree + " on the traversal unit, " + disagree + " on the weight decoder"
	}
	return claim{"10", "traversal unit and weight decoder are especially vulnerable", "mean AVF for each bit: " + strings.Join(text, ", ") + fmt.Sprintf("; weight decoder %s, rank %d", percent(rank["wd"]), w+1), says}
}

// application asks whether networks differ on one configuration.
func application(all []assessment) claim {
	n := 0
	var text []string
	for _, c := range configurations {
		low, high := math.Inf(-1), math.Inf(1)
		var least, most float64 = 1, 0
		for i := range all {
			if a := &all[i]; a.NPU == c {
				low, high = max(low, a.AVF.Violating.Low), min(high, a.AVF.Violating.High)
				least, most = min(least, a.AVF.Violating.Estimate), max(most, a.AVF.Violating.Estimate)
			}
		}
		if low > high {
			n++
		}
		text = append(text, fmt.Sprintf("%s: %s to %s", c, percent(least), percent(most)))
	}
	says := unclear
	if n == len(configurations) {
		says = agree + " on the network; the node enters by the raw rate alone"
	}
	return claim{"11", "vulnerability depends on the network and the technology node", "AVF of all sites over networks, " + strings.Join(text, "; "), says}
}

// growth asks whether the residual rate grows with the number of MACs.
func growth(all []assessment) claim {
	up, down := 0, 0
	var text []string
	for i := 0; i+3 < len(all); i += 4 {
		a, z := all[i].FIT.Violating, all[i+3].FIT.Violating
		switch {
		case z.Lower > a.Upper:
			up++
		case z.Upper < a.Lower:
			down++
		}
		text = append(text, fmt.Sprintf("%s %.3f → %.3f", all[i].Network, a.Estimate, z.Estimate))
	}
	says := unclear
	switch n := len(all) / 4; {
	case up == n:
		says = agree
	case down > up:
		says = disagree
	}
	return claim{"12", "the rate of silent corruption grows with the MAC array", fmt.Sprintf("residual FIT from u55-32 to u55-256: %s; shown to grow for %d, to fall for %d networks", strings.Join(text, ", "), up, down), says}
}

// everywhere compares protection everywhere with the selective one.
func everywhere(all []assessment) claim {
	hardenMeets, dearer := 0, 0
	for i := range all {
		a := &all[i]
		if a.HardenAll.Meets {
			hardenMeets++
		}
		if a.HardenAll.AreaOverhead > a.Paper.Area && a.DuplicateAll.AreaOverhead > a.Paper.Area {
			dearer++
		}
	}
	says := unclear
	switch {
	case dearer == len(all) && hardenMeets < len(all):
		says = agree
	case dearer == len(all):
		says = agree + " that both cost more; " + disagree + " that hardening everywhere falls short"
	}
	return claim{"13", "duplicating or hardening everything costs too much or does not reach the target", fmt.Sprintf("both dearer than the selective one in %d of %d; hardening everywhere reaches the target in %d", dearer, len(all), hardenMeets), says}
}
