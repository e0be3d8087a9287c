// The command transfer chooses protections on some networks and judges them on others,
// and writes docs/transfer.md. Run it from the project's root:
//
//	go run ./cmd/transfer
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
	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/faults/protect"
	"upset/faults/provenance"
	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
)

// Choices of ours: a minute or two of campaigns on two cores, on inputs of each network
// that both campaigns share, so that a second one is another sample of the same faults.
const (
	config     = "u55-128"
	inputs     = 4
	chooseSeed = 20261
	judgeSeed  = 20262
)

// networks are the shipped ones, and others from the data folder where it is there.
var networks = []struct{ name, model, inputs string }{
	{"fashion-tiny", "testdata/models/fashion-tiny.tflite", "testdata/models/fashion-tiny.inputs"},
	{"fashion-nano", "testdata/models/fashion-nano.tflite", "testdata/models/fashion-nano.inputs"},
	{"fashion-dscnn", "testdata/models/fashion-dscnn.tflite", "testdata/models/fashion-dscnn.inputs"},
	{"kws_ref_model", "models/kws_ref_model.tflite", "golden/kws_ref_model"},
	{"ad01_int8", "models/ad01_int8.tflite", "golden/ad01_int8"},
	{"vww_96_int8", "models/vww_96_int8.tflite", "golden/vww_96_int8"},
}

func main() {
	n := flag.Int("injections", 8000, "injections of each campaign")
	shared := flag.String("shared", filepath.FromSlash("../shared"), "folder with further models and golden inputs")
	out := flag.String("out", filepath.FromSlash("docs/transfer.md"), "page to write")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *n, *shared, *out); err != nil {
		fmt.Fprintln(os.Stderr, "transfer:", err)
		os.Exit(1)
	}
}

// run makes two campaigns on every network, chooses, judges, and writes the page.
func run(ctx context.Context, injections int, shared, out string) error {
	dir, err := os.MkdirTemp("", "transfer")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var cases []protect.TransferCase
	for _, n := range networks {
		model, folder := filepath.FromSlash(n.model), filepath.FromSlash(n.inputs)
		if _, err := os.Stat(model); err != nil {
			model, folder = filepath.Join(shared, model), filepath.Join(shared, folder)
		}
		if _, err := os.Stat(model); err != nil {
			fmt.Fprintf(os.Stderr, "%s is left out: there is no %s\n", n.name, model)
			continue
		}
		e, err := open(ctx, model, folder)
		if err != nil {
			return fmt.Errorf("%s: %w", n.name, err)
		}
		c := protect.TransferCase{Name: n.name, Engine: e}
		for seed, to := range map[uint64]**campaign.Stored{chooseSeed: &c.Choose, judgeSeed: &c.Judge} {
			if *to, err = inject(ctx, e, filepath.Join(dir, fmt.Sprint(n.name, seed)), campaign.Spec{Model: n.name, Injections: injections, Seed: seed}); err != nil {
				return fmt.Errorf("%s: %w", n.name, err)
			}
		}
		fmt.Fprintf(os.Stderr, "%s: campaigns done\n", n.name)
		cases = append(cases, c)
	}
	list, err := protect.Transfer(ctx, cases, protect.Options{Workers: runtime.NumCPU()})
	if err != nil {
		return err
	}
	var names []string
	for _, c := range cases {
		names = append(names, c.Name)
	}
	return provenance.Write(ctx, out, []byte(page(injections, names, list)), true)
}

// inject runs a campaign.
func inject(ctx context.Context, e *engine.Engine, dir string, spec campaign.Spec) (*campaign.Stored, error) {
	if _, err := campaign.Run(ctx, e, spec, dir, campaign.RunOptions{Workers: runtime.NumCPU()}); err != nil {
		return nil, err
	}
	return campaign.Load(dir)
}

// open makes an engine for a network with its first inputs.
func open(ctx context.Context, model, folder string) (*engine.Engine, error) {
	data, err := os.ReadFile(model)
	if err != nil {
		return nil, err
	}
	c, err := isa.ParseConfig(config)
	if err != nil {
		return nil, err
	}
	n, err := network.Open(data, c)
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(folder, "in_*.bin"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no inputs in %s: %w", folder, os.ErrNotExist)
	}
	var in [][]byte
	for _, f := range files[:min(inputs, len(files))] {
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		in = append(in, b)
	}
	return engine.NewContext(ctx, n.Program(), in, faults.Options{ECC: npu.ECCSECDED}, nil)
}
