// Command generate writes the tables of docs/software.md from the results in
// docs/software, each of which is software.json from the folder of the command that it
// names. Run it from the project's root:
//
//	go run ./faults/protect/software/generate
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"upset/faults/protect/software"
	"upset/stats/result"
)

// Where the page is, where its results are, and what the tables begin with.
const (
	page    = "docs/software.md"
	results = "docs/software"
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// run writes the page of a checkout.
func run(root string) error {
	text, err := write(root)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, filepath.FromSlash(page)), text, 0o644)
}

// write is the page with the tables of the stored results.
func write(root string) ([]byte, error) {
	old, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(page)))
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(results), "*.json"))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	list := make([]result.Software, len(files))
	for i, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(data, &list[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
	}
	return software.Tables(old, list)
}
