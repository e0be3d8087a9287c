package artefacts

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"upset/models/train/data"
	"upset/models/train/nets"
)

// store has one network of three inputs with two rows for seed 1 and trains seed 5.
func store(t *testing.T) (*Store, *int) {
	t.Helper()
	g := nets.New(nets.Shape{H: 1, W: 1, C: 3})
	g.Dense(0, 2, nets.Linear, data.Rand(1, 0))
	model, err := g.Export([][]float64{{1, 2, 3}}, nets.Options{})
	if err != nil {
		t.Fatal(err)
	}
	trained := new(int)
	return &Store{
		Task: "small",
		Stored: fstest.MapFS{
			"data/1/net.tflite": {Data: model}, "data/1/rows.bin": {Data: []byte{1, 2, 3, 4, 5, 6}}, "data/1/odd.bin": {Data: []byte{1, 2}}, "data/1/truth.bin": {Data: []byte{7, 200}},
			"data/1/list.json": {Data: []byte("[1,2]")},
		},
		Make: func(seed uint64, _ *data.Source) (map[string][]byte, error) {
			if *trained++; seed != 5 {
				return nil, errors.New("no such class")
			}
			return map[string][]byte{"truth.bin": {byte(seed)}}, nil
		},
	}, trained
}

func TestFolder(t *testing.T) {
	s, _ := store(t)
	f, err := s.Open(1)
	if err != nil {
		t.Fatal(err)
	}
	list, err := f.Scorers("rows.bin", "net", "net")
	if err != nil || len(list) != 2 || len(list[0].Rows) != 2 || list[0].Rows[1][0] != 4 {
		t.Errorf("%+v, %v", list, err)
	}
	if l, err := f.Labels("truth.bin"); err != nil || len(l) != 2 || l[1] != 200 {
		t.Errorf("%v, %v", l, err)
	}
	var v []int
	if err := f.JSON("list.json", &v); err != nil || len(v) != 2 {
		t.Errorf("%v, %v", v, err)
	}
	if _, err := f.Scorer("absent", "rows.bin"); err == nil {
		t.Error("no such network: no error")
	}
	if _, err := f.Scorer("net", "absent.bin"); err == nil {
		t.Error("no such rows: no error")
	}
	if _, err := f.Scorer("net", "odd.bin"); err == nil {
		t.Error("a file that is no whole number of rows: no error")
	}
	if err := f.JSON("rows.bin", new(int)); err == nil {
		t.Error("no JSON: no error")
	}
}

// A seed that is not stored is trained once.
func TestTraining(t *testing.T) {
	s, trained := store(t)
	for range 2 {
		f, err := s.Open(5)
		if err != nil {
			t.Fatal(err)
		}
		if l, err := f.Labels("truth.bin"); err != nil || l[0] != 5 {
			t.Errorf("%v, %v", l, err)
		}
		if _, err := f.Bytes("absent"); err == nil {
			t.Error("no such file: no error")
		}
	}
	if *trained != 1 || s.IsStored(5) || !s.IsStored(1) {
		t.Errorf("trained %d times", *trained)
	}
	if _, err := s.Open(6); err == nil {
		t.Error("a seed that cannot be trained: no error")
	}
}

// Errors say of which task and seed a file is, what is stored is not trained, and a network
// that is none is refused with its name.
func TestErrorsNameTheFile(t *testing.T) {
	s, trained := store(t)
	s.Stored.(fstest.MapFS)["data/1/bad.tflite"] = &fstest.MapFile{Data: []byte("no network")}
	f, err := s.Open(1)
	if err != nil {
		t.Fatal(err)
	}
	_, missing := f.Bytes("absent")
	_, bad := f.Scorers("rows.bin", "net", "bad")
	for name, err := range map[string]error{"absent": missing, "bad": bad} {
		if err == nil || !strings.Contains(err.Error(), "small, seed 1") || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if *trained != 0 {
		t.Errorf("trained %d times", *trained)
	}
	if _, err = s.Open(6); err == nil || !strings.Contains(err.Error(), "small, seed 6") || !strings.Contains(err.Error(), "no such class") {
		t.Errorf("a seed that cannot be trained: %v", err)
	}
}
