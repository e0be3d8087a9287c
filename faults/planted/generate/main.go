// Command generate judges the verdicts of the product on planted populations and
// writes docs/verdicts.json, which docs/validation.md quotes. Run it from the
// project's root, then rewrite the page:
//
//	go run ./faults/planted/generate
//	go run ./faults/exhaustive/generate -keep
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"

	"upset/faults/planted"
	"upset/faults/provenance"
)

// seed was chosen before the first run (our choice).
const seed = 20264

func main() {
	n := flag.Int("populations", 2_000, "number of planted populations")
	out := flag.String("out", filepath.FromSlash(planted.File), "file to write")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *n, *out); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, n int, out string) error {
	list, err := planted.Examine(ctx, n, runtime.NumCPU(), seed, func(done int) {
		if done%50 == 0 {
			fmt.Fprintf(os.Stderr, "%d of %d populations\n", done, n)
		}
	})
	if err != nil {
		return err
	}
	made, err := provenance.Now(ctx)
	if err != nil {
		return err
	}
	results := planted.Results{Made: made, Seed: seed, Verdicts: list}
	data, err := json.Marshal(results)
	if err != nil {
		return err
	}
	page, err := planted.Page(results)
	if err != nil {
		return err
	}
	fmt.Print(page)
	return os.WriteFile(out, append(data, '\n'), 0o644)
}
