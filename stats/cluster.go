package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// MinClusters is the least number of clusters for an interval (our choice: at
// five degrees of freedom the t quantile is 2.57, below that the width of the
// interval is itself mostly chance).
const MinClusters = 6

// Cluster are the injections under one input.
type Cluster struct {
	N        int
	Failures int
}

// ClusterEstimate is a proportion over clusters.
type ClusterEstimate struct {
	Estimate float64
	Low      float64
	High     float64
	// DesignEffect is the variance over that of as many independent
	// injections.
	DesignEffect float64
	Clusters     int
}

// Clustered estimates the proportion over inputs drawn at random, each with
// injections of its own: failures over injections, with a t interval on the
// cluster totals (ratio estimator, Cochran, Sampling Techniques, 1977). The
// variance is never taken below that of independent injections. Where nothing
// fails, or everything, each cluster counts as one trial of [ClopperPearson].
func Clustered(clusters []Cluster, confidence float64) (ClusterEstimate, error) {
	out, deviation, err := clusterMean(clusters, confidence)
	if err != nil {
		return ClusterEstimate{}, err
	}
	if out.Estimate == 0 || out.Estimate == 1 {
		return out, nil
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(out.Clusters - 1)}.Quantile((1 + confidence) / 2)
	out.Low, out.High = math.Max(0, out.Estimate-t*deviation), math.Min(1, out.Estimate+t*deviation)
	return out, nil
}

// ClusteredBootstrap is [Clustered] with an interval from resampled clusters:
// percentiles, moved outwards as far as the t quantile is beyond the normal one
// (Hesterberg, The American Statistician 2015). It follows skewed clusters
// better and is as reproducible as its source.
func ClusteredBootstrap(clusters []Cluster, confidence float64, resamples int, src rand.Source) (ClusterEstimate, error) {
	out, _, err := clusterMean(clusters, confidence)
	if err != nil {
		return ClusterEstimate{}, err
	}
	if resamples < 100 || resamples > 1e6 {
		return ClusterEstimate{}, fmt.Errorf("%d resamples: choose 100 to 1,000,000, for example 2,000", resamples)
	}
	if src == nil {
		return ClusterEstimate{}, fmt.Errorf("bootstrap: no source of randomness: give a seeded one")
	}
	if out.Estimate == 0 || out.Estimate == 1 {
		return out, nil
	}
	var full []Cluster
	for _, c := range clusters {
		if c.N > 0 {
			full = append(full, c)
		}
	}
	random := rand.New(src)
	means := make([]float64, resamples)
	for i := range means {
		var k, n int
		for range full {
			c := full[random.IntN(len(full))]
			k, n = k+c.Failures, n+c.N
		}
		means[i] = float64(k) / float64(n)
	}
	slices.Sort(means)
	m := float64(len(full))
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: m - 1}.Quantile((1 + confidence) / 2)
	tail := distuv.UnitNormal.CDF(-t * math.Sqrt(m/(m-1)))
	skip := int(tail * float64(resamples))
	// As in Clustered, clusters are never taken to be more alike than chance.
	var n float64
	for _, c := range full {
		n += float64(c.N)
	}
	least := twoSidedZ(confidence) * math.Sqrt(out.Estimate*(1-out.Estimate)/n)
	out.Low = math.Max(0, math.Min(out.Estimate-least, means[skip]))
	out.High = math.Min(1, math.Max(out.Estimate+least, means[resamples-1-skip]))
	return out, nil
}

// clusterMean is the estimate, its standard deviation, and the interval of the
// two extreme cases.
func clusterMean(clusters []Cluster, confidence float64) (ClusterEstimate, float64, error) {
	if err := checkConfidence(confidence); err != nil {
		return ClusterEstimate{}, 0, err
	}
	var failures, n float64
	var out ClusterEstimate
	for i, c := range clusters {
		if err := checkCounts(c.Failures, c.N); err != nil {
			return ClusterEstimate{}, 0, fmt.Errorf("cluster %d: %w", i, err)
		}
		if c.N > 0 {
			out.Clusters++
			failures += float64(c.Failures)
			n += float64(c.N)
		}
	}
	if out.Clusters < MinClusters {
		return ClusterEstimate{}, 0, fmt.Errorf("%d clusters with injections: an interval over inputs needs at least %d: run more inputs", out.Clusters, MinClusters)
	}
	p, m := failures/n, float64(out.Clusters)
	out.Estimate, out.DesignEffect = p, 1
	if p == 0 || p == 1 {
		k := 0
		if p == 1 {
			k = out.Clusters
		}
		var err error
		out.Low, out.High, err = ClopperPearson(k, out.Clusters, confidence)
		return out, 0, err
	}
	var squares float64
	for _, c := range clusters {
		residual := float64(c.Failures) - p*float64(c.N)
		squares += residual * residual
	}
	variance := m / (m - 1) * squares / (n * n)
	independent := p * (1 - p) / n
	out.DesignEffect = variance / independent
	return out, math.Sqrt(math.Max(variance, independent)), nil
}
