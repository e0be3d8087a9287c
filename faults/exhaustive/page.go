package exhaustive

import (
	"fmt"
	"strings"

	"upset/faults"
)

// Check is a comparison of the table with injections, named for the page.
type Check struct {
	Name string
	Compared
}

// Page writes docs/validation.md.
func Page(t *Table, strata []Stratum, checks []Check, studies []*Study, stops []Stop) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Statistics against the truth

This page is written by

    go run ./faults/exhaustive/generate

Every upset of every flop of U55-32 at every cycle of %s was resolved for the first %d inputs stored
beside the network: %d flops × %d cycles × %d inputs = %d sites. The outcomes are in
testdata/truth. Performance counters are in the table and left out of the rates.

The table was found backwards in time: an upset is stepped until the machine is again the fault-free one of that cycle, with no
flop or one flop inverted, or in a state met before. States are compared as they are, not in a canonical form.

`, Name, t.Inputs, t.Flops, t.Cycles, t.Inputs, t.Sites())
	b.WriteString("## Comparison with injections\n\n| way | samples | differences | the first one |\n|---|---:|---:|---|\n")
	differ := false
	for _, c := range checks {
		differ = differ || c.Differences > 0
		fmt.Fprintf(&b, "| %s | %d | %d | %s |\n", c.Name, c.Samples, c.Differences, c.Example)
	}
	if differ {
		b.WriteString(`
The table is of the machine as its State says it is: what it derives from its configuration is renewed whenever that
changes. The plain machine and the fast engine of package faults renew it when an operation is issued and when a bit is inverted only.
Differences from these two are upsets that start an operation before it is issued.
`)
	}
	b.WriteString(`
## Truth

| block | class | bits |`)
	for o := range faults.Detected {
		fmt.Fprintf(&b, " %v |", o)
	}
	b.WriteString("\n|---|---|---:|" + strings.Repeat("---:|", int(faults.Detected)) + "\n")
	var all Stratum
	for i := range strata {
		s := &strata[i]
		all.Bits += s.Bits
		for o, n := range s.Counts {
			all.Counts[o] += n
		}
		truthRow(&b, s.Block, s.Class.String(), s)
	}
	truthRow(&b, "all", "flops", &all)
	fmt.Fprintf(&b, "\nViolating: %.4f %%. Critical (latent, critical SDC, stray write): %.4f %%.\n", 100*all.Share(Violating...), 100*all.Share(Critical...))
	b.WriteString(`
Joint intervals are those that a campaign prints: gamma limits, or Clopper-Pearson for a block of one stratum. They are meant
to cover at least their confidence at any number of failures. *Automatic* ones are approximate (Wilson) where five trials failed
and as many passed, and exact below. Adaptive campaigns are judged by the limits that they end with.
`)
	for _, s := range studies {
		s.page(&b)
	}
	stopsPage(&b, stops)
	return b.String()
}

func truthRow(b *strings.Builder, block, class string, s *Stratum) {
	fmt.Fprintf(b, "| %s | %s | %d |", block, class, s.Bits)
	for o := range faults.Detected {
		fmt.Fprintf(b, " %d |", s.Counts[o])
	}
	b.WriteString("\n")
}

// page writes the part of a study.
func (s *Study) page(b *strings.Builder) {
	fmt.Fprintf(b, `
## Campaigns of %d injections

%d campaigns each, drawn from the table with replacement and a fixed seed, split in proportion to the sites. Nominal
confidence 95 %%. A line fails where a binomial test, corrected by Holm over all lines of this part, refutes its target at 5 %%.
Lines without a target are only reported.

| quantity | interval | failures expected | coverage | mean width | target | |
|---|---|---:|---:|---:|---:|---|
`, s.Injections, s.Repeats)
	failed := 0
	for i := range s.Coverages {
		c := &s.Coverages[i]
		target, verdict, width := "", "", ""
		if !strings.Contains(c.Method, "limit") {
			width = fmt.Sprintf("%.5f", c.Width)
		}
		if c.Target > 0 {
			target, verdict = fmt.Sprintf("%.1f %%", 100*c.Target), "holds"
			if !c.Holds() {
				verdict = "**fails**"
				failed++
			}
		}
		fmt.Fprintf(b, "| %s | %s | %.2f | %.2f %% | %s | %s | %s |\n", c.What, c.Method, c.Expected, 100*c.Share(), width, target, verdict)
	}
	fmt.Fprintf(b, "\n%d lines fail.\n\n| total | truth | mean estimate | bias in standard errors | |\n|---|---:|---:|---:|---|\n", failed)
	for _, v := range s.Biases {
		fmt.Fprintf(b, "| %s | %.6f | %.6f | %.4f | %s |\n", v.What, v.Truth, v.Mean, v.Errors, v.verdict())
	}
	fmt.Fprintf(b, `
