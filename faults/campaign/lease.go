package campaign

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"upset/faults/disk"
)

// A lease is a file that says that somebody is at work on a shard. Its holder writes a
// rising number into it. Who waits watches the number: one that stands still for the time
// of a lease is given up for dead. So no clock of one machine is compared with that of
// another. A holder that was slow and not dead costs work that is done twice, and never a
// wrong result, since each attempt at a shard writes a file of its own.
const leaseEnding = ".lease"

// DefaultLease is the time after which a lease that does not move is taken over, and
// beats the number of times that its holder moves it in that time (our choice: network
// file systems may show a change some seconds late; acregmax of nfs(5) is 60 s).
const (
	DefaultLease = 2 * time.Minute
	beats        = 4
)

// lease is a lease that this process holds.
type lease struct {
	disk disk.Disk
	name string
	own  fs.FileInfo
	stop chan struct{}
	done sync.WaitGroup
}

// takeLease makes the file of a lease. It is nil where somebody else has it.
func takeLease(d disk.Disk, name string, every time.Duration) (*lease, error) {
	f, err := d.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("lease: %w", err)
	}
	l := &lease{disk: d, name: name, stop: make(chan struct{})}
	if l.own, err = f.Stat(); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("lease: %w", err)
	}
	l.done.Go(func() {
		defer f.Close()
		l.beat(f, every)
	})
	return l, nil
}

// beat moves the lease until it is given back. A write that fails is tried again: the
// worst that comes of it is that somebody else takes over.
func (l *lease) beat(f disk.File, every time.Duration) {
	for n := 1; ; n++ {
		if _, err := f.WriteAt(fmt.Appendf(nil, "%d %s %d\n", n, hostName(), os.Getpid()), 0); err == nil {
			_ = f.Sync()
		}
		select {
		case <-l.stop:
			return
		case <-time.After(every):
		}
	}
}

// release gives the lease back, unless somebody else has taken it over.
func (l *lease) release() {
	close(l.stop)
	l.done.Wait()
	if now, err := os.Stat(l.name); err == nil && os.SameFile(now, l.own) {
		_ = l.disk.Remove(l.name) // one that stays is taken over
	}
}

// sight is what a watcher saw of a lease.
type sight struct {
	text string
	at   time.Time // by the watcher's own clock
}

// expired reports whether a lease has stood still for so long, as far as was seen.
func expired(name string, seen map[string]sight, after time.Duration) bool {
	text, err := os.ReadFile(name)
	if err != nil {
		delete(seen, name)
		return false
	}
	old, ok := seen[name]
	if !ok || old.text != string(text) {
		seen[name] = sight{string(text), time.Now()}
		return false
	}
	return time.Since(old.at) >= after
}

// breakLease takes an expired lease out of the way. Of several that try, one succeeds.
func breakLease(d disk.Disk, name string, seen map[string]sight) bool {
	away := name + "." + hostName() + "-" + strconv.Itoa(os.Getpid()) + ".expired"
	if d.Rename(name, away) != nil {
		return false
	}
	text, err := os.ReadFile(away)
	if err == nil && string(text) != seen[name].text {
		// Somebody else was faster, and this is the lease of the one who lives: it is
		// put back unless there is a new one.
		_ = d.Link(away, name)
		_ = d.Remove(away)
		return false
	}
	delete(seen, name)
	_ = d.Remove(away)
	return true
}

// leasePath is the lease of a shard.
func (j *Job) leasePath(number int) string {
	return filepath.Join(j.Dir, shardFolder, j.shard(number).stem()+leaseEnding)
}
