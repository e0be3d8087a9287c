// Command generate measures the known answers of package qualify with the present program.
// Run it from the project's root, after a change that is meant to change them:
//
//	go run ./faults/qualify/generate
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"upset/faults/qualify"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run() error {
	dir, err := os.MkdirTemp("", "known")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	k, err := qualify.Measure(context.Background(), dir)
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(k, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.FromSlash("faults/qualify/known.json"), append(data, '\n'), 0o644)
}
