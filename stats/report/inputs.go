package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"upset/stats"
	"upset/stats/result"
)

// inputsSection says what can be known of how well the inputs represent the use.
func inputsSection(c result.Campaign) section {
	s := section{heading: "Representativeness of the inputs", pageOnly: true}
	s.pairs = []pair{{"inputs", count(c.Inputs)}}
	if text := accuracyText(c.Accuracy); text != "" {
		s.pairs = append(s.pairs, pair{"accuracy", text})
	}
	switch {
	case c.Assumptions.InputsAre == stats.InputsSample:
		s.note = "The intervals are for the population that the inputs were drawn from. That they were drawn at random is an assumption of use."
	default:
		s.note = "The intervals are for exactly these inputs: they do not say what other inputs would show. --inputs-are sample gives intervals for the population that they were drawn from."
	}
	if c.DesignEffect > 0 {
		s.pairs = append(s.pairs, pair{"design effect", significant(c.DesignEffect, nearest) + ": so many times the injections that independent inputs would need"})
	}
	x := c.InputSpread
	if x == nil {
		s.note += " With a single input nothing can be said about how much the result depends on it."
		return s
	}
	total := 0.0
	for _, in := range x.Inputs {
		total += in.Expected
	}
	if total < leastExpected*float64(len(x.Inputs)) {
		s.pairs = append(s.pairs, pair{"all alike", fmt.Sprintf("cannot say: %.1f violations for each input are too few, %g are needed", total/float64(len(x.Inputs)), leastExpected)})
		return s
	}
	verdict := "no difference between inputs is shown"
	if x.P < 0.05 {
		verdict = "the consequence of an upset depends on the input"
	}
	s.pairs = append(s.pairs, pair{"all alike", "P = " + significant(x.P, nearest) + ": " + verdict})
	order := make([]int, len(x.Inputs))
	for i := range order {
		order[i] = i
	}
	apart := func(i int) float64 {
		in := x.Inputs[i]
		return math.Abs(float64(in.Violating)-in.Expected) / math.Sqrt(max(in.Expected, 1e-9))
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(apart(j), apart(i)) })
	s.table = &table{columns: columns(">input", ">violating", ">expected if alike", ">ratio")}
	for _, i := range order[:min(len(order), mostInputs)] {
		in := x.Inputs[i]
		s.table.add(strconv.Itoa(i), count(in.Violating), fmt.Sprintf("%.1f", in.Expected), fmt.Sprintf("%.2f", float64(in.Violating)/max(in.Expected, 1e-9)))
	}
	if n := len(x.Inputs); n > mostInputs {
		s.note += fmt.Sprintf(" The %d of %d inputs that differ most are shown; JSON holds all.", mostInputs, n)
	}
	return s
}

// accuracyText says how well the network works without a fault; nothing without labels.
func accuracyText(a *result.Accuracy) string {
	if a == nil {
		return ""
	}
	return fmt.Sprintf("%s of %s labelled inputs are classed rightly without a fault, %s", count(a.Right), count(a.Labelled), percent(a.Share, nearest))
}

// mostInputs is the number of inputs in the table (our choice). leastExpected is the mean
// number of violations that the test takes (the usual rule for chi-squared).
const (
	mostInputs    = 12
	leastExpected = 5.0
)
