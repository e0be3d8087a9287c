// The command generate measures how soon upsets die, for docs/convergence.md, or
// with -validate compares the fast engine with the plain machine, for
// docs/engine.md, with -speed measures rates for docs/speed.md, or with -models
// injects under every fault model for docs/faultmodels.md. With -before it builds an
// earlier revision beside this tree and prints the rates of both.
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
	"runtime/debug"
	"slices"
	"strings"

	"upset/faults"
	"upset/faults/convergence"
	"upset/faults/engine"
	"upset/faults/provenance"
	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats/result"
)

// softMemory is the memory limit of the command line as well.
const softMemory = 1700 << 20

// seed of the draws (our choice).
const seed = 20261

// maxInputs bounds the inputs per network of the comparison, each of which needs a
// fault-free run (our choice).
const maxInputs = 2

func main() {
	samples := flag.Int("validate", 0, "compare the fast engine with the plain machine on so many samples")
	upsets := flag.Int("upsets", 3000, "upsets per network for the study of how soon they die")
	speed := flag.Bool("speed", false, "measure how fast injections are resolved")
	models := flag.Bool("models", false, "inject under every fault model")
	var c comparison
	flag.StringVar(&c.revision, "before", "", "compare rates with those of this earlier revision")
	flag.IntVar(&c.injections, "injections", 4000, "with -before: injections of the short networks, a hundredth of it for the longest one")
	flag.IntVar(&c.rounds, "rounds", 3, "with -before: rounds in which the two revisions take turns")
	flag.StringVar(&c.networks, "networks", ".", "with -before: regular expression of the networks to measure")
	shared := flag.String("shared", "../shared", "folder with models and golden inputs")
	out := flag.String("out", "", "page to write (default docs/convergence.md, docs/engine.md with -validate, docs/speed.md with -speed, docs/faultmodels.md with -models, standard output with -before)")
	cycles := flag.Int("cycles", 0, "print where the stepped clocks of so many injections on -network go")
	name := flag.String("network", "kws_ref_model", "network of -cycles and -kind")
	kind := flag.String("kind", "", "compare upsets of these registers with plain runs, on -network: patterns, separated by commas")
	only := flag.String("paths", "", "of -kind: the paths of the samples, separated by commas")
	dense := flag.Bool("inference", false, "print how many nanoseconds an inference of -network takes by the dense kernels, and its multiply-accumulates")
	number := flag.Int("samples", 1000, "of -kind: samples on each configuration")
	flag.Parse()
	if *cycles > 0 || *kind != "" || *dense {
		err := error(nil)
		if *dense {
			err = inference(os.Stdout, *shared, *name)
		} else if *kind != "" {
			err = compareKind(os.Stdout, *shared, *name, *kind, *only, *number)
		} else {
			err = steppedCycles(os.Stdout, *shared, *name, *cycles)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "generate:", err)
			os.Exit(1)
		}
		return
	}
	if c.revision != "" {
		if err := c.print(*shared, *out); err != nil {
			fmt.Fprintln(os.Stderr, "generate:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(*samples, *upsets, *speed, *models, *shared, *out); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(samples, upsets int, speed, models bool, shared, out string) error {
	var page bytes.Buffer
	file, err := "docs/convergence.md", error(nil)
	switch {
	case speed:
		file = "docs/speed.md"
		err = speeds(&page, shared)
	case models:
		file = "docs/faultmodels.md"
		err = faultModels(&page, shared)
	case samples > 0:
		file = "docs/engine.md"
		err = validation(&page, shared, samples)
	default:
		err = studies(&page, shared, upsets)
	}
	if err != nil {
		return err
	}
	if out != "" {
		file = out
	}
	return provenance.Write(context.Background(), file, page.Bytes(), false)
}

// program opens a shipped or shared network with at most so many of its inputs.
func program(shared, name string, c isa.Config, most int) (*network.Program, [][]byte, error) {
	file, inputs := filepath.Join("testdata", "models", name+".tflite"), filepath.Join("testdata", "models", name+".inputs")
	if !strings.HasPrefix(name, "fashion-") {
		file, inputs = filepath.Join(shared, "models", name+".tflite"), filepath.Join(shared, "golden", name)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	n, err := network.Open(data, c)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	p := n.Program()
	if p == nil {
		return nil, nil, fmt.Errorf("%s runs partly on the host: choose a network that runs on the NPU as a whole", file)
	}
	names, err := filepath.Glob(filepath.Join(inputs, "in_*.bin"))
	if err != nil {
		return nil, nil, err
	}
	slices.Sort(names)
	var list [][]byte
	for _, f := range names[:min(most, len(names))] {
		in, err := os.ReadFile(f)
		if err != nil {
			return nil, nil, err
		}
		list = append(list, in)
	}
	return p, list, nil
}

// network makes the engine of a network.
func open(shared, name string, c isa.Config, most int, o faults.Options) (*engine.Engine, error) {
	p, list, err := program(shared, name, c, most)
	if err != nil {
		return nil, err
	}
	e, err := engine.New(p, list, o, nil)
	if err != nil {
		return nil, fmt.Errorf("%s on %v: %w", name, c, err)
	}
	return e, nil
}

// studies measures three networks.
func studies(w io.Writer, shared string, upsets int) error {
	var list []*convergence.Study
	for _, name := range []string{"fashion-dscnn", "kws_ref_model", "vww_96_int8"} {
		e, err := open(shared, name, isa.U55x128, 1, faults.Options{})
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
	{"kws_ref_model", 1, npu.ECCSECDED},
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
			e, err := open(shared, v.name, c, maxInputs, faults.Options{ECC: v.ecc})
			if err != nil {
				return err
			}
			n := (samples*v.parts + total*len(isa.Configs) - 1) / (total * len(isa.Configs))
			r, err := convergence.Validate(context.Background(), e, seed, n, runtime.NumCPU(), func(s *convergence.Sample) {
				fmt.Fprintf(os.Stderr, "%s on %v: %s@%d, input %d: fast %+v, plain %+v\n", v.name, c, e.Table().Name(s.Site.ID), s.Site.Cycle, s.Input, s.Fast, s.Plain)
			}, nil, nil)
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
	list, err := compareKinds(shared, samples)
	if err != nil {
		return err
	}
	return convergence.WriteValidation(w, r, list, samples)
}

// timed are the networks of the rates and how many injections each gets.
var timed = []struct {
	name       string
	injections int
}{
	{"fashion-dscnn", 40_000}, {"kws_ref_model", 40_000}, {"vww_96_int8", 40_000}, {"mobilenet_v2_quantized_1x3x224x224", 400},
}

// timedInputs is the number of inputs, each of which needs a fault-free run (our
// choice: that of a campaign without a folder of inputs).
const timedInputs = 8

// speeds measures rates.
func speeds(w io.Writer, shared string) error {
	debug.SetMemoryLimit(softMemory)
	var list []*convergence.Speed
	for _, t := range timed {
		p, inputs, err := program(shared, t.name, isa.U55x128, timedInputs)
		if err != nil {
			return err
		}
		e, golden, err := convergence.NewEngine(p, inputs)
		if err != nil {
			return err
		}
		s, err := convergence.MeasureSpeed(e, t.name, golden, seed, t.injections, runtime.NumCPU())
		if err != nil {
			return err
		}
		if s.Inference, s.MACs, err = scalarInference(shared, t.name); err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "%s: %d injections in %.1f s after %.1f s\n", t.name, s.Injections, s.Wall.Seconds(), s.Golden.Seconds())
		list = append(list, s)
	}
	return convergence.WriteSpeeds(w, list)
}
