package runcache

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"upset/faults"
	"upset/faults/engine"
	"upset/models/nettest"
	"upset/models/network"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// network is the smallest network with some inputs.
func tiny(t *testing.T, inputs int) (*network.Program, [][]byte) {
	t.Helper()
	return nettest.Shipped(t, "fashion-tiny", isa.U55x32), nettest.Inputs(t, "fashion-tiny", inputs)
}

// keep puts runs into a folder as if they had taken long.
func keep(t *testing.T, dir string, p *network.Program, inputs [][]byte, o faults.Options) *engine.Engine {
	t.Helper()
	e, err := engine.New(p, inputs, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := private(dir); err != nil {
		t.Fatal(err)
	}
	key, err := keyOf(p, inputs, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := write(filepath.Join(dir, key+endRuns), key, e); err != nil {
		t.Fatal(err)
	}
	return e
}

// Injections on runs that were read are those on runs that were made, their shortcuts
// included.
func TestSameRecords(t *testing.T) {
	ctx := context.Background()
	for _, o := range []faults.Options{{Memory: faults.MinMemory}, {ECC: npu.ECCSECDED}, {AssumeReload: true, Checkpoints: 20}} {
		p, inputs := tiny(t, 3)
		dir := filepath.Join(t.TempDir(), "runs")
		made := keep(t, dir, p, inputs, o)
		kept, found, err := Engine(ctx, dir, p, inputs, o, nil)
		if err != nil || !found {
			t.Fatalf("found %v, %v", found, err)
		}
		a, err := made.Worker()
		if err != nil {
			t.Fatal(err)
		}
		b, err := kept.Worker()
		if err != nil {
			t.Fatal(err)
		}
		paths := map[faults.Path]int{}
		for i := range 3000 {
			s := faults.Site{ID: netlist.SiteID(i * 7919 % made.Table().Bits()), Cycle: uint64(i) * 104729 % made.Cycles()}
			x, err1 := a.Inject(i%3, s, nil)
			y, err2 := b.Inject(i%3, s, nil)
			if x != y || (err1 == nil) != (err2 == nil) {
				t.Fatalf("site %v: %+v, %v; on runs that were read %+v, %v", s, x, err1, y, err2)
			}
			paths[x.Path]++
		}
		if len(paths) < 3 {
			t.Errorf("few shortcuts were taken: %v", paths)
		}
	}
}

// Runs of other options, inputs or networks are not found; damaged ones are made again.
func TestNotFound(t *testing.T) {
	ctx := context.Background()
	p, inputs := tiny(t, 2)
	dir := filepath.Join(t.TempDir(), "runs")
	keep(t, dir, p, inputs, faults.Options{})
	_, others := tiny(t, 3)
	for name, k := range map[string]struct {
		inputs [][]byte
		o      faults.Options
	}{
		"ecc": {inputs, faults.Options{ECC: npu.ECCParity}}, "inputs": {others, faults.Options{}}, "memory": {inputs, faults.Options{Memory: faults.MinMemory}},
		"reload": {inputs, faults.Options{AssumeReload: true}},
	} {
		if _, found, err := Engine(ctx, dir, p, k.inputs, k.o, nil); found || err != nil {
			t.Errorf("%s: found %v, %v", name, found, err)
		}
	}
	// The fault model and the criterion do not matter to runs without faults.
	if _, found, err := Engine(ctx, dir, p, inputs, faults.Options{NoWatchdog: true, Model: faults.Model{Kind: faults.Pair}}, nil); !found || err != nil {
		t.Errorf("another fault model: found %v, %v", found, err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"+endRuns))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(files[0], b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, found, err := Engine(ctx, dir, p, inputs, faults.Options{}, nil); found || err != nil {
		t.Errorf("damaged: found %v, %v", found, err)
	}
	if now, err := os.ReadFile(files[0]); err == nil && bytes.Equal(now, b) { // a slow machine has written it again
		t.Error("the damaged file is still there")
	}
}

// A folder that others can write to is not trusted, and one that cannot be made is no
// error.
func TestFolder(t *testing.T) {
	p, inputs := tiny(t, 2)
	open := filepath.Join(t.TempDir(), "open")
	if err := os.Mkdir(open, 0o700); err != nil {
		t.Fatal(err)
	}
	keep(t, open, p, inputs, faults.Options{})
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{open, file, filepath.Join(file, "below")} {
		if e, found, err := Engine(context.Background(), dir, p, inputs, faults.Options{}, nil); e == nil || found || err != nil {
			t.Errorf("%s: found %v, %v", dir, found, err)
		}
	}
}

// Of several that want the same runs at once, one makes them.
func TestOnce(t *testing.T) {
	p, inputs := tiny(t, 2)
	dir := filepath.Join(t.TempDir(), "runs")
	var made, all atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			progress := func(done, total int) {
				if done == 1 {
					made.Add(1)
					time.Sleep(worth + 200*time.Millisecond) // as a large network would take
				}
			}
			if _, _, err := Engine(context.Background(), dir, p, inputs, faults.Options{}, progress); err != nil {
				t.Error(err)
			}
			all.Add(1)
		})
	}
	wg.Wait()
	if made.Load() != 1 || all.Load() != 4 {
		t.Errorf("%d of %d made the runs", made.Load(), all.Load())
	}
	// Who is interrupted while another one makes them stops waiting.
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := Engine(ctx, dir, p, inputs, faults.Options{ECC: npu.ECCParity}, nil); err == nil {
		t.Error("a context that has ended is not looked at")
	}
}

// The oldest go when there is too much.
func TestPrune(t *testing.T) {
	dir := t.TempDir()
	for i, name := range []string{"old.runs", "new.runs", "now.runs"} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, make([]byte, 100), 0o600); err != nil {
			t.Fatal(err)
		}
		when := time.Unix(int64(1000*i), 0)
		if err := os.Chtimes(file, when, when); err != nil {
			t.Fatal(err)
		}
	}
	prune(dir, filepath.Join(dir, "now.runs"), 250)
	left, _ := filepath.Glob(filepath.Join(dir, "*.runs"))
	if len(left) != 2 || filepath.Base(left[0]) != "new.runs" {
		t.Errorf("left: %v", left)
	}
	prune(dir, filepath.Join(dir, "now.runs"), 0)
	if left, _ = filepath.Glob(filepath.Join(dir, "*.runs")); len(left) != 1 || filepath.Base(left[0]) != "now.runs" {
		t.Errorf("left: %v", left)
	}
}
