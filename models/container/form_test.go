package container

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestConfigOf reads the configuration that a file is for from the file.
func TestConfigOf(t *testing.T) {
	root := shared(t)
	files, err := filepath.Glob(filepath.Join(root, "zoo", "vela", "*.tflite"))
	if err != nil || len(files) < 16 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if c, compiled, err := ConfigOf(data); err != nil || !compiled || c != configInName(t, file) {
			t.Errorf("%s: %s, compiled %v, %v", filepath.Base(file), c, compiled, err)
		}
	}
	source, err := os.ReadFile(filepath.Join(root, "models", "kws_ref_model.tflite"))
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range [][]byte{source, nil, []byte("not a model, but some text")} {
		if _, compiled, err := ConfigOf(data); err != nil || compiled {
			t.Errorf("%d bytes: compiled %v, %v", len(data), compiled, err)
		}
	}
}

// TestOtherProducts refuses files for other products by their names.
func TestOtherProducts(t *testing.T) {
	for word, name := range map[uint32]string{0x10001008: "Ethos-U65 with 256 MACs", 0x20000009: "Ethos-U85 with 512 MACs", 0x1004: "u55-16"} {
		m, tensor := velaPayload(t, "u55-128/hello_world_int8")
		copy(tensor.Data[8:], bytesOf(word))
		data, err := m.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		var mismatch *MismatchError
		if _, compiled, err := ConfigOf(data); !compiled || !errors.As(err, &mismatch) || !strings.Contains(err.Error(), name) {
			t.Errorf("%#x: compiled %v, %v", word, compiled, err)
		}
	}
}

// TestRawBomb refuses an archive that unpacks to more than a network can need.
func TestRawBomb(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("cmd_data.npy")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(w, zeros{}, maxUnpacked+1); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Model(b.Bytes()); err == nil || !strings.Contains(err.Error(), "unpacks to more") {
		t.Errorf("%d bytes that unpack to %d: %v", b.Len(), maxUnpacked+1, err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// TestPlanOfContainer checks the metadata word by word.
func TestPlanOfContainer(t *testing.T) {
	got := encodePlan([]int{64, -1, 0})
	want := []int32{0, 1, 3, 64, -1, 0}
	for i, w := range want {
		if v := int32(binary.LittleEndian.Uint32(got[4*i:])); v != w || len(got) != 4*len(want) {
			t.Errorf("word %d is %d, want %d", i, v, w)
		}
	}
}
