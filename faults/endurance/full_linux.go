package endurance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// leastRoom is the smallest disk that is tried, in bytes: some pages (our choice).
const leastRoom = 16 << 10

// Full runs campaigns and assessments on a small disk of their own, a tmpfs, which is full
// at a random byte, then read-only, and then large enough. It needs root; without it the
// scenario is skipped and says so.
func (h *Harness) Full(ctx context.Context, trials int) (s Scenario, err error) {
	s = Scenario{Name: "a full disk, then a read-only one"}
	mount := filepath.Join(h.Dir, "small")
	if err := os.MkdirAll(mount, 0o755); err != nil {
		return s, err
	}
	if err := syscall.Mount("none", mount, "tmpfs", 0, "size=1m"); err != nil {
		s.Skipped = fmt.Sprintf("no disk could be mounted (%v): only root may", err)
		return s, nil
	}
	defer func() {
		if e := syscall.Unmount(mount, syscall.MNT_DETACH); err == nil && e != nil {
			err = e
		}
	}()
	run, err := h.undisturbedRun(ctx, filepath.Join(h.Dir, "full-run"))
	if err != nil {
		return s, err
	}
	assess, err := h.undisturbedAssessment(ctx, filepath.Join(h.Dir, "full-assess"))
	if err != nil {
		return s, err
	}
	for n := range trials {
		t := &trial{Harness: h, s: &s, want: run, rng: h.random(s.Name, n), dir: filepath.Join(mount, "campaign")}
		one := t.fullRun
		undisturbed := filepath.Join(h.Dir, "full-run")
		if n%3 == 2 {
			t.want, one, undisturbed = assess, t.fullAssessment, filepath.Join(h.Dir, "full-assess")
		}
		need, err := bytesBelow(undisturbed)
		if err != nil {
			return s, err
		}
		if err := resize(mount, leastRoom+t.rng.Int64N(need), 0); err != nil {
			return s, err
		}
		if err := one(ctx, mount); err != nil {
			if ctx.Err() != nil {
				return s, ctx.Err()
			}
			s.Wrong++
			s.note("trial %d: %v", n, err)
			h.say("%s: %v", s.Name, err)
		}
		s.Trials++
		s.Litter += litter(t.dir)
		if err := resize(mount, 1<<30, 0); err != nil {
			return s, err
		}
		if err := os.RemoveAll(t.dir); err != nil {
			return s, err
		}
		h.say("%s, trial %d: %d failures, %d lost, %d doubled, %d wrong, %d panics", s.Name, n+1, s.Failures, s.Lost, s.Doubled, s.Wrong, s.Panics)
	}
	return s, nil
}

// resize gives the disk another size.
func resize(mount string, size int64, flags uintptr) error {
	return syscall.Mount("none", mount, "tmpfs", syscall.MS_REMOUNT|flags, fmt.Sprintf("size=%d", size))
}

// bytesBelow is the size of all files in a folder.
func bytesBelow(dir string) (n int64, err error) {
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			n += (info.Size() + 4095) &^ 4095
		}
		return err
	})
	return n, err
}

// failing runs the program where there is not enough room, or none to write: it may succeed,
// or fail with a word that says why.
func (t *trial) failing(ctx context.Context, good []int, why string, args ...string) (bool, error) {
	e, err := t.calm(ctx, append([]int{1}, good...), args...)
	if err != nil || e.code != 1 {
		return err == nil, err
	}
	t.s.Failures++
	if !strings.Contains(e.errs, why) {
		return false, fmt.Errorf("upset %s: does not say %q: %s", strings.Join(args, " "), why, e.last())
	}
	return false, nil
}

func (t *trial) fullRun(ctx context.Context, mount string) error {
	args := append([]string{"campaign", "run", "--out", t.dir}, t.question(t.Injections)...)
	if _, err := t.failing(ctx, done, "no space left", args...); err != nil {
		return err
	}
	if err := t.readOnly(ctx, mount, args); err != nil {
		return err
	}
	if _, err := t.calm(ctx, done, args...); err != nil {
		return err
	}
	return t.complete()
}

func (t *trial) fullAssessment(ctx context.Context, mount string) error {
	args := t.assessment(t.dir)
	if _, err := t.failing(ctx, shown, "no space left", args...); err != nil {
		return err
	}
	if err := t.readOnly(ctx, mount, args); err != nil {
		return err
	}
	e, err := t.calm(ctx, shown, args...)
	if err != nil {
		return err
	}
	return t.assessed(e)
}

// readOnly makes the disk large and read-only: what only reads works where there is a
// campaign, what writes says why it cannot. Then the disk is writable.
func (t *trial) readOnly(ctx context.Context, mount string, args []string) error {
	if err := resize(mount, 1<<30, syscall.MS_RDONLY); err != nil {
		return err
	}
	defer func() { _ = resize(mount, 1<<30, 0) }()
	well, err := t.failing(ctx, nil, "read-only", args...)
	if err == nil && well {
		err = errors.New("something was written to a disk that is read-only")
	}
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(t.dir, "records.log")); err != nil {
		return nil
	}
	// 2: the disk was full before the header was written.
	_, err = t.calm(ctx, []int{0, 2}, "campaign", "status", t.dir)
	return err
}
