package campaign

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"upset/faults"
	"upset/faults/disk"
)

func keptRecord(i int) faults.Record {
	return faults.Record{Site: faults.Site{ID: 7, Cycle: uint64(i)}, Input: 1, Outcome: faults.Masked, End: uint64(i) + 3}
}

// have counts the records that are kept of the first n.
func have(k *Kept, n int) (found int) {
	for i := range n {
		if r, ok := k.Record(i, 1, keptRecord(i).Site); ok && r == keptRecord(i) {
			found++
		}
	}
	return found
}

// What was kept is there again, as far as it is whole, for the same key, site and input
// alone; one process at a time has the file.
func TestKept(t *testing.T) {
	name := filepath.Join(t.TempDir(), "new", "tried.log")
	open := func(key string) *Kept {
		t.Helper()
		k, err := OpenKept(nil, name, key)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	k := open("one")
	for i := range 3 * frameSize {
		k.Keep(i, keptRecord(i))
	}
	if _, err := OpenKept(nil, name, "one"); !errors.Is(err, ErrLocked) {
		t.Errorf("a second holder: %v", err)
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	k = open("one")
	if n := have(k, 300); n != 3*frameSize {
		t.Errorf("%d records of %d are there", n, 3*frameSize)
	}
	if _, ok := k.Record(5, 2, keptRecord(5).Site); ok {
		t.Error("a record of another input is taken")
	}
	if _, ok := k.Record(5, 1, keptRecord(6).Site); ok {
		t.Error("a record of another site is taken")
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for cut := 0; cut < len(whole); cut += 97 {
		if err := os.WriteFile(name, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		k := open("one")
		before := have(k, 300)
		if before%frameSize != 0 {
			t.Errorf("cut at %d: %d records", cut, before)
		}
		k.Keep(299, keptRecord(299))
		if err := k.Close(); err != nil {
			t.Fatal(err)
		}
		if k = open("one"); have(k, 300) != before+1 {
			t.Errorf("cut at %d: a record behind the cut is not found", cut)
		}
		_ = k.Close()
	}
	if k = open("two"); have(k, 300) != 0 {
		t.Error("records of another key are taken")
	}
	_ = k.Close()
	entries, err := os.ReadDir(filepath.Dir(name))
	if err != nil || len(entries) != 1 {
		t.Errorf("left: %v, %v", entries, err)
	}
	var none *Kept // keeps nothing
	none.Keep(1, keptRecord(1))
	if _, ok := none.Record(1, 1, keptRecord(1).Site); ok || none.Close() != nil {
		t.Error("nothing keeps something")
	}
}

// A disk that fails loses no more than what was to be kept.
func TestKeptOnFailingDisk(t *testing.T) {
	for f := range disk.NumFailures {
		name := filepath.Join(t.TempDir(), "tried.log")
		d := &disk.Failing{Disk: quick{}, Failure: f, At: 4, Random: rand.New(rand.NewPCG(uint64(f), 1))}
		if k, err := OpenKept(d, name, "key"); err == nil {
			for i := range 4 * chunkSize {
				k.Keep(i, keptRecord(i))
			}
			_ = k.Close()
		}
		if d.Struck() == 0 {
			t.Fatalf("%s: never met", f)
		}
		k, err := OpenKept(quick{}, name, "key")
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		for i, r := range k.have {
			if r != keptRecord(i) {
				t.Errorf("%s: record %d is another one", f, i)
			}
		}
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	}
}
