package cycles

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"upset/npu"
	"upset/npu/isa"
)

// head opens the page.
const head = `# Cycles

This page is written by

    go run ./models/cycles/generate

from the streams that Vela 3.10 compiled (system Ethos_U55_High_End_Embedded, memory mode Shared_Sram), run on the machine
with its default system file. Vela's figures are the estimates it prints beside each network: an analytic model, not
measurements. The machine has no formula for the cycles of an operation; its figures are what its pipeline, ports and
memories take. Cycles do not depend on the input, which is all zero here.

A cycle belongs to the operation on the MAC array, else to the oldest operation under way, else to the next one, as in
upset run; a transfer of weights that delays an operation counts to it. All cycles are counted once: the cycles of the operations add
up to the total. An operation that Vela splits in stripes or slices is one row; all operations of a softmax are one row. What the
host computes is left out.
`

// Write writes the page: all comparisons, sorted by network and configuration, and the
// totals of a later Vela.
func Write(w io.Writer, list []*Comparison, later []Total) error {
	var b strings.Builder
	b.WriteString(head)
	writeSummary(&b, list)
	if len(later) > 0 {
		writeLaterSummary(&b, later)
	}
	writeTotals(&b, list)
	writeLater(&b, list, later)
	writeRanks(&b, list)
	writeOutside(&b, list)
	writeSimulator(&b, list)
	_, err := io.WriteString(w, b.String())
	return err
}

func mark(ok bool) string {
	if ok {
		return "yes"
	}
	return "**no**"
}

func writeSummary(b *strings.Builder, list []*Comparison) {
	var counted, inside, ranked, rankOK, large, largeOK int
	lo, hi, worst := math.Inf(1), 0.0, 1.0
	for _, c := range list {
		if c.counted() {
			counted++
			r := c.Ratio()
			lo, hi = min(lo, r), max(hi, r)
			if r >= TotalLow && r <= TotalHigh {
				inside++
			}
		}
		if r, ok := c.Rank(); ok {
			ranked++
			worst = min(worst, r)
			if r >= MinRank {
				rankOK++
			}
			large += len(c.Large())
			largeOK += len(c.Large()) - len(c.Outside())
		}
	}
	mean := GeometricMean(list)
	fmt.Fprintf(b, "\n## In short\n\n| compared | wanted | found | met |\n|---|---|---|---|\n")
	fmt.Fprintf(b, "| totals of at least %d cycles, ours ÷ Vela's | %.2f–%.2f each | %d of %d inside; %.2f–%.2f | %s |\n",
		MinNetworkCycles, TotalLow, TotalHigh, inside, counted, lo, hi, mark(inside == counted))
	fmt.Fprintf(b, "| geometric mean of these ratios | %.2f–%.2f | %.3f | %s |\n", MeanLow, MeanHigh, mean, mark(mean >= MeanLow && mean <= MeanHigh))
	fmt.Fprintf(b, "| rank correlation (Spearman) of operations of at least %d cycles, %d or more of them | ≥ %.2f each | %d of %d; lowest %.3f | %s |\n",
		MinLayerCycles, MinLayers, MinRank, rankOK, ranked, worst, mark(rankOK == ranked))
	fmt.Fprintf(b, "| each of these operations, ours ÷ Vela's | %.1f–%.1f | %d of %d inside | %s |\n", LayerLow, LayerHigh, largeOK, large, mark(largeOK == large))
}

// byNetwork groups comparisons by network, in alphabetical order.
func byNetwork(list []*Comparison) (names []string, at map[string]map[isa.Config]*Comparison) {
	at = map[string]map[isa.Config]*Comparison{}
	for _, c := range list {
		if at[c.Network] == nil {
			at[c.Network] = map[isa.Config]*Comparison{}
			names = append(names, c.Network)
		}
		at[c.Network][c.Config] = c
	}
	slices.Sort(names)
	return names, at
}

func writeTotals(b *strings.Builder, list []*Comparison) {
	fmt.Fprintf(b, "\n## Totals\n\nCycles of one inference: ours / Vela's estimate = ratio.\n\n| network |")
	for _, c := range isa.Configs {
		fmt.Fprintf(b, " %s |", strings.ToUpper(c.String()))
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(isa.Configs)) + "\n")
	names, at := byNetwork(list)
	for _, n := range names {
		fmt.Fprintf(b, "| %s |", n)
		for _, cfg := range isa.Configs {
			if c := at[n][cfg]; c != nil {
				fmt.Fprintf(b, " %d / %.0f = %s |", c.Ours, c.Vela, c.ratioText())
			} else {
				b.WriteString(" – |")
			}
		}
		b.WriteString("\n")
	}
}

