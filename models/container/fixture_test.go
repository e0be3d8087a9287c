package container

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/models/tflite"
	"upset/npu/isa"
)

// shared returns the folder with the networks and reference outputs, beside the
// project's root.
func shared(t testing.TB) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the package")
		}
	}
	s := filepath.Join(dir, "..", "shared")
	if _, err := os.Stat(s); os.IsNotExist(err) {
		t.Skip("the folder ../shared with networks and reference outputs is absent")
	}
	return s
}

func readModel(t testing.TB, file string) *tflite.Model {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m, err := tflite.Parse(data)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return m
}

func bytesOf(words ...uint32) []byte {
	b := make([]byte, 4*len(words))
	for i, w := range words {
		binary.LittleEndian.PutUint32(b[4*i:], w)
	}
	return b
}

func npuOp(m *tflite.Model) *tflite.Operator { return &m.Subgraphs[0].Operators[0] }

// velaPayload is the payload of the first NPU operator of a compiled network.
func velaPayload(t testing.TB, name string) (*tflite.Model, *tflite.Tensor) {
	t.Helper()
	m := readModel(t, filepath.Join(shared(t), "vela51", filepath.FromSlash(name)+"_vela.tflite"))
	tensor := &m.Subgraphs[0].Tensors[npuOp(m).Inputs[InputCommands]]
	tensor.Data = bytes.Clone(tensor.Data)
	return m, tensor
}

// configInName is the configuration at the end of a file's name, as in
// "model_vela-u55-64.tflite".
func configInName(t *testing.T, file string) isa.Config {
	t.Helper()
	name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	c, err := isa.ParseConfig(name[strings.LastIndex(name, "u55-"):])
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func velaFile(t testing.TB, name string) []byte {
	data, err := os.ReadFile(filepath.Join(shared(t), "vela", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}
