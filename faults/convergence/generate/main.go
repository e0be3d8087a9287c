// The command generate measures how soon upsets die, for docs/convergence.md, or
// with -validate compares the fast engine with the plain machine, for
// docs/engine.md.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"upset/faults"
	"upset/faults/convergence"
	"upset/models/driver"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats/result"
)

// seed of the draws (our choice).
const seed = 20261

// maxInputs bounds the inputs per network of the comparison, each of which needs a
// fault-free run (our choice).
const maxInputs = 2

func main() {
	samples := flag.Int("validate", 0, "compare the fast engine with the plain machine on so many samples")
	upsets := flag.Int("upsets", 3000, "upsets per network for the study of how soon they die")
	shared := flag.String("shared", "../shared", "folder with models and golden inputs")
	out := flag.String("out", "", "page to write (default docs/convergence.md, or docs/engine.md with -validate)")
	flag.Parse()
	if err := run(*samples, *upsets, *shared, *out); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(samples, upsets int, shared, out string) error {
	var page bytes.Buffer
	file, err := "docs/convergence.md", error(nil)
	if samples > 0 {
		file = "docs/engine.md"
		err = validation(&page, shared, samples)
	} else {
		err = studies(&page, shared, upsets)
	}
	if err != nil {
		return err
	}
	if out != "" {
		file = out
	}
	return os.WriteFile(file, page.Bytes(), 0o644)
}

// network opens a shipped or shared network with at most max of its inputs.
func network(shared, name string, c isa.Config, most int, o faults.Options) (*faults.Engine, error) {
	file, inputs := filepath.Join("testdata", "models", name+".tflite"), filepath.Join("testdata", "models", name+".inputs")
	if !strings.HasPrefix(name, "fashion-") {
		file, inputs = filepath.Join(shared, "models", name+".tflite"), filepath.Join(shared, "golden", name)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	n, err := driver.Open(data, c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	p := n.Program()
	if p == nil {
		return nil, fmt.Errorf("%s runs partly on the host: choose a network that runs on the NPU as a whole", file)
	}
	names, err := filepath.Glob(filepath.Join(inputs, "in_*.bin"))
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var list [][]byte
	for _, f := range names[:min(most, len(names))] {
		in, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		list = append(list, in)
	}
	e, err := faults.New(p, list, o, nil)
	if err != nil {
		return nil, fmt.Errorf("%s on %v: %w", file, c, err)
	}
	return e, nil
}

// studies measures three networks.
func studies(w io.Writer, shared string, upsets int) error {
	var list []*convergence.Study
	for _, name := range []string{"fashion-dscnn", "kws_ref_model", "vww_96_int8"} {
		e, err := network(shared, name, isa.U55x128, 1, faults.Options{})
		if err != nil {
			return err
		}
		s, err := convergence.Measure(e, name, seed, upsets)
		if err != nil {
			return err
		}
		list = append(list, s)
	}
	return convergence.WriteStudies(w, list)
}

// validated are the networks of the comparison and their parts of the samples: the
// short ones get more, since a plain run takes all of their cycles (our choice).
var validated = []struct {
	name  string
	parts int
	ecc   npu.ECC
}{
	{"fashion-tiny", 12, npu.ECCSECDED},
	{"hello_world_int8", 6, npu.ECCParity},
	{"fashion-dscnn", 1, npu.ECCNone},
	{"seanet_add0_int16", 1, npu.ECCNone},
}

// validation compares samples spread over networks and configurations.
func validation(w io.Writer, shared string, samples int) error {
	total := 0
	for _, v := range validated {
		total += v.parts
	}
	var runs []*result.ValidateEngine
	for _, v := range validated {
		for _, c := range isa.Configs {
			e, err := network(shared, v.name, c, maxInputs, faults.Options{ECC: v.ecc})
			if err != nil {
				return err
			}
			n := (samples*v.parts + total*len(isa.Configs) - 1) / (total * len(isa.Configs))
			r, err := convergence.Validate(context.Background(), e, seed, n, runtime.NumCPU(), func(s *convergence.Sample) {
				fmt.Fprintf(os.Stderr, "%s on %v: %s@%d, input %d: fast %+v, plain %+v\n", v.name, c, e.Table().Name(s.Site.ID), s.Site.Cycle, s.Input, s.Fast, s.Plain)
			}, nil)
			if err != nil {
				return err
			}
			r.Model = v.name
			fmt.Fprintf(os.Stderr, "%s on %v: %d cycles, %d samples, %d differences\n", v.name, c, r.GoldenCycles, r.Samples, r.Differences)
			runs = append(runs, r)
		}
	}
	r, err := convergence.Join(runs)
	if err != nil {
		return err
	}
	return convergence.WriteValidation(w, r)
}
