// Command generate measures what pulses in the logic of blocks do and writes docs/set.md and
// the events that --fault set draws from. Run it from the project's root:
//
//	go run ./netlist/transient/generate
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"

	"upset/models/network"
	"upset/netlist"
	"upset/netlist/cosim"
	"upset/netlist/transient"
	"upset/netlist/transient/gates"
	"upset/npu"
	"upset/npu/isa"
)

// Choices of ours.
const (
	seed   = 20266
	pulses = 200_000 // of a block in a configuration, over all networks
	kept   = 1000    // events of a block, in clocks in which it changes and in others
	shown  = 5       // sets of registers
	inputs = 2       // of a network
)

// networks are those whose runs give the states: one of small and one of usual size. The second lies
// beside the project.
var networks = []string{"fashion-tiny", "kws_ref_model"}

func main() {
	divide := flag.Int("divide", 1, "make so many times fewer pulses")
	shared := flag.String("shared", "../shared", "folder with models and golden inputs")
	out := flag.String("out", filepath.FromSlash("docs/set.md"), "page to write")
	dir := flag.String("events", filepath.FromSlash("netlist/transient/events"), "folder for the events")
	block := flag.String("block", "", "measure one block only and print")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, max(1, *divide), *shared, *out, *dir, *block); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// measured is a block in a configuration.
type measured struct {
	config isa.Config
	*gates.Result
	kept *transient.Block
}

func run(ctx context.Context, divide int, shared, out, dir, only string) error {
	var list []measured
	var files [][]byte
	for _, c := range isa.Configs {
		runs, err := open(shared, c)
		if err != nil {
			return err
		}
		blocks, owned, err := openBlocks(c)
		if err != nil {
			return err
		}
		var keep []*transient.Block
		for i, b := range blocks {
			if only != "" && b.Boundary.Block != only {
				continue
			}
			r, err := gates.Measure(ctx, b, owned[i], runs, pulses/divide, seed, runtime.NumCPU())
			if err != nil {
				return fmt.Errorf("%s on %s: %w", b.Boundary.Block, c, err)
			}
			k, err := r.Kept(kept)
			if err != nil {
				return err
			}
			fmt.Fprintf(os.Stderr, "%s on %s: %d pulses, %.0f GE, depth %d, fates %.4v, of captured: active %.4v, sizes %.4v, %d events\n",
				b.Boundary.Block, c, r.Pulses(), r.Area, r.Depth, r.FateShares(), r.Active(), r.SizeShares(), len(k.Events))
			list, keep = append(list, measured{c, r, k}), append(keep, k)
		}
		var f bytes.Buffer
		if err := transient.Write(&f, netlist.New(c, npu.ECCNone), keep); err != nil {
			return err
		}
		files = append(files, f.Bytes())
	}
	if only != "" {
		return nil
	}
	for i, c := range isa.Configs {
		if err := os.WriteFile(filepath.Join(dir, c.String()+".json.gz"), files[i], 0o644); err != nil {
			return err
		}
	}
	return write(ctx, out, list)
}

// openBlocks opens the blocks that have gates. A register that several of them have belongs to
// the last: the counters to those who drive them.
func openBlocks(c isa.Config) (blocks []*cosim.Block, owned [][]bool, err error) {
	owner := map[netlist.SiteID]int{}
	var sites [][]netlist.SiteID
	for _, name := range cosim.Blocks() {
		b, err := cosim.Open(name, c)
		if err != nil {
			fmt.Fprintln(os.Stderr, "generate:", err)
			continue
		}
		s := b.Sites()
		for _, id := range s {
			owner[id] = len(blocks)
		}
		blocks, sites = append(blocks, b), append(sites, s)
	}
	for i := range blocks {
		o := make([]bool, len(sites[i]))
		for k, id := range sites[i] {
			o[k] = owner[id] == i
		}
		owned = append(owned, o)
	}
	return blocks, owned, nil
}

// open makes runs of the networks, one of each input.
func open(shared string, c isa.Config) ([]cosim.Run, error) {
	var out []cosim.Run
	for _, name := range networks {
		file, golden := filepath.Join("testdata", "models", name+".tflite"), filepath.Join("testdata", "models", name+".inputs")
		if _, err := os.Stat(file); err != nil {
			file, golden = filepath.Join(shared, "models", name+".tflite"), filepath.Join(shared, "golden", name)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		n, err := network.Open(data, c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		p := n.Program()
		if p == nil {
			return nil, fmt.Errorf("%s runs partly on the host", name)
		}
		list, err := filepath.Glob(filepath.Join(golden, "in_*.bin"))
		if err != nil || len(list) < inputs {
			return nil, fmt.Errorf("%s has %d inputs, want %d (%v)", golden, len(list), inputs, err)
		}
		slices.Sort(list)
		for _, f := range list[:inputs] {
			in, err := os.ReadFile(f)
			if err != nil {
				return nil, err
			}
			var mem isa.Memory
			if err := p.Load(&mem, in); err != nil {
				return nil, err
			}
			out = append(out, runOf(p, name, in))
		}
	}
	return out, nil
}

// runOf is a program on an input that it takes.
func runOf(p *network.Program, name string, in []byte) cosim.Run {
	return cosim.Run{Name: name, Start: func() *npu.Machine {
		var mem isa.Memory
		if err := p.Load(&mem, in); err != nil {
			panic(err) // it has been loaded before
		}
		m := npu.New(p.Config, npu.DefaultSystem(), npu.ECCNone, &mem)
		p.Start(m)
		return m
	}}
}
