package network

import (
	"archive/zip"
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"upset/models/container"
	"upset/npu/isa"
)

// npyBytes writes an array of bytes, or of 32-bit integers, with a shape as NumPy
// prints it.
func npyBytes(descr, shape string, data []byte) []byte {
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }\n", descr, shape)
	return append(append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), byte(len(header)>>8)), append([]byte(header), data...)...)
}

func npyInts(shape string, list ...uint32) []byte { return npyBytes("<i4", shape, bytesOf(list...)) }

func archive(t testing.TB, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, data := range files {
		w, err := z.Create(name + ".npy")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// rawFiles are the arrays that Vela writes for a network, made from its container.
func rawFiles(t testing.TB, name string) map[string][]byte {
	t.Helper()
	m, payload := velaPayload(t, name)
	g, op := &m.Subgraphs[0], npuOp(m)
	c, err := container.OpenVela(m)
	if err != nil {
		t.Fatal(err)
	}
	flash, scratch := &g.Tensors[op.Inputs[container.InputFlash]], &g.Tensors[op.Inputs[container.InputScratch]]
	ends := func(id int, region uint32) (shape, elem, reg, off []byte) {
		x := &g.Tensors[id]
		dims := []uint32{1, 1, 1, 1}
		for i, d := range x.Shape {
			dims[len(dims)-len(x.Shape)+i] = uint32(d)
		}
		return npyInts("1, 4", dims...), npyInts("1,", uint32(x.Type.Size())), npyInts("1,", region), npyInts("1,", uint32(c.Plan[id]))
	}
	in, out := uint32(1), uint32(1)
	if strings.HasPrefix(name, "sepio") {
		in, out = 3, 4
	}
	files := map[string][]byte{
		"cmd_data":      npyBytes("|u1", fmt.Sprintf("%d,", len(payload.Data)), payload.Data),
		"weight_data":   npyBytes("|u1", fmt.Sprintf("%d,", len(flash.Data)), flash.Data),
		"weight_region": npyInts("", 0), "scratch_region": npyInts("", 1),
		"scratch_shape": npyInts("1,", uint32(scratch.Shape[0])), "scratch_size": npyInts("", uint32(scratch.Shape[0])),
	}
	files["input_shape"], files["input_elem_size"], files["input_region"], files["input_offset"] = ends(g.Inputs[0], in)
	files["output_shape"], files["output_elem_size"], files["output_region"], files["output_offset"] = ends(g.Outputs[0], out)
	return files
}

// TestRaw runs raw output with each addressing and compares it with the source.
func TestRaw(t *testing.T) {
	for _, folder := range []string{"u55-128", "cop2-u55-128", "sepio-u55-128"} {
		data := archive(t, rawFiles(t, folder+"/kws_ref_model"))
		if c, compiled, err := container.ConfigOf(data); err != nil || !compiled || c != isa.U55x128 {
			t.Fatalf("%s: %s, %v, %v", folder, c, compiled, err)
		}
		n, err := Open(data, isa.U55x128)
		if err != nil {
			t.Fatalf("%s: %v", folder, err)
		}
		compare(t, n, filepath.Join(shared(t), "golden", "kws_ref_model"), "01")
	}
	files := rawFiles(t, "u55-128/kws_ref_model")
	files["input_quantization"] = npyBytes("<f4", "1, 2", floats(0.5, -3))
	n, err := Open(archive(t, files), isa.U55x128)
	if err != nil {
		t.Fatal(err)
	}
	if q := n.Inputs[0].Quant; len(q.Scale) != 1 || q.Scale[0] != 0.5 || q.ZeroPoint[0] != -3 {
		t.Errorf("quantisation %v", q)
	}
}

// TestRawRefused names what is wrong with an archive.
func TestRawRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(f map[string][]byte)
		want string
	}{
		{"no commands", func(f map[string][]byte) { delete(f, "cmd_data") }, "no array cmd_data"},
		{"no inputs", func(f map[string][]byte) { delete(f, "input_elem_size") }, "no array input_elem_size"},
		{"region", func(f map[string][]byte) { f["input_region"] = npyInts("1,", 3) }, "region 3"},
		{"offset", func(f map[string][]byte) { f["output_offset"] = npyInts("1,", 1<<20) }, "lies outside"},
		{"counts", func(f map[string][]byte) { f["input_offset"] = npyInts("2,", 0, 0) }, "2 offsets"},
		{"huge shape", func(f map[string][]byte) { f["input_shape"] = npyInts("99999999, 99999999", 1) }, "too few"},
		{"huge size", func(f map[string][]byte) { f["scratch_size"] = npyBytes("<i8", "", bytesOf(0, 1)) }, "no usable number"},
		{"negative size", func(f map[string][]byte) { f["scratch_size"] = npyInts("", 0xffffffff) }, "not usable"},
		{"objects", func(f map[string][]byte) { f["input_shape"] = npyBytes("|O", "1,", nil) }, "are no numbers"},
		{"no array", func(f map[string][]byte) { f["x"] = []byte("text") }, "x.npy"},
	} {
		files := rawFiles(t, "u55-128/hello_world_int8")
		c.edit(files)
		if _, err := Open(archive(t, files), isa.U55x128); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}

// FuzzRaw opens damaged archives, and whole ones with damaged arrays.
func FuzzRaw(f *testing.F) {
	whole := rawFiles(f, "u55-128/hello_world_int8")
	data := archive(f, whole)
	f.Add(data, "", []byte{})
	f.Add([]byte{}, "input_shape", npyInts("1, 4", 1, 1, 1, 1))
	f.Add([]byte{}, strings.Repeat("x", 1<<16), []byte{})
	f.Fuzz(func(t *testing.T, b []byte, name string, array []byte) {
		if len(name) > 1<<10 { // an archive has no room for names beyond 64 KiB
			return
		}
		if name != "" {
			files := maps.Clone(whole)
			files[name] = array
			b = archive(t, files)
		}
		if !bytes.HasPrefix(b, []byte("PK\x03\x04")) {
			return
		}
		if n, err := Open(b, isa.U55x128); err == nil && n.InputBytes() < 1<<16 {
			runLimited(n)
		}
	})
}
