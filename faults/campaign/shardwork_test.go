package campaign

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"upset/faults/disk"
	"upset/stats/result"
)

// at works on a folder with the toy.
func at(tb testing.TB, ctx context.Context, m *toy, dir string, lease time.Duration) (*result.Campaign, error) {
	o := WorkOptions{Lease: lease}
	o.Population = m
	return workOn(ctx, dir, o, func(j *Job) (*runner, error) { return m.runner(tb, j.Spec), nil })
}

// Several that share a folder, of whom some stop in the middle, come to the result of one.
// Nobody does what another has done, but for the checks of what was left behind.
func TestWorkTogether(t *testing.T) {
	for _, name := range []string{"stratified", "margin"} {
		t.Run(name, func(t *testing.T) {
			spec, dir := toySpec(samplings[name]), t.TempDir()
			want := without(t, newToy().must(t, spec, t.TempDir(), 1))
			planned(t, spec, dir, Cut{Shards: 6})
			rng := rand.New(rand.NewPCG(8, 9))
			var all sync.WaitGroup
			results := make([]string, 5)
			for i := range results {
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				m := newToy()
				if i < 2 { // these leave
					m.cancel, m.after = cancel, 1+rng.Int64N(60)
				}
				all.Go(func() {
					c, err := at(t, ctx, m, dir, time.Second)
					switch {
					case i < 2 && errors.Is(err, ErrInterrupted): // it may also never have got that far
					case err != nil:
						t.Error(err)
					default:
						results[i] = without(t, c)
					}
				})
			}
			all.Wait()
			for i, got := range results {
				if got != want && (i >= 2 || got != "") {
					t.Errorf("worker %d:\n%s\nwant\n%s", i, got, want)
				}
			}
			if left, _ := filepath.Glob(filepath.Join(dir, shardFolder, "*"+leaseEnding+"*")); left != nil {
				t.Errorf("leases are left: %v", left)
			}
		})
	}
}

// A lease that moves is respected however long it takes; one that stands still is taken
// over, by one of those who try.
func TestLease(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.lease")
	const after = 80 * time.Millisecond
	l, err := takeLease(disk.System{}, name, after/beats)
	if err != nil || l == nil {
		t.Fatal(l, err)
	}
	if other, err := takeLease(disk.System{}, name, after); other != nil || err != nil {
		t.Fatalf("taken twice: %v", err)
	}
	seen := map[string]sight{}
	const long = time.Second // as the machine may be busy
	for end := time.Now().Add(3 * long / 2); time.Now().Before(end); time.Sleep(after / beats) {
		if expired(name, seen, long) {
			t.Fatal("a lease that moves has expired")
		}
	}
	l.release()
	if _, err := os.Stat(name); err == nil {
		t.Fatal("a lease that was given back is there")
	}
	// One of a process that is gone.
	if err := os.WriteFile(name, []byte("17 gone 1\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	const watchers = 8
	var wg sync.WaitGroup
	won := make(chan bool, watchers)
	for range watchers {
		wg.Go(func() {
			seen := map[string]sight{}
			for range 1000 {
				if expired(name, seen, after) {
					won <- breakLease(disk.System{}, name, seen)
					return
				}
				if len(seen) == 0 {
					return // another one took it away
				}
				time.Sleep(time.Millisecond)
			}
			t.Error("a lease that stands still does not expire")
		})
	}
	wg.Wait()
	close(won)
	n := 0
	for w := range won {
		if w {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d took over", n)
	}
}

// A lease that is taken over is not given back by the one who lost it.
func TestLeaseLost(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.lease")
	l, err := takeLease(disk.System{}, name, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond) // its first move
	seen := map[string]sight{}
	expired(name, seen, 0)
	if !breakLease(disk.System{}, name, seen) {
		t.Fatal("not taken over")
	}
	next, err := takeLease(disk.System{}, name, time.Hour)
	if err != nil || next == nil {
		t.Fatal(next, err)
	}
	l.release()
	if _, err := os.Stat(name); err != nil {
		t.Errorf("the lease of the successor is gone: %v", err)
	}
	// And who comes too late puts it back.
	seen[name] = sight{text: "what it was before"}
	if breakLease(disk.System{}, name, seen) {
		t.Error("the lease of one who lives was broken")
	}
	if now, err := os.Stat(name); err != nil || !os.SameFile(now, next.own) {
		t.Errorf("it was not put back: %v", err)
	}
	next.release()
}
