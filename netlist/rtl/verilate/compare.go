package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"upset/netlist/cosim"
	"upset/netlist/rtl"
	"upset/npu/isa"
)

// Lengths of stretches in clocks, without and with flips, and how many of a run follow each
// other before the next run (our choice).
const (
	plainStretch = 200
	flipStretch  = 1000
	flipRounds   = 4
)

// record is what the machine did, on its way to the verilated block.
type record struct {
	w    *bufio.Writer
	runs map[string]int
	err  error
	word [8]byte
}

const (
	kindLoad  = 1
	kindClock = 2
)

func (r *record) put(words ...uint64) {
	for _, x := range words {
		binary.LittleEndian.PutUint64(r.word[:], x)
		if _, err := r.w.Write(r.word[:]); err != nil && r.err == nil {
			r.err = err
		}
	}
}

// Load implements [cosim.Recorder].
func (r *record) Load(lane int, registers []uint64) {
	r.put(kindLoad | uint64(lane)<<8)
	r.put(registers...)
}

// Clock implements [cosim.Recorder].
func (r *record) Clock(lane int, run string, cycle uint64, in, out, registers []uint64) {
	r.put(kindClock|uint64(lane)<<8|uint64(r.runs[run])<<24, cycle)
	r.put(in...)
	r.put(out...)
	r.put(registers...)
}

// counted is a plan that knows how many flips it has given.
type counted struct {
	cosim.Plan
	given int
	over  bool
}

// Next implements [cosim.Plan].
func (c *counted) Next() (bit, wait int, ok bool) {
	if bit, wait, ok = c.Plan.Next(); ok {
		c.given++
	} else {
		c.over = true
	}
	return bit, wait, ok
}

// designOf finds the parameters of a module on a configuration.
func designOf(dir, module string, c isa.Config) (*rtl.Design, error) {
	list, err := rtl.Designs(dir, module)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].Config == c.String() || list[i].Config == "" {
			return &list[i], nil
		}
	}
	return nil, fmt.Errorf("module %s has no parameters for %s", module, c)
}

// sourcesOf is [rtl.Sources] with absolute paths.
func sourcesOf(dir, module string) ([]string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	return rtl.Sources(dir, module)
}

// cacheDir is where compiled blocks are kept.
func cacheDir(o *options) (string, error) {
	if o.cache != "" {
		return filepath.Abs(o.cache)
	}
	if dir, err := os.UserCacheDir(); err == nil {
		return filepath.Join(dir, "upset", "verilate"), nil
	}
	return filepath.Join(os.TempDir(), "upset-verilate"), nil
}

// compare compares a block on a configuration.
func compare(ctx context.Context, o *options, name string, c isa.Config, runs []cosim.Run, version string) (*block, error) {
	b, err := cosim.Open(name, c)
	if err != nil {
		return nil, err
	}
	d, err := designOf(o.rtl, name, c)
	if err != nil {
		return nil, err
	}
	files, err := sourcesOf(o.rtl, name)
	if err != nil {
		return nil, err
	}
	cache, err := cacheDir(o)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	program, err := build(ctx, cache, b, d, files, version)
	if err != nil {
		return nil, err
	}
	r := &block{NPU: c.String(), Block: name, Parameters: d.String(), Verilator: version, Gates: b.Gates.Digest(), Bits: b.Bits(), Outputs: len(b.Boundary.Outputs), Runs: len(runs)}
	if r.Verilog, err = digest(files); err != nil {
		return nil, err
	}
	r.built, began = time.Since(began), time.Now()
	answer, err := stream(ctx, program, func(rec *record) error { return feed(ctx, o, b, runs, rec, r) }, runs)
	if err != nil {
		return nil, err
	}
	r.ran = time.Since(began)
	return r, r.take(answer, b, runs)
}

// stream runs a program and lets f write to it. It returns what the program prints.
func stream(ctx context.Context, program string, f func(*record) error, runs []cosim.Run) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, program)
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	rec := &record{w: bufio.NewWriterSize(pipe, 1<<20), runs: map[string]int{}}
	for i := range runs {
		rec.runs[runs[i].Name] = i
	}
	err = f(rec)
	if err != nil {
		cancel()
	}
	flushed := rec.w.Flush()
	pipe.Close()
	ended := cmd.Wait()
	switch {
	case err != nil:
		return "", err
	case ended != nil:
		return "", fmt.Errorf("the verilated block: %w: %s", ended, strings.TrimSpace(log.String()))
	}
	return out.String(), errors.Join(rec.err, flushed)
}

// feed runs machines and gates, first without and then with flips, and records them.
func feed(ctx context.Context, o *options, b *cosim.Block, runs []cosim.Run, rec *record, r *block) error {
	n := (o.clocks + plainStretch*len(runs) - 1) / (plainStretch * len(runs))
	plain := cosim.NewStretches(runs, n, plainStretch, o.seed)
	plain.Repeat = true // a stretch may end with its run
	g, err := cosim.NewGroup(b, plain, nil)
	if err != nil {
		return err
	}
	g.Recorder = rec
	for g.Result.Clocks < o.clocks && rec.err == nil && g.Result.Different == 0 && g.Clock() {
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	r.Clocks, r.GateDifferences = g.Result.Clocks, g.Result.Different
	if o.flips == 0 || r.GateDifferences > 0 {
		return nil
	}
	with := cosim.NewStretches(runs, flipRounds, flipStretch, o.seed+1)
	with.Repeat = true
	plan := &counted{Plan: cosim.NewSample(b.Bits(), o.flips, o.seed)}
	if g, err = cosim.NewGroup(b, with, plan); err != nil {
		return err
	}
	g.Recorder = rec
	for !(plan.over && g.Result.Flips == plan.given) && rec.err == nil && g.Result.Different == 0 && g.Clock() {
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	r.Flips, r.Disturbed, r.GateDifferences = g.Result.Flips, g.Result.Clocks, g.Result.Different
	return nil
}
