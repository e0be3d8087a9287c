// Command generate measures what random inputs in place of real ones do to the shares of
// a campaign, and writes docs/inputs.md. Run it from the project's root:
//
//	go run ./faults/stimulus/generate
package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/faults/provenance"
	"upset/models/inputs"
	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats/result"
)

// Choices of ours.
const (
	seed   = 20267
	number = 8 // of inputs, as many as upset draws where none are given
	config = isa.U55x128
)

// network is one with real inputs.
type subject struct{ name, model, folder string }

var networks = []subject{
	{"fashion-dscnn (pictures of clothes)", "testdata/models/fashion-dscnn.tflite", "testdata/models/fashion-dscnn.inputs"},
	{"kws_ref_model (spoken words)", "../shared/models/kws_ref_model.tflite", "../shared/inputs/kws_ref_model"},
	{"ad01_int8 (sound of machines)", "../shared/models/ad01_int8.tflite", "../shared/inputs/ad01_int8"},
}

// pair is a network under real and under random inputs.
type pair struct {
	subject
	real, random *result.Campaign
}

func main() {
	injections := flag.Int("injections", 2000, "injections of each campaign")
	out := flag.String("out", filepath.FromSlash("docs/inputs.md"), "page to write")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *injections, *out); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, injections int, out string) error {
	var pairs []pair
	for _, k := range networks {
		p, err := measure(ctx, k, injections)
		if err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		pairs = append(pairs, p)
	}
	return provenance.Write(ctx, out, []byte(page(pairs, injections)), false)
}

// measure runs the two campaigns of a network.
func measure(ctx context.Context, k subject, injections int) (pair, error) {
	data, err := os.ReadFile(filepath.FromSlash(k.model))
	if err != nil {
		return pair{}, err
	}
	n, err := network.Open(data, config)
	if err != nil {
		return pair{}, err
	}
	set, err := inputs.Folder(filepath.FromSlash(k.folder), n.Inputs, inputs.Options{})
	if err != nil {
		return pair{}, err
	}
	p := pair{subject: k}
	if p.real, err = inject(ctx, n.Program(), set.Data[:min(number, len(set.Data))], injections); err != nil {
		return p, err
	}
	p.random, err = inject(ctx, n.Program(), inputs.Random(n, seed, 0, number), injections)
	return p, err
}

// inject runs one campaign with the settings of upset campaign run.
func inject(ctx context.Context, p *network.Program, in [][]byte, injections int) (*result.Campaign, error) {
	dir, err := os.MkdirTemp("", "stimulus")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	e, err := engine.NewContext(ctx, p, in, faults.Options{ECC: npu.ECCSECDED}, nil)
	if err != nil {
		return nil, err
	}
	return campaign.Run(ctx, e, campaign.Spec{Model: "stimulus", Seed: seed, Injections: injections}, dir, campaign.RunOptions{Workers: runtime.NumCPU()})
}

// page tells the measurement.
func page(pairs []pair, injections int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# What random inputs do to the result

This page is written by

    go run ./faults/stimulus/generate

Without inputs, upset draws %d random ones: uniform bytes. A network does not behave on noise as on what it was trained for. Activations
saturate or stay at zero elsewhere, and a classifier sees a tie, or one class with a margin that no real input has. Both change
which upsets matter. Here the same campaign (%d injections each, seed %d, %s, SECDED on RAM, automatic criterion) runs on %d real inputs and on %d random ones. Shares are
of all upsets in flops and RAM, with intervals at 95 %%.

| network | inputs | violating | SDC | critical SDC |
|---|---|---:|---:|---:|
`, number, injections, seed, config, number, number)
	for _, p := range pairs {
		for _, c := range []struct {
			what string
			r    *result.Campaign
		}{{"real", p.real}, {"random", p.random}} {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", p.name, c.what, share(c.r.AVF.Violating), share(c.r.AVF.SDC), share(c.r.AVF.Critical))
		}
	}
	fmt.Fprintf(&b, "\nThe warning of upset says: *%s*\n", sentence(pairs))
	b.WriteString(`
Nearly all of the difference is SDC: what stops or hangs the NPU does so whatever the data are. A wrong value that a real input
would have masked (behind a zero, a saturated sum, a maximum that is far away) gets through on noise. A criterion that compares with the
input, such as the reconstruction error of an autoencoder, may go the other way: noise is reconstructed so badly that an upset hardly adds to it. A
result on random inputs is thus neither an upper nor a lower limit of one on real inputs.

What to do: give inputs from the use of the network, with --inputs. A folder may hold raw tensors, arrays of NumPy, pictures and sound; the README shows it.
`)
	return b.String()
}

// share is a proportion in percent with its interval.
func share(i result.Interval) string {
	return fmt.Sprintf("%.3f %% [%.3f, %.3f]", 100*i.Estimate, 100*i.Low, 100*i.High)
}

// sentence sums the effect up.
func sentence(pairs []pair) string {
	text := func(of func(*result.Campaign) result.Interval) string {
		low, high := math.Inf(1), math.Inf(-1)
		for _, p := range pairs {
			ratio := of(p.random).Estimate / of(p.real).Estimate
			low, high = min(low, ratio), max(high, ratio)
		}
		return fmt.Sprintf("%.2f to %.2f", low, high)
	}
	return fmt.Sprintf("on three networks they multiplied the violating AVF by %s and the critical one by %s (docs/inputs.md)",
		text(func(c *result.Campaign) result.Interval { return c.AVF.Violating }), text(func(c *result.Campaign) result.Interval { return c.AVF.Critical }))
}
