package audit

import (
	"errors"
	"math"
	"slices"

	"upset/models/selection/kit"
)

// trimmed is the share of the largest ratios that the fit leaves out, as its authors do.
const trimmed = 0.1

// Dimension is the intrinsic dimension of rows, from the ratio of the distances to the
// second and to the first neighbour: the ratio μ has the distribution 1 − μ^−d, and d is
// the slope of −log(1−F(μ)) over log μ through the origin (Facco et al. 2017). Of equal
// rows one is kept.
func Dimension(rows [][]float64) (float64, error) {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, slices.Compare)
	rows = slices.CompactFunc(rows, slices.Equal)
	if len(rows) < 10 {
		return 0, errors.New("fewer than 10 rows differ: their dimension cannot be told")
	}
	ratios := make([]float64, len(rows))
	for i := range rows {
		first, second := math.Inf(1), math.Inf(1)
		for j := range rows {
			if j == i {
				continue
			}
			switch d := kit.SquaredDistance(rows[i], rows[j]); {
			case d < first:
				first, second = d, first
			case d < second:
				second = d
			}
		}
		ratios[i] = math.Log(second/first) / 2
	}
	slices.Sort(ratios)
	n := len(ratios)
	var xy, xx float64
	for i := range int(float64(n) * (1 - trimmed)) {
		x, y := ratios[i], -math.Log(1-float64(i+1)/float64(n))
		xy, xx = xy+x*y, xx+x*x
	}
	if xx == 0 {
		return 0, errors.New("all rows have neighbours at equal distances: their dimension cannot be told")
	}
	return xy / xx, nil
}
