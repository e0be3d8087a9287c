// Package disk is the file system as the tool writes logs, shards, leases and ledgers to
// it. [System] is that of the machine; [Failing] lies between and fails as disks do, so
// that a harness can see what is lost then.
package disk

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// File is an open file.
type File interface {
	io.Reader
	io.ReaderAt
	io.Writer
	io.WriterAt
	io.Seeker
	io.Closer
	Name() string
	Stat() (fs.FileInfo, error)
	Chmod(mode fs.FileMode) error
	// Sync returns when what was written is on the disk.
	Sync() error
	Truncate(size int64) error
}

// Disk is a file system. Names and errors are those of package os.
type Disk interface {
	OpenFile(name string, flag int, mode fs.FileMode) (File, error)
	CreateTemp(dir, pattern string) (File, error)
	MkdirAll(name string, mode fs.FileMode) error
	Rename(from, to string) error
	Link(from, to string) error
	Remove(name string) error
	// SyncFolder returns when the names in a folder are on the disk.
	SyncFolder(name string) error
}

// Or is d, or the disk of the system where d is nil.
func Or(d Disk) Disk {
	if d == nil {
		return System{}
	}
	return d
}

// WriteWhole writes a file that is there as a whole or not at all, also when the machine
// loses its power. Everybody may read it.
func WriteWhole(d Disk, name string, data []byte) error {
	d = Or(d)
	f, err := d.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*.tmp")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	n, err := f.Write(data)
	if err == nil && n < len(data) {
		err = io.ErrShortWrite
	}
	if err == nil {
		err = f.Chmod(0o644) // CreateTemp makes files readable by the owner only
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = d.Rename(f.Name(), name)
	}
	if err != nil {
		_ = d.Remove(f.Name()) // the first error is the one to report
		return fmt.Errorf("write %s: %w", name, err)
	}
	// Where a folder cannot be synced the rename is atomic all the same.
	_ = d.SyncFolder(filepath.Dir(name))
	return nil
}

// System is the disk of the system.
type System struct{}

// OpenFile is os.OpenFile.
func (System) OpenFile(name string, flag int, mode fs.FileMode) (File, error) {
	f, err := os.OpenFile(name, flag, mode)
	if err != nil {
		return nil, err // and no pointer in an interface that is not nil
	}
	return f, nil
}

// CreateTemp is os.CreateTemp.
func (System) CreateTemp(dir, pattern string) (File, error) {
	f, err := os.CreateTemp(dir, pattern)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// MkdirAll is os.MkdirAll.
func (System) MkdirAll(name string, mode fs.FileMode) error { return os.MkdirAll(name, mode) }

// Rename is os.Rename.
func (System) Rename(from, to string) error { return os.Rename(from, to) }

// Link is os.Link.
func (System) Link(from, to string) error { return os.Link(from, to) }

// Remove is os.Remove.
func (System) Remove(name string) error { return os.Remove(name) }

// SyncFolder syncs a folder.
func (System) SyncFolder(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	err = f.Sync()
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}
