// The command generate runs every file of the collection of real networks and
// writes what became of them, by default to docs/networks.md.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"upset/models/networks"
)

func main() {
	dir := flag.String("data", "../shared", "folder with the networks and reference outputs")
	out := flag.String("out", "docs/networks.md", "page to write")
	only := flag.String("only", "", "print the files whose folder and name, as in zoo/user/esphome, begin with this, and write no page")
	workers := flag.Int("workers", 2, "files at a time")
	macs := flag.Int64("macs", 1_000_000_000, "MACs above which a network does not run")
	cycle := flag.Int64("cycle-macs", 1_000_000_000, "MACs above which it does not run on the cycle-level machine")
	flag.Parse()
	if err := run(*dir, *out, *only, *workers, networks.Limits{MACs: *macs, Cycle: *cycle}); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(dir, out, only string, workers int, limits networks.Limits) error {
	files, err := networks.Scan(dir)
	if err != nil {
		return err
	}
	results := make([]*networks.Result, len(files))
	var g errgroup.Group
	g.SetLimit(workers)
	for i, f := range files {
		if !strings.HasPrefix(f.Folder+"/"+f.Name, only) {
			continue
		}
		g.Go(func() error {
			start := time.Now()
			r, err := networks.Judge(f, limits)
			if err != nil {
				return err
			}
			results[i] = r
			fmt.Fprintf(os.Stderr, "%6.1f s  %s/%s on %s: %s\n", time.Since(start).Seconds(), f.Folder, f.Name, f.Config, r.Verdict())
			return nil
		})
	}
	if err := g.Wait(); err != nil || only != "" {
		return err
	}
	var b bytes.Buffer
	if err := networks.Write(&b, results); err != nil {
		return err
	}
	return os.WriteFile(out, b.Bytes(), 0o644)
}
