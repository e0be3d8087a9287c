// Command verilate runs the Verilog of blocks, made a program by Verilator, beside the
// machine, clock by clock.
//
//	go run ./netlist/rtl/verilate [flags] [module ...]
//
// A group of machines (package cosim) runs beside the gates of a block. What the block
// sees in every clock, the outputs of the gates and the machine's registers afterwards go
// to the verilated block, which must give the same outputs and hold the same registers.
// So the Verilog itself is compared, and what yosys made of it by the way. Without
// modules all blocks are compared. A difference is exit 1.
//
// With -lint Verilator only reads the Verilog, with all warnings, for every module and
// every set of parameters. With -json the results are stored in a file, where they
// replace those of the same blocks.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"upset/netlist/cosim"
	"upset/npu/isa"
)

// options are the flags.
type options struct {
	rtl, npu, shared, models, cache, json string
	clocks, flips                         int
	most, seed                            uint64
	lint                                  bool
}

func main() {
	var o options
	flag.StringVar(&o.rtl, "rtl", filepath.FromSlash("netlist/rtl"), "directory of the Verilog files")
	flag.StringVar(&o.npu, "npu", "all", "configuration, or all")
	flag.StringVar(&o.shared, "shared", filepath.FromSlash("../shared"), "folder with further models")
	flag.StringVar(&o.models, "models", "", "run these files only, separated by commas")
	flag.StringVar(&o.cache, "cache", "", "directory of compiled blocks; by default one in the user's cache")
	flag.StringVar(&o.json, "json", "", "store results in this file")
	flag.IntVar(&o.clocks, "clocks", 250_000, "clocks of each block on each configuration without flips, at least")
	flag.IntVar(&o.flips, "flips", 2000, "flips of random register bits of each block on each configuration")
	flag.Uint64Var(&o.most, "most", 300_000, "stretches of a run begin in so many of its first clocks")
	flag.Uint64Var(&o.seed, "seed", 1, "seed of places and flips")
	flag.BoolVar(&o.lint, "lint", false, "lint all Verilog instead")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, &o, flag.Args(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "verilate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o *options, modules []string, w io.Writer) error {
	if o.lint {
		return lint(ctx, o.rtl, modules, w)
	}
	blocks := cosim.Blocks()
	for _, m := range modules {
		if !slices.Contains(blocks, m) {
			return fmt.Errorf("module %s stands for no block of the machine: use %s", m, strings.Join(blocks, ", "))
		}
	}
	if len(modules) > 0 {
		blocks = modules
	}
	configs := isa.Configs[:]
	if o.npu != "all" {
		c, err := isa.ParseConfig(o.npu)
		if err != nil {
			return err
		}
		configs = []isa.Config{c}
	}
	if o.clocks < 1 || o.flips < 0 {
		return errors.New("-clocks must be 1 or more, -flips 0 or more")
	}
	files, err := modelFiles(o)
	if err != nil {
		return err
	}
	v, err := version(ctx)
	if err != nil {
		return err
	}
	stored, err := readRecord(o.json)
	if err != nil {
		return err
	}
	different := uint64(0)
	for _, c := range configs {
		runs, err := openRuns(ctx, files, c, o.most)
		if err != nil {
			return err
		}
		for _, name := range blocks {
			b, err := compare(ctx, o, name, c, runs, v)
			if err != nil {
				return fmt.Errorf("%s on %s: %w", name, c, err)
			}
			different += b.Differences
			b.print(w)
			stored.put(b)
			if err := stored.write(o.json); err != nil {
				return err
			}
		}
	}
	if different > 0 {
		return fmt.Errorf("machine and Verilog differ in %d places", different)
	}
	return nil
}
