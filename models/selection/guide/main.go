// The command guide writes docs/choosing.md from the registry of selection tasks: which
// workload, which family and which metric for which use.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"upset/models/selection/tasks"
)

func main() {
	if err := run(filepath.Join("docs", "choosing.md")); err != nil {
		fmt.Fprintln(os.Stderr, "guide:", err)
		os.Exit(1)
	}
}

func run(name string) error {
	registry, err := tasks.All()
	if err != nil {
		return err
	}
	text, err := page(registry)
	if err != nil {
		return err
	}
	return os.WriteFile(name, []byte(text), 0o644)
}
