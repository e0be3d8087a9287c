// Command generate injects stuck outputs of gates into whole inferences and writes
// docs/permanent.md. Run it from the project's root:
//
//	go run ./faults/logic/generate -measure
//
// Without -measure it only writes the page from the stored results. With -npu and -block
// it measures a part and keeps the rest; the page then says of what is kept at which revision it was
// measured. What is measured is stored after every block.
package main

import (
	"cmp"
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

	"upset/faults"
	"upset/faults/engine"
	"upset/faults/logic"
	"upset/faults/mechanism"
	"upset/faults/protect"
	"upset/faults/provenance"
	"upset/models/network"
	"upset/models/zoo"
	"upset/netlist/cosim"
	"upset/npu"
	"upset/npu/isa"
)

// Choices of ours: the faults of a block and configuration, and what they are injected into. The networks
// are short, so that every fault can run several whole inferences.
const (
	seed   = 20267
	sample = 2000
)

var configs = []isa.Config{isa.U55x32, isa.U55x128}

// results is where the figures are stored.
const results = "faults/logic/results.json"

// options are the flags.
type options struct {
	measure           bool
	npu, block        string
	shared, out, file string
	faults, workers   int
}

func main() {
	var o options
	flag.BoolVar(&o.measure, "measure", false, "inject the faults")
	flag.StringVar(&o.npu, "npu", "", "measure this configuration only")
	flag.StringVar(&o.block, "block", "", "measure this block only")
	flag.StringVar(&o.shared, "shared", "../shared", "folder with further models")
	flag.StringVar(&o.out, "out", filepath.FromSlash("docs/permanent.md"), "page to write")
	flag.StringVar(&o.file, "results", filepath.FromSlash(results), "file of the results")
	flag.IntVar(&o.faults, "faults", sample, "faults of each block; 0 for all")
	flag.IntVar(&o.workers, "workers", runtime.NumCPU(), "threads")
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
	page, err := logic.Page(stored.Blocks)
	if err != nil {
		return err
	}
	text, err := provenance.Stamp([]byte(page), stored.Made)
	if err != nil {
		return err
	}
	return os.WriteFile(o.out, text, 0o644)
}

// record is what is stored.
type record struct {
	provenance.Made
	Blocks []*logic.Measured
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

func (r *record) write(file string) error {
	data, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(data, '\n'), 0o644)
}

// remake says that blocks are measured with the present program from now on. Those that are there
// keep the revision of theirs.
func (r *record) remake(made provenance.Made) {
	for _, m := range r.Blocks {
		if m.Revision == "" {
			m.Revision = r.Revision
		}
		if m.Revision == made.Revision {
			m.Revision = ""
		}
	}
	r.Made = made
}

// sort puts blocks in the order of the data, on one configuration after the other for each.
func (r *record) sort() {
	place := func(m *logic.Measured) [2]int {
		return [2]int{slices.Index(cosim.Blocks(), m.Block), slices.IndexFunc(isa.Configs[:], func(c isa.Config) bool { return c.String() == m.NPU })}
	}
	slices.SortStableFunc(r.Blocks, func(a, b *logic.Measured) int {
		x, y := place(a), place(b)
		return cmp.Or(cmp.Compare(x[0], y[0]), cmp.Compare(x[1], y[1]))
	})
}

// measure measures what the flags ask for and stores it after every block.
func measure(ctx context.Context, o *options, r *record) error {
	made, err := provenance.Now(ctx)
	if err != nil {
		return err
	}
	r.remake(made)
	for _, c := range configs {
		if o.npu != "" && o.npu != c.String() {
			continue
		}
		engines, err := open(c, o.shared)
		if err != nil {
			return err
		}
		for _, name := range cosim.Blocks() {
			if o.block != "" && o.block != name {
				continue
			}
			b, err := cosim.Open(name, c)
			if err != nil {
				return err
			}
			m, err := one(ctx, o, b, engines)
			if err != nil {
				return fmt.Errorf("%s on %s: %w", name, c, err)
			}
			r.Blocks = slices.DeleteFunc(r.Blocks, func(x *logic.Measured) bool { return x.Block == m.Block && x.NPU == m.NPU })
			r.Blocks = append(r.Blocks, m)
			r.sort()
			if err := r.write(o.file); err != nil {
				return err
			}
			fmt.Fprintf(os.Stderr, "%s on %s: %v of %d, seen %v\n", name, c, m.Outcomes, m.Sampled, m.Seen)
		}
	}
	return nil
}

// subject is a network with the number of its inputs.
type subject struct {
	name   string
	engine *engine.Engine
	inputs int
}

// Inputs of the networks: pictures, and values over the range of the one input of hello_world (our choice).
const (
	pictures = 3
	values   = 3
)

// open makes the engines of a configuration.
func open(c isa.Config, shared string) ([]subject, error) {
	net, err := zoo.ByName("fashion-tiny")
	if err != nil {
		return nil, err
	}
	dir := filepath.FromSlash("testdata/models")
	model, err := net.ReadModel(dir)
	if err != nil {
		return nil, err
	}
	in, err := net.ReadInputs(dir)
	if err != nil {
		return nil, err
	}
	tiny, err := prepare(model, in[:pictures], c)
	if err != nil {
		return nil, err
	}
	if model, err = os.ReadFile(filepath.Join(shared, "models", "hello_world_int8.tflite")); err != nil {
		return nil, err
	}
	in = nil
	for k := range values {
		v := -128 + 255*k/(values-1)
		in = append(in, []byte{byte(int8(v))})
	}
	hello, err := prepare(model, in, c)
	if err != nil {
		return nil, err
	}
	return []subject{{"fashion-tiny", tiny, pictures}, {"hello_world", hello, values}}, nil
}

func prepare(model []byte, in [][]byte, c isa.Config) (*engine.Engine, error) {
	n, err := network.Open(model, c)
	if err != nil {
		return nil, err
	}
	return engine.New(n.Program(), in, faults.Options{ECC: npu.ECCNone}, nil)
}

// one measures a block.
func one(ctx context.Context, o *options, b *cosim.Block, engines []subject) (*logic.Measured, error) {
	var nets []logic.Network
	var names []string
	inputs := 0
	for _, s := range engines {
		n := logic.Network{Name: s.name, Engine: s.engine}
		names = nil
		for _, choices := range logic.Mechanisms(b.Boundary.Block) {
			d, err := mechanism.New(s.engine.Table(), choices, mechanism.DefaultCells(), seed)
			if err != nil {
				return nil, err
			}
			if err := protect.Equip(s.engine, d); err != nil {
				return nil, err
			}
			n.Designs, names = append(n.Designs, d), append(names, choices[0].Kind.String())
		}
		nets = append(nets, n)
		inputs = max(inputs, s.inputs)
	}
	return logic.Measure(ctx, b, nets, names, logic.Options{
		Faults: o.faults, Inputs: inputs, Seed: seed, Workers: o.workers,
		Progress: func(what string, done, total int) {
			if done%200 == 0 || done == total {
				fmt.Fprintf(os.Stderr, "%s on %s: %s %d of %d\n", b.Boundary.Block, b.Config, what, done, total)
			}
		},
	})
}
