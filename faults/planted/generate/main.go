// Command generate judges the verdicts of the product on planted populations, writes
// docs/verdicts.json and the end of docs/validation.md, which quotes it. Run it from the
// project's root; with -methods it measures only the part about other methods, with -keep
// nothing, and the page is written from what stands there:
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
	methods := flag.Bool("methods", false, "keep the stored verdicts of the default")
	keep := flag.Bool("keep", false, "write the page from the stored verdicts")
	out := flag.String("out", filepath.FromSlash(planted.File), "file of the verdicts")
	page := flag.String("page", filepath.FromSlash("docs/validation.md"), "page to end with them")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *n, *methods, *keep, *out, *page); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, n int, methods, keep bool, out, page string) error {
	if !keep {
		if err := measure(ctx, n, methods, out); err != nil {
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

// measure judges the populations and writes what comes out, after each method.
func measure(ctx context.Context, n int, methods bool, out string) error {
	made, err := provenance.Now(ctx)
	if err != nil {
		return err
	}
	var results planted.Results
	if methods {
		if results, err = planted.Read(out); err != nil {
			return err
		}
	} else {
		results.Made, results.Seed = made, seed
		if results.Verdicts, err = examine(ctx, planted.Methods()[0], planted.First(n)); err != nil {
			return err
		}
	}
	results.Methods = planted.Comparison{Made: made}
	for _, m := range planted.Methods() {
		if m.Looks && results.Methods.Stopped.Of == 0 { // the campaign does not depend on the unit of the search
			if results.Methods.Stopped, err = planted.Direct(ctx, m, n, runtime.GOMAXPROCS(0), seed); err != nil {
				return err
			}
		}
		list, err := examine(ctx, m, planted.Compared())
		if err != nil {
			return err
		}
		results.Methods.Lists = append(results.Methods.Lists, planted.Other{Method: m, Verdicts: list})
		data, err := json.Marshal(results)
		if err != nil {
			return err
		}
		if err := os.WriteFile(out, append(data, '\n'), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// examine judges populations by a method.
func examine(ctx context.Context, m planted.Method, populations []int) ([]planted.Verdict, error) {
	list, err := planted.Examine(ctx, m, populations, runtime.GOMAXPROCS(0), seed, func(done int) {
		if done%25 == 0 {
			fmt.Fprintf(os.Stderr, "%s: %d of %d populations\n", m, done, len(populations))
		}
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m, err)
	}
	return list, nil
}
