// The command generate measures the weight streams of every network that Vela
// compiled and writes the comparison, by default to docs/weights.md.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"upset/models/weights"
	"upset/npu/isa"
)

func main() {
	dir := flag.String("data", "../shared", "folder with the models and Vela's outputs")
	out := flag.String("out", "docs/weights.md", "page to write")
	flag.Parse()
	if err := run(*dir, *out); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(dir, out string) error {
	vela := filepath.Join(dir, "vela")
	var list []*weights.Comparison
	for _, c := range isa.Configs {
		names, err := weights.Networks(vela, c)
		if err != nil {
			return err
		}
		for _, n := range names {
			r, err := weights.Compare(vela, filepath.Join(dir, "models"), n, c)
			if err != nil {
				return err
			}
			if r != nil {
				list = append(list, r)
			}
		}
	}
	if len(list) == 0 {
		return fmt.Errorf("no compiled network with weights in %s", vela)
	}
	var b bytes.Buffer
	if err := weights.Write(&b, list); err != nil {
		return err
	}
	return os.WriteFile(out, b.Bytes(), 0o644)
}
