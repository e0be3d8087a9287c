package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strings"

	"upset/faults/provenance"
	"upset/netlist/transient"
	"upset/netlist/transient/gates"
)

// write writes docs/set.md.
func write(ctx context.Context, out string, list []measured) error {
	page, err := pageOf(list)
	if err != nil {
		return err
	}
	return provenance.Write(ctx, out, page, false)
}

func pageOf(list []measured) ([]byte, error) {
	var w bytes.Buffer
	m := transient.Default()
	fmt.Fprintf(&w, head, strings.Join(networks, "` and `"), inputs, m.Period, widths(&m), m.Shrink, m.Setup, m.Hold)
	fmt.Fprint(&w, "| block | NPU | gates | logic, GE | levels | pulses | masked logically | electrically | by the window | at an output only | captured |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, x := range list {
		fmt.Fprintf(&w, "| %s | %s | %s | %s | %d | %s |", x.Block.Boundary.Block, x.config, thousands(x.Gates), thousands(int(math.Round(x.Area))), x.Depth, thousands(x.Pulses()))
		for _, s := range x.FateShares() {
			fmt.Fprintf(&w, " %s |", percent(s))
		}
		fmt.Fprintln(&w)
	}
	fmt.Fprint(&w, activeText)
	fmt.Fprint(&w, "| block | NPU | clocks in which a register changes | captured in them | captured in the others |\n|---|---|---:|---:|---:|\n")
	for _, x := range list {
		fmt.Fprintf(&w, "| %s | %s | %s | %s | %s |\n", x.Block.Boundary.Block, x.config, percent(x.Active()), percent(x.Captured(true)), percent(x.Captured(false)))
	}
	fmt.Fprint(&w, sizeText)
	fmt.Fprint(&w, "| block | NPU | mean |")
	from := 1
	for _, n := range gates.Sizes {
		if n > from {
			fmt.Fprintf(&w, " %d–%d bits |", from, n)
		} else {
			fmt.Fprintf(&w, " %d |", n)
		}
		from = n + 1
	}
	fmt.Fprintf(&w, " more | in several elements |\n|---|---|---:|%s\n", strings.Repeat("---:|", len(gates.Sizes)+2))
	for _, x := range list {
		fmt.Fprintf(&w, "| %s | %s | %.3g |", x.Block.Boundary.Block, x.config, x.Bits())
		for _, s := range x.SizeShares() {
			fmt.Fprintf(&w, " %s |", percent(s))
		}
		fmt.Fprintf(&w, " %s |\n", percent(x.Wide()))
	}
	fmt.Fprint(&w, frequentText)
	fmt.Fprint(&w, "| block | NPU | registers that change together, share of captured pulses |\n|---|---|---|\n")
	for _, x := range list {
		sets, err := x.FrequentSets(shown)
		if err != nil {
			return nil, err
		}
		var text []string
		for _, s := range sets {
			text = append(text, fmt.Sprintf("%s: %.1f %%", s.Registers, 100*s.Share))
		}
		fmt.Fprintf(&w, "| %s | %s | %s |\n", x.Block.Boundary.Block, x.config, strings.Join(text, "<br>"))
	}
	fmt.Fprint(&w, variantText)
	fmt.Fprint(&w, "| block | NPU |")
	for _, v := range transient.Variants() {
		fmt.Fprintf(&w, " %s |", v.Name)
	}
	fmt.Fprintf(&w, "\n|---|---|%s\n", strings.Repeat("---:|", len(transient.Variants())))
	for _, x := range list {
		fmt.Fprintf(&w, "| %s | %s |", x.Block.Boundary.Block, x.config)
		for i := range transient.Variants() {
			fmt.Fprintf(&w, " %s %% |", significant(100*x.Variant(i)))
		}
		fmt.Fprintln(&w)
	}
	fmt.Fprintf(&w, useText, kept)
	return w.Bytes(), nil
}

// widths lists the classes of pulses.
func widths(m *transient.Model) string {
	var out []string
	for _, w := range m.Widths {
		out = append(out, fmt.Sprintf("%g ps %g %%", w.PS, 100*w.Share))
	}
	return strings.Join(out, ", ")
}

// percent is a share with its interval, in per cent.
func percent(s gates.Share) string {
	if s.Value == 0 {
		return "0"
	}
	return fmt.Sprintf("%s %% [%s, %s]", significant(100*s.Value), significant(100*s.Low), significant(100*s.High))
}

// significant writes three digits.
func significant(x float64) string {
	if x != 0 && math.Abs(x) < 1e-3 {
		return fmt.Sprintf("%.1e", x)
	}
	return fmt.Sprintf("%.3g", x)
}

func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
