// The command generate writes docs/selection.md, with its figures, from the files in
// docs/selection. With -measure it first injects faults into a classifier, finds the
// cheapest protection of it, and injects the same faults into every selection task,
// without and with that protection, as far as that is not stored yet.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"upset/faults/provenance"
)

func main() {
	measure := flag.Bool("measure", false, "inject what is not stored yet")
	n := flag.Int("faults", 10_000, "faults of the shared list")
	persistent := flag.Int("persistent", 300, "bits of each program that are flipped")
	only := flag.String("task", "", "measure this task alone")
	flag.Parse()
	x := &experiment{faults: *n, persistent: *persistent, workers: runtime.GOMAXPROCS(0), only: *only}
	if !*measure {
		x = nil
	}
	if err := run(x); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

var pageFile = filepath.Join("docs", "selection.md")

// figures are the files of the page's figures.
var figures = map[string]func(*answer) ([]byte, error){
	filepath.Join(folder, "shares.svg"): drawShares,
	filepath.Join(folder, "answer.svg"): drawAnswer,
}

// run measures, where x is not nil, and writes the page.
func run(x *experiment) error {
	if x != nil {
		if x.faults < 1 || x.persistent < 1 {
			return fmt.Errorf("%d faults and %d bits: want at least 1", x.faults, x.persistent)
		}
		if err := x.run(context.Background()); err != nil {
			return err
		}
	}
	s, err := read()
	if err != nil {
		return err
	}
	a, err := judge(s)
	if err != nil {
		return err
	}
	for name, draw := range figures {
		svg, err := draw(a)
		if err != nil {
			return err
		}
		if err := os.WriteFile(name, svg, 0o644); err != nil {
			return err
		}
	}
	text, err := writePage(a)
	if err != nil {
		return err
	}
	stamped, err := provenance.Stamp(text, s.Made)
	if err != nil {
		return err
	}
	return os.WriteFile(pageFile, stamped, 0o644)
}
