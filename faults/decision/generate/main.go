// The command generate writes docs/selection.md, with its figure, from
// docs/selection/results.json. With -measure it first injects faults into every
// selection task and into a classifier, finds the cheapest protection of the
// classifier, and injects the same faults into the protected machine.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"upset/faults/provenance"
)

func main() {
	measure := flag.Bool("measure", false, "inject anew")
	n := flag.Int("faults", 10_000, "faults of the shared list")
	persistent := flag.Int("persistent", 300, "bits of each program that are flipped")
	flag.Parse()
	if err := run(*measure, *n, *persistent); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

var (
	resultsFile = filepath.Join("docs", "selection", "results.json")
	figureFile  = filepath.Join("docs", "selection", "shares.svg")
	pageFile    = filepath.Join("docs", "selection.md")
)

func run(measure bool, n, persistent int) error {
	if measure {
		x := experiment{faults: n, persistent: persistent, workers: runtime.NumCPU()}
		r, err := x.run(context.Background())
		if err != nil {
			return err
		}
		if r.Made, err = provenance.Now(context.Background()); err != nil {
			return err
		}
		text, err := json.MarshalIndent(r, "", " ")
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(resultsFile), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(resultsFile, append(text, '\n'), 0o644); err != nil {
			return err
		}
	}
	text, err := os.ReadFile(resultsFile)
	if err != nil {
		return err
	}
	var r results
	if err := json.Unmarshal(text, &r); err != nil {
		return err
	}
	figure, err := drawShares(&r)
	if err != nil {
		return err
	}
	if err := os.WriteFile(figureFile, figure, 0o644); err != nil {
		return err
	}
	var page bytes.Buffer
	if err := writePage(&page, &r); err != nil {
		return err
	}
	stamped, err := provenance.Stamp(page.Bytes(), r.Made)
	if err != nil {
		return err
	}
	return os.WriteFile(pageFile, stamped, 0o644)
}
