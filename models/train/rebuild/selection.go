package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"upset/models/selection"
	"upset/models/selection/tasks"
	"upset/models/train/data"
	"upset/models/zoo"
)

// rebuildSelection trains the networks of the named selection tasks, or of all, for the
// seeds that are stored, and writes their files below dir: TASK/data/SEED.
func rebuildSelection(names []string, fashion, dir string, out io.Writer) error {
	if dir == "" {
		models, err := zoo.Dir()
		if err != nil {
			return err
		}
		dir = filepath.Join(models, "..", "..", "models", "selection", "tasks")
	}
	source := &data.Source{FashionDir: fashion}
	var known []string
	for _, s := range tasks.Stores() {
		known = append(known, s.Task)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return fmt.Errorf("unknown task %q: use one of %s", name, strings.Join(known, ", "))
		}
	}
	for _, s := range tasks.Stores() {
		if len(names) > 0 && !slices.Contains(names, s.Task) {
			continue
		}
		for _, seed := range selection.Seeds() {
			files, err := s.Make(seed, source)
			if err != nil {
				return fmt.Errorf("%s, seed %d: %w", s.Task, seed, err)
			}
			n, err := writeFolder(filepath.Join(dir, s.Task, "data", strconv.FormatUint(seed, 10)), files)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "%s, seed %d: %d files, %d bytes\n", s.Task, seed, len(files), n)
		}
	}
	return nil
}

func writeFolder(dir string, files map[string][]byte) (int, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, err
	}
	n := 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(filepath.Join(dir, name), files[name], 0o644); err != nil {
			return n, err
		}
		n += len(files[name])
	}
	return n, nil
}
