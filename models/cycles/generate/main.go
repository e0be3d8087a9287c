// The command generate runs every network that Vela compiled and writes the
// comparison of cycles, by default to docs/cycles.md.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"

	"upset/models/cycles"
	"upset/npu"
	"upset/npu/isa"
)

func main() {
	dir := flag.String("vela", "../shared/vela", "folder with Vela's outputs")
	later := flag.String("later", "../shared/vela51", "folder with the outputs of Vela 5.1")
	out := flag.String("out", "docs/cycles.md", "page to write")
	only := flag.String("only", "", "print the layers of the networks whose configuration and name, as in u55-128/kws, begin with this")
	ideal := flag.Bool("ideal", false, "with -only: flash as fast as the bus, without latency")
	flag.Parse()
	system := npu.DefaultSystem()
	if *ideal {
		system.Flash = npu.Timing{BeatInterval: 1, ReadLatency: 1, WriteLatency: 1}
	}
	if *ideal && *only == "" {
		fmt.Fprintln(os.Stderr, "generate: -ideal is no page of its own: choose networks with -only")
		os.Exit(1)
	}
	if err := run(*dir, *later, *out, *only, system); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(dir, later, out, only string, system npu.System) error {
	var list []*cycles.Comparison
	for _, c := range isa.Configs {
		names, err := cycles.Networks(dir, c)
		if err != nil {
			return err
		}
		for _, n := range names {
			if !strings.HasPrefix(c.String()+"/"+n, only) {
				continue
			}
			r, err := cycles.Compare(dir, n, c, system)
			if err != nil {
				return err
			}
			list = append(list, r)
			if only != "" {
				show(r)
			}
		}
	}
	if len(list) == 0 {
		return fmt.Errorf("no compiled network in %s that begins with %q", dir, only)
	}
	if only != "" {
		return nil
	}
	var totals []cycles.Total
	for _, c := range isa.Configs {
		names, err := cycles.LaterNetworks(later, c)
		if err != nil {
			return err
		}
		for _, n := range names {
			t, err := cycles.Later(later, n, c, system)
			if err != nil {
				return err
			}
			totals = append(totals, t)
		}
	}
	var b bytes.Buffer
	if err := cycles.Write(&b, list, totals); err != nil {
		return err
	}
	return os.WriteFile(out, b.Bytes(), 0o644)
}

// show prints the layers of one network.
func show(c *cycles.Comparison) {
	fmt.Printf("%s on %v: %d, Vela %.0f, ratio %.3f\n", c.Network, c.Config, c.Ours, c.Vela, c.Ratio())
	if r, ok := c.Rank(); ok {
		fmt.Printf("rank correlation of its operations %.3f\n", r)
	}
	for i, l := range c.Layers {
		fmt.Printf("%4d %-22s %4d parts %9d %9.0f %6.2f\n", i, l.Kind, l.Parts, l.Ours, l.Cycles, l.Ratio())
	}
}
