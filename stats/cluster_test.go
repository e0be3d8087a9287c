package stats

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

func TestClusteredByHand(t *testing.T) {
	// Equal sizes: the t interval of the six proportions themselves, whose mean
	// is 0.25 and standard deviation √(0.0350/5).
	clusters := []Cluster{{100, 10}, {100, 20}, {100, 20}, {100, 30}, {100, 35}, {100, 35}}
	got, err := Clustered(clusters, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	// Squares of -15, -5, -5, 5, 10, 10 per cent sum to 0.05.
	half := 2.570582 * math.Sqrt(0.05/5/6)
	near(t, "estimate", got.Estimate, 0.25, 1e-12)
	near(t, "low", got.Low, 0.25-half, 1e-6)
	near(t, "high", got.High, 0.25+half, 1e-6)
	near(t, "design effect", got.DesignEffect, (0.05/5/6)/(0.25*0.75/600), 1e-9)
	// Unequal sizes: the larger cluster counts more. Residuals against 0.2:
	// ±10 in two clusters, 0 in four; n = 700.
	got, err = Clustered([]Cluster{{200, 50}, {100, 10}, {100, 20}, {100, 20}, {100, 20}, {100, 20}, {}}, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "ratio", got.Estimate, 0.2, 1e-12)
	near(t, "variance", got.DesignEffect*0.2*0.8/700, 6.0/5*200/(700*700), 1e-12)
	if got.Clusters != 6 {
		t.Errorf("%d clusters, want 6: an empty one is none", got.Clusters)
	}
}

func TestClusteredEdges(t *testing.T) {
	none := make([]Cluster, 8)
	all := make([]Cluster, 8)
	alike := make([]Cluster, 8)
	for i := range none {
		none[i], all[i], alike[i] = Cluster{N: 500}, Cluster{500, 500}, Cluster{500, 100}
	}
	_, limit, _ := ClopperPearson(0, 8, 0.95)
	for name, f := range map[string]func([]Cluster) (ClusterEstimate, error){
		"t": func(c []Cluster) (ClusterEstimate, error) { return Clustered(c, 0.95) },
		"bootstrap": func(c []Cluster) (ClusterEstimate, error) {
			return ClusteredBootstrap(c, 0.95, 200, rand.NewPCG(1, 1))
		},
	} {
		if got, err := f(none); err != nil || got.Low != 0 || got.High != limit {
			t.Errorf("%s, no failure: %+v, %v; want a limit of %v", name, got, err, limit)
		}
		if got, err := f(all); err != nil || got.High != 1 || got.Low != 1-limit && math.Abs(got.Low-1+limit) > 1e-9 {
			t.Errorf("%s, all fail: %+v, %v", name, got, err)
		}
		if got, err := f(none[:5]); err == nil {
			t.Errorf("%s: five clusters give %+v", name, got)
		}
		if got, err := f([]Cluster{{1, 2}}); err == nil {
			t.Errorf("%s: 2 of 1 gives %+v", name, got)
		}
		// Clusters that agree more than chance would still have a width.
		got, err := f(alike)
		least := 2 * 1.9599 * math.Sqrt(0.2*0.8/4000)
		if err != nil || got.High-got.Low < least {
			t.Errorf("%s, all alike: %+v, %v; want at least the width %v", name, got, err, least)
		}
	}
	for _, resamples := range []int{0, 99, 2000000} {
		if _, err := ClusteredBootstrap(alike, 0.95, resamples, rand.NewPCG(1, 1)); err == nil {
			t.Errorf("%d resamples accepted", resamples)
		}
	}
	if _, err := ClusteredBootstrap(alike, 0.95, 200, nil); err == nil {
		t.Error("no source accepted")
	}
}

// TestClusteredCoverage draws inputs whose proportions differ: both intervals
// must cover, and one that takes injections as independent must not.
func TestClusteredCoverage(t *testing.T) {
	const repeats = 1500
	src := rand.NewPCG(61, 62)
	random := rand.New(rand.NewPCG(63, 64))
	law := distuv.Beta{Alpha: 4, Beta: 16, Src: src} // mean 0.2
	for _, m := range []int{8, 25} {
		held, bootstrap, naive := 0, 0, 0
		for r := range repeats {
			clusters := make([]Cluster, m)
			var k, n int
			for i := range clusters {
				size := 50 + random.IntN(100)
				clusters[i] = Cluster{size, binomialDraw(size, law.Rand(), src)}
				k, n = k+clusters[i].Failures, n+size
			}
			got, err := Clustered(clusters, 0.95)
			if err != nil {
				t.Fatal(err)
			}
			again, err := ClusteredBootstrap(clusters, 0.95, 400, rand.NewPCG(uint64(r), 9))
			if err != nil {
				t.Fatal(err)
			}
			twin, _ := ClusteredBootstrap(clusters, 0.95, 400, rand.NewPCG(uint64(r), 9))
			if again != twin {
				t.Fatalf("%+v and %+v from one seed", again, twin)
			}
			low, high, _ := Wilson(k, n, 0.95)
			for _, c := range []struct {
				low, high float64
				count     *int
			}{{got.Low, got.High, &held}, {again.Low, again.High, &bootstrap}, {low, high, &naive}} {
				if c.low <= 0.2 && 0.2 <= c.high {
					*c.count++
				}
			}
		}
		t.Logf("%d clusters: t %.3f, bootstrap %.3f, independent %.3f", m, float64(held)/repeats, float64(bootstrap)/repeats, float64(naive)/repeats)
		ct, cb := float64(held)/repeats, float64(bootstrap)/repeats
		if ct < 0.93 || ct > 0.975 || cb < 0.92 || cb > 0.98 {
			t.Errorf("%d clusters: t holds in %d, bootstrap in %d of %d", m, held, bootstrap, repeats)
		}
		if float64(naive) > 0.85*repeats {
			t.Errorf("independent interval holds in %d of %d: the clusters are too alike", naive, repeats)
		}
	}
}
