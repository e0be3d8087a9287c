package descent

import (
	"fmt"
	"math"
)

// Choice is one value of a block in a hierarchy. A choice that covers settles
// all blocks below too, at its own cost and loss.
type Choice struct {
	Cost   int
	Loss   float64
	Covers bool
}

// Block is a node of a hierarchy. Its parent comes before it; the first block is
// the root, with parent −1.
type Block struct {
	Parent  int
	Choices []Choice
}

// Covered stands for the choice of a block that one above it settles.
const Covered = -1

// MinimiseTree chooses a value for every block so that the sum of the losses is
// smallest while the costs do not exceed a budget. Blocks pass the best loss for
// every budget to their parents, so that the result is exact; ties go to the first
// choice.
func MinimiseTree(blocks []Block, budget int) ([]int, float64, error) {
	if len(blocks) == 0 || budget < 0 {
		return nil, 0, fmt.Errorf("tree: %d blocks with a budget of %d", len(blocks), budget)
	}
	children := make([][]int, len(blocks))
	for i, b := range blocks {
		if b.Parent >= i || b.Parent < 0 && i > 0 || b.Parent < -1 {
			return nil, 0, fmt.Errorf("tree: block %d has parent %d; list parents first", i, b.Parent)
		}
		for k, c := range b.Choices {
			if c.Cost < 0 || math.IsNaN(c.Loss) {
				return nil, 0, fmt.Errorf("tree: block %d: choice %d costs %d for a loss of %v", i, k, c.Cost, c.Loss)
			}
		}
		if i > 0 {
			children[b.Parent] = append(children[b.Parent], i)
		}
	}
	t := tree{blocks, children, make([][]message, len(blocks)), make([][][]float64, len(blocks))}
	for i := len(blocks) - 1; i >= 0; i-- {
		t.send(i, budget)
	}
	best := t.up[0][budget]
	if math.IsInf(best.loss, 1) {
		return nil, 0, fmt.Errorf("tree: no choice fits the budget of %d", budget)
	}
	chosen := make([]int, len(blocks))
	for i := range chosen {
		chosen[i] = Covered
	}
	t.read(0, budget, chosen)
	return chosen, best.loss, nil
}

// message is what a block tells its parent for one budget.
type message struct {
	loss   float64
	choice int
}

type tree struct {
	blocks   []Block
	children [][]int
	up       [][]message
	joined   [][][]float64 // of each block, the best loss of its first n children
}

// send finds the best loss of a block and all below it for every budget.
func (t *tree) send(i, budget int) {
	joined := [][]float64{make([]float64, budget+1)}
	for _, c := range t.children[i] {
		last, next := joined[len(joined)-1], make([]float64, budget+1)
		for b := range next {
			next[b] = math.Inf(1)
			for own := range b + 1 {
				next[b] = min(next[b], last[b-own]+t.up[c][own].loss)
			}
		}
		joined = append(joined, next)
	}
	t.joined[i], t.up[i] = joined, make([]message, budget+1)
	for b := range t.up[i] {
		m := message{math.Inf(1), Covered}
		for k, c := range t.blocks[i].Choices {
			if c.Cost > b {
				continue
			}
			loss := c.Loss
			if !c.Covers {
				loss += joined[len(joined)-1][b-c.Cost]
			}
			if loss < m.loss {
				m = message{loss, k}
			}
		}
		t.up[i][b] = m
	}
}

// read follows the best choices downwards.
func (t *tree) read(i, budget int, chosen []int) {
	k := t.up[i][budget].choice
	chosen[i] = k
	if t.blocks[i].Choices[k].Covers {
		return
	}
	left := budget - t.blocks[i].Choices[k].Cost
	for n := len(t.children[i]) - 1; n >= 0; n-- {
		c := t.children[i][n]
		for own := range left + 1 {
			if t.joined[i][n][left-own]+t.up[c][own].loss == t.joined[i][n+1][left] {
				t.read(c, own, chosen)
				left -= own
				break
			}
		}
	}
}
