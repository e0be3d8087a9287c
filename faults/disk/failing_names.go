package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Rename gives a file another name.
func (d *Failing) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.strikes(names) {
		return d.error("rename", from)
	}
	c := change{folder: filepath.Dir(to), from: from, to: to}
	c.keep(to)
	if err := d.disk().Rename(from, to); err != nil {
		return err
	}
	if s := d.files[from]; s != nil {
		d.files[to] = s
		delete(d.files, from)
	}
	d.names = append(d.names, c)
	return nil
}

// Link gives a file a second name. A power cut leaves it.
func (d *Failing) Link(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.strikes(create) {
		return d.error("link", from)
	}
	return d.disk().Link(from, to)
}

// Remove removes a file.
func (d *Failing) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.strikes(names) {
		return d.error("remove", name)
	}
	c := change{folder: filepath.Dir(name), from: name}
	c.keep(name)
	if err := d.disk().Remove(name); err != nil {
		return err
	}
	delete(d.files, name)
	d.names = append(d.names, c)
	return nil
}

// keep remembers a file that is about to go.
func (c *change) keep(name string) {
	info, err := os.Lstat(name)
	if err != nil || !info.Mode().IsRegular() {
		return
	}
	if data, err := os.ReadFile(name); err == nil {
		c.old, c.had, c.mode = data, true, info.Mode().Perm()
	}
}

// cut is what a power cut does to the disk beneath. Errors of it do not matter: what
// cannot be lost is there.
func (d *Failing) cut() {
	for name, s := range d.files {
		if s.size <= s.synced {
			continue
		}
		keep := s.synced + d.Random.Int64N(s.size-s.synced+1)
		if d.Random.IntN(2) == 0 {
			_ = os.Truncate(name, keep)
			continue
		}
		// The size is on the disk and the data is not: zeros.
		if f, err := os.OpenFile(name, os.O_WRONLY, 0); err == nil {
			_, _ = f.WriteAt(make([]byte, s.size-keep), keep)
			_ = f.Close()
		}
	}
	// A journal keeps the order: what is undone is the end.
	for n := d.Random.IntN(len(d.names) + 1); n > 0; n-- {
		c := d.names[len(d.names)-1]
		d.names = d.names[:len(d.names)-1]
		if c.to != "" {
			if os.Rename(c.to, c.from) != nil {
				continue
			}
			c.from = c.to
		}
		if _, err := os.Lstat(c.from); c.had && errors.Is(err, fs.ErrNotExist) {
			_ = os.WriteFile(c.from, c.old, c.mode)
		}
	}
}

// failingFile is a file on a failing disk.
type failingFile struct {
	File
	disk  *Failing
	state *state
}

// Write writes at the offset.
func (f *failingFile) Write(b []byte) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if !f.disk.strikes(write) {
		n, err := f.File.Write(b)
		f.grown()
		return n, err
	}
	switch f.disk.Failure {
	case Full:
		n, _ := f.File.Write(b[:len(b)/2])
		f.grown()
		return n, f.disk.error("write", f.Name())
	case ShortWrite:
		n, err := f.File.Write(b[:len(b)-min(len(b), 1+len(b)/3)])
		f.grown()
		return n, err
	}
	return 0, f.disk.error("write", f.Name())
}

// WriteAt writes at an offset.
func (f *failingFile) WriteAt(b []byte, at int64) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.disk.strikes(write) {
		return 0, f.disk.error("write", f.Name())
	}
	n, err := f.File.WriteAt(b, at)
	f.grown()
	return n, err
}

// grown takes note of the size.
func (f *failingFile) grown() {
	if info, err := f.File.Stat(); err == nil {
		f.state.size = info.Size()
	}
}

// Sync syncs, or loses part of what is not synced.
func (f *failingFile) Sync() error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if !f.disk.strikes(fsync) {
		err := f.File.Sync()
		if err == nil {
			f.state.synced = f.state.size
		}
		return err
	}
	if s := f.state; f.disk.Failure == SyncFails && s.size > s.synced {
		keep := s.synced + f.disk.Random.Int64N(s.size-s.synced+1)
		_, _ = f.File.WriteAt(make([]byte, s.size-keep), keep)
	}
	return f.disk.error("sync", f.Name())
}

// Truncate cuts the file.
func (f *failingFile) Truncate(size int64) error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.disk.strikes(shrink) {
		return f.disk.error("truncate", f.Name())
	}
	err := f.File.Truncate(size)
	f.grown()
	f.state.synced = min(f.state.synced, f.state.size)
	return err
}

// Chmod sets the mode.
func (f *failingFile) Chmod(mode fs.FileMode) error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.disk.strikes(names) {
		return f.disk.error("chmod", f.Name())
	}
	return f.File.Chmod(mode)
}

// Close always closes the file beneath.
func (f *failingFile) Close() error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	return f.File.Close()
}