Adaptive allocation, with the rounds of a campaign, its first one counted, guided by the row's own failures: variance of the
total, with rounds weighed by their sizes, divided by that of the best split (Neyman with the true shares) and of the
proportional one. Where a campaign sees a few dozen failures over %d strata, it cannot know the best split. Campaigns of fixed
size are guided by all violations, those that stop on a precision by critical ones. Strata of a kind, datapath or control, learn
from each other; what it is without that is reported below.

| total | median ÷ best | largest ÷ best | median ÷ proportional | largest ÷ proportional | |
|---|---:|---:|---:|---:|---|
`, s.Strata)
	for _, a := range s.Allocations {
		fmt.Fprintf(b, "| %s | %.3f | %.3f | %.3f | %.3f | %s |\n", a.What, a.MedianOracle, a.WorstOracle, a.MedianProportional, a.WorstOfThese, a.verdict())
	}
}

// stopsPage writes the part on campaigns that stop on their precision.
func stopsPage(b *strings.Builder, stops []Stop) {
	fmt.Fprintf(b, `
## Campaigns that stop on their precision

Campaigns as --margin and --relative run them, over all flops, with the outcomes of the table instead of a machine. The share of
critical SDC is what stops them, 0.95 the confidence asked for. *Below* and *above* are intervals that lie below and above
the truth; *upper* and *lower* say how often the one-sided limits of the violating rate hold. *Fixed* is the size of the
campaign of the same sampling which reaches the precision in half of the cases, without looking in between. A line fails where
coverage of %.1f %% is refuted at 5 %%, corrected by Holm over all lines, or where half of the campaigns need more than %.1f times
the fixed size.

| sampling | half-width | campaigns | coverage | below | above | upper | lower | reached | mean ÷ truth | rounds | injections, median | largest | fixed | ratio | |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|
`, 100*atLeast, MostInjections)
	for i := range stops {
		s := &stops[i]
		share := func(n int) float64 { return 100 * float64(n) / float64(s.Repeats) }
		wide := fmt.Sprintf("%g", s.Absolute)
		if s.Relative > 0 {
			wide = fmt.Sprintf("%g %%", 100*s.Relative)
		}
		fmt.Fprintf(b, "| %s | %s | %d | %.1f %% | %.1f %% | %.1f %% | %.1f %% | %.1f %% | %.1f %% | %.3f | %d | %d | %d | %d | %.2f | %s |\n",
			s.Sampling, wide, s.Repeats, share(s.Covered), share(s.Below), share(s.Above), share(s.Upper), share(s.Lower), share(s.Reached),
			s.Mean/s.Truth, s.Rounds, s.Median, s.Most, s.Fixed, s.Ratio(), holds(s.Holds()))
	}
}

// verdict of a bias; some are only reported.
func (v Bias) verdict() string {
	if v.Reported {
		return "reported"
	}
	return holds(v.Holds())
}

func holds(yes bool) string {
	if yes {
		return "holds"
	}
	return "**fails**"
}

// Bounds of bias and allocation (our choice).
const (
	mostBias         = 0.2
	mostOracle       = 1.15 // median variance over that of the best split
	mostProportional = 1.05 // largest variance over that of the proportional split
)

// Holds reports a bias within the bound.
func (v Bias) Holds() bool { return v.Reported || v.Errors > -mostBias && v.Errors < mostBias }

// verdict of an allocation.
func (a Allocation) verdict() string {
	if a.Reported {
		return "reported"
	}
	return holds(a.Holds())
}

// Holds reports an allocation within both bounds.
func (a Allocation) Holds() bool {
	return a.MedianOracle <= mostOracle && a.WorstOfThese <= mostProportional
}
