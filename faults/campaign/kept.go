package campaign

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"upset/faults"
	"upset/faults/disk"
)

// keptMagic begins a file of kept records: frames as in a log, first the key.
const keptMagic = "upset kept 1\n"

// Kept is a file of records that an attempt leaves for the next one, where injections are
// a step of something longer. It is no result: a file of another key, or one that cannot
// be written, only means that they are injected again. A nil Kept keeps nothing. Methods
// may be called from several goroutines.
type Kept struct {
	mu      sync.Mutex
	log     *writer
	have    map[int]faults.Record
	pending []indexed
	flushed time.Time
	unlock  func()
}

// keptKey is the first frame.
type keptKey struct {
	Key string `json:"key"`
}

// ThisProgram is the SHA-256 of the program that is running, for keys: what another build
// kept need not be what this one does.
func ThisProgram() (string, error) {
	name, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("this program: %w", err)
	}
	f, err := os.Open(name)
	if err != nil {
		return "", fmt.Errorf("this program: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("this program: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// OpenKept opens a file of kept records, or makes it. The key names all that the records
// follow from. The error is [ErrLocked] where another process writes to the file.
func OpenKept(d disk.Disk, name, key string) (*Kept, error) {
	d = disk.Or(d)
	if err := d.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return nil, fmt.Errorf("kept records: %w", err)
	}
	unlock, err := lock(name + ".lock")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	release := func() {
		_ = os.Remove(name + ".lock") // while it is held, so that nobody else's is removed
		unlock()
	}
	f, err := d.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		release()
		return nil, fmt.Errorf("kept records: %w", err)
	}
	k := &Kept{log: &writer{f: f, disk: d, name: filepath.Base(name)}, have: map[int]faults.Record{}, unlock: release, flushed: time.Now()}
	if err := k.begin(key); err != nil {
		_ = k.Close() // the first error counts
		return nil, err
	}
	return k, nil
}

// begin reads the file up to the first frame that is not whole. One of another key is
// begun anew.
func (k *Kept) begin(key string) error {
	in := bufio.NewReaderSize(k.log.f, 1<<16)
	size, err := k.read(in, key)
	if err != nil {
		return fmt.Errorf("read %s: %w", k.log.name, err)
	}
	if err = k.log.f.Truncate(size); err == nil {
		_, err = k.log.f.Seek(size, io.SeekStart)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", k.log.name, err)
	}
	if k.log.size = size; size > 0 {
		return nil
	}
	body, err := json.Marshal(keptKey{key})
	if err != nil {
		return err
	}
	return k.log.append(appendFrame([]byte(keptMagic), frameKept, body))
}

// read is the length of what is whole, 0 for a file that is not of the key.
func (k *Kept) read(in *bufio.Reader, key string) (size int64, err error) {
	magic := make([]byte, len(keptMagic))
	if _, err := io.ReadFull(in, magic); err != nil && !cutOff(err) {
		return 0, err
	}
	if string(magic) != keptMagic {
		return 0, nil
	}
	kind, body, err := readFrame(in)
	var head keptKey
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, errTorn):
		return 0, nil
	case err != nil:
		return 0, err
	case kind != frameKept || json.Unmarshal(body, &head) != nil || head.Key != key:
		return 0, nil
	}
	size = int64(len(keptMagic) + frameOverhead + len(body))
	for {
		kind, body, err := readFrame(in)
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, errTorn):
			return size, nil
		case err != nil:
			return 0, err
		case kind != frameRecords || len(body)%recordSize != 0:
			return size, nil
		}
		list := make([]indexed, 0, len(body)/recordSize)
		for at := 0; at < len(body); at += recordSize {
			r, err := parseRecord(body[at : at+recordSize])
			if err != nil {
				return size, nil
			}
			list = append(list, r)
		}
		for _, r := range list {
			k.have[r.index] = r.record
		}
		size += int64(frameOverhead + len(body))
	}
}

// Record is the record with a number, if it was kept for that input and site.
func (k *Kept) Record(number int, input uint32, s faults.Site) (r faults.Record, ok bool) {
	if k == nil {
		return r, false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	r, ok = k.have[number]
	return r, ok && r.Input == input && r.Site == s
}

// Keep keeps a record. It is on the disk a second later, or when the file is closed.
func (k *Kept) Keep(number int, r faults.Record) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.pending = append(k.pending, indexed{number, r}); len(k.pending) >= chunkSize || time.Since(k.flushed) >= flushAfter {
		_ = k.flush() // what is not kept is injected again
	}
}

// flush writes what is pending. After an error nothing is written any more.
func (k *Kept) flush() error {
	err := k.log.records(k.pending)
	k.pending, k.flushed = k.pending[:0], time.Now()
	return err
}

// Close writes what is pending and gives the file back.
func (k *Kept) Close() error {
	if k == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	err := k.flush()
	if e := k.log.f.Close(); err == nil {
		err = e
	}
	k.unlock()
	return err
}
