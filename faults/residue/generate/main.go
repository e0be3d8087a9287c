// Command generate follows masked upsets into later inferences and writes
// docs/residue.md. Run it from the project's root:
//
//	go run ./faults/residue/generate
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"

	"upset/faults"
	"upset/faults/engine"
	"upset/faults/provenance"
	"upset/faults/residue"
	"upset/models/network"
	"upset/models/zoo"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats/result"
)

// Choices of ours.
const (
	seed   = 20265
	inputs = 8
)

// cases are the comparisons: networks, configurations and the number of masked upsets
// with something left behind.
var cases = []struct {
	network string
	config  isa.Config
	n       int
}{
	{"fashion-tiny", isa.U55x32, 1000},
	{"fashion-tiny", isa.U55x64, 1000},
	{"fashion-tiny", isa.U55x128, 1000},
	{"fashion-tiny", isa.U55x256, 1000},
	{"fashion-dscnn", isa.U55x128, 200},
}

func main() {
	divide := flag.Int("divide", 1, "follow so many times fewer upsets")
	out := flag.String("out", filepath.FromSlash("docs/residue.md"), "page to write")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, max(1, *divide), *out); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, divide int, out string) error {
	var list []result.Residue
	for _, c := range cases {
		e, err := open(c.network, c.config)
		if err != nil {
			return fmt.Errorf("%s on %s: %w", c.network, c.config, err)
		}
		r, err := residue.Examine(ctx, e, seed, c.n/divide, residue.Later, runtime.NumCPU(), nil, nil)
		if err != nil {
			return fmt.Errorf("%s on %s: %w", c.network, c.config, err)
		}
		r.Model = c.network
		fmt.Fprintf(os.Stderr, "%+v\n", r)
		list = append(list, r)
	}
	page, err := residue.Page(list)
	if err != nil {
		return err
	}
	return provenance.Write(ctx, out, []byte(page), false)
}

// open makes an engine for a shipped network with its first inputs and without a code
// on the RAM.
func open(name string, c isa.Config) (*engine.Engine, error) {
	net, err := zoo.ByName(name)
	if err != nil {
		return nil, err
	}
	dir := filepath.FromSlash("testdata/models")
	data, err := net.ReadModel(dir)
	if err != nil {
		return nil, err
	}
	in, err := net.ReadInputs(dir)
	if err != nil {
		return nil, err
	}
	n, err := network.Open(data, c)
	if err != nil {
		return nil, err
	}
	return engine.New(n.Program(), in[:inputs], faults.Options{ECC: npu.ECCNone}, nil)
}
