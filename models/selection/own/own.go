// Package own reads a selection task that a user brings as a folder: networks, pools and
// a rule as a WebAssembly module. See docs/owntask.md.
package own

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"upset/models/guest"
	"upset/models/selection"
	"upset/models/tflite"
)

// Bounds of what is read (our choice).
const (
	maxConfig = 1 << 20
	maxModel  = 64 << 20
	maxRows   = 256 << 20 // bytes of all rows of a pool
	callLimit = 30 * time.Second
	// compileLimit is long, so that a busy machine does not fail a module that
	// compiles in a second.
	compileLimit = 10 * time.Minute
)

// config is task.json.
type config struct {
	Name    string           `json:"name"`
	Title   string           `json:"title"`
	Metric  selection.Metric `json:"metric"`
	Epsilon *float64         `json:"epsilon"`
	Rule    string           `json:"rule"`
	Scorers []scorer         `json:"scorers"`
}

// scorer is a network with its pool.
type scorer struct {
	Name  string `json:"name"`
	Model string `json:"model"`
	// Rows is a folder of files, each of one or more inputs; absent where the rule
	// makes all inputs.
	Rows string `json:"rows"`
	// Live are the rows that a rule of tables needs, from the first number up to but not
	// including the second.
	Live *[2]int `json:"live"`
	// State joins outputs to the inputs that they are in the next step.
	State []struct {
		Output int `json:"output"`
		Input  int `json:"input"`
	} `json:"state"`
}

// Task is a task of a folder with its module, which must be closed.
type Task struct {
	selection.Task
	module *guest.Module
}

// Close frees the module.
func (t *Task) Close() { t.module.Close() }

// Open reads the folder of a task.
func Open(dir string) (*Task, error) {
	text, err := readFile(dir, "task.json", maxConfig)
	if err != nil {
		return nil, err
	}
	var c config
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err = d.Decode(&c)
	if _, end := d.Token(); err == nil && end != io.EOF {
		err = fmt.Errorf("there is something after the task")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, "task.json"), err)
	}
	metrics := []selection.Metric{selection.Label, selection.Set, selection.Route, selection.Depth, selection.Accept}
	switch {
	case c.Name == "" || strings.ContainsAny(c.Name, "/\\ \t\n"):
		return nil, fmt.Errorf("%s: the task needs a name without blanks and slashes", filepath.Join(dir, "task.json"))
	case !slices.Contains(metrics, c.Metric):
		return nil, fmt.Errorf("%s: metric %q: want label, set, route, depth or accept", filepath.Join(dir, "task.json"), c.Metric)
	case c.Epsilon == nil || !(*c.Epsilon >= 0 && *c.Epsilon <= 1):
		return nil, fmt.Errorf("%s: epsilon must be given and lie between 0 and 1", filepath.Join(dir, "task.json"))
	case len(c.Scorers) == 0 || c.Rule == "":
		return nil, fmt.Errorf("%s: the task needs scorers and a rule", filepath.Join(dir, "task.json"))
	}
	if c.Title == "" {
		c.Title = c.Name
	}
	w := &selection.Workload{}
	var live [][2]int
	limited := false
	for _, s := range c.Scorers {
		one, err := s.open(dir)
		if err != nil {
			return nil, err
		}
		w.Scorers = append(w.Scorers, one)
		part := [2]int{0, len(one.Rows)}
		if s.Live != nil {
			part, limited = *s.Live, true
			if part[0] < 0 || part[1] > len(one.Rows) || part[0] >= part[1] {
				return nil, fmt.Errorf("scorer %s: live rows %d to %d of %d", s.Name, part[0], part[1], len(one.Rows))
			}
		}
		live = append(live, part)
	}
	wasm, err := readFile(dir, c.Rule, guest.MaxModule)
	if err != nil {
		return nil, err
	}
	m, err := guest.Load(filepath.Join(dir, c.Rule), wasm, guest.Limits{Call: callLimit, Compile: compileLimit})
	if err != nil {
		return nil, err
	}
	rule, err := selection.NewGuestRule(m, c.Metric, w)
	if err == nil && limited && m.HasDecide() {
		err = fmt.Errorf("%s asks for the rows that it needs: leave out \"live\"", m.Name())
	}
	if err != nil {
		m.Close()
		return nil, err
	}
	if !m.HasDecide() {
		rule.Live = live
	}
	w.Rule = rule
	return &Task{module: m, Task: selection.Task{
		Name: c.Name, Title: c.Title, Family: "own", Kind: selection.OnNPU, Utility: "own", Mechanism: "own", Metric: c.Metric, Epsilon: *c.Epsilon,
		Build: func(uint64) (*selection.Workload, error) { return w, nil },
	}}, nil
}

