package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// McNemarMidP is the mid-P value of McNemar's test: half the probability of the
// counts seen is taken off, which makes the exact test less conservative
// (Fagerland, Lydersen and Laake, BMC Medical Research Methodology 2013). It
// may exceed its level a little; where that must not be, use [McNemar].
func McNemarMidP(onlyA, onlyB int) (float64, error) {
	p, err := McNemar(onlyA, onlyB)
	if err != nil {
		return 0, err
	}
	n := onlyA + onlyB
	seen := math.Exp(logChoose(n, onlyA) - float64(n)*math.Ln2)
	if onlyA == onlyB {
		// Both tails hold the counts seen: 2·(P(X ≤ a) − ½P(X = a)) = 1.
		return 1, nil
	}
	return p - seen, nil
}

// PairedDifference is the score interval of Tango (Statistics in Medicine
// 1998) for the difference of two proportions, A less B, measured on the same n
// faults, of which onlyA and onlyB violate in one campaign only.
func PairedDifference(onlyA, onlyB, n int, confidence float64) (low, high float64, err error) {
	if err := checkConfidence(confidence); err != nil {
		return -1, 1, err
	}
	if onlyA < 0 || onlyB < 0 || n < 0 || onlyA > n-onlyB {
		return -1, 1, fmt.Errorf("discordant pairs %d and %d of %d: must not be negative nor more than all", onlyA, onlyB, n)
	}
	if n == 0 {
		return -1, 1, nil
	}
	z := twoSidedZ(confidence)
	centre := float64(onlyA-onlyB) / float64(n)
	rejected := func(d float64) bool { return math.Abs(tango(onlyA, onlyB, n, d)) > z }
	return bisect(centre, -1, rejected), bisect(centre, 1, rejected), nil
}

// tango is the score statistic for a difference d, with the likeliest
// proportions under it.
func tango(onlyA, onlyB, n int, d float64) float64 {
	a, b, size := float64(onlyA), float64(onlyB), float64(n)
	gap := a - b - size*d
	if gap == 0 {
		return 0
	}
	linear := -a - b + (2*size-a+b)*d
	constant := -b * d * (1 - d)
	q := (math.Sqrt(math.Max(0, linear*linear-8*size*constant)) - linear) / (4 * size)
	variance := size * (2*q + d*(1-d))
	if variance <= 0 {
		return math.Inf(int(math.Copysign(1, gap)))
	}
	return gap / math.Sqrt(variance)
}

// FiveByTwo is the combined 5×2 cross-validation F test (Alpaydın, Neural
// Computation 1999): differences[i][j] is the difference of the error rates of
// two procedures in replication i, fold j. It returns the statistic and its P
// value under F(10, 5). Without any spread within replications P is 1 if all
// differences are 0 and 0 otherwise.
func FiveByTwo(differences [5][2]float64) (f, p float64, err error) {
	var squares, spread float64
	for i, pair := range differences {
		for j, d := range pair {
			if math.IsNaN(d) || math.IsInf(d, 0) {
				return 0, 1, fmt.Errorf("replication %d, fold %d: difference %v must be finite", i, j, d)
			}
			squares += d * d
		}
		gap := pair[0] - pair[1]
		spread += gap * gap / 2
	}
	if spread == 0 {
		if squares == 0 {
			return 0, 1, nil
		}
		return math.Inf(1), 0, nil
	}
	f = squares / (2 * spread)
	return f, distuv.F{D1: 10, D2: 5}.Survival(f), nil
}
