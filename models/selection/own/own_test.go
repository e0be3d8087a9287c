package own

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/models/selection"
	"upset/npu/isa"
)

// folder is the example in a folder of its own.
func folder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "task")
	if names, err := New(dir); err != nil || len(names) != 6 {
		t.Fatalf("%v, %v", names, err)
	}
	return dir
}

// The module asks the big network only where the small one does not lead, and a fault
// in the small one makes it ask.
func TestExample(t *testing.T) {
	task, err := Open(folder(t))
	if err != nil {
		t.Fatal(err)
	}
	defer task.Close()
	w, err := task.Build(1)
	if err != nil {
		t.Fatal(err)
	}
	run, err := selection.NewRun(w, 1, isa.U55x128)
	if err != nil {
		t.Fatal(err)
	}
	asked := map[int]bool{}
	for _, c := range run.Calls {
		if c.Scorer == 1 {
			asked[c.Row] = true
		}
	}
	if len(asked) == 0 || len(asked) == 100 || len(run.Outcome.Items) != 100 {
		t.Fatalf("%d pictures go through the big network", len(asked))
	}
	for i, class := range run.Outcome.Items {
		_, _, lead := run.Scores[0].Confidence(i, 0, 10)
		want := run.Scores[0].Top(i)
		if asked[i] {
			want = run.Scores[1].Top(i)
		}
		if (lead < 24) != asked[i] || class != want {
			t.Errorf("picture %d: lead %d, asked %v, class %d, want %d", i, lead, asked[i], class, want)
		}
	}
	for k, c := range run.Calls {
		if c.Scorer != 0 || asked[c.Row] {
			continue
		}
		// A wrong class that leads by one: the big network is asked, which it was not
		// before, and its class counts.
		wrong := make([]byte, 10)
		wrong[(run.Scores[1].Top(c.Row)+1)%10] = 1
		o, err := run.Struck(k, wrong)
		if err != nil || o.Items[c.Row] != run.Scores[1].Top(c.Row) {
			t.Errorf("picture %d: class %d of the big network expected: %v", c.Row, o.Items[c.Row], err)
		}
		wrong[(run.Scores[1].Top(c.Row)+1)%10] = 100 // and now it is not
		o, err = run.Struck(k, wrong)
		if e := task.Effect(run, o); err != nil || !e.Consequential || e.Consequence != 0.01 {
			t.Errorf("%+v, %v", e, err)
		}
		return
	}
	t.Error("every picture goes through both networks")
}

func TestRefusals(t *testing.T) {
	for name, change := range map[string]func(config string) string{
		"no scorers":  func(string) string { return `{"name":"x","metric":"set","epsilon":0,"rule":"rule.wasm"}` },
		"metric":      func(c string) string { return strings.Replace(c, `"label"`, `"weights"`, 1) },
		"epsilon":     func(c string) string { return strings.Replace(c, `"epsilon": 0`, `"epsilon": 2`, 1) },
		"unknown key": func(c string) string { return strings.Replace(c, `"epsilon"`, `"epsilom": 1, "epsilon"`, 1) },
		"name":        func(c string) string { return strings.Replace(c, "my-cascade", "a/b", 1) },
		"outside":     func(c string) string { return strings.Replace(c, "small.tflite", "../small.tflite", 1) },
		"no model":    func(c string) string { return strings.Replace(c, "big.tflite", "none.tflite", 1) },
		"no rows":     func(c string) string { return strings.Replace(c, `"rows": "rows"`, `"rows": "none"`, 1) },
		"no module":   func(c string) string { return strings.Replace(c, "rule.wasm", "task.json", 1) },
		"live": func(c string) string {
			return strings.Replace(c, `"rows": "rows"`, `"rows": "rows", "live": [5, 500]`, 1)
		},
		"live and asks": func(c string) string {
			return strings.Replace(c, `"rows": "rows"`, `"rows": "rows", "live": [0, 50]`, 1)
		},
		"no network":     func(c string) string { return strings.Replace(c, "small.tflite", "task.json", 1) },
		"pieces of rows": func(c string) string { return c },
	} {
		dir := folder(t)
		path := filepath.Join(dir, "task.json")
		config, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if name == "pieces of rows" {
			if err := os.WriteFile(filepath.Join(dir, "rows", "more.bin"), []byte{1, 2, 3}, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(path, []byte(change(string(config))), 0o644); err != nil {
			t.Fatal(err)
		}
		if task, err := Open(dir); err == nil {
			task.Close()
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := New(folder(t)); err == nil {
		t.Error("a folder that is not empty: no error")
	}
	if _, err := Open(t.TempDir()); err == nil {
		t.Error("an empty folder: no error")
	}
}
