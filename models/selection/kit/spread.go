package kit

import "math/rand/v2"

// Edge comes from a node, which activates through it with a probability.
type Edge struct {
	From        int
	Probability float64
}

// Spread is the mean number of nodes that a set activates under the independent
// cascade model (Kempe, Kleinberg and Tardos, KDD 2003), over fixed samples of
// the edges that are live. With fixed samples it is submodular exactly.
type Spread struct {
	live   [][][]int // of every sample and node
	active [][]bool  // of every sample
	stack  []int
	seen   []int // last visit of a node
	visit  int
}

// Draws returns numbers in [0,1) for every sample, node and edge to the node.
func Draws(samples, nodes, edges int, rng *rand.Rand) [][][]float64 {
	all := make([][][]float64, samples)
	for s := range all {
		all[s] = make([][]float64, nodes)
		for i := range all[s] {
			all[s][i] = make([]float64, edges)
			for k := range all[s][i] {
				all[s][i][k] = rng.Float64()
			}
		}
	}
	return all
}

// NewSpread samples the live edges of a graph, in which every node has the list
// of the edges that lead to it: edge k to node i is live in a sample where its
// draw is below its probability. There must be a draw for every edge.
func NewSpread(graph [][]Edge, draws [][][]float64) *Spread {
	s := &Spread{seen: make([]int, len(graph))}
	for _, draw := range draws {
		live := make([][]int, len(graph))
		for i, edges := range graph {
			for k, e := range edges {
				if draw[i][k] < e.Probability {
					live[e.From] = append(live[e.From], i)
				}
			}
		}
		s.live, s.active = append(s.live, live), append(s.active, make([]bool, len(graph)))
	}
	return s
}

// reach calls f for every node that node start activates in a sample and that is
// not active yet.
func (s *Spread) reach(sample, start int, f func(node int)) {
	active := s.active[sample]
	if active[start] {
		return
	}
	s.visit++
	s.seen[start] = s.visit
	s.stack = append(s.stack[:0], start)
	for len(s.stack) > 0 {
		i := s.stack[len(s.stack)-1]
		s.stack = s.stack[:len(s.stack)-1]
		f(i)
		for _, j := range s.live[sample][i] {
			if !active[j] && s.seen[j] != s.visit {
				s.seen[j] = s.visit
				s.stack = append(s.stack, j)
			}
		}
	}
}

// Gain is the mean number of further nodes that an item would activate.
func (s *Spread) Gain(item int) float64 {
	n := 0
	for k := range s.live {
		s.reach(k, item, func(int) { n++ })
	}
	return float64(n) / float64(max(1, len(s.live)))
}

// Add puts an item into the set.
func (s *Spread) Add(item int) {
	for k := range s.live {
		var nodes []int
		s.reach(k, item, func(i int) { nodes = append(nodes, i) })
		for _, i := range nodes {
			s.active[k][i] = true
		}
	}
}

// Value is the mean number of nodes that a set activates, whatever was added
// before.
func (s *Spread) Value(set []int) float64 {
	fresh := &Spread{live: s.live, seen: make([]int, len(s.seen))}
	for range s.live {
		fresh.active = append(fresh.active, make([]bool, len(s.seen)))
	}
	sum := 0.0
	for _, i := range set {
		sum += fresh.Gain(i)
		fresh.Add(i)
	}
	return sum
}
