// Command generate runs the blocks that were written a second time beside their gates,
// on all networks, and writes docs/gates.md. Run it from the project's root:
//
//	go run ./netlist/cosim/generate -measure
//
// Without -measure it only writes the page from the stored results. With -npu and -block
// it measures a part and keeps the rest.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"upset/faults/provenance"
	"upset/models/network"
	"upset/netlist/cosim"
	"upset/npu"
	"upset/npu/isa"
)

// Choices of ours.
const (
	seed     = 20266
	clocks   = 1_000_000 // without flips, of each block on each configuration
	each     = 100       // flips of every bit on the configuration whereAll
	sampled  = 20_000    // flips of random bits on the others
	reach    = 500_000   // clocks of a run in which stretches begin: few networks are longer
	whereAll = isa.U55x32
)

// results is where the figures are stored.
const results = "netlist/cosim/results.json"

// options are the flags.
type options struct {
	measure           bool
	npu, block        string
	shared, out, file string
	divide            int
}

func main() {
	var o options
	flag.BoolVar(&o.measure, "measure", false, "run machine and gates; takes an hour")
	flag.StringVar(&o.npu, "npu", "", "measure this configuration only")
	flag.StringVar(&o.block, "block", "", "measure this block only")
	flag.StringVar(&o.shared, "shared", "../shared", "folder with further models and inputs")
	flag.StringVar(&o.out, "out", filepath.FromSlash("docs/gates.md"), "page to write")
	flag.StringVar(&o.file, "results", filepath.FromSlash(results), "file of the results")
	flag.IntVar(&o.divide, "divide", 1, "measure so many times less")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, &o); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o *options) error {
	stored, err := read(o.file)
	if err != nil {
		return err
	}
	if o.measure {
		if err := measure(ctx, o, stored); err != nil {
			return err
		}
	}
	v, err := readVerilated(filepath.FromSlash(verilated))
	if err != nil {
		return err
	}
	return os.WriteFile(o.out, page(stored, v), 0o644)
}

func read(file string) (*record, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return &record{}, nil
	}
	if err != nil {
		return nil, err
	}
	r := &record{}
	if err := json.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}

// measure measures what the flags ask for and stores it after every block.
func measure(ctx context.Context, o *options, r *record) error {
	files, err := models(o.shared)
	if err != nil {
		return err
	}
	for _, c := range isa.Configs {
		if o.npu != "" && o.npu != c.String() {
			continue
		}
		var runs []cosim.Run
		for _, f := range files {
			x, err := open(f, c)
			if err != nil {
				return fmt.Errorf("%s on %s: %w", f, c, err)
			}
			runs = append(runs, x)
		}
		for _, name := range cosim.Blocks() {
			if o.block != "" && o.block != name {
				continue
			}
			b, err := measureBlock(ctx, name, c, runs, o.divide)
			if err != nil {
				return err
			}
			if b.Made, err = provenance.Now(ctx); err != nil {
				return err
			}
			r.put(b)
			data, err := json.Marshal(r)
			if err != nil {
				return err
			}
			if err := os.WriteFile(o.file, append(bytes.ReplaceAll(data, []byte(`{"npu"`), []byte("\n"+`{"npu"`)), '\n'), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

func measureBlock(ctx context.Context, name string, c isa.Config, runs []cosim.Run, divide int) (*block, error) {
	b, err := cosim.Open(name, c)
	if err != nil {
		return nil, err
	}
	o := cosim.Options{Clocks: clocks / divide, Flips: sampled / divide, Seed: seed, Workers: runtime.NumCPU()}
	if c == whereAll {
		o.Flips, o.Each = max(1, each/divide), true
	}
	began := time.Now()
	x, err := cosim.Validate(ctx, b, runs, o, nil)
	if err != nil {
		return nil, err
	}
	out := &block{
		NPU: c.String(), Block: name, Digest: b.Gates.Digest(), Gates: len(b.Gates.Gates), Flops: b.Bits(), Depth: b.Gates.Depth(), Runs: len(runs),
		Clocks: x.Clocks, Disturbed: x.Disturbed, Flips: x.Flips, Seen: x.Seen, Long: x.Long, Cut: x.Cut, Differences: x.Different,
	}
	for _, d := range x.Differences[:min(len(x.Differences), 5)] {
		out.Examples = append(out.Examples, d.String())
	}
	if c == whereAll {
		reach := b.Reach()
		for i, bit := range x.Bits {
			if name := b.BitName(i); bit.Seen == 0 && !seenOutside(name) {
				out.Silent = append(out.Silent, silent{name, !reach[i]})
			}
		}
	}
	fmt.Fprintf(os.Stderr, "%s on %s: %d clocks, %d flips (%d spread), %d differences, %d silent bits, %.0f s\n",
		name, c, x.Clocks, x.Flips, x.Seen, x.Different, len(out.Silent), time.Since(began).Seconds())
	return out, nil
}

// models are the networks that ship and those of the folder beside the project.
func models(shared string) ([]string, error) {
	var out []string
	for _, pattern := range []string{filepath.FromSlash("testdata/models/*.tflite"), filepath.Join(shared, "models", "*.tflite"), filepath.Join(shared, "models", "ops", "*.tflite")} {
		list, err := filepath.Glob(pattern)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	slices.Sort(out)
	if len(out) < 20 {
		return nil, fmt.Errorf("%d models in %s: name the folder with -shared", len(out), shared)
	}
	return out, nil
}

// open makes a run of a model with an input that is not constant.
func open(file string, c isa.Config) (cosim.Run, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return cosim.Run{}, err
	}
	n, err := network.Open(data, c)
	if err != nil {
		return cosim.Run{}, err
	}
	p, err := n.Whole(1)
	if err != nil {
		return cosim.Run{}, err
	}
	input := make([]byte, p.InputBytes())
	for i := range input {
		input[i] = byte(i*i>>3 ^ i*37)
	}
	name := filepath.Base(file)
	return cosim.Run{Name: name, Most: reach, Start: func() *npu.Machine {
		var mem isa.Memory
		if err := p.Load(&mem, input); err != nil {
			panic(err) // the length is right
		}
		m := npu.New(c, npu.DefaultSystem(), npu.ECCNone, &mem)
		p.Start(m)
		return m
	}}, nil
}
