// Command generate judges the verdicts of the product on planted populations, writes
// docs/verdicts.json and the end of docs/validation.md, which quotes it. Run it from the
// project's root; with -keep it writes the page again from the verdicts that stand there:
//
//	go run ./faults/planted/generate
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
	n := flag.Int("populations", 2_000, "number of planted populations for the default")
	others := flag.Int("others", 240, "number of them for each other method")
	keep := flag.Bool("keep", false, "write the page from the stored verdicts")
	out := flag.String("out", filepath.FromSlash(planted.File), "file of the verdicts")
	page := flag.String("page", filepath.FromSlash("docs/validation.md"), "page to end with them")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *n, *others, *keep, *out, *page); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, n, others int, keep bool, out, page string) error {
	if !keep {
		if err := measure(ctx, n, others, out); err != nil {
			return err
		}
	}
	results, err := planted.Read(out)
	if err != nil {
		return err
	}
	part, err := planted.Page(results)
	if err != nil {
		return err
	}
	fmt.Print(part)
	before, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	after, err := planted.Rewrite(before, part)
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.ToSlash(page), err)
	}
	return os.WriteFile(page, after, 0o644)
}

// measure judges the populations and writes what comes out.
func measure(ctx context.Context, n, others int, out string) error {
	made, err := provenance.Now(ctx)
	if err != nil {
		return err
	}
	results := planted.Results{Made: made, Seed: seed}
	for i, m := range planted.Methods() {
		size := n
		if i > 0 {
			size = min(n, others)
		}
		list, err := planted.Examine(ctx, m, size, runtime.NumCPU(), seed, func(done int) {
			if done%50 == 0 {
				fmt.Fprintf(os.Stderr, "%s: %d of %d populations\n", m, done, size)
			}
		})
		if err != nil {
			return fmt.Errorf("%s: %w", m, err)
		}
		if i == 0 {
			results.Verdicts = list
			continue
		}
		results.Others = append(results.Others, planted.Other{Method: m, Verdicts: list})
	}
	for _, m := range planted.Methods() {
		if m.Looks {
			if results.Stopped, err = planted.Direct(ctx, m, n, runtime.NumCPU(), seed); err != nil {
				return err
			}
			break // the campaign does not depend on the unit of the search
		}
	}
	data, err := json.Marshal(results)
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(data, '\n'), 0o644)
}
