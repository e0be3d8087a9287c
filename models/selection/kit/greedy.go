package kit

import "container/heap"

// Gain is an objective that grows with a set of items and to which each item adds
// the less the larger the set is (submodular).
type Gain interface {
	Gain(item int) float64 // what the item would add to the set
	Add(item int)
}

// Greedy adds k of n items, each time the one of the largest gain, and returns
// them with their gains in that order (Nemhauser, Wolsey and Fisher, Math. Program.
// 1978: at least 1−1/e of the optimum).
func Greedy(g Gain, n, k int) (picks []int, gains []float64) {
	taken := make([]bool, n)
	for len(picks) < min(k, n) {
		best, most := -1, 0.0
		for i := range n {
			if taken[i] {
				continue
			}
			if v := g.Gain(i); best < 0 || v > most {
				best, most = i, v
			}
		}
		taken[best] = true
		g.Add(best)
		picks, gains = append(picks, best), append(gains, most)
	}
	return picks, gains
}

// bound is an upper bound of an item's gain, found when the set had a size.
type bound struct {
	item, size int
	gain       float64
}

type bounds []bound

func (b bounds) Len() int { return len(b) }

func (b bounds) Less(i, j int) bool {
	if b[i].gain != b[j].gain {
		return b[i].gain > b[j].gain
	}
	return b[i].item < b[j].item
}

func (b bounds) Swap(i, j int) { b[i], b[j] = b[j], b[i] }

func (b *bounds) Push(x any) { *b = append(*b, x.(bound)) }

func (b *bounds) Pop() any {
	last := (*b)[len(*b)-1]
	*b = (*b)[:len(*b)-1]
	return last
}

// LazyGreedy gives what Greedy gives with fewer calls of Gain: an item's earlier
// gain is an upper bound of its gain now (Minoux, 1978).
func LazyGreedy(g Gain, n, k int) (picks []int, gains []float64) {
	queue := make(bounds, n)
	for i := range queue {
		queue[i] = bound{i, 0, g.Gain(i)}
	}
	heap.Init(&queue)
	for len(picks) < min(k, n) {
		top := &queue[0]
		if top.size < len(picks) {
			top.size, top.gain = len(picks), g.Gain(top.item)
			heap.Fix(&queue, 0)
			continue
		}
		g.Add(top.item)
		picks, gains = append(picks, top.item), append(gains, top.gain)
		heap.Pop(&queue)
	}
	return picks, gains
}

// Facility is facility location: the sum over all rows of the similarity to the
// most similar item of a set. Similarities below zero count as none.
type Facility struct {
	similarity [][]float64
	best       []float64
}

// NewFacility returns facility location of an empty set.
func NewFacility(similarity [][]float64) *Facility {
	return &Facility{similarity, make([]float64, len(similarity))}
}

// Gain is what an item would add.
func (f *Facility) Gain(item int) float64 {
	sum := 0.0
	for i, row := range f.similarity {
		sum += max(0, row[item]-f.best[i])
	}
	return sum
}

// Add puts an item into the set.
func (f *Facility) Add(item int) {
	for i, row := range f.similarity {
		f.best[i] = max(f.best[i], row[item])
	}
}

// Value is the objective of a set, whatever was added before.
func (f *Facility) Value(set []int) float64 {
	sum := 0.0
	for _, row := range f.similarity {
		best := 0.0
		for _, j := range set {
			best = max(best, row[j])
		}
		sum += best
	}
	return sum
}