// open reads a network and its pool.
func (s *scorer) open(dir string) (selection.Scorer, error) {
	out := selection.Scorer{Name: s.Name}
	if s.Name == "" || s.Model == "" {
		return out, fmt.Errorf("every scorer needs a name and a model")
	}
	for _, c := range s.State {
		out.State = append(out.State, selection.Carry{Output: c.Output, Input: c.Input})
	}
	var err error
	if out.Model, err = readFile(dir, s.Model, maxModel); err != nil {
		return out, err
	}
	if s.Rows == "" {
		return out, nil
	}
	size, err := inputBytes(out.Model)
	if err != nil {
		return out, fmt.Errorf("scorer %s: %w", s.Name, err)
	}
	if !filepath.IsLocal(s.Rows) {
		return out, fmt.Errorf("scorer %s: rows %q must lie in the folder of the task", s.Name, s.Rows)
	}
	entries, err := os.ReadDir(filepath.Join(dir, s.Rows))
	if err != nil {
		return out, err
	}
	left := maxRows
	for _, e := range entries { // in the order of their names
		if e.IsDir() {
			continue
		}
		name := filepath.Join(s.Rows, e.Name())
		b, err := readFile(dir, name, left)
		if err != nil {
			return out, err
		}
		if left -= len(b); len(b) == 0 || len(b)%size != 0 {
			return out, fmt.Errorf("scorer %s: %s has %d bytes, which are no inputs of %d", s.Name, name, len(b), size)
		}
		for at := 0; at < len(b); at += size {
			out.Rows = append(out.Rows, b[at:at+size:at+size])
		}
	}
	if len(out.Rows) == 0 {
		return out, fmt.Errorf("scorer %s: no rows in %s", s.Name, s.Rows)
	}
	return out, nil
}

// inputBytes is the size of all inputs of a network.
func inputBytes(model []byte) (int, error) {
	m, err := tflite.Parse(model)
	if err != nil {
		return 0, err
	}
	if len(m.Subgraphs) == 0 {
		return 0, fmt.Errorf("the network is empty")
	}
	g := &m.Subgraphs[0]
	size := 0
	for _, id := range g.Inputs {
		n := 1
		for _, d := range g.Tensors[id].Shape {
			n *= d
		}
		switch g.Tensors[id].Type {
		case tflite.Int8, tflite.Uint8:
		case tflite.Int16:
			n *= 2
		default:
			return 0, fmt.Errorf("input %q must be int8, uint8 or int16", g.Tensors[id].Name)
		}
		size += n
	}
	if size <= 0 {
		return 0, fmt.Errorf("the network has no input")
	}
	return size, nil
}

// readFile reads a file of the folder up to a size.
func readFile(dir, name string, most int) ([]byte, error) {
	if !filepath.IsLocal(name) {
		return nil, fmt.Errorf("%q must lie in the folder of the task", name)
	}
	path := filepath.Join(dir, name)
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", path) // a pipe would hold up the reader
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, int64(most)+1))
	if err == nil && len(b) > most {
		err = fmt.Errorf("%s has more than %d bytes", name, most)
	}
	return b, err
}
