package campaign

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"

	"upset/faults"
	"upset/faults/disk"
)

// The log is one append-only file: a magic line and frames. A frame is a type,
// the length of its body, the body, and the CRC-32C of all three. The first frame
// is the header, which stands twice, since without it nothing else has a meaning; each
// round's plan stands before its records; an end frame closes a complete campaign. A
// build frame says that another build of the tool went on from there.
const (
	LogName  = "records.log" // of the records in the folder of a campaign
	lockName = "records.lock"
	logMagic = "upset records 1\n"

	frameHeader  = 'H'
	framePlan    = 'P'
	frameRecords = 'R'
	frameEnd     = 'E'
	frameBuild   = 'B'
	frameShard   = 'S' // the header of a shard's file
	frameKept    = 'K' // the key of a file of kept records

	frameOverhead = 1 + 4 + 4
	// maxBody bounds a frame (our choice: a header of ten thousand strata stays
	// below it, and a hostile length cannot exhaust memory).
	maxBody = 16 << 20
	// maxSmall bounds the bodies of end and build frames (our choice: they hold a few
	// names and digests).
	maxSmall = 4 << 10
)

// Errors that callers tell apart.
var (
	// ErrSpecMismatch: the log belongs to another campaign.
	ErrSpecMismatch = errors.New("the log belongs to another campaign")
	// ErrLocked: another process writes to the log.
	ErrLocked = errors.New("another process is writing to this campaign")
	// ErrCorrupt: the log holds what no writer writes, and cannot be repaired.
	ErrCorrupt = errors.New("the log is damaged")
	// ErrDamaged: part of the log is unreadable; resuming repairs it.
	ErrDamaged = errors.New("the log is damaged")
	// ErrInterrupted: the campaign stopped before its end and can be resumed.
	ErrInterrupted = errors.New("the campaign was interrupted; resume it with upset campaign resume")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// header is the first frame of a log.
type header struct {
	Format int `json:"format"`
	// Classification is that of package faults, Build the tool that began the log.
	Classification int    `json:"classification"`
	Build          Build  `json:"build"`
	SpecDigest     string `json:"spec_digest"`
	Table          string `json:"table"`
	Spec           Spec   `json:"spec"`
	Frame          *Frame `json:"frame"`
	// Cut is how rounds are cut into shards, nil where one process runs the campaign.
	Cut *Cut `json:"cut,omitempty"`
	// NoteBytes are the entries of the note that are no UTF-8.
	Note      map[string]string `json:"note,omitempty"`
	NoteBytes map[string][]byte `json:"note_bytes,omitempty"`
}

// newHeader is the header of a log that is begun now.
func newHeader(s Spec, table string, f *Frame, note map[string]string) header {
	h := header{
		Format: formatVersion, Classification: faults.Classification, Build: ThisBuild(),
		SpecDigest: s.Digest(), Table: table, Spec: s.normal(), Frame: f,
	}
	h.Note, h.NoteBytes = splitNote(note)
	return h
}

// ending is the last frame of a complete log.
type ending struct {
	Injections   int    `json:"injections"`
	ResultDigest string `json:"result_digest"`
}

// appendFrame encodes a frame.
func appendFrame(b []byte, kind byte, body []byte) []byte {
	start := len(b)
	b = append(b, kind)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(body)))
	b = append(b, body...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[start:], castagnoli))
}

// writer appends to a log. After an error it refuses everything, so that no more
// than one error is seen and the log never looks more complete than it is.
type writer struct {
	f    disk.File
	disk disk.Disk // for a repair
	name string    // for messages, if it is no log
	size int64     // of the whole frames written
	err  error
}

// append writes frames and waits until they are on the disk.
func (w *writer) append(frames []byte) error {
	if w.err != nil {
		return w.err
	}
	n, err := w.f.Write(frames)
	if err == nil && n < len(frames) {
		err = io.ErrShortWrite
	}
	if err == nil {
		err = w.f.Sync()
	}
	if err != nil {
		w.err = fmt.Errorf("write %s: %w; make room and go on", cmp.Or(w.name, LogName), err)
		// Best effort: a torn frame that stays is cut on resume.
		if w.f.Truncate(w.size) == nil {
			_, _ = w.f.Seek(w.size, io.SeekStart)
		}
		return w.err
	}
	w.size += int64(n)
	return nil
}

// jsonBody encodes the body of a frame.
func jsonBody(kind byte, v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", LogName, err)
	}
	if len(body) > largest(kind) {
		return nil, fmt.Errorf("write %s: a frame of %d bytes is too long", LogName, len(body))
	}
	return body, nil
}

// json writes one frame of JSON.
func (w *writer) json(kind byte, v any) error {
	body, err := jsonBody(kind, v)
	if err != nil {
		return err
	}
	return w.append(appendFrame(nil, kind, body))
}

// begin writes the start of a log.
func (w *writer) begin(h header) error {
	body, err := jsonBody(frameHeader, h)
	if err != nil {
		return err
	}
	return w.append(appendStart(nil, body))
}

// appendStart encodes the magic line and both copies of the header.
func appendStart(b, header []byte) []byte {
	b = append(b, logMagic...)
	return appendFrame(appendFrame(b, frameHeader, header), frameHeader, header)
}

// records writes records, no more than frameSize to a frame.
func (w *writer) records(list []indexed) error {
	if len(list) == 0 {
		return nil
	}
	return w.append(appendRecords(nil, list))
}

// appendRecords encodes frames of records.
func appendRecords(b []byte, list []indexed) []byte {
	for part := range slices.Chunk(list, frameSize) {
		body := make([]byte, 0, len(part)*recordSize)
		for _, r := range part {
			body = appendRecord(body, r.index, r.record)
		}
		b = appendFrame(b, frameRecords, body)
	}
	return b
}

// openLog opens the log of a directory for appending, under a lock that the caller holds
// or, with nil, its own. The contents are those of the whole frames; a torn tail is cut
// off, a damaged log is left as it is until [writer.repair]. A missing log gives nil
// contents. The caller closes the log with release.
func openLog(d disk.Disk, dir string, held *Lock) (w *writer, c *contents, release func(), err error) {
	unlock := func() {}
	if held == nil {
		if held, err = TakeLock(dir); err != nil {
			return nil, nil, nil, err
		}
		unlock = held.Release
	}
	name := filepath.Join(dir, LogName)
	d = disk.Or(d)
	f, err := d.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		unlock()
		return nil, nil, nil, fmt.Errorf("campaign log: %w", err)
	}
	w = &writer{f: f, disk: d}
	release = func() {
		_ = w.f.Close()
		unlock()
	}
	c, err = readFile(f)
	switch {
	case errors.Is(err, errNoHeader):
		// Killed before the header was on the disk: nothing is lost.
		c = nil
	case err != nil:
		release()
		return nil, nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	if c != nil {
		w.size = c.size
		if c.damaged() {
			return w, c, release, nil
		}
	}
	if err = f.Truncate(w.size); err == nil {
		_, err = f.Seek(w.size, io.SeekStart)
	}
	if err != nil {
		release()
		return nil, nil, nil, fmt.Errorf("campaign log: %w", err)
	}
	return w, c, release, nil
}
