package reference

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/models/tflite"
)

// zooFiles lists the public networks that the independent runtime runs, by name.
func zooFiles(t testing.TB) map[string]string {
	t.Helper()
	root := filepath.Join(shared(t), "zoo")
	files := map[string]string{}
	for _, folder := range []string{"user", "layers"} {
		list, err := filepath.Glob(filepath.Join(root, folder, "*.tflite"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range list {
			name := strings.TrimSuffix(filepath.Base(path), ".tflite")
			if _, err := os.Stat(filepath.Join(root, "golden", name)); err == nil {
				files[name] = path
			}
		}
	}
	return files
}

// TestZooGolden runs every public network that has outputs of an independent
// TFLite runtime, bit for bit. Sequences keep the network's state from one
// inference to the next.
func TestZooGolden(t *testing.T) {
	files := zooFiles(t)
	if len(files) < 75 {
		t.Fatalf("only %d networks with golden outputs found", len(files))
	}
	for name, path := range files {
		t.Run(name, func(t *testing.T) {
			m := readModel(t, path)
			if name == "xmos-denoise_16x8" {
				overread(t, m, path)
			}
			in, err := New(m)
			if err != nil {
				t.Fatal(err)
			}
			list, err := filepath.Glob(filepath.Join(shared(t), "zoo", "golden", name, "in_*.bin"))
			if err != nil || len(list) == 0 {
				t.Fatalf("no case found (%v)", err)
			}
			for _, file := range list {
				in.Reset()
				sequence(t, in, &m.Subgraphs[0], file)
			}
		})
	}
}

// overread gives the last TRANSPOSE_CONV the bias that the independent runtime
// uses: it reads one of 32 bits as one of 64, so the next four bytes of the file
// become its upper half and the output saturates. The interpreter takes the bias
// as it is declared.
func overread(t *testing.T, m *tflite.Model, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	g := &m.Subgraphs[0]
	for i := range g.Operators {
		op := &g.Operators[i]
		if op.Code != tflite.OpTransposeConv || len(op.Inputs) < 4 {
			continue
		}
		bias := &g.Tensors[op.Inputs[3]]
		at := bytes.Index(data, bias.Data)
		if bias.Type != tflite.Int32 || len(bias.Data) != 4 || at < 0 {
			t.Fatalf("bias of operator %d: %s %v at %d", i, bias.Type, bias.Shape, at)
		}
		bias.Type, bias.Data = tflite.Int64, data[at:at+8]
	}
}

// sequence compares the inferences of one file, which follow each other without
// a reset.
func sequence(t *testing.T, in *Interpreter, g *tflite.Subgraph, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join(filepath.Dir(file), strings.Replace(filepath.Base(file), "in_", "out_", 1)))
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	for _, i := range g.Inputs {
		size += g.Tensors[i].Bytes()
	}
	if size == 0 || len(data)%size != 0 {
		t.Fatalf("%s has %d bytes, one inference takes %d", file, len(data), size)
	}
	var got []byte
	for at := 0; at < len(data); at += size {
		outputs, err := in.Step(split(t, g, g.Inputs, data[at:at+size]))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, bytes.Join(outputs, nil)...)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: %s", filepath.Base(file), difference(got, want))
	}
}
