package engine

import (
	"math/rand/v2"
	"strings"
	"testing"

	"upset/faults"
	"upset/npu/isa"
)

// A second round of the same upsets finds the states of the first, and says the same
// of them. One in four is simulated all the same.
func TestCache(t *testing.T) {
	e := engine(t, "fashion-tiny", isa.U55x128, 2, faults.Options{Cache: faults.Cache{Entries: 1 << 16, Verify: 4}})
	sites := switchSites(t, engine(t, "fashion-tiny", isa.U55x128, 2, faults.Options{}), rand.New(rand.NewPCG(29, 0)), 300)
	w := worker(t, e)
	first := make([]faults.Record, len(sites))
	var paths [2][faults.NumPaths]int
	for round := range paths {
		for i, s := range sites {
			r, err := w.Inject(i&1, s, nil)
			if err != nil {
				t.Fatal(err)
			}
			paths[round][r.Path]++
			if round == 0 {
				first[i] = r
			} else if !r.Same(first[i]) {
				t.Errorf("%s@%d: looked up %+v, simulated %+v", e.Table().Name(s.ID), s.Cycle, r, first[i])
			}
		}
	}
	t.Log(paths)
	// Runs that end before the first look leave nothing behind.
	if paths[1][faults.PathCached] < len(sites)/4 {
		t.Errorf("the second round looked up %d of %d", paths[1][faults.PathCached], len(sites))
	}
	if n := len(e.cache.known); n == 0 || n > 1<<16 {
		t.Errorf("%d states kept", n)
	}
}

// What the cache says is compared with what is simulated.
func TestCacheVerifies(t *testing.T) {
	e := engine(t, "fashion-tiny", isa.U55x128, 1, faults.Options{Cache: faults.Cache{Entries: 1 << 16, Verify: 1}})
	w := worker(t, e)
	rng := rand.New(rand.NewPCG(31, 0))
	sites := switchSites(t, engine(t, "fashion-tiny", isa.U55x128, 2, faults.Options{}), rng, 60)
	for _, s := range sites {
		if _, err := w.Inject(0, s, nil); err != nil {
			t.Fatal(err)
		}
	}
	for k, v := range e.cache.known {
		v.end++
		e.cache.known[k] = v
	}
	for _, s := range sites {
		if _, err := w.Inject(0, s, nil); err != nil {
			if !strings.Contains(err.Error(), "without a cache") {
				t.Errorf("the error names no remedy: %v", err)
			}
			return
		}
	}
	t.Error("wrong outcomes in the cache went unnoticed")
}

// A cache does not grow beyond its size.
func TestCacheIsBounded(t *testing.T) {
	e := engine(t, "fashion-tiny", isa.U55x128, 2, faults.Options{Cache: faults.Cache{Entries: 5}})
	w := worker(t, e)
	for _, s := range switchSites(t, e, rand.New(rand.NewPCG(33, 0)), 40) {
		if _, err := w.Inject(0, s, nil); err != nil {
			t.Fatal(err)
		}
		if len(e.cache.known) > 5 {
			t.Fatalf("%d states kept", len(e.cache.known))
		}
	}
}
