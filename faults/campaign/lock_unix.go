//go:build unix

package campaign

import (
	"fmt"
	"os"
	"syscall"
)

// lock takes the exclusive lock of a campaign. The kernel releases it when the
// process ends, however it ends.
func lock(name string) (unlock func(), err error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, ErrLocked
	}
	// A holder that found nothing to do may have removed the file in between: then
	// this lock is on a file that nobody else will find.
	held, err1 := f.Stat()
	found, err2 := os.Stat(name)
	if err1 != nil || err2 != nil || !os.SameFile(held, found) {
		_ = f.Close()
		return nil, ErrLocked
	}
	return func() { _ = f.Close() }, nil
}
