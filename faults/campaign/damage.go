package campaign

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// gap is a stretch of a log, in bytes, that is unreadable though whole frames follow.
type gap struct{ start, end int64 }

// damaged reports that part of the log before its tail is unreadable.
func (c *contents) damaged() bool { return len(c.gaps) > 0 }

// Damage is what is wrong with a log that resuming repairs.
type Damage struct {
	// Parts are the unreadable stretches, in bytes from the start of the log, the end
	// excluded.
	Parts [][2]int64
	// Missing injections lie between First and Last, by number. A round that was under
	// way counts as a whole.
	Missing     int
	First, Last int
}

// String says in a line what is lost.
func (d *Damage) String() string {
	var parts []string
	for _, p := range d.Parts[:min(len(d.Parts), 3)] {
		parts = append(parts, fmt.Sprintf("%d-%d", p[0], p[1]-1))
	}
	if n := len(d.Parts) - len(parts); n > 0 {
		parts = append(parts, fmt.Sprintf("%d more", n))
	}
	where := "bytes " + strings.Join(parts, ", ")
	switch d.Missing {
	case 0:
		return where + " are unreadable, no record is missing"
	case 1:
		return fmt.Sprintf("%s are unreadable, record %d is missing", where, d.First)
	}
	return fmt.Sprintf("%s are unreadable, %d of the records %d-%d are missing", where, d.Missing, d.First, d.Last)
}

// damage describes the damage; nil without any.
func (c *contents) damage() *Damage {
	if !c.damaged() {
		return nil
	}
	d := &Damage{}
	for _, g := range c.gaps {
		d.Parts = append(d.Parts, [2]int64{g.start, g.end})
	}
	n := c.highest
	if c.end != nil {
		n = max(n, min(c.end.Injections, maxInjections))
	}
	missing := func(from, to int) { // records from up to and without to
		if from >= to {
			return
		}
		if d.Missing == 0 {
			d.First = from
		}
		d.Missing += to - from
		d.Last = to - 1
	}
	at := 0
	for _, list := range [][]indexed{c.records, c.spare} {
		for _, r := range list {
			missing(at, r.index)
			at = r.index + 1
		}
	}
	missing(at, n)
	return d
}

// error is the error of a damaged log for those who only read it.
func (d *Damage) error() error {
	return fmt.Errorf("%w: %s; resume the campaign, which repairs the log and injects again what is missing", ErrDamaged, d)
}

// searchFactor bounds the search for whole frames in what is unreadable: at most so many
// times the size of the log, and searchLeast bytes, go through the check (our choice;
// chance gives one candidate per some ten thousand bytes, so only a log made to be slow
// comes near it).
const (
	searchFactor = 8
	searchLeast  = 64 << 20
)

// findFrame is the offset of the first whole frame at from or later, or -1.
func findFrame(r io.ReaderAt, from, size int64) (int64, error) {
	w := window{r: r, size: size}
	budget := searchFactor*size + searchLeast
	for at := from; at+frameOverhead <= size; at++ {
		head, err := w.bytes(at, 6)
		if err != nil {
			return 0, err
		}
		n := int64(binary.LittleEndian.Uint32(head[1:]))
		if !plausible(head, n) || at+frameOverhead+n > size {
			continue
		}
		if budget -= n; budget < 0 {
			return 0, fmt.Errorf("%w: from byte %d on it is too damaged to be searched; run the campaign again in a new folder", ErrCorrupt, from-1)
		}
		all, err := w.bytes(at, n+frameOverhead)
		if err != nil {
			return 0, err
		}
		if crc32.Checksum(all[:5+n], castagnoli) == binary.LittleEndian.Uint32(all[5+n:]) {
			return at, nil
		}
	}
	return -1, nil
}

// plausible reports whether a frame may begin with these six bytes and have a body of n
// bytes.
func plausible(head []byte, n int64) bool {
	if n == 0 || n > int64(largest(head[0])) {
		return false
	}
	if head[0] == frameRecords {
		return n%recordSize == 0
	}
	return head[5] == '{'
}

// largest is the size that the body of a frame may have, 0 for types that there are not.
func largest(kind byte) int {
	switch kind {
	case frameHeader, framePlan:
		return maxBody
	case frameRecords:
		return frameSize * recordSize
	case frameEnd, frameBuild, frameShard, frameKept:
		return maxSmall
	}
	return 0
}

// window is a piece of a file in memory.
type window struct {
	r     io.ReaderAt
	size  int64
	start int64
	buf   []byte
}

// windowSize is the least that is read at once.
const windowSize = 1 << 18

// bytes are n bytes at an offset. They are valid until the next call.
func (w *window) bytes(at, n int64) ([]byte, error) {
	if at < w.start || at+n > w.start+int64(len(w.buf)) {
		length := min(max(n, windowSize), w.size-at)
		w.start, w.buf = at, slices.Grow(w.buf[:0], int(length))[:length]
		if _, err := w.r.ReadAt(w.buf, at); err != nil && !errors.Is(err, io.EOF) {
			w.buf = w.buf[:0]
			return nil, fmt.Errorf("read %s: %w", LogName, err)
		}
	}
	return w.buf[at-w.start:][:n], nil
}

// repairName is the file in which a repaired log is written.
const repairName = "records.repair"

// repair replaces a damaged log by one that holds all that is readable, in one step: a
// process that is killed leaves the old one or the new one.
func (w *writer) repair(dir string, c *contents) error {
	fail := func(err error) error { return fmt.Errorf("repair %s: %w", LogName, err) }
	name := filepath.Join(dir, repairName)
	f, err := w.disk.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return fail(err)
	}
	repaired := &writer{f: f, disk: w.disk}
	if err = repaired.keep(c); err == nil {
		_ = w.f.Close()
		err = w.disk.Rename(name, filepath.Join(dir, LogName))
	}
	if err != nil {
		_ = f.Close()
		_ = w.disk.Remove(name)
		return fail(err)
	}
	*w = *repaired
	return nil
}

// keep writes all that was readable of a log.
func (w *writer) keep(c *contents) error {
	if err := w.append(appendStart(nil, c.raw)); err != nil {
		return err
	}
	for _, b := range c.builds[1:] {
		if err := w.json(frameBuild, b); err != nil {
			return err
		}
	}
	for _, r := range c.rounds {
		if err := w.json(framePlan, r); err != nil {
			return err
		}
	}
	for _, list := range [][]indexed{c.records, c.spare} {
		// Some frames at a time: a whole log twice in memory is too much.
		for part := range slices.Chunk(list, 64*chunkSize) {
			if err := w.records(part); err != nil {
				return err
			}
		}
	}
	return nil
}
