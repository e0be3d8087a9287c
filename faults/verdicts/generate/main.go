// Command generate judges the verdicts of the product on machines of known truth, writes
// docs/verdicts.json and the end of docs/validation.md, which quotes it. Run it from the
// project's root; with -methods it measures only the part about other methods, with -keep
// nothing, and the page is written from what stands there:
//
//	go run ./faults/verdicts/generate
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

	"upset/faults/provenance"
	"upset/faults/verdicts"
)

// seed was chosen before the first run (our choice).
const seed = 20264

// leastStopped is the least number of machines of which those count whose best design lies
// just beyond the budget, a sixth: 95 of them could hardly show 6 % (our choice).
const leastStopped = 2_000

func main() {
	n := flag.Int("machines", 2_000, "number of machines of known truth for the default")
	methods := flag.Bool("methods", false, "keep the stored verdicts of the default")
	stopped := flag.Int("stopped", 0, "measure only campaigns that stop, without a search, on so many machines; the rest is kept")
	keep := flag.Bool("keep", false, "write the page from the stored verdicts")
	out := flag.String("out", filepath.FromSlash(verdicts.File), "file of the verdicts")
	page := flag.String("page", filepath.FromSlash("docs/validation.md"), "page to end with them")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := error(nil)
	if *stopped > 0 {
		err, *keep = withoutSearch(ctx, *stopped, *out), true
	}
	if err == nil {
		err = run(ctx, *n, *methods, *keep, *out, *page)
	}
	if err != nil {
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
	results, err := verdicts.Read(out)
	if err != nil {
		return err
	}
	part, err := verdicts.Page(results)
	if err != nil {
		return err
	}
	fmt.Print(part)
	before, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	after, err := verdicts.Rewrite(before, part)
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.ToSlash(page), err)
	}
	return os.WriteFile(page, after, 0o644)
}

// withoutSearch measures campaigns that stop on their precision, put on the best design without a search.
func withoutSearch(ctx context.Context, n int, out string) error {
	results, err := verdicts.Read(out)
	if err != nil {
		return err
	}
	made, err := provenance.Now(ctx)
	if err != nil {
		return err
	}
	if made.Probe != results.Methods.Made.Probe || made.Mechanisms != results.Methods.Made.Mechanisms {
		return fmt.Errorf("the rest was measured with %v, this is %v: measure all of it", results.Methods.Made, made)
	}
	for _, m := range verdicts.Methods() {
		if m.Looks {
			if results.Methods.Stopped, err = verdicts.Direct(ctx, m, n, runtime.GOMAXPROCS(0), seed); err != nil {
				return err
			}
			break
		}
	}
	return store(results, out)
}

func store(results verdicts.Results, out string) error {
	data, err := json.Marshal(results)
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(data, '\n'), 0o644)
}

// measure judges the machines and writes what comes out, after each method.
func measure(ctx context.Context, n int, methods bool, out string) error {
	made, err := provenance.Now(ctx)
	if err != nil {
		return err
	}
	var results verdicts.Results
	if methods {
		if results, err = verdicts.Read(out); err != nil {
			return err
		}
	} else {
		results.Made, results.Seed = made, seed
		if results.Verdicts, err = examine(ctx, verdicts.Methods()[0], verdicts.First(n)); err != nil {
			return err
		}
	}
	results.Methods = verdicts.Comparison{Made: made}
	for _, m := range verdicts.Methods() {
		if m.Looks && results.Methods.Stopped.Of == 0 { // the campaign does not depend on the unit of the search
			if results.Methods.Stopped, err = verdicts.Direct(ctx, m, max(n, leastStopped), runtime.GOMAXPROCS(0), seed); err != nil {
				return err
			}
		}
		list, err := examine(ctx, m, verdicts.Compared())
		if err != nil {
			return err
		}
		results.Methods.Lists = append(results.Methods.Lists, verdicts.Other{Method: m, Verdicts: list})
		if err := store(results, out); err != nil {
			return err
		}
	}
	return nil
}

// examine judges machines by a method.
func examine(ctx context.Context, m verdicts.Method, machines []int) ([]verdicts.Verdict, error) {
	list, err := verdicts.Examine(ctx, m, machines, runtime.GOMAXPROCS(0), seed, func(done int) {
		if done%25 == 0 {
			fmt.Fprintf(os.Stderr, "%s: %d of %d machines\n", m, done, len(machines))
		}
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m, err)
	}
	return list, nil
}
