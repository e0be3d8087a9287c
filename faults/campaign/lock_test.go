package campaign

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Two holds on one folder exclude each other, and one under which nothing was begun
// leaves no trace, in a folder that was there before too.
func TestLockIsExclusive(t *testing.T) {
	old := t.TempDir()
	for _, dir := range []string{old, filepath.Join(t.TempDir(), "new")} {
		l, err := TakeLock(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := TakeLock(dir); !errors.Is(err, ErrLocked) {
			t.Errorf("a second hold: %v", err)
		}
		if _, err := Status(dir); !errors.Is(err, ErrLocked) {
			t.Errorf("status while nothing is stored: %v", err)
		}
		l.Release()
		entries, err := os.ReadDir(dir)
		if len(entries) != 0 || errors.Is(err, os.ErrNotExist) != (dir != old) {
			t.Errorf("%s: %v, %v", dir, entries, err)
		}
	}
	if _, err := Status(old); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("status of an empty folder: %v", err)
	}
	if entries, _ := os.ReadDir(old); len(entries) != 0 {
		t.Error("looking at a folder leaves a file")
	}
}

// A campaign runs under the hold of its caller, which keeps it.
func TestRunUnderLock(t *testing.T) {
	dir := t.TempDir()
	l, err := TakeLock(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	if err := l.Fits(small()); err != nil {
		t.Error(err)
	}
	w, _, release, err := openLog(nil, dir, l)
	if err != nil {
		t.Fatal(err)
	}
	m := newToy()
	if err := w.begin(newHeader(small(), m.Digest(), m.frame(t, small()), nil)); err != nil {
		t.Fatal(err)
	}
	release()
	if _, err := TakeLock(dir); !errors.Is(err, ErrLocked) {
		t.Errorf("the hold is lost: %v", err)
	}
	other := small()
	other.Seed++
	if err := l.Fits(small()); err != nil {
		t.Error(err)
	}
	if err := l.Fits(other); !errors.Is(err, ErrSpecMismatch) {
		t.Errorf("another seed fits: %v", err)
	}
}
