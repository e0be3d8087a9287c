// Command generate measures all mechanisms by injection and writes docs/mechanisms.md.
// Run it from the project's root:
//
//	go run ./faults/protect/generate
package main

import (
	"bytes"
	"context"
	_ "embed"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"text/template"

	"upset/faults"
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/faults/protect"
	"upset/faults/provenance"
	"upset/models/network"
	"upset/models/zoo"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats"
)

//go:embed mechanisms.tmpl
var page string

// Choices of ours.
const (
	seed    = 7
	samples = 6000
	own     = 1000
)

var networks = []string{"fashion-tiny", "fashion-dscnn"}

// kinds are the mechanisms measured, in the order of the table. The watchdog is part of
// every run; hardened cells only scale the rate.
var kinds = []mechanism.Kind{
	mechanism.Parity, mechanism.ParityInterleaved, mechanism.ParityAlways, mechanism.Duplicate, mechanism.Triplicate, mechanism.Lockstep,
	mechanism.Residue, mechanism.StreamCRC, mechanism.Checksum,
}

func main() {
	divide := flag.Int("divide", 1, "inject so many times fewer upsets")
	out := flag.String("out", filepath.FromSlash("docs/mechanisms.md"), "page to write")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, max(1, *divide), *out); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// row is a line of a table.
type row struct {
	Mechanism, Network, Reported, Stopped, Missed, False, OwnAlarms, OwnHarm string
	Area                                                                     string
}

// measure makes the table of a fault model. Hardened cells are among the kinds where
// events have several bits: each cell flips for itself.
func measure(ctx context.Context, divide int, m faults.Model, kinds []mechanism.Kind) (rows []row, err error) {
	for _, k := range kinds {
		for _, name := range networks {
			e, err := open(name)
			if err != nil {
				return nil, err
			}
			c, err := protect.Measure(ctx, e.With(m), k, mechanism.DefaultCells(), seed, samples/divide, own/divide, runtime.NumCPU())
			if err != nil {
				return nil, fmt.Errorf("%s on %s: %w", k, name, err)
			}
			r := row{Mechanism: k.String(), Network: name, Area: fmt.Sprintf("%.0f", c.AreaGE)}
			for _, x := range []struct {
				into *string
				k, n int
			}{
				{&r.Reported, c.Reported, c.Harmful}, {&r.Stopped, c.Stopped, c.Harmful}, {&r.False, c.False, c.Masked},
				{&r.Missed, c.Harmful - c.Reported - c.Stopped, c.Harmful},
				{&r.OwnAlarms, c.OwnAlarms, c.Own}, {&r.OwnHarm, c.OwnHarm, c.Own},
			} {
				if *x.into, err = share(x.k, x.n); err != nil {
					return nil, err
				}
			}
			fmt.Fprintf(os.Stderr, "%s %+v\n", m, c)
			rows = append(rows, r)
		}
	}
	return rows, nil
}

func run(ctx context.Context, divide int, out string) error {
	rows, err := measure(ctx, divide, faults.Model{}, kinds)
	if err != nil {
		return err
	}
	pairs, err := measure(ctx, divide, faults.Model{Kind: faults.Pair}, append([]mechanism.Kind{mechanism.HardenLight}, kinds...))
	if err != nil {
		return err
	}
	t, err := template.New("page").Parse(page)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, struct {
		Samples, Own int
		Rows, Pairs  []row
	}{samples / divide, own / divide, rows, pairs}); err != nil {
		return err
	}
	return provenance.Write(ctx, out, b.Bytes(), true)
}

// share is a proportion with its exact 95 % interval.
func share(k, n int) (string, error) {
	if n == 0 {
		return "–", nil
	}
	low, high, err := stats.ClopperPearson(k, n, 0.95)
	return fmt.Sprintf("%.1f %% (%.1f–%.1f), n %d", 100*float64(k)/float64(n), 100*low, 100*high, n), err
}

// open makes an engine for a shipped network with its first two inputs and a code on
// the RAM.
func open(name string) (*engine.Engine, error) {
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
	n, err := network.Open(data, isa.U55x128)
	if err != nil {
		return nil, err
	}
	return engine.New(n.Program(), in[:2], faults.Options{ECC: npu.ECCSECDED}, nil)
}
