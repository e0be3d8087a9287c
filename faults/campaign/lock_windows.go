package campaign

import (
	"fmt"

	"github.com/gofrs/flock"
)

// lock takes the exclusive lock of a campaign. The system releases it when the process
// ends, however it ends. The file stays, since a file that is open cannot be removed.
func lock(name string) (unlock func(), err error) {
	l := flock.New(name)
	held, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if !held {
		return nil, ErrLocked
	}
	return func() { _ = l.Unlock() }, nil
}
