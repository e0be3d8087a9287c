package kit

import (
	"fmt"
	"math"
)

// slack is the least gain of a path that counts; anything smaller is rounding
// (our choice, for costs around 1).
const slack = 1e-12

// Assignment gives every column of a cost matrix to a row.
type Assignment struct {
	Row  []int   // of each column
	Cost float64 // sum over all columns
	// Prices prove that the cost is the least: U[i] + V[j] does not exceed the
	// cost of any pair and equals that of the chosen ones.
	U, V []float64
}

// Assign finds the cheapest assignment in which row i receives capacity[i]
// columns, by shortest augmenting paths (Edmonds and Karp, J. ACM 1972). With
// equal weights on both sides this is the exact optimal transport.
func Assign(cost [][]float64, capacity []int) (*Assignment, error) {
	if len(cost) == 0 || len(cost) != len(capacity) {
		return nil, fmt.Errorf("assignment: %d rows of costs for %d capacities", len(cost), len(capacity))
	}
	a := &assigner{cost: cost, n: len(cost[0]), room: append([]int(nil), capacity...), of: make([][]int, len(cost))}
	total := 0
	for i, row := range cost {
		if len(row) != a.n || capacity[i] < 0 {
			return nil, fmt.Errorf("assignment: row %d has %d costs and capacity %d; it needs %d costs and no negative capacity", i, len(row), capacity[i], a.n)
		}
		for j, c := range row {
			if math.IsNaN(c) || math.IsInf(c, 0) {
				return nil, fmt.Errorf("assignment: the cost of row %d and column %d is %v", i, j, c)
			}
		}
		total += capacity[i]
	}
	if total != a.n {
		return nil, fmt.Errorf("assignment: the capacities sum to %d for %d columns", total, a.n)
	}
	a.moves = make([][]move, len(cost))
	for i := range a.moves {
		a.moves[i] = make([]move, len(cost))
		a.list(i)
	}
	for j := range a.n {
		a.place(j)
	}
	return a.result(), nil
}

// assigner holds a partial assignment that is the cheapest for its columns.
type assigner struct {
	cost  [][]float64
	n     int
	room  []int
	of    [][]int  // columns of each row
	moves [][]move // cheapest ones between every two rows
}

// move is the cheapest way to pass a column from one row to another.
type move struct {
	column int
	price  float64
}

// list finds the cheapest moves out of a row anew.
func (a *assigner) list(i int) {
	for k := range a.moves[i] {
		best := move{-1, math.Inf(1)}
		for _, j := range a.of[i] {
			if p := a.cost[k][j] - a.cost[i][j]; p < best.price {
				best = move{j, p}
			}
		}
		a.moves[i][k] = best
	}
}

// relax shortens distances over moves until none gets shorter and returns the
// row before each.
func relax(distance []float64, moves [][]move) []int {
	before := make([]int, len(distance))
	for i := range before {
		before[i] = -1
	}
	for range distance { // a shortest path visits every row at most once
		done := true
		for i, d := range distance {
			for k, m := range moves[i] {
				if i != k && d+m.price < distance[k]-slack {
					distance[k], before[k], done = d+m.price, i, false
				}
			}
		}
		if done {
			break
		}
	}
	return before
}

// place gives column j to a row and passes other columns on where that is
// cheapest.
func (a *assigner) place(j int) {
	distance := make([]float64, len(a.cost))
	for i := range a.cost {
		distance[i] = a.cost[i][j]
	}
	before := relax(distance, a.moves)
	end := -1
	for i, d := range distance {
		if a.room[i] > 0 && (end < 0 || d < distance[end]) {
			end = i
		}
	}
	a.room[end]--
	var changed []int
	for steps := 0; before[end] >= 0 && steps < len(a.cost); steps++ {
		from := before[end]
		passed := a.moves[from][end].column
		a.of[end] = append(a.of[end], passed)
		changed = append(changed, end)
		for at, c := range a.of[from] {
			if c == passed {
				a.of[from] = append(a.of[from][:at], a.of[from][at+1:]...)
				break
			}
		}
		end = from
	}
	a.of[end] = append(a.of[end], j)
	for _, i := range append(changed, end) {
		a.list(i)
	}
}

// result adds the prices, which are shortest distances over the moves that are
// left.
func (a *assigner) result() *Assignment {
	r := &Assignment{Row: make([]int, a.n), U: make([]float64, len(a.cost)), V: make([]float64, a.n)}
	relax(r.U, a.moves)
	for i, columns := range a.of {
		for _, j := range columns {
			r.Row[j], r.V[j] = i, a.cost[i][j]-r.U[i]
		}
	}
	for j, i := range r.Row {
		r.Cost += a.cost[i][j]
	}
	return r
}
