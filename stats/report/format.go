package report

import (
	"math"
	"strconv"
	"strings"

	"upset/stats"
	"upset/stats/result"
)

// rounding says which way a printed number may move.
type rounding int

const (
	nearest rounding = iota
	down             // lower limits
	up               // upper limits
)

// significant prints x with three significant digits, rounded as told.
func significant(x float64, way rounding) string {
	const digits = 3
	if x == 0 || math.IsNaN(x) || math.IsInf(x, 0) {
		return strconv.FormatFloat(x, 'g', -1, 64)
	}
	if way != nearest {
		exponent := int(math.Floor(math.Log10(math.Abs(x)))) - digits + 1
		x = outward(x, -exponent, way)
	}
	if a := math.Abs(x); a >= 1e-4 && a < 1e7 {
		decimals := max(0, digits-1-int(math.Floor(math.Log10(a)+1e-12)))
		text := strconv.FormatFloat(x, 'f', decimals, 64)
		if strings.Contains(text, ".") {
			text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
		}
		return text
	}
	return strconv.FormatFloat(x, 'g', digits, 64)
}

// outward rounds x to a number of decimals (negative: tens), the given way. What is on the grid but for the last bits of a float stays there.
func outward(x float64, decimals int, way rounding) float64 {
	power := math.Pow(10, math.Abs(float64(decimals)))
	scaled := x * power
	if decimals < 0 {
		scaled = x / power
	}
	if whole := math.Round(scaled); math.Abs(scaled-whole) <= 1e-9*math.Max(1, math.Abs(scaled)) {
		scaled = whole
	} else if way == down {
		scaled = math.Floor(scaled)
	} else if way == up {
		scaled = math.Ceil(scaled)
	} else {
		scaled = whole
	}
	if decimals < 0 {
		return scaled * power
	}
	return scaled / power
}

// limitsText prints a rate: estimate and limits, or only the bound.
func limitsText(l result.Limits) string {
	switch {
	case l.Bound():
		return "<= " + significant(l.Upper, up)
	case l == result.Limits{}:
		return "-"
	}
	return significant(l.Estimate, nearest) + " [" + significant(l.Lower, down) + ", " + significant(l.Upper, up) + "]"
}

// intervalText prints a proportion in per cent, or only the bound.
func intervalText(i result.Interval) string {
	switch {
	case i.N == 0 && i.Low <= 0 && i.High >= 1:
		return "not sampled"
	case i.Estimate == 0 && i.High > 0:
		return "<= " + percent(i.High, up)
	case i.Estimate == 1 && i.Low < 1:
		return ">= " + percent(i.Low, down)
	case i.Low == i.High:
		return percent(i.Estimate, nearest)
	}
	return percent(i.Estimate, nearest) + " [" + significant(100*i.Low, down) + ", " + significant(100*i.High, up) + "]"
}

// percent prints a fraction in per cent with three significant digits.
func percent(fraction float64, way rounding) string { return significant(100*fraction, way) + " %" }

// overheadText prints an added area with what the measured libraries span of it.
func overheadText(x float64, r result.Range) string {
	return percent(x, nearest) + spanText(x, r, "")
}

// spanText is what the measured libraries span of an added area, in brackets; empty where it
// was not computed, and where nothing differs in three digits.
func spanText(x float64, r result.Range, words string) string {
	low, high := significant(100*r.Low, nearest), significant(100*r.High, nearest)
	switch {
	case r == (result.Range{}), low == high && low == significant(100*x, nearest):
		return ""
	case low == high:
		return " (" + low + words + ")"
	}
	return " (" + low + " to " + high + words + ")"
}

// inLibraries explains a range of areas where it stands alone.
const inLibraries = " in the two libraries"

// libraryNote says what stands in brackets behind an added area.
const libraryNote = "In brackets behind an added area: what two open cell libraries span of it (docs/area.md)."

// metricText prints a metric close to 1, such as SPFM: three decimals of a per
// cent, since 99.0 % and 98.99 % are not the same verdict.
func metricText(l result.Limits) string {
	if l.Estimate == 1 && l.Lower < 1 {
		return ">= " + metricPercent(l.Lower, down) + " %"
	}
	if l.Lower == l.Upper {
		return metricPercent(l.Estimate, nearest) + " %"
	}
	return metricPercent(l.Estimate, nearest) + " % [" + metricPercent(l.Lower, down) + ", " + metricPercent(l.Upper, up) + "]"
}

// metricPercent prints a fraction in per cent with three decimals, less zeros.
func metricPercent(fraction float64, way rounding) string {
	const decimals = 3
	x := 100 * fraction
	if way != nearest {
		x = outward(x, decimals, way)
	}
	text := strconv.FormatFloat(x, 'f', decimals, 64)
	return strings.TrimRight(strings.TrimRight(text, "0"), ".")
}

// count prints an integer with thousands separated.
func count[T int | int64 | uint64](n T) string {
	digits := strconv.FormatInt(int64(n), 10)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	var parts []string
	for len(digits) > 3 {
		parts = append([]string{digits[len(digits)-3:]}, parts...)
		digits = digits[:len(digits)-3]
	}
	return sign + strings.Join(append([]string{digits}, parts...), ",")
}

// verdictWord is the printed form of a verdict.
func verdictWord(verdict string) string {
	switch verdict {
	case stats.Met:
		return "met"
	case stats.NotMet:
		return "not met"
	case stats.NotShown:
		return "not shown"
	case "":
		return "not judged"
	}
	return verdict
}

// yesNo prints a switch.
func yesNo(on bool) string {
	if on {
		return "yes"
	}
	return "no"
}
