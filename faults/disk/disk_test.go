package disk

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// put writes a file piece by piece, each of which is synced.
func put(d Disk, name string, pieces ...string) error {
	f, err := d.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, p := range pieces {
		n, err := io.WriteString(f, p)
		if err == nil && n < len(p) {
			err = io.ErrShortWrite
		}
		if err == nil {
			err = f.Sync()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(data)
}

// Every failure gives its error at the operation at which it is due, keeps what was synced,
// and once is once.
func TestFailures(t *testing.T) {
	for f, want := range map[Failure]error{Full: syscall.ENOSPC, ReadOnly: syscall.EROFS, ShortWrite: io.ErrShortWrite, SyncFails: syscall.EIO, PowerCut: errCut} {
		for seed := range uint64(12) {
			dir := t.TempDir()
			name := filepath.Join(dir, "f")
			// 0 opens, 1 and 2 are the first piece, 3 and 4 the second.
			d := &Failing{Failure: f, At: 3, Once: true, Random: rand.New(rand.NewPCG(seed, 1))}
			if err := put(d, name, "first ", "second"); !errors.Is(err, want) {
				t.Fatalf("%s: %v, want %v", f, err, want)
			}
			if text := read(t, name); !bytes.HasPrefix([]byte(text), []byte("first ")) || text == "first second" && f != SyncFails {
				t.Errorf("%s: the file holds %q", f, text)
			}
			if d.Struck() == 0 || d.Operations() < 4 {
				t.Errorf("%s: %d of %d operations failed", f, d.Struck(), d.Operations())
			}
			err := put(d, name, "again")
			if f == PowerCut && !errors.Is(err, errCut) || f != PowerCut && err != nil {
				t.Errorf("%s, later: %v", f, err)
			}
		}
	}
	sound := &Failing{At: -1}
	if err := put(sound, filepath.Join(t.TempDir(), "f"), "a", "b"); err != nil || sound.Struck() != 0 || sound.Operations() != 5 {
		t.Errorf("%v, %d operations", err, sound.Operations())
	}
}

// A file that is written as a whole is the old one or the new one, whatever fails, and the
// new one if there is no error and the power stays.
func TestWriteWhole(t *testing.T) {
	const before, after = "the old one", "another one, and longer"
	undone := 0
	for f := range NumFailures {
		for at := range 8 {
			for seed := range uint64(4) {
				dir := t.TempDir()
				name := filepath.Join(dir, "f")
				if err := WriteWhole(nil, name, []byte(before)); err != nil {
					t.Fatal(err)
				}
				d := &Failing{Failure: f, At: at, Once: seed%2 == 0, Random: rand.New(rand.NewPCG(seed, uint64(at)))}
				err := WriteWhole(d, name, []byte(after))
				text := read(t, name)
				if text != before && text != after || err == nil && text != after && d.Struck() == 0 {
					t.Errorf("%s at %d: %v, and the file holds %q", f, at, err, text)
				}
				if err == nil && text == before {
					undone++ // the power failed when the folder was synced
				}
			}
		}
	}
	if undone == 0 {
		t.Error("no rename was undone by a power cut")
	}
	if info, err := os.Stat(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error(info)
	}
}

// A power cut brings back what was removed or renamed since the folder was synced, or does
// not, and zeros or loses what was not synced.
func TestPowerCut(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(60) {
		dir := t.TempDir()
		a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
		if err := os.WriteFile(a, []byte("A"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(b, []byte("B"), 0o600); err != nil {
			t.Fatal(err)
		}
		d := &Failing{Failure: PowerCut, At: 3, Random: rand.New(rand.NewPCG(seed, 9))}
		if err := d.Rename(a, b); err != nil {
			t.Fatal(err)
		}
		if err := d.Remove(b); err != nil {
			t.Fatal(err)
		}
		f, err := d.CreateTemp(dir, "c")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte("C")); !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		if err := errors.Join(f.Chmod(0o600), f.Sync(), f.Truncate(0), d.MkdirAll(dir, 0o700), d.Link(a, b), d.SyncFolder(dir)); err == nil {
			t.Error("the dead still work")
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		seen[read(t, a)+"/"+read(t, b)] = true
	}
	for _, want := range []string{"/", "/A", "A/B"} {
		if !seen[want] {
			t.Errorf("never seen: %q, but %v", want, seen)
		}
	}
	if len(seen) != 3 {
		t.Errorf("seen: %v", seen)
	}
}
