package campaign

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Lock is the exclusive hold on the folder of a campaign. Who needs minutes before the
// first record takes it first, so that a second process fails at once.
type Lock struct {
	dir    string
	made   bool // the folder was not there before
	unlock func()
}

// TakeLock makes the folder of a campaign if there is none and locks it. The error is
// [ErrLocked] where another process holds it.
func TakeLock(dir string) (*Lock, error) {
	_, missing := os.Stat(dir)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("campaign directory: %w", err)
	}
	unlock, err := lock(filepath.Join(dir, lockName))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return &Lock{dir, errors.Is(missing, fs.ErrNotExist), unlock}, nil
}

// Release gives the folder back. Where nothing was begun, no trace is left.
func (l *Lock) Release() {
	if _, err := os.Lstat(filepath.Join(l.dir, LogName)); errors.Is(err, fs.ErrNotExist) {
		// Best effort: a folder that holds anything else stays.
		if os.Remove(filepath.Join(l.dir, lockName)) == nil && l.made {
			_ = os.Remove(l.dir)
		}
	}
	l.unlock()
}

// Fits reports whether a campaign of the spec, with its table filled in, can begin or go
// on in the folder. Run finds out the same, but only after the fault-free runs.
func (l *Lock) Fits(s Spec) error {
	c, err := loadContents(l.dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNoHeader) {
		return nil
	}
	if err == nil {
		err = c.fits(s, s.Table)
	}
	if err != nil {
		return fmt.Errorf("campaign %s: %w", l.dir, err)
	}
	return nil
}
