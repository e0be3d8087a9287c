// Package runcache keeps fault-free runs in a folder of the machine, so that the processes
// that share it, such as the shards of a campaign on one node, make them once. What is read
// is checked: it must be of the same binary, program, inputs and options, and whole.
package runcache

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/gofrs/flock"

	"upset/faults"
	"upset/faults/engine"
	"upset/faults/golden"
	"upset/models/network"
	"upset/npu"
)

// Bounds (our choice).
const (
	// worth is the time from which runs are worth a file: reading one takes some tenths
	// of a second.
	worth = time.Second
	// mostBytes is what all files of a folder may take; the oldest go first.
	mostBytes = 8 << 30
	// again is the time between two looks at a lock that another process has.
	again = 50 * time.Millisecond
)

const (
	endRuns  = ".runs"
	endQuick = ".quick" // of runs that are made faster than read
	endLock  = ".lock"
)

// Folder is the usual folder: below that for temporary files, one for each user.
func Folder() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("upset-runs-%d", os.Getuid()))
}

// Engine is the engine of an experiment, on fault-free runs that are in the folder, or else
// are made now and put there. Found says that they were there. While one process makes
// them, others that want the same wait. A folder that cannot be used is no error: the runs
// are made then as if there were none.
func Engine(ctx context.Context, dir string, p *network.Program, inputs [][]byte, o faults.Options, progress func(done, total int)) (e *engine.Engine, found bool, err error) {
	make := func() (*engine.Engine, bool, error) {
		e, err := engine.NewContext(ctx, p, inputs, o, progress)
		return e, false, err
	}
	if err := private(dir); err != nil {
		return make()
	}
	key, err := keyOf(p, inputs, o)
	if err != nil {
		return make()
	}
	stem := filepath.Join(dir, key)
	look := func() (*engine.Engine, error) { return read(stem+endRuns, key, p, inputs, o) }
	if _, err := os.Stat(stem + endQuick); err == nil {
		return make()
	}
	if e, err := look(); err == nil {
		return e, true, nil
	}
	lock := flock.New(stem + endLock)
	held, err := lock.TryLockContext(ctx, again)
	if ctx.Err() != nil {
		return nil, false, ctx.Err()
	}
	if !held || err != nil { // a file system without locks
		return make()
	}
	defer func() { _ = lock.Unlock() }()
	if _, err := os.Stat(stem + endQuick); err == nil {
		return make()
	}
	if e, err := look(); err == nil {
		return e, true, nil
	}
	began := time.Now()
	if e, _, err = make(); err != nil {
		return nil, false, err
	}
	if time.Since(began) < worth {
		_ = os.WriteFile(stem+endQuick, nil, 0o600)
		return e, false, nil
	}
	_ = write(stem+endRuns, key, e) // without the file the next process makes them again
	prune(dir, stem+endRuns, mostBytes)
	return e, false, nil
}

// private makes a folder that nobody else can write to, or says why it is none.
func private(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() || !mine(info) {
		return fmt.Errorf("%s is not a folder of this user alone", dir)
	}
	return nil
}

// keyOf names runs by all that they follow from.
func keyOf(p *network.Program, inputs [][]byte, o faults.Options) (string, error) {
	h := sha256.New()
	name, err := os.Executable()
	if err != nil {
		return "", err
	}
	self, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer self.Close()
	if _, err := io.Copy(h, self); err != nil {
		return "", err
	}
	if o.System == (npu.System{}) {
		o.System = npu.DefaultSystem()
	}
	err = json.NewEncoder(h).Encode(struct {
		Machine string
		Program *network.Program
		Inputs  [][]byte
		ECC     npu.ECC
		System  npu.System
		Reload  bool
		Points  int
		Memory  int
	}{runtime.GOOS + runtime.GOARCH, p, inputs, o.ECC, o.System, o.AssumeReload, o.Checkpoints, o.Memory})
	return hex.EncodeToString(h.Sum(nil)), err
}

// read reads runs. A file that is damaged is removed.
func read(name, key string, p *network.Program, inputs [][]byte, o faults.Options) (*engine.Engine, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	runs, err := golden.Load(f, key, p, inputs, o)
	if errors.Is(err, golden.ErrStore) {
		_ = os.Remove(name)
	}
	if err != nil {
		return nil, err
	}
	now := time.Now()
	_ = os.Chtimes(name, now, now) // the oldest go first
	return engine.From(runs, o)
}

// write writes runs, whole or not at all.
func write(name, key string, e *engine.Engine) error {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*.tmp")
	if err != nil {
		return err
	}
	out := bufio.NewWriter(f)
	err = e.Store(out, key)
	if err == nil {
		err = out.Flush()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// prune removes the oldest files until the rest takes no more than so many bytes. The one
// that was written now stays.
func prune(dir, keep string, most int64) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	var files []fs.FileInfo
	total := int64(0)
	for _, x := range entries {
		if info, err := x.Info(); err == nil && info.Mode().IsRegular() {
			files = append(files, info)
			total += info.Size()
		}
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, info := range files {
		if total <= most {
			return
		}
		name := filepath.Join(dir, info.Name())
		if name == keep || filepath.Ext(name) == endLock {
			continue
		}
		if os.Remove(name) == nil {
			total -= info.Size()
		}
	}
}
