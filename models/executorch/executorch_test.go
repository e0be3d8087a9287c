package executorch

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// program reads a file of the data folder beside the project.
func program(t testing.TB, name string) []byte {
	t.Helper()
	root := filepath.Join("..", "..", "..", "shared")
	if _, err := os.Stat(root); os.IsNotExist(err) {
		t.Skip("the data folder ../shared is absent")
	}
	data, err := os.ReadFile(filepath.Join(root, "zoo", "pte", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestParse(t *testing.T) {
	p, err := Parse(program(t, "arm-minimal-u55-128.pte"))
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Calls) != 4 || p.Calls[0].Operator != "quantized_decomposed::quantize_per_tensor.out" || p.Calls[2].Operator != "" || len(p.Values) != 22 {
		t.Errorf("%d values and calls %v", len(p.Values), p.Calls)
	}
	b, err := ParseBlob(p.Delegates[0].Blob)
	if err != nil {
		t.Fatal(err)
	}
	if string(b.Commands[:4]) != "COP1" || len(b.Weights) != 32 || b.Scratch != 144 || len(b.Inputs) != 2 || b.Inputs[0].Offset != 64 || b.Outputs[0].ElemSize != 1 {
		t.Errorf("blob %+v", b)
	}
}

// TestBlobDamaged names what is wrong with a blob.
func TestBlobDamaged(t *testing.T) {
	p, err := Parse(program(t, "arm-minimal-u55-128.pte"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		edit func(b []byte) []byte
		want string
	}{
		{"external", func(b []byte) []byte { b[32+20] = 1; return b }, "cmd_data lies outside the program"},
		{"cut off", func(b []byte) []byte { return b[:len(b)-32] }, "before vela_end_stream"},
		{"size", func(b []byte) []byte { b[32+19] = 0xff; return b }, "are there"},
		{"no start", func(b []byte) []byte { return b[32:] }, "begins with one vela_bin_stream"},
		{"no commands", func(b []byte) []byte { b[32] = 'x'; return b }, "lacks one of"},
		{"count", func(b []byte) []byte {
			at := bytes.Index(b, []byte("inputs"))
			b[at+32+3] = 0x7f
			return b
		}, "tensors in"},
	} {
		_, err := ParseBlob(c.edit(bytes.Clone(p.Delegates[0].Blob)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}

// FuzzParse reads damaged programs and the blobs in them.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"arm-minimal-u55-128.pte", "cpu-only-add.pte", "himax-add-int32io-u55-64.pte"} {
		f.Add(program(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse(data)
		if err != nil {
			return
		}
		for _, d := range p.Delegates {
			if b, err := ParseBlob(d.Blob); err == nil && len(b.Inputs) > len(data) {
				t.Errorf("%d inputs from %d bytes", len(b.Inputs), len(data))
			}
		}
	})
}
