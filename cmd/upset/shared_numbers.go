package main

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"upset/netlist"
)

// maxExact is the largest whole number that every reader of JSON keeps exactly:
// 2^53 - 1, the largest safe integer of ECMAScript (RFC 8259 §6 names the same
// range). Seeds and counts go no further, so that results can be read by any tool.
const maxExact = 1<<53 - 1

// decimal is how numbers with a fraction are written: no base, no underscores, no
// name such as NaN or Inf.
var decimal = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`)

// span is the range of a number.
type span struct{ low, high float64 }

// Ranges of rates, budgets and times. All are our choice: a million times beyond
// what any technology or budget in the literature has, and narrow enough that
// products, squares and ratios of them stay finite.
var (
	rateSpan     = span{1e-12, 1e6}                  // FIT of one bit; named scenarios have 6e-6 to 1e-3
	fitSpan      = span{1e-12, 1e12}                 // FIT of a whole
	declaredSpan = span{leastDeclared, mostDeclared} // declared permanent rates and times
	shareSpan    = span{0, 1}
	// Below and above, quantiles run into the resolution of a float.
	confidenceSpan = span{1e-3, 1 - 1e-9}
)

// spans are the ranges of flags, and of flags of one command where they mean something
// else there. A flag that is not listed takes 0 to 1e12.
var spans = map[string]span{
	"flop-fit": rateSpan, "sram-fit": rateSpan, "budget": fitSpan, "budget-due": {0, fitSpan.high}, "permanent-fit": declaredSpan, "set-fit-per-kge": declaredSpan, "pmhf-budget": declaredSpan,
	"lifetime": declaredSpan, "test-interval": declaredSpan, "test-coverage": shareSpan, "hardened-ratio": shareSpan, "duty": {1e-9, 1},
	"gate margin": {0, 1e6}, "confidence": confidenceSpan, "evidence-time": {0, 1}, "pairs": shareSpan, "share": shareSpan, "seconds": {0, mostVerifySeconds}, "lease": {leastLease, mostLease}, "margin": {1e-9, 1}, "relative": {1e-9, 1}, "audit error": {1e-9, 1},
}

// has reports that a number lies in the range, which neither NaN nor an infinity
// does.
func (s span) has(x float64) bool { return x >= s.low && x <= s.high }

// numberFlag brings --name=text into the one form in which the flag parser reads
// what is written: that parser takes 010 for eight, and 0x10 and 1_0 for numbers.
// Whole numbers are decimal digits with an optional sign, leading zeros mean
// nothing; other numbers are decimal too and lie in the range of their flag.
func numberFlag(c *cli.Command, name, typed string) (string, error) {
	flag, text, isNumber := "--"+name, "", false
	if _, v, ok := strings.Cut(typed, "="); ok {
		text = v
	}
	for _, f := range c.Flags {
		if !hasName(f, name) {
			continue
		}
		switch f.(type) {
		case *cli.IntFlag, *cli.Int64Flag, *cli.UintFlag, *cli.Uint64Flag:
			isNumber = true
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil && !errors.Is(err, strconv.ErrRange) {
				return "", usage("%s %s: write a whole number in decimal digits, such as 10", flag, show(text))
			}
			low := int64(-maxExact)
			if _, signed := f.(*cli.IntFlag); !signed {
				low = 0
			}
			if err != nil || n < low || n > maxExact {
				return "", usage("%s %s is not between %d and %d", flag, show(text), low, int64(maxExact))
			}
			text = strconv.FormatInt(n, 10)
		case *cli.Float64Flag:
			isNumber = true
			x, err := strconv.ParseFloat(text, 64)
			if !decimal.MatchString(text) || err != nil && !errors.Is(err, strconv.ErrRange) {
				return "", usage("%s %s: write a number such as 0.5 or 1e-4", flag, show(text))
			}
			s, ok := spans[c.Name+" "+name]
			if !ok {
				s, ok = spans[name]
			}
			if !ok {
				s = span{0, fitSpan.high}
			}
			if !s.has(x) {
				return "", usage("%s %s is not between %v and %v", flag, show(text), s.low, s.high)
			}
		}
	}
	if !isNumber {
		return typed, nil
	}
	return flag + "=" + text, nil
}

// show is a word for a message: as it is where it is plain, else in quotes.
func show(word string) string {
	if decimal.MatchString(word) {
		return word
	}
	return strconv.Quote(word)
}

// number is a whole number of a YAML file, figure any other number there.
type (
	number = netlist.Count
	figure = netlist.Figure
)
