// Package artefacts holds the trained networks and pools of the selection tasks:
// a folder for every task and seed. They are made by
//
//	go run ./models/train/rebuild -selection
package artefacts

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"strconv"

	"upset/models/selection"
	"upset/models/tflite"
)

//go:embed */*/*
var files embed.FS

// Folder is what one task has for one seed.
type Folder struct {
	dir string
}

// Open returns the folder of a task and seed.
func Open(task string, seed uint64) (Folder, error) {
	f := Folder{path.Join(task, strconv.FormatUint(seed, 10))}
	if _, err := files.ReadDir(f.dir); err != nil {
		return f, fmt.Errorf("artefacts: task %s has nothing for seed %d: use seed 1, 2 or 3", task, seed)
	}
	return f, nil
}

// Bytes returns a file.
func (f Folder) Bytes(name string) ([]byte, error) {
	b, err := files.ReadFile(path.Join(f.dir, name))
	if err != nil {
		return nil, fmt.Errorf("artefacts: %w", err)
	}
	return b, nil
}

// Labels returns a file of one small number a byte.
func (f Folder) Labels(name string) ([]int, error) {
	b, err := f.Bytes(name)
	if err != nil {
		return nil, err
	}
	list := make([]int, len(b))
	for i, v := range b {
		list[i] = int(v)
	}
	return list, nil
}

// JSON reads a file of JSON into v.
func (f Folder) JSON(name string, v any) error {
	b, err := f.Bytes(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("artefacts: %s: %w", path.Join(f.dir, name), err)
	}
	return nil
}

// Scorer joins the network NAME.tflite with a pool of rows, a file of
// concatenated inputs.
func (f Folder) Scorer(name, rows string) (selection.Scorer, error) {
	s := selection.Scorer{Name: name}
	var err error
	if s.Model, err = f.Bytes(name + ".tflite"); err != nil {
		return s, err
	}
	pool, err := f.Bytes(rows)
	if err != nil {
		return s, err
	}
	m, err := tflite.Parse(s.Model)
	if err != nil {
		return s, fmt.Errorf("artefacts: %s/%s: %w", f.dir, name, err)
	}
	size := 1
	for _, d := range m.Subgraphs[0].Tensors[m.Subgraphs[0].Inputs[0]].Shape {
		size *= d
	}
	if len(pool)%size != 0 {
		return s, fmt.Errorf("artefacts: %s/%s: %d bytes are no rows of %d", f.dir, rows, len(pool), size)
	}
	for at := 0; at < len(pool); at += size {
		s.Rows = append(s.Rows, pool[at:at+size:at+size])
	}
	return s, nil
}
