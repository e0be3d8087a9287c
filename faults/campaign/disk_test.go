package campaign

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"upset/faults/disk"
)

// quick is the disk of the system without waiting for it: no machine dies in these tests.
type quick struct{ disk.System }

type quickFile struct{ disk.File }

func (quickFile) Sync() error { return nil }

func (q quick) OpenFile(name string, flag int, mode fs.FileMode) (disk.File, error) {
	f, err := q.System.OpenFile(name, flag, mode)
	if err != nil {
		return nil, err
	}
	return quickFile{f}, nil
}

func (q quick) CreateTemp(dir, pattern string) (disk.File, error) {
	f, err := q.System.CreateTemp(dir, pattern)
	if err != nil {
		return nil, err
	}
	return quickFile{f}, nil
}

func (quick) SyncFolder(string) error { return nil }

// on runs a campaign of the toy on a disk, in one process.
func on(t *testing.T, d disk.Disk, s Spec, dir string) (string, error) {
	m := newToy()
	r := m.runner(t, s)
	r.options.Disk, r.options.Workers = d, 1
	c, err := r.run(context.Background(), dir)
	if err != nil {
		return "", err
	}
	return without(t, c), nil
}

// inShards does the same in shards, whatever is there of them.
func inShards(t *testing.T, d disk.Disk, s Spec, dir string) (string, error) {
	m := newToy()
	r := m.runner(t, s)
	r.options.Disk, r.cut = d, &Cut{Shards: 3}
	if _, err := r.plan(context.Background(), dir); err != nil {
		return "", err
	}
	for {
		x, err := Merge(context.Background(), dir, m, RunOptions{Disk: d})
		if err != nil {
			return "", err
		}
		if x.Result != nil {
			return without(t, x.Result), nil
		}
		for _, n := range x.Missing {
			r := m.runner(t, s)
			r.options.Disk, r.options.Workers = d, 1
			if err := r.shard(context.Background(), x.Job, n); err != nil {
				return "", err
			}
		}
	}
}

// inLeases does the same with the shards claimed by leases.
func inLeases(t *testing.T, d disk.Disk, s Spec, dir string) (string, error) {
	m := newToy()
	r := m.runner(t, s)
	r.options.Disk, r.cut = d, &Cut{Shards: 3}
	if _, err := r.plan(context.Background(), dir); err != nil {
		return "", err
	}
	o := WorkOptions{Lease: 12 * time.Millisecond}
	o.Population, o.Disk = m, d
	c, err := workOn(context.Background(), dir, o, func(j *Job) (*runner, error) {
		r := m.runner(t, j.Spec)
		r.options.Disk, r.options.Workers = d, 1
		return r, nil
	})
	if err != nil {
		return "", err
	}
	return without(t, c), nil
}

// Whatever operation fails, in whatever way, once or for good: the campaign says so or is
// right, and goes on to the undisturbed result when the disk is well again.
func TestDiskFails(t *testing.T) {
	spec := toySpec(samplings["adaptive"])
	spec.Injections = 120
	want, err := on(t, quick{}, spec, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(31, 7))
	for name, do := range map[string]func(*testing.T, disk.Disk, Spec, string) (string, error){"one process": on, "shards": inShards, "leases": inLeases} {
		t.Run(name, func(t *testing.T) {
			sound := &disk.Failing{Disk: quick{}, At: -1, Random: rng}
			if got, err := do(t, sound, spec, t.TempDir()); got != want || err != nil {
				t.Fatalf("on a sound disk: %v, %s", err, got)
			}
			all := slices.Collect(func(yield func(int) bool) {
				// Some thirty of them, spread over all.
				step := 1 + sound.Operations()/16
				for at := rng.IntN(step); at < sound.Operations(); at += 1 + rng.IntN(step) {
					if !yield(at) {
						return
					}
				}
			})
			noticed := 0
			for f := range disk.NumFailures {
				for _, at := range all {
					once := rng.IntN(2) == 0
					d := &disk.Failing{Disk: quick{}, Failure: f, At: at, Once: once, Random: rng}
					dir, what := t.TempDir(), fmt.Sprintf("%s from operation %d on, once: %v", f, at, once)
					got, err := do(t, d, spec, dir)
					switch {
					case err == nil && got != want:
						t.Fatalf("%s: another result without an error:\n%s", what, got)
					case err != nil && d.Struck() == 0:
						t.Fatalf("%s: %v without a failure", what, err)
					case err != nil && errors.Is(err, ErrCorrupt):
						t.Fatalf("%s: %v", what, err)
					case err != nil:
						noticed++
					}
					if got, err = do(t, quick{}, spec, dir); err != nil || got != want {
						t.Fatalf("%s, then a sound disk: %v\n%s\nwant\n%s", what, err, got, want)
					}
				}
			}
			if noticed == 0 {
				t.Error("no failure was noticed: nothing is tested")
			}
			t.Logf("%d of %d operations failed in %d ways, %d errors", len(all), sound.Operations(), disk.NumFailures, noticed)
		})
	}
}
