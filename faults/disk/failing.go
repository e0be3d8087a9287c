package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"sync"
	"syscall"
)

// Failure is a way in which a disk fails.
type Failure int

// The failures.
const (
	// Full: there is no room for new data; half of what is written still finds some.
	Full Failure = iota
	// ReadOnly: nothing can be changed, as after an error that made the kernel remount.
	ReadOnly
	// ShortWrite: a write ends early and says so by its count alone.
	ShortWrite
	// SyncFails: fsync gives an error, and what was not synced before is lost in part.
	SyncFails
	// PowerCut: nothing can be done any more. What was not synced is lost in part, renames
	// and removals of which the folder was not synced may be undone.
	PowerCut
	NumFailures
)

// String names the failure.
func (f Failure) String() string {
	names := [NumFailures]string{"full disk", "read-only disk", "short write", "failing fsync", "power cut"}
	if f < 0 || f >= NumFailures {
		return fmt.Sprintf("failure %d", int(f))
	}
	return names[f]
}

// errCut is what everything gives after a power cut.
var errCut = errors.New("the power is cut")

// Failing is a disk that fails from one operation on. Operations are counted from 0, over
// all files. All methods may be called from several goroutines.
type Failing struct {
	Disk    Disk // beneath; nil is the system's
	Failure Failure
	// At is the operation that fails first, below 0 for none. Once says that it is the
	// only one; a power cut is for ever.
	At   int
	Once bool
	// Random draws what is lost.
	Random *rand.Rand

	mu     sync.Mutex
	count  int
	struck int
	files  map[string]*state // by name
	names  []change          // of which the folder is not synced yet, in order
}

// state is what is on the disk of a file.
type state struct{ size, synced int64 }

// change is a change of names that a power cut may undo.
type change struct {
	folder, from, to string // from was renamed to to; to is empty after a removal
	old              []byte // what to held, or from before it was removed
	had              bool   // there was something
	mode             fs.FileMode
}

// Operations is the number of operations so far.
func (d *Failing) Operations() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.count
}

// Struck is the number of operations that failed.
func (d *Failing) Struck() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.struck
}

// kind is what an operation does.
type kind int

const (
	names kind = iota // of names and attributes
	write
	fsync
	create
	shrink // works on a full disk
)

// strikes counts an operation and says whether it fails.
func (d *Failing) strikes(k kind) bool {
	n := d.count
	d.count++
	if d.At < 0 || n < d.At || d.Once && d.struck > 0 && d.Failure != PowerCut {
		return false
	}
	hit := false
	switch d.Failure {
	case Full:
		hit = k == write || k == create
	case ShortWrite:
		hit = k == write
	case SyncFails:
		hit = k == fsync
	default:
		hit = true
	}
	if !hit {
		return false
	}
	d.struck++
	if d.Failure == PowerCut && d.struck == 1 {
		d.cut()
	}
	return true
}

// error is what a failing operation gives.
func (d *Failing) error(op, name string) error {
	err := error(syscall.EIO)
	switch d.Failure {
	case Full:
		err = syscall.ENOSPC
	case ReadOnly:
		err = syscall.EROFS
	case PowerCut:
		err = errCut
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// disk is the one beneath.
func (d *Failing) disk() Disk { return Or(d.Disk) }

// OpenFile opens a file.
func (d *Failing) OpenFile(name string, flag int, mode fs.FileMode) (File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.strikes(create) {
		return nil, d.error("open", name)
	}
	f, err := d.disk().OpenFile(name, flag, mode)
	return d.watch(f, err)
}

// CreateTemp makes a file.
func (d *Failing) CreateTemp(dir, pattern string) (File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.strikes(create) {
		return nil, d.error("createtemp", dir)
	}
	f, err := d.disk().CreateTemp(dir, pattern)
	return d.watch(f, err)
}

// watch follows what is written to a file that was opened.
func (d *Failing) watch(f File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	if d.files == nil {
		d.files = map[string]*state{}
	}
	if s := d.files[f.Name()]; s == nil || s.size != info.Size() {
		d.files[f.Name()] = &state{info.Size(), info.Size()}
	}
	return &failingFile{f, d, d.files[f.Name()]}, nil
}

// MkdirAll makes a folder.
func (d *Failing) MkdirAll(name string, mode fs.FileMode) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.strikes(create) {
		return d.error("mkdir", name)
	}
	return d.disk().MkdirAll(name, mode)
}

// SyncFolder syncs the names in a folder.
func (d *Failing) SyncFolder(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.strikes(fsync) {
		return d.error("sync", name)
	}
	kept := d.names[:0]
	for _, c := range d.names {
		if c.folder != name {
			kept = append(kept, c)
		}
	}
	d.names = kept
	return d.disk().SyncFolder(name)
}
