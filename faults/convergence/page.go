package convergence

import (
	"fmt"
	"io"
	"strings"

	"upset/stats/result"
)

// WriteStudies writes the page on how soon upsets die.
func WriteStudies(w io.Writer, list []*Study) error {
	var b strings.Builder
	b.WriteString(`# How soon upsets die

This page is written by

    go run ./faults/convergence/generate

for one input of each network on U55-128, without a code on the shared buffer. Every block and class gets the same number of
upsets, at cycles drawn uniformly over the inference. The last row is for an average flop: the rows of the flops weighted by
their bits. Performance counters, which nothing depends on, are left out.

A *pruned* upset is known to do nothing without a step: the bit is overwritten before it is read. The others are stepped
beside the fault-free machine, cycle by cycle. One is *dead* at a cycle where both machines have the same future whatever the
stream still does: equal canonical flops, equal shared buffer, equal memory. The machines are compared 10, 100, 1,000 and
10,000 cycles behind the upset; the columns give the share first seen dead there. *Not dead* is the share that was still
different at the last comparison, or when the NPU stopped before it. The fast engine is better than this: it also knows
when words of the buffer are written before they are read, and leaves the clock when only memory differs.
`)
	for _, s := range list {
		fmt.Fprintf(&b, "\n## %s, %s cycles\n\n", s.Network, grouped(int64(s.Cycles)))
		b.WriteString("| block | class | bits | upsets | pruned | ≤ 10 | ≤ 100 | ≤ 1,000 | ≤ 10,000 | not dead |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|\n")
		for i := range s.Fates {
			f := &s.Fates[i]
			row(&b, f.Block, f.Class, f.Bits, f.Upsets, f.shares())
		}
		shares, bits, upsets := s.average()
		row(&b, "all", "flops", bits, upsets, shares)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func row(b *strings.Builder, block, class string, bits, upsets int, shares [len(Horizons) + 2]float64) {
	fmt.Fprintf(b, "| %s | %s | %s | %s |", block, class, grouped(int64(bits)), grouped(int64(upsets)))
	for _, v := range shares {
		fmt.Fprintf(b, " %.1f %% |", 100*v)
	}
	b.WriteByte('\n')
}

// WriteValidation writes the page on the comparison of the fast engine with the
// plain machine, for which so many samples were asked: each network takes a whole number
// of them, so that there are a few more.
func WriteValidation(w io.Writer, r *result.ValidateEngine, kinds []*Kind, asked int) error {
	var b strings.Builder
	fmt.Fprintf(&b, `# The fast engine against the plain machine

This page is written by

    go run ./faults/convergence/generate -validate %d

Every sample is an upset that is injected twice: on the fast engine, which prunes, stops early, leaves the clock, and
proves hangs; and on the plain machine, from cycle 0 to the end of the inference and, where the output is right, through those that
follow. The two records must be the same in all but the path. The limit is the upper one, at 95 %%, of the share of
such upsets that differ: 3/n where none does. It holds for the draw below, not for one that looks for trouble.

A fixed share of the samples is drawn from rare categories: a quarter pruned, a quarter simulated ones of control and
configuration, 3 in 20 simulated ones of the path of the weights, 3 in 20 ended by the hand-off, the hang proof or a time
shift, 1 in 20 values of the datapath that are followed where they wait, 2 in 20 simulated ones of any flop, as far as the search
finds them; the others from all bits. Categories overlap.

%s samples, **%s differences**, %s cycles of the plain machine.

| category | samples | differences | limit |
|---|---:|---:|---:|
`, asked, grouped(int64(r.Samples)), grouped(int64(r.Differences)), grouped(r.PlainCycles))
	for _, c := range r.Categories {
		fmt.Fprintf(&b, "| %s | %s | %d | %.2g |\n", c.Name, grouped(int64(c.Samples)), c.Differences, c.Upper)
	}
	b.WriteString("\n| configuration | network | cycles | samples | differences | plain cycles |\n|---|---|---:|---:|---:|---:|\n")
	for _, q := range r.Runs {
		fmt.Fprintf(&b, "| %s | %s | %s | %d | %d | %s |\n", q.NPU, q.Model, grouped(q.Cycles), q.Samples, q.Differences, grouped(q.PlainCycles))
	}
	b.WriteString("\nBeside these, upsets of three kinds were looked for, for which there are shortcuts of their own: *draws* is how many were injected to find them.\n\n" +
		"| kind | samples | draws | differences | limit |\n|---|---:|---:|---:|---:|\n")
	for _, k := range kinds {
		limit, err := k.Upper()
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %d | %.2g |\n", k.Name, grouped(int64(k.Samples)), grouped(int64(k.Draws)), k.Differences, limit)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// grouped prints a number with commas between groups of three digits.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
