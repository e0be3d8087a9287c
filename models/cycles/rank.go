package cycles

import (
	"cmp"
	"math"
	"slices"
)

// Spearman returns the rank correlation of two lists of equal length; equal values
// share the mean of their ranks. It is NaN where a list is constant or shorter
// than two.
func Spearman(a, b []float64) float64 {
	ra, rb := ranks(a), ranks(b)
	n := float64(len(a))
	mean := (n + 1) / 2
	var cov, va, vb float64
	for i := range ra {
		x, y := ra[i]-mean, rb[i]-mean
		cov, va, vb = cov+x*y, va+x*x, vb+y*y
	}
	return cov / math.Sqrt(va*vb)
}

func ranks(v []float64) []float64 {
	order := make([]int, len(v))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(v[i], v[j]) })
	out := make([]float64, len(v))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && v[order[j]] == v[order[i]] {
			j++
		}
		for k := i; k < j; k++ {
			out[order[k]] = float64(i+j+1) / 2
		}
		i = j
	}
	return out
}

// Bounds of the comparison: which operations are large enough to be compared and
// how far they may differ (our choice).
const (
	MinLayerCycles   = 300 // Vela's cycles of an operation that is compared
	MinLayers        = 9   // operations that a rank correlation needs
	MinNetworkCycles = 10_000
	MinRank          = 0.90
	LayerLow         = 0.5
	LayerHigh        = 2.0
	TotalLow         = 0.8
	TotalHigh        = 1.25
	MeanLow          = 0.93
	MeanHigh         = 1.07
)

func (l *Layer) large() bool { return l.Cycles >= MinLayerCycles }

func (l *Layer) outside() bool { return l.Ratio() < LayerLow || l.Ratio() > LayerHigh }

// Large returns the layers of at least MinLayerCycles.
func (c *Comparison) Large() []Layer {
	var out []Layer
	for _, l := range c.Layers {
		if l.large() {
			out = append(out, l)
		}
	}
	return out
}

// Rank returns the rank correlation over the large layers; it reports false where
// there are fewer than MinLayers.
func (c *Comparison) Rank() (float64, bool) {
	large := c.Large()
	if len(large) < MinLayers {
		return 0, false
	}
	ours, vela := make([]float64, len(large)), make([]float64, len(large))
	for i, l := range large {
		ours[i], vela[i] = float64(l.Ours), l.Cycles
	}
	return Spearman(ours, vela), true
}

// Outside returns the large layers whose ratio lies outside the bounds.
func (c *Comparison) Outside() []Layer {
	var out []Layer
	for _, l := range c.Large() {
		if l.outside() {
			out = append(out, l)
		}
	}
	return out
}

// counted reports whether the network is long enough for its total to count.
func (c *Comparison) counted() bool { return c.Vela >= MinNetworkCycles }

// GeometricMean is the mean ratio of the comparisons that are long enough.
func GeometricMean(list []*Comparison) float64 {
	sum, n := 0.0, 0
	for _, c := range list {
		if c.counted() {
			sum += math.Log(c.Ratio())
			n++
		}
	}
	return math.Exp(sum / float64(n))
}
