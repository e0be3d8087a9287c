package campaign

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// frameStarts are the offsets of the frames of a sound log, by type in kinds.
func frameStarts(b []byte) (at []int, kinds []byte) {
	for i := len(logMagic); i < len(b); i += frameOverhead + int(binary.LittleEndian.Uint32(b[i+1:])) {
		at, kinds = append(at, i), append(kinds, b[i])
	}
	return at, kinds
}

// Damage is noticed wherever it hits, and told from a torn tail: no changed byte gives a
// complete log or a record that was not written, and every other frame is kept.
func TestDamageAnywhere(t *testing.T) {
	whole := logOf(t)
	all, err := readBytes(whole)
	if err != nil {
		t.Fatal(err)
	}
	starts, kinds := frameStarts(whole)
	last := starts[len(starts)-1]
	if kinds[len(kinds)-1] != frameEnd {
		t.Fatal("the last frame is no end")
	}
	for n := range whole {
		b := bytes.Clone(whole)
		b[n] ^= 0x10
		c, err := readBytes(b)
		if err != nil {
			t.Fatalf("byte %d of %d changed and nothing can be read: %v", n, len(whole), err)
		}
		if c.complete() || c.damaged() != (n < last) || c.torn != (n >= last) {
			t.Fatalf("byte %d of %d changed: complete %v, damaged %v, torn %v", n, len(whole), c.complete(), c.damaged(), c.torn)
		}
		kept := append(c.records[:len(c.records):len(c.records)], c.spare...)
		for _, r := range kept {
			if r != all.records[r.index] {
				t.Fatalf("byte %d changed and record %d is another", n, r.index)
			}
		}
		if d := c.damage(); d != nil && d.Missing != 60-len(kept) {
			t.Fatalf("byte %d: %d of 60 records are kept, %d said to be missing", n, len(kept), d.Missing)
		}
	}
}

// damagedLog is a folder with the log of a campaign in which some bytes were flipped.
func damagedLog(t *testing.T, whole []byte, flips ...int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	b := bytes.Clone(whole)
	for _, n := range flips {
		b[n] ^= 1 << (n % 8)
	}
	if err := os.WriteFile(filepath.Join(dir, LogName), b, 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A log with one flipped bit, complete or not, is refused until it is resumed. Resuming
// injects only what is missing, beside the records that it compares, and gives the same
// result.
func TestFlippedBitIsRepaired(t *testing.T) {
	for name, change := range samplings {
		t.Run(name, func(t *testing.T) {
			spec := toySpec(change)
			dir := t.TempDir()
			want := without(t, newToy().must(t, spec, dir, 2))
			whole, err := os.ReadFile(filepath.Join(dir, LogName))
			if err != nil {
				t.Fatal(err)
			}
			starts, kinds := frameStarts(whole)
			rng := rand.New(rand.NewPCG(5, 6))
			for i, at := range starts[:len(starts)-1] {
				if kinds[i] == frameRecords && i%7 != 0 {
					continue // all are alike
				}
				end := starts[i+1]
				flips := []int{at + rng.IntN(end-at)}
				if i%2 == 1 {
					flips = append(flips, 3) // and the magic line
				}
				log := whole
				if i%3 == 2 {
					log = whole[:starts[len(starts)-1]] // an unfinished one
				}
				if i == len(starts)-2 && len(log) < len(whole) {
					continue // the last frame of an unfinished log is its tail
				}
				dir := damagedLog(t, log, flips...)
				if _, err := Load(dir); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "resume") {
					t.Fatalf("frame %c at %d: %v", kinds[i], at, err)
				}
				st, err := Status(dir)
				if err != nil || st.Damage == nil || st.Complete {
					t.Fatalf("frame %c at %d: status %+v, %v", kinds[i], at, st, err)
				}
				m := newToy()
				if got := without(t, m.must(t, spec, dir, 2)); got != want {
					t.Fatalf("frame %c at %d: another result after the repair", kinds[i], at)
				}
				if n := m.count.Load(); n > int64(st.Damage.Missing+spotChecks) || kinds[i] != frameRecords && n > spotChecks {
					t.Errorf("frame %c at %d: %d injections for %d missing records", kinds[i], at, n, st.Damage.Missing)
				}
				if st, err := Status(dir); err != nil || st.Damage != nil || !st.Complete {
					t.Errorf("frame %c at %d: status %+v, %v after the repair", kinds[i], at, st, err)
				}
				if _, err := os.Stat(filepath.Join(dir, repairName)); !errors.Is(err, os.ErrNotExist) {
					t.Error("the repair leaves its file behind")
				}
			}
		})
	}
}

// A repair that is interrupted at any injection loses nothing, and the next one goes on.
func TestInterruptedRepair(t *testing.T) {
	spec := toySpec(samplings["adaptive"])
	dir := t.TempDir()
	want := without(t, newToy().must(t, spec, dir, 1))
	whole, err := os.ReadFile(filepath.Join(dir, LogName))
	if err != nil {
		t.Fatal(err)
	}
	starts, kinds := frameStarts(whole)
	var flips []int // the first plan but one, and a frame of records
	for i := range starts {
		if kinds[i] == framePlan && i > 2 && len(flips) == 0 {
			flips = append(flips, starts[i]+9, starts[i+1]+99, starts[i-1]+99)
		}
	}
	dir = damagedLog(t, whole, flips...)
	before, err := Status(dir)
	if err != nil || before.Damage == nil || before.Damage.Missing == 0 {
		t.Fatalf("status %+v, %v", before, err)
	}
	for after := int64(1); ; after += 11 {
		ctx, cancel := context.WithCancel(context.Background())
		m := newToy()
		m.cancel, m.after = cancel, after
		c, err := m.run(t, ctx, spec, dir, 2, nil)
		cancel()
		if err == nil {
			if got := without(t, c); got != want {
				t.Error("another result after the repair")
			}
			return
		}
		now, serr := Status(dir)
		if !errors.Is(err, ErrInterrupted) || serr != nil || now.Done < before.Done {
			t.Fatalf("%v; %d records, before %d; %v", err, now.Done, before.Done, serr)
		}
		before = now
	}
}

// Without a header nothing is known about the records: the error says so.
func TestBothHeadersLost(t *testing.T) {
	whole := logOf(t)
	starts, _ := frameStarts(whole)
	dir := damagedLog(t, whole, starts[0]+20, starts[1]+20)
	for _, err := range []error{
		func() error { _, err := Load(dir); return err }(),
		func() error { _, err := newToy().run(t, context.Background(), small(), dir, 1, nil); return err }(),
	} {
		if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "run the campaign again in a new folder") {
			t.Errorf("%v", err)
		}
	}
}

// A log that is made to be slow to search is refused in bounded time.
func TestHostileDamage(t *testing.T) {
	b := append(logOf(t), 0)
	for len(b) < 24<<20 {
		b = append(b, frameHeader, 0, 0, 0xf0, 0, '{') // 15 MiB claimed every six bytes
	}
	began := time.Now()
	if _, err := readBytes(b); !errors.Is(err, ErrCorrupt) {
		t.Errorf("%v", err)
	}
	if d := time.Since(began); d > 10*time.Second {
		t.Errorf("it took %v", d)
	}
}
