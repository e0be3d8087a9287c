package own

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"upset/models/selection"
	"upset/npu/isa"
)

// rewritten is the example with another task.json.
func rewritten(t *testing.T, change func(config string) string) string {
	t.Helper()
	dir := folder(t)
	path := filepath.Join(dir, "task.json")
	config, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, []byte(change(string(config))))
	return dir
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// refused opens a folder, which must end in time with an error that names what is wrong.
func refused(t *testing.T, name, dir, want string) {
	t.Helper()
	began := time.Now()
	task, err := Open(dir)
	if err == nil {
		task.Close()
		t.Errorf("%s: no error", name)
	} else if !strings.Contains(err.Error(), want) {
		t.Errorf("%s: %v, want something about %q", name, err, want)
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("%s: that took %v", name, took)
	}
}

// replace changes one place of a text.
func replace(from, to string) func(string) string {
	return func(c string) string { return strings.Replace(c, from, to, 1) }
}

// A hostile task.json is refused before anything runs.
func TestHostileConfig(t *testing.T) {
	for name, c := range map[string]struct {
		change func(string) string
		want   string
	}{
		"nothing":            {func(string) string { return "" }, "task.json"},
		"no JSON":            {func(string) string { return "\x00\xff{" }, "task.json"},
		"a list":             {func(string) string { return "[]" }, "task.json"},
		"cut off":            {func(c string) string { return c[:len(c)/2] }, "task.json"},
		"something after it": {func(c string) string { return c + "{}" }, "after the task"},
		"a brace too many":   {func(c string) string { return c + "}" }, "after the task"},
		"deep nesting":       {func(string) string { return strings.Repeat(`{"scorers":[`, 50000) }, "task.json"},
		"large":              {func(c string) string { return c + strings.Repeat(" ", maxConfig) }, "more than"},
		"no epsilon":         {replace(`"epsilon": 0,`, ""), "epsilon"},
		"epsilon below 0":    {replace(`"epsilon": 0`, `"epsilon": -0.1`), "epsilon"},
		"epsilon too large":  {replace(`"epsilon": 0`, `"epsilon": 1e999`), "task.json"},
		"no name":            {replace("my-cascade", ""), "name"},
		"a name of lines":    {replace("my-cascade", `my\ncascade`), "name"},
		"a path upwards":     {replace(`"rows": "rows"`, `"rows": "../task"`), "folder of the task"},
		"a whole path":       {replace("rule.wasm", "/etc/passwd"), "folder of the task"},
		"rows in a file":     {replace(`"rows": "rows"`, `"rows": "task.json"`), ""},
		"a scorer of none":   {replace(`"name": "small", `, ""), "name"},
		"live backwards":     {replace(`"rows": "rows"`, `"rows": "rows", "live": [9, 3]`), "live"},
		"live below 0":       {replace(`"rows": "rows"`, `"rows": "rows", "live": [-1, 3]`), "live"},
		"live without rows":  {replace(`"rows": "rows"`, `"live": [0, 1]`), "live"},
	} {
		refused(t, name, rewritten(t, c.change), c.want)
	}
}

// tables is a rule that asks for the whole pool.
type tables struct{}

func (tables) Decide(ask *selection.Ask) (selection.Outcome, error) {
	_, err := ask.Tables()
	return selection.Outcome{Metric: selection.Label}, err
}

func (tables) Consequence([]selection.Table, selection.Outcome, selection.Outcome) float64 { return 0 }

// State that joins what is not there is told before the first inference.
func TestHostileState(t *testing.T) {
	dir := folder(t)
	for _, state := range []string{`{"output": 9, "input": 0}`, `{"output": -1, "input": 0}`, `{"output": 0, "input": 7}`, `{"output": 0, "input": 0}`} {
		var s scorer
		if err := json.Unmarshal([]byte(`{"name": "small", "model": "small.tflite", "rows": "rows", "state": [`+state+`]}`), &s); err != nil {
			t.Fatal(err)
		}
		one, err := s.open(dir)
		if err != nil || len(one.Rows) != 100 {
			t.Fatalf("%d rows, %v", len(one.Rows), err)
		}
		w := &selection.Workload{Scorers: []selection.Scorer{one}, Rule: tables{}}
		if _, err := selection.NewRun(w, 1, isa.U55x128); err == nil || !strings.Contains(err.Error(), "state") {
			t.Errorf("state %s: %v", state, err)
		}
	}
}

// A module that is none, is cut off or exports nothing is refused; so are networks.
func TestHostileFiles(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join(folder(t), "rule.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	huge := append([]byte("\x00asm\x01\x00\x00\x00\x01"), 0xff, 0xff, 0xff, 0xff, 0x0f) // a section of 4 GiB
	model := make([]byte, 64)
	binary.LittleEndian.PutUint32(model, 0xfffffff0)
	copy(model[4:], "TFL3")
	for name, c := range map[string]struct {
		file string
		b    []byte
	}{
		"an empty module": {"rule.wasm", nil}, "half a module": {"rule.wasm", whole[:len(whole)/2]}, "a module without exports": {"rule.wasm", whole[:8]}, "a huge section": {"rule.wasm", huge},
		"an empty network": {"small.tflite", nil}, "a network of wild offsets": {"small.tflite", model}, "an empty row": {"rows/none.bin", nil},
	} {
		dir := folder(t)
		write(t, filepath.Join(dir, c.file), c.b)
		refused(t, name, dir, "")
	}
}

// A folder that cannot be made is told, and nothing is written into one that is in use.
func TestNewRefuses(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "mine"), []byte("x"))
	if _, err := New(dir); err == nil {
		t.Error("a folder in use: no error")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("%d files, %v", len(entries), err)
	}
	if _, err := New(filepath.Join(dir, "mine", "task")); err == nil {
		t.Error("a folder in a file: no error")
	}
	if _, err := unpack([]byte("no gzip")); err == nil {
		t.Error("no gzip: no error")
	}
}
