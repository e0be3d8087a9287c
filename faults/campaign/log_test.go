package campaign

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"upset/faults"
	"upset/faults/mechanism"
)

// small is a spec whose log is short enough to be cut at every byte.
func small() Spec { return toySpec(func(s *Spec) { s.Injections = 60 }) }

// logOf is the log of a complete small campaign.
func logOf(t testing.TB) []byte {
	t.Helper()
	dir := t.TempDir()
	newToy().must(t, small(), dir, 1)
	b, err := os.ReadFile(filepath.Join(dir, LogName))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// readBytes reads a log in memory.
func readBytes(b []byte) (*contents, error) { return readLog(bytes.NewReader(b), int64(len(b))) }

func TestRecordRoundTrip(t *testing.T) {
	want := faults.Record{
		Site: faults.Site{ID: 0xFEDCBA98, Cycle: 1<<40 + 3}, Input: 77, Before: 1, After: 0, Outcome: faults.DUEHang,
		Cause: faults.CauseWatchdog, Late: true, Alarm: uint8(mechanism.NumKinds - 1), Path: faults.PathHandOff, Op: 0xABCD, End: 1 << 50, Output: 0x0123456789ABCDEF,
	}
	b := appendRecord(nil, 12345, want)
	if len(b) != recordSize {
		t.Fatalf("%d bytes, want %d", len(b), recordSize)
	}
	got, err := parseRecord(b)
	if err != nil || got.index != 12345 || got.record != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	for _, bad := range []struct {
		at    int
		value byte
	}{{42, 2}, {43, 2}, {44, byte(faults.NumOutcomes)}, {45, byte(faults.NumCauses)}, {46, 2 * byte(mechanism.NumKinds)}, {47, byte(faults.NumPaths)}, {7, 1}} {
		c := bytes.Clone(b)
		c[bad.at] = bad.value
		if _, err := parseRecord(c); err == nil {
			t.Errorf("byte %d = %d is accepted", bad.at, bad.value)
		}
	}
}

// A log that is cut anywhere is never complete, and its records are a prefix.
func TestTornAnywhere(t *testing.T) {
	whole := logOf(t)
	all, err := readBytes(whole)
	if err != nil || all.end == nil || len(all.records) != 60 {
		t.Fatalf("whole log: %v", err)
	}
	for n := range whole {
		c, err := readBytes(whole[:n])
		if errors.Is(err, errNoHeader) {
			continue
		}
		if err != nil || c.end != nil || int64(n) < c.size || c.torn != (c.size < int64(n)) {
			t.Fatalf("cut at %d of %d: %v, %+v", n, len(whole), err, c)
		}
		if again, err := readBytes(whole[:c.size]); err != nil || len(again.records) != len(c.records) || again.torn {
			t.Fatalf("cut at %d: the whole frames do not read back: %v", n, err)
		}
	}
}

func TestMismatch(t *testing.T) {
	dir := t.TempDir()
	newToy().must(t, small(), dir, 1)
	other := small()
	other.Seed++
	_, err := newToy().run(t, context.Background(), other, dir, 1, nil)
	if !errors.Is(err, ErrSpecMismatch) || !strings.Contains(err.Error(), small().Digest()) || !strings.Contains(err.Error(), other.Digest()) {
		t.Errorf("another seed: %v", err)
	}
	m := newToy()
	m.groups[0].Bits++
	if _, err := m.run(t, context.Background(), small(), dir, 1, nil); !errors.Is(err, ErrSpecMismatch) {
		t.Errorf("another machine: %v", err)
	}
}

// A record that is valid but not of the site drawn is refused.
func TestForgedRecord(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	m := newToy()
	m.cancel, m.after = cancel, 20
	if _, err := m.run(t, ctx, small(), dir, 1, nil); !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	w, c, release, err := openLog(nil, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	have := map[int]bool{}
	for _, r := range c.records {
		have[r.index] = true
	}
	i := 0
	for have[i] {
		i++
	}
	if err := w.records([]indexed{{i, faults.Record{}}}); err != nil {
		t.Fatal(err)
	}
	release()
	if _, err := newToy().run(t, context.Background(), small(), dir, 1, nil); !errors.Is(err, ErrCorrupt) {
		t.Errorf("resume: %v", err)
	}
	s, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Campaign(Question{}); !errors.Is(err, ErrCorrupt) {
		t.Errorf("result: %v", err)
	}
}

func TestLocked(t *testing.T) {
	dir := t.TempDir()
	_, _, release, err := openLog(nil, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newToy().run(t, context.Background(), small(), dir, 1, nil); !errors.Is(err, ErrLocked) {
		t.Errorf("two writers: %v", err)
	}
	release()
	newToy().must(t, small(), dir, 1)
	st, err := Status(dir)
	if err != nil || st.Locked || !st.Complete || st.Done != 60 || st.Planned != 60 || st.Rounds != 1 || st.Note["model"] != "toy.tflite" {
		t.Errorf("status %+v, %v", st, err)
	}
}

// full is a file on a disk with little room.
type full struct {
	*os.File
	room int
}

func (f *full) Write(b []byte) (int, error) {
	if len(b) <= f.room {
		f.room -= len(b)
		return f.File.Write(b)
	}
	n, _ := f.File.Write(b[:f.room])
	f.room = 0
	return n, syscall.ENOSPC
}

// A full disk gives one error, an incomplete log, and a campaign that goes on
// once there is room.
func TestFullDisk(t *testing.T) {
	spec := small()
	want := without(t, newToy().must(t, spec, t.TempDir(), 1))
	size := len(logOf(t))
	for _, room := range []int{0, 5, 100, size / 2, size - 400, size - 1} {
		dir := t.TempDir()
		w, c, release, err := openLog(nil, dir, nil)
		if err != nil || c != nil {
			t.Fatal(err)
		}
		w.f = &full{w.f.(*os.File), room}
		m := newToy()
		r := &runner{
			spec: spec, frame: m.frame(t, spec), pop: m, log: w, options: RunOptions{Workers: 2, Note: map[string]string{"model": "toy.tflite"}},
			worker: func() (injector, error) { return m, nil },
		}
		err = r.begin(nil)
		if err == nil {
			_, err = r.finish(context.Background())
		}
		release()
		if !errors.Is(err, syscall.ENOSPC) || strings.Count(err.Error(), "no space") != 1 {
			t.Fatalf("room %d: %v", room, err)
		}
		if s, err := Load(dir); err == nil && (s.Complete || s.Torn) {
			t.Fatalf("room %d: the log is complete or torn", room)
		}
		if got := without(t, newToy().must(t, spec, dir, 1)); got != want {
			t.Errorf("room %d: the campaign went on to another result", room)
		}
	}
}

// broken fails to read from byte at on.
type broken struct {
	data []byte
	at   int64
}

func (b broken) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > b.at {
		return 0, syscall.EIO
	}
	return copy(p, b.data[off:]), nil
}

// A read error is no torn tail: the log must not be cut because of it.
func TestReadError(t *testing.T) {
	whole := logOf(t)
	for _, n := range []int{3, 20, len(whole) / 2, len(whole) - 1} {
		if _, err := readLog(broken{whole, int64(n)}, int64(len(whole))); !errors.Is(err, syscall.EIO) {
			t.Errorf("error behind %d bytes: %v", n, err)
		}
	}
}

// TestPlanOfAnotherVersion: rounds that this version would split otherwise are not gone
// on with, and the error says what to do.
func TestPlanOfAnotherVersion(t *testing.T) {
	spec := toySpec(func(s *Spec) { s.Sampling = SamplingAdaptive })
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	m := newToy()
	m.cancel, m.after = cancel, 1
	if _, err := m.run(t, ctx, spec, dir, 1, nil); !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	w, c, release, err := openLog(nil, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	last := c.rounds[len(c.rounds)-1]
	next := Round{Start: last.Start + last.Size, Size: last.Size, Alloc: make([]int, len(last.Alloc))}
	next.Alloc[0] = next.Size
	if err := w.json(framePlan, next); err != nil {
		t.Fatal(err)
	}
	release()
	_, err = newToy().run(t, context.Background(), spec, dir, 1, nil)
	if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "another version") {
		t.Errorf("resume: %v", err)
	}
}