// ratioText is the ratio, bold where it is wanted closer.
func (c *Comparison) ratioText() string {
	r := c.Ratio()
	if c.counted() && (r < TotalLow || r > TotalHigh) {
		return fmt.Sprintf("**%.2f**", r)
	}
	return fmt.Sprintf("%.2f", r)
}

func writeRanks(b *strings.Builder, list []*Comparison) {
	fmt.Fprintf(b, "\n## Operations\n\nRank correlation over the operations of at least %d of Vela's cycles (number of these; smallest and largest ratio). Networks with\nfewer than %d have none.\n\n| network |",
		MinLayerCycles, MinLayers)
	for _, c := range isa.Configs {
		fmt.Fprintf(b, " %s |", strings.ToUpper(c.String()))
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(isa.Configs)) + "\n")
	names, at := byNetwork(list)
	for _, n := range names {
		line, some := "| "+n+" |", false
		for _, cfg := range isa.Configs {
			c := at[n][cfg]
			if c == nil {
				line += " – |"
				continue
			}
			r, ok := c.Rank()
			if !ok {
				line += " – |"
				continue
			}
			some = true
			lo, hi := math.Inf(1), 0.0
			for _, l := range c.Large() {
				lo, hi = min(lo, l.Ratio()), max(hi, l.Ratio())
			}
			line += fmt.Sprintf(" %.3f (%d; %.2f–%.2f) |", r, len(c.Large()), lo, hi)
		}
		if some {
			b.WriteString(line + "\n")
		}
	}
}

// stray is an operation with the network it belongs to.
type stray struct {
	c *Comparison
	n int // row of the table of layers
	l Layer
}

// writeOutside lists every operation that lies outside the bounds, the farthest
// first.
func writeOutside(b *strings.Builder, list []*Comparison) {
	var all []stray
	for _, c := range list {
		if _, ok := c.Rank(); !ok {
			continue
		}
		for i, l := range c.Layers {
			if l.large() && l.outside() {
				all = append(all, stray{c, i, l})
			}
		}
	}
	far := func(s stray) float64 { return math.Abs(math.Log(s.l.Ratio())) }
	slices.SortStableFunc(all, func(x, y stray) int { return cmp.Compare(far(y), far(x)) })
	fmt.Fprintf(b, "\n### Operations outside %.1f–%.1f\n\nDEVIATIONS.md says why.\n\n| network | configuration | layer | operation | parts | ours | Vela | ratio |\n|---|---|---|---|---|---|---|---|\n",
		LayerLow, LayerHigh)
	for _, s := range all {
		fmt.Fprintf(b, "| %s | %s | %d | %s | %d | %d | %.0f | %.2f |\n",
			s.c.Network, strings.ToUpper(s.c.Config.String()), s.n, s.l.Kind, s.l.Parts, s.l.Ours, s.l.Cycles, s.l.Ratio())
	}
}

// Published counters of Arm's Corstone-300 simulator for MobileNetV2 1.0 224
// int8 on U55-128 (documentation of Arm's ML embedded evaluation kit). Arm
// states that the simulator is not cycle accurate.
const (
	simulatorNetwork = "mobilenet_v2"
	simulatorCycles  = 7_345_741
	simulatorRead0   = 2_468_259
	simulatorWrite0  = 1_151_319
	simulatorRead1   = 432_351
)

func writeSimulator(b *strings.Builder, list []*Comparison) {
	for _, c := range list {
		if c.Config != isa.U55x128 || !strings.HasPrefix(c.Network, simulatorNetwork) {
			continue
		}
		b.WriteString("\n## MobileNetV2 and Arm's simulator\n\n" +
			"Arm's ML embedded evaluation kit prints the counters of its Corstone-300 simulator for MobileNetV2 1.0 224 int8 on U55-128. It is\n" +
			"another conversion of the same architecture and compiled with other Vela options, so that beats are comparable only roughly; the\n" +
			"simulator is not cycle accurate, as Arm says. Beats are 64 bits.\n\n| counter | ours | simulator | ratio |\n|---|---|---|---|\n")
		for _, r := range []struct {
			name string
			ours uint64
			arm  uint64
		}{
			{"NPU active cycles", c.Ours, simulatorCycles},
			{"AXI0 read beats", c.Events[npu.EvAXIReadBeat], simulatorRead0},
			{"AXI0 written beats", c.Events[npu.EvAXIWriteBeat], simulatorWrite0},
			{"AXI1 read beats", c.Events[npu.EvAXIReadBeat1], simulatorRead1},
		} {
			fmt.Fprintf(b, "| %s | %d | %d | %.2f |\n", r.name, r.ours, r.arm, float64(r.ours)/float64(r.arm))
		}
		fmt.Fprintf(b, "\nVela estimates %.0f cycles. Within 10 %% of the simulator: %s.\n", c.Vela, mark(math.Abs(float64(c.Ours)/simulatorCycles-1) <= 0.1))
	}
}
