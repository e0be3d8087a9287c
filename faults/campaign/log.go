package campaign

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
)

// The log is one append-only file: a magic line and frames. A frame is a type,
// the length of its body, the body, and the CRC-32C of all three. The first frame
// is the header; each round's plan stands before its records; an end frame closes
// a complete campaign.
const (
	logName  = "records.log"
	lockName = "records.lock"
	logMagic = "upset records 1\n"

	frameHeader  = 'H'
	framePlan    = 'P'
	frameRecords = 'R'
	frameEnd     = 'E'

	frameOverhead = 1 + 4 + 4
	// maxBody bounds a frame (our choice: a header of ten thousand strata stays
	// below it, and a hostile length cannot exhaust memory).
	maxBody = 16 << 20
)

// Errors that callers tell apart.
var (
	// ErrSpecMismatch: the log belongs to another campaign.
	ErrSpecMismatch = errors.New("the log belongs to another campaign")
	// ErrLocked: another process writes to the log.
	ErrLocked = errors.New("another process is writing to this campaign")
	// ErrCorrupt: the log was changed or damaged before its tail.
	ErrCorrupt = errors.New("the log is damaged")
	// ErrInterrupted: the campaign stopped before its end and can be resumed.
	ErrInterrupted = errors.New("the campaign was interrupted; resume it with upset campaign resume")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// header is the first frame of a log.
type header struct {
	Format     int               `json:"format"`
	SpecDigest string            `json:"spec_digest"`
	Table      string            `json:"table"`
	Spec       Spec              `json:"spec"`
	Frame      *Frame            `json:"frame"`
	Note       map[string]string `json:"note,omitempty"`
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

// file is what the log needs of a file; tests replace it.
type file interface {
	io.Writer
	Sync() error
	Truncate(size int64) error
	Seek(offset int64, whence int) (int64, error)
	Close() error
}

// writer appends to a log. After an error it refuses everything, so that no more
// than one error is seen and the log never looks more complete than it is.
type writer struct {
	f    file
	size int64 // of the whole frames written
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
		w.err = fmt.Errorf("write %s: %w; make room and resume the campaign", logName, err)
		// Best effort: a torn frame that stays is cut on resume.
		if w.f.Truncate(w.size) == nil {
			_, _ = w.f.Seek(w.size, io.SeekStart)
		}
		return w.err
	}
	w.size += int64(n)
	return nil
}

// json writes one frame of JSON.
func (w *writer) json(kind byte, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write %s: %w", logName, err)
	}
	if len(body) > maxBody {
		return fmt.Errorf("write %s: a frame of %d bytes is too long", logName, len(body))
	}
	return w.append(appendFrame(nil, kind, body))
}

// records writes one frame of records.
func (w *writer) records(list []indexed) error {
	if len(list) == 0 {
		return nil
	}
	body := make([]byte, 0, len(list)*recordSize)
	for _, r := range list {
		body = appendRecord(body, r.index, r.record)
	}
	return w.append(appendFrame(nil, frameRecords, body))
}

// openLog locks a directory and opens its log for appending. The contents are
// those of the whole frames; a torn tail is cut off. A missing log gives nil
// contents. The caller closes the log with release.
func openLog(dir string) (w *writer, c *contents, release func(), err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, nil, nil, fmt.Errorf("campaign directory: %w", err)
	}
	unlock, err := lock(filepath.Join(dir, lockName))
	if err != nil {
		return nil, nil, nil, fmt.Errorf("%s: %w", dir, err)
	}
	f, err := os.OpenFile(filepath.Join(dir, logName), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		unlock()
		return nil, nil, nil, fmt.Errorf("campaign log: %w", err)
	}
	release = func() {
		_ = f.Close()
		unlock()
	}
	c, err = readLog(f)
	switch {
	case errors.Is(err, errNoHeader):
		// Killed before the header was on the disk: nothing is lost.
		c = nil
	case err != nil:
		release()
		return nil, nil, nil, fmt.Errorf("%s: %w", filepath.Join(dir, logName), err)
	}
	w = &writer{f: f}
	if c != nil {
		w.size = c.size
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
