package campaign

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"upset/faults/disk"
	"upset/stats/result"
)

// runner is a runner of the toy for shards.
func (t *toy) runner(tb testing.TB, s Spec) *runner {
	tb.Helper()
	return &runner{
		spec: s, frame: t.frame(tb, s), pop: t, began: time.Now(),
		options: RunOptions{Workers: 2, Note: map[string]string{"model": "toy.tflite"}},
		worker:  func() (injector, error) { return t, nil },
	}
}

// planned plans a campaign of the toy.
func planned(tb testing.TB, s Spec, dir string, cut Cut) *Job {
	tb.Helper()
	r := newToy().runner(tb, s)
	r.cut = &cut
	j, err := r.plan(context.Background(), dir)
	if err != nil {
		tb.Fatal(err)
	}
	return j
}

// shard runs a shard of the toy.
func shard(tb testing.TB, ctx context.Context, m *toy, dir string, number int) error {
	tb.Helper()
	j, err := OpenJob(dir, 0)
	if err != nil {
		tb.Fatal(err)
	}
	return m.runner(tb, j.Spec).shard(ctx, j, number)
}

func merged(tb testing.TB, dir string) *Merged {
	tb.Helper()
	m, err := Merge(context.Background(), dir, newToy(), RunOptions{})
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// in runs all rounds of a campaign in shards, each of which may be killed several times,
// in any order.
func in(tb testing.TB, s Spec, dir string, cut Cut, rng *rand.Rand) *result.Campaign {
	tb.Helper()
	planned(tb, s, dir, cut)
	for {
		m := merged(tb, dir)
		if m.Result != nil {
			return m.Result
		}
		if !slices.IsSorted(m.Missing) || len(m.Missing) != m.Job.Shards {
			tb.Fatalf("of %d shards, none of which ran, %v are missing", m.Job.Shards, m.Missing)
		}
		rng.Shuffle(len(m.Missing), func(a, b int) { m.Missing[a], m.Missing[b] = m.Missing[b], m.Missing[a] })
		for i, n := range m.Missing {
			for try := 0; ; try++ {
				ctx, cancel := context.WithCancel(context.Background())
				x := newToy()
				if try < 3 && rng.IntN(2) == 0 {
					x.cancel, x.after = cancel, 1+rng.Int64N(int64(max(1, m.Job.Size/m.Job.Shards)))
				}
				err := shard(tb, ctx, x, dir, n)
				cancel()
				if err == nil {
					break
				}
				if !errors.Is(err, ErrInterrupted) {
					tb.Fatal(err)
				}
				leftover(tb, dir, rng)
			}
			if i == len(m.Missing)/2 { // a merge in between folds what is there
				if between := merged(tb, dir); between.Result == nil && len(between.Missing) == 0 {
					tb.Fatalf("a round is complete after %d of %d shards", i+1, len(m.Missing))
				}
			}
		}
	}
}

// leftover makes of the files of an attempt those of a killed one on another machine: of
// another name, and torn.
func leftover(tb testing.TB, dir string, rng *rand.Rand) {
	tb.Helper()
	parts, err := filepath.Glob(filepath.Join(dir, shardFolder, fmt.Sprintf("*-%d-*%s", os.Getpid(), partEnding)))
	if err != nil {
		tb.Fatal(err)
	}
	for _, name := range parts {
		b, err := os.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		b = b[:len(b)-min(len(b), rng.IntN(300))]
		if err := os.WriteFile(fmt.Sprintf("%s.elsewhere-%d%s", name[:strings.Index(name, "-shard-")+len("-shard-0000")], rng.IntN(1e6), partEnding), b, 0o666); err != nil {
			tb.Fatal(err)
		}
		if err := os.Remove(name); err != nil {
			tb.Fatal(err)
		}
	}
}

// A campaign in any number of shards, killed and run in any order, has the result of one
// process, for every way of sampling and stopping.
func TestShardsGiveTheSameResult(t *testing.T) {
	for name, change := range samplings {
		t.Run(name, func(t *testing.T) {
			spec := toySpec(change)
			want := newToy().must(t, spec, t.TempDir(), 1)
			rng := rand.New(rand.NewPCG(5, 6))
			cuts := []Cut{{Length: 90}}
			if name == "stratified" {
				cuts = append(cuts, Cut{Shards: 1}, Cut{Shards: 7}, Cut{Shards: 64})
			}
			for _, cut := range cuts {
				dir := t.TempDir()
				c := in(t, spec, dir, cut, rng)
				if got, want := without(t, c), without(t, want); got != want {
					t.Fatalf("%+v:\n%s\nwant\n%s", cut, got, want)
				}
				s, err := Load(dir)
				if err != nil || !s.Complete || s.ResultDigest() != want.ResultDigest {
					t.Errorf("%+v: the folder is no complete campaign of the same digest: %v", cut, err)
				}
				if left, _ := filepath.Glob(filepath.Join(dir, shardFolder, "*"+partEnding)); left != nil {
					t.Errorf("%+v: left behind: %v", cut, left)
				}
			}
		})
	}
}

// What shards have done, one process can go on with.
func TestResumeAfterShards(t *testing.T) {
	spec, dir := toySpec(nil), t.TempDir()
	want := without(t, newToy().must(t, spec, t.TempDir(), 1))
	planned(t, spec, dir, Cut{Shards: 4})
	for _, n := range []int{2, 4} {
		if err := shard(t, context.Background(), newToy(), dir, n); err != nil {
			t.Fatal(err)
		}
	}
	if m := merged(t, dir); !slices.Equal(m.Missing, []int{1, 3}) || m.Folded != 250 {
		t.Errorf("missing %v, folded %d", m.Missing, m.Folded)
	}
	m := newToy()
	if got := without(t, m.must(t, spec, dir, 2)); got != want || m.count.Load() != 2000-250+spotChecks {
		t.Errorf("resumed with %d injections:\n%s\nwant\n%s", m.count.Load(), got, want)
	}
	if merged(t, dir).Result == nil {
		t.Error("a merge does not find the campaign complete")
	}
}

// A shard that is done is not run again; a shard that runs twice writes the same bytes.
func TestShardTwice(t *testing.T) {
	spec, dir := toySpec(nil), t.TempDir()
	j := planned(t, spec, dir, Cut{Shards: 4})
	run := func() int64 {
		m := newToy()
		if err := shard(t, context.Background(), m, dir, 3); err != nil {
			t.Fatal(err)
		}
		return m.count.Load()
	}
	if n := run(); n != 125 {
		t.Fatalf("%d injections", n)
	}
	first, err := os.ReadFile(j.Path(3))
	if err != nil {
		t.Fatal(err)
	}
	if n := run(); n != 0 {
		t.Errorf("a finished shard runs again: %d injections", n)
	}
	// A damaged one is replaced.
	damaged := slices.Clone(first)
	damaged[len(damaged)/2] ^= 4
	for _, b := range [][]byte{damaged, first[:len(first)-3], nil} {
		if err := os.WriteFile(j.Path(3), b, 0o666); err != nil {
			t.Fatal(err)
		}
		run()
		if again, err := os.ReadFile(j.Path(3)); err != nil || !slices.Equal(again, first) {
			t.Errorf("run again, the shard has other bytes: %v", err)
		}
	}
}

// What is not a sound shard of this very plan is refused by name, and nothing is folded.
func TestShardsRefused(t *testing.T) {
	spec := toySpec(nil)
	other := t.TempDir()
	shards := func(dir string, s Spec, cut Cut) *Job {
		j := planned(t, s, dir, cut)
		for n := 1; n <= j.Shards; n++ {
			if err := shard(t, context.Background(), newToy(), dir, n); err != nil {
				t.Fatal(err)
			}
		}
		return j
	}
	copied := func(t *testing.T, from, to string, change func([]byte) []byte) {
		t.Helper()
		b, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if change != nil {
			b = change(b)
		}
		if err := os.WriteFile(to, b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for name, k := range map[string]struct {
		spoil func(t *testing.T, j *Job)
		is    error
		says  []string
	}{
		"foreign": {func(t *testing.T, j *Job) {
			f := shards(filepath.Join(other, "seed"), toySpec(func(s *Spec) { s.Seed = 8 }), Cut{Shards: 4})
			copied(t, f.Path(2), j.Path(2), nil)
		}, ErrForeign, []string{"shard-0002.done", "the seed", "7", "8"}},
		"foreign network": {func(t *testing.T, j *Job) {
			f := shards(filepath.Join(other, "net"), toySpec(func(s *Spec) { s.Program = "another" }), Cut{Shards: 4})
			copied(t, f.Path(2), j.Path(2), nil)
		}, ErrForeign, []string{"shard-0002.done", "the network"}},
		"flipped bit": {func(t *testing.T, j *Job) {
			copied(t, j.Path(3), j.Path(3), func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
		}, ErrShardDamaged, []string{"shard-0003.done", "breaks off"}},
		"cut off": {func(t *testing.T, j *Job) {
			copied(t, j.Path(1), j.Path(1), func(b []byte) []byte { return b[:len(b)-1] })
		}, ErrShardDamaged, []string{"shard-0001.done", "breaks off"}},
		"empty": {func(t *testing.T, j *Job) {
			copied(t, j.Path(1), j.Path(1), func([]byte) []byte { return nil })
		}, ErrShardDamaged, []string{"shard-0001.done", "no header"}},
		"doubled": {func(t *testing.T, j *Job) {
			copied(t, j.Path(1), filepath.Join(filepath.Dir(j.Path(1)), "copy.done"), nil)
		}, ErrShardTwice, []string{"copy.done", "shard-0001.done", "twice"}},
		"overlapping": {func(t *testing.T, j *Job) {
			f := shards(filepath.Join(other, "cut"), spec, Cut{Shards: 5})
			copied(t, f.Path(5), filepath.Join(filepath.Dir(j.Path(1)), "of-five.done"), nil)
		}, ErrShardTwice, []string{"of-five.done", "overlaps", "5/5"}},
		"two": {func(t *testing.T, j *Job) {
			copied(t, j.Path(1), j.Path(1), func(b []byte) []byte { return b[:len(b)-1] })
			copied(t, j.Path(4), j.Path(4), func(b []byte) []byte { return b[:len(b)-1] })
		}, ErrShardDamaged, []string{"shard-0001.done", "shard-0004.done"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			j := shards(dir, spec, Cut{Shards: 4})
			k.spoil(t, j)
			_, err := Merge(context.Background(), dir, newToy(), RunOptions{})
			if err == nil || k.is != nil && !errors.Is(err, k.is) {
				t.Fatalf("merge: %v", err)
			}
			for _, word := range k.says {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%v does not say %q", err, word)
				}
			}
			if s, err := Load(dir); err != nil || len(s.Records) != 0 {
				t.Errorf("%d records were folded, %v", len(s.Records), err)
			}
		})
	}
}

// Records that somebody wrote into a shard, with all sums in order, are found where they
// are not the draws of the plan.
func TestShardForged(t *testing.T) {
	dir := t.TempDir()
	j := planned(t, toySpec(nil), dir, Cut{Shards: 4})
	if err := shard(t, context.Background(), newToy(), dir, 2); err != nil {
		t.Fatal(err)
	}
	f, err := readShard(j.Path(2))
	if err != nil {
		t.Fatal(err)
	}
	f.records[5].record.Site.Cycle ^= 1
	s := &shardRun{job: j, shard: j.shard(2)}
	b, err := s.start()
	if err != nil {
		t.Fatal(err)
	}
	body, err := jsonBody(frameEnd, shardEnd{len(f.records), shardDigest(f.head.SpecDigest, f.records)})
	if err != nil {
		t.Fatal(err)
	}
	if err := disk.WriteWhole(nil, j.Path(2), appendFrame(appendRecords(b, f.records), frameEnd, body)); err != nil {
		t.Fatal(err)
	}
	if _, err := Merge(context.Background(), dir, newToy(), RunOptions{}); !errors.Is(err, ErrShardDamaged) || !strings.Contains(err.Error(), "not the injection") {
		t.Errorf("merge: %v", err)
	}
}

func TestParseShard(t *testing.T) {
	if k, n, err := ParseShard("3/16"); k != 3 || n != 16 || err != nil {
		t.Errorf("%d/%d, %v", k, n, err)
	}
	for _, text := range []string{"", "3", "0/4", "5/4", "1/0", "a/4", "1/b", "-1/4", "1/2/3"} {
		if _, _, err := ParseShard(text); err == nil {
			t.Errorf("%q is taken for a shard", text)
		}
	}
}

// Every injection of a round is in one shard.
func TestShardsPartition(t *testing.T) {
	for _, size := range []int{1, 2, 7, 100} {
		r := Round{Start: 13, Size: size}
		for _, cut := range []Cut{{Shards: 1}, {Shards: 3}, {Shards: 1000}, {Length: 3}} {
			n, sum := cut.of(r), 0
			seen := map[int]int{}
			for k := 1; k <= n; k++ {
				s := Shard{1, k, n}
				sum += s.size(r)
				if s.size(r) == 0 {
					t.Errorf("%v of %d injections is empty", s, size)
				}
				for i := range size + 20 {
					if s.has(r, i) {
						seen[i]++
					}
				}
			}
			if sum != size || len(seen) != size || seen[13] != 1 || seen[12+size] != 1 {
				t.Errorf("%+v of %d: %d in all, %v", cut, size, sum, seen)
			}
		}
	}
}
