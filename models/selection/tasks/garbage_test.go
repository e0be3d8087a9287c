package tasks

import (
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"testing"

	"upset/models/selection"
)

// Kinds of garbage in place of what the NPU gives.
var garbageKinds = []string{"zeros", "shuffled", "noise", "half"}

// garbage answers with the outputs of a source destroyed. The same question gets the
// same answer.
type garbage struct {
	selection.Source
	kind    string
	seed    uint64
	scorers []selection.Scorer
	orders  [][]int // by scorer: the row whose answer a row gets
	mu      sync.Mutex
	seen    [][]byte // answers to inputs that rules made
}

func newGarbage(kind string, seed uint64, r *selection.Run) *garbage {
	g := &garbage{Source: r.Source, kind: kind, seed: seed, scorers: r.Workload.Scorers}
	rng := rand.New(rand.NewPCG(seed, 17))
	for k := range g.scorers {
		g.orders = append(g.orders, rng.Perm(len(g.scorers[k].Rows)))
	}
	return g
}

func (g *garbage) Infer(scorer, row int, input []byte) ([]byte, error) {
	out, err := g.Source.Infer(scorer, row, input)
	if err != nil {
		return nil, err
	}
	h := fnv.New64a()
	_ = binary.Write(h, binary.LittleEndian, []int64{int64(scorer), int64(row)})
	h.Write(input)
	rng := rand.New(rand.NewPCG(g.seed, h.Sum64()))
	noise := make([]byte, len(out))
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	switch g.kind {
	case "zeros":
		return make([]byte, len(out)), nil
	case "shuffled":
		if row >= 0 && scorer < len(g.scorers) {
			other := g.orders[scorer][row]
			return g.Source.Infer(scorer, other, g.scorers[scorer].Rows[other])
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		g.seen = append(g.seen, out)
		if other := g.seen[rng.IntN(len(g.seen))]; len(other) == len(out) {
			return other, nil
		}
		return noise, nil
	case "half":
		if pool := row >= 0 && scorer < len(g.orders); pool && g.orders[scorer][row]%2 == 0 || !pool && rng.IntN(2) == 0 {
			return out, nil
		}
	}
	return noise, nil
}

// passes reports whether a task's check passes on garbage.
func passes(task *selection.Task, golden []selection.Run, kind string, seed uint64) bool {
	runs := make([]selection.Run, len(golden))
	for i := range golden {
		r, err := selection.RunFrom(golden[i].Workload, golden[i].Seed, newGarbage(kind, 1000*seed+golden[i].Seed, &golden[i]))
		if err != nil {
			return false // a rule that refuses is as good as a check that fails
		}
		r.Baselines = golden[i].Baselines
		runs[i] = *r
	}
	c, err := task.Check(runs)
	return err == nil && c.Pass
}

// TestChecksFailOnGarbage: a check that passes whatever the NPU gives shows nothing. On
// every kind of garbage it fails for at least 19 of 20 seeds, which UPSET_FULL=1 tries; the
// test tries three, and a short one a single one.
func TestChecksFailOnGarbage(t *testing.T) {
	onNPU(t, func(t *testing.T, task *selection.Task) {
		var golden []selection.Run
		for _, seed := range selection.Seeds() {
			golden = append(golden, *goldenRun(t, task, seed))
		}
		for _, kind := range garbageKinds {
			seeds, most := 3, 0
			switch {
			case kind == "zeros" || testing.Short():
				seeds = 1 // zeros are always the same
			case os.Getenv("UPSET_FULL") != "":
				seeds, most = 20, 1
			}
			if n := count(seeds, func(seed uint64) bool { return passes(task, golden, kind, seed) }); n > most {
				t.Errorf("%s: the check passes for %d of %d seeds", kind, n, seeds)
			}
		}
	})
}

// count is the number of seeds, from 1 up, for which something holds.
func count(seeds int, holds func(seed uint64) bool) int {
	var mu sync.Mutex
	var group sync.WaitGroup
	n, next := 0, 0
	for range min(runtime.NumCPU(), seeds) {
		group.Go(func() {
			for {
				mu.Lock()
				next++
				seed := next
				mu.Unlock()
				if seed > seeds {
					return
				}
				if holds(uint64(seed)) {
					mu.Lock()
					n++
					mu.Unlock()
				}
			}
		})
	}
	group.Wait()
	return n
}
