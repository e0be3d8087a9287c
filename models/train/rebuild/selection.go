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

	"upset/models/train/cover"
	"upset/models/train/data"
	"upset/models/train/edit"
	"upset/models/train/exit"
	"upset/models/train/loss"
	"upset/models/train/match"
	"upset/models/train/route"
	"upset/models/zoo"
)

// selectionSeeds are those of every selection task.
var selectionSeeds = []uint64{1, 2, 3}

// selectionRecipes are the recipes of all families.
func selectionRecipes() []data.Recipe {
	return slices.Concat(
		exit.Recipes(),
		cover.Recipes(),
		match.Recipes(),
		route.Recipes(),
		loss.Recipes(),
		edit.Recipes(),
	)
}

// rebuildSelection trains the networks of the named selection tasks, or of all,
// and writes their files below dir.
func rebuildSelection(tasks []string, fashion, dir string, out io.Writer) error {
	if dir == "" {
		models, err := zoo.Dir()
		if err != nil {
			return err
		}
		dir = filepath.Join(models, "..", "..", "models", "selection", "artefacts")
	}
	source := &data.Source{FashionDir: fashion}
	known := map[string]bool{}
	var names []string
	for _, r := range selectionRecipes() {
		known[r.Task] = true
		names = append(names, r.Task)
	}
	for _, t := range tasks {
		if !known[t] {
			return fmt.Errorf("unknown task %q: use one of %s", t, strings.Join(names, ", "))
		}
	}
	for _, r := range selectionRecipes() {
		if len(tasks) > 0 && !slices.Contains(tasks, r.Task) {
			continue
		}
		for _, seed := range selectionSeeds {
			files, err := r.Make(seed, source)
			if err != nil {
				return fmt.Errorf("%s, seed %d: %w", r.Task, seed, err)
			}
			n, err := writeFolder(filepath.Join(dir, r.Task, strconv.FormatUint(seed, 10)), files)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "%s, seed %d: %d files, %d bytes\n", r.Task, seed, len(files), n)
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
