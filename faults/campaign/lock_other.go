//go:build !unix && !windows

package campaign

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// lock takes the exclusive lock of a campaign by creating a file. A process that
// is killed leaves it behind, and it must be removed by hand.
func lock(name string) (unlock func(), err error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%w; if no process is, remove %s", ErrLocked, name)
	}
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	return func() {
		_ = f.Close()
		_ = os.Remove(name)
	}, nil
}
