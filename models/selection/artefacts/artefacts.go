// Package artefacts holds the trained networks and pools of selection tasks. Those of
// three seeds are stored with each task; they are made by
//
//	go run ./models/train/rebuild -selection
//
// Any other seed is trained when it is asked for.
package artefacts

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"sync"

	"upset/models/selection"
	"upset/models/tflite"
	"upset/models/train"
	"upset/models/train/data"
)

// Store is what one task has: stored files, data/SEED/NAME, and the recipe that makes
// them.
type Store struct {
	Task   string
	Stored fs.FS
	Make   func(seed uint64, s *data.Source) (map[string][]byte, error)

	mu   sync.Mutex
	made map[uint64]map[string][]byte
}

// Folder is what one task has for one seed.
type Folder struct {
	name string
	read func(name string) ([]byte, error)
}

// IsStored reports whether a seed needs no training.
func (s *Store) IsStored(seed uint64) bool {
	_, err := fs.Stat(s.Stored, path.Join("data", strconv.FormatUint(seed, 10)))
	return err == nil
}

// Open returns the files of a seed. One that is not stored is trained, which takes from
// a second to a minute, and kept.
func (s *Store) Open(seed uint64) (Folder, error) {
	f := Folder{name: fmt.Sprintf("%s, seed %d", s.Task, seed)}
	if s.IsStored(seed) {
		f.read = func(name string) ([]byte, error) {
			return fs.ReadFile(s.Stored, path.Join("data", strconv.FormatUint(seed, 10), name))
		}
		return f, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	files, ok := s.made[seed]
	if !ok {
		var err error
		if files, err = s.Make(seed, &data.Source{FashionDir: train.DefaultDataDir}); err != nil {
			return f, fmt.Errorf("%s is not stored and cannot be trained: %w", f.name, err)
		}
		if s.made == nil {
			s.made = map[uint64]map[string][]byte{}
		}
		s.made[seed] = files
	}
	f.read = func(name string) ([]byte, error) {
		if b, ok := files[name]; ok {
			return b, nil
		}
		return nil, fmt.Errorf("no file %s", name)
	}
	return f, nil
}

// Bytes returns a file.
func (f Folder) Bytes(name string) ([]byte, error) {
	b, err := f.read(name)
	if err != nil {
		return nil, fmt.Errorf("artefacts: %s: %w", f.name, err)
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
		return fmt.Errorf("artefacts: %s: %s: %w", f.name, name, err)
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
		return s, fmt.Errorf("artefacts: %s: %s: %w", f.name, name, err)
	}
	size := 0
	for _, id := range m.Subgraphs[0].Inputs {
		t, n := &m.Subgraphs[0].Tensors[id], 1
		for _, d := range t.Shape {
			n *= d
		}
		if t.Type == tflite.Int16 {
			n *= 2
		}
		size += n
	}
	if size == 0 || len(pool)%size != 0 {
		return s, fmt.Errorf("artefacts: %s: %s: %d bytes are no rows of %d", f.name, rows, len(pool), size)
	}
	for at := 0; at < len(pool); at += size {
		s.Rows = append(s.Rows, pool[at:at+size:at+size])
	}
	return s, nil
}

// Scorers joins several networks with one pool.
func (f Folder) Scorers(rows string, names ...string) ([]selection.Scorer, error) {
	var list []selection.Scorer
	for _, name := range names {
		s, err := f.Scorer(name, rows)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}
