package conformal

import (
	"slices"

	"upset/models/selection"
)

// counts holds what conformal p-values are made of. A score is −μ for a null and
// out of reach for an interesting row, so the p-value of a candidate is one more
// than the number of null calibration rows whose μ is at least its own, divided
// by n + 1. Ties count, which keeps the p-values valid with coarse scores.
type counts struct {
	n       int     // calibration rows
	above   [][]int // by model and candidate
	scores  [][]int // μ of each candidate by model
	columns int
}

func newCounts(t *selection.Table, truth, calibration, test []int) *counts {
	c := &counts{n: len(calibration), columns: t.Width}
	for k := range t.Width {
		var nulls []int
		for _, i := range calibration {
			if truth[i] == 0 {
				nulls = append(nulls, t.Int(i, k))
			}
		}
		above, scores := make([]int, len(test)), make([]int, len(test))
		for j, i := range test {
			scores[j] = t.Int(i, k)
			for _, v := range nulls {
				if v >= scores[j] {
					above[j]++
				}
			}
		}
		c.above, c.scores = append(c.above, above), append(c.scores, scores)
	}
	return c
}

// rejections is the number of hypotheses that Benjamini and Hochberg's procedure
// rejects, from the number of p-values equal to v/(n+1).
func (c *counts) rejections(having []int, m int, q float64) int {
	most, seen := 0, 0
	for v, k := range having {
		seen += k
		if float64(v)*float64(m) <= q*float64(seen)*float64(c.n+1) {
			most = seen
		}
	}
	return most
}

// size is the number of candidates that model k selects by itself.
func (c *counts) size(k int, q float64) int {
	having := make([]int, c.n+2)
	for _, a := range c.above[k] {
		having[a+1]++
	}
	return c.rejections(having, len(c.above[k]), q)
}

// best is the model that selects most by itself.
func (c *counts) best(q float64) int {
	best := 0
	for k := range c.columns {
		if c.size(k, q) > c.size(best, q) {
			best = k
		}
	}
	return best
}

// plain returns the candidates that model k selects by itself.
func (c *counts) plain(k int, q float64) []int {
	m, size := len(c.above[k]), c.size(k, q)
	var list []int
	for j, a := range c.above[k] {
		if float64(a+1)*float64(m) <= q*float64(size)*float64(c.n+1) {
			list = append(list, j)
		}
	}
	return list
}

// auxiliary is the size of the selection by model k that candidate j would see
// if its own p-value were 0 and it stood among the calibration rows.
func (c *counts) auxiliary(k, j int, q float64) int {
	having := make([]int, c.n+2)
	having[0] = 1
	own := c.scores[k][j]
	for l, a := range c.above[k] {
		if l == j {
			continue
		}
		if own >= c.scores[k][l] {
			a++
		}
		having[a]++
	}
	return c.rejections(having, len(c.above[k]), q)
}

// optimised returns the candidates that OptCS-MSel selects: every candidate takes
// the model with the largest auxiliary selection and enters where its p-value and
// the sizes agree (eBH on the e-values m/(q·size·u)). The number u, uniform
// between 0 and 1 and one for all, is the paper's homogeneous pruning; u = 1
// prunes without chance.
func (c *counts) optimised(q, u float64) []int {
	m := len(c.above[0])
	size := make([]int, m)
	var first []int
	for j := range m {
		best := 0
		for k := range c.columns {
			if s := c.auxiliary(k, j, q); s > size[j] {
				best, size[j] = k, s
			}
		}
		if float64(c.above[best][j]+1)*float64(m) <= q*float64(size[j])*float64(c.n+1) {
			first = append(first, j)
		}
	}
	sizes := make([]int, len(first))
	for i, j := range first {
		sizes[i] = size[j]
	}
	slices.Sort(sizes)
	limit := 0
	for i, s := range sizes {
		if float64(u*float64(s)) <= float64(i+1) {
			limit = i + 1
		}
	}
	var list []int
	for _, j := range first {
		if float64(u*float64(size[j])) <= float64(limit) {
			list = append(list, j)
		}
	}
	return list
}
