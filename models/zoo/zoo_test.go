package zoo

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/models/reference"
	"upset/models/tflite"
)

func shippedDir(t *testing.T) string {
	t.Helper()
	dir, err := Dir()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestShippedFiles checks every file that belongs to a network, and the int8
// results on the stored pictures.
func TestShippedFiles(t *testing.T) {
	dir := shippedDir(t)
	for _, n := range Networks() {
		t.Run(n.Name, func(t *testing.T) {
			raw, err := n.ReadModel(dir)
			if err != nil {
				t.Fatal(err)
			}
			inputs, err := n.ReadInputs(dir)
			if err != nil {
				t.Fatal(err)
			}
			labels, err := n.ReadLabels(dir)
			if err != nil {
				t.Fatal(err)
			}
			if len(inputs) != 200 || len(labels) != len(inputs) {
				t.Fatalf("%d inputs, %d labels; want 200 of each", len(inputs), len(labels))
			}
			m, err := tflite.Parse(raw)
			if err != nil {
				t.Fatal(err)
			}
			checkShape(t, n, m)
			machine, err := reference.New(m)
			if err != nil {
				t.Fatal(err)
			}
			right := 0
			for i, in := range inputs {
				out, err := machine.Invoke([][]byte{in})
				if err != nil {
					t.Fatal(err)
				}
				if top(out[0]) == labels[i] {
					right++
				}
			}
			if right != n.RightOfHead {
				t.Errorf("%d of the stored pictures right, %d recorded", right, n.RightOfHead)
			}
		})
	}
}

// checkShape compares the graph with the recorded input, classes and MACs.
func checkShape(t *testing.T, n Network, m *tflite.Model) {
	t.Helper()
	g := &m.Subgraphs[0]
	if in := &g.Tensors[g.Inputs[0]]; in.Bytes() != n.InputBytes() || in.Type != tflite.Int8 {
		t.Errorf("input %v of %v, recorded %v", in.Shape, in.Type, n.InputShape)
	}
	if out := &g.Tensors[g.Outputs[0]]; out.Bytes() != len(n.Classes) || out.Type != tflite.Int8 {
		t.Errorf("output %v of %v, %d classes recorded", out.Shape, out.Type, len(n.Classes))
	}
	macs := 0
	for i := range g.Operators {
		op := &g.Operators[i]
		out := &g.Tensors[op.Outputs[0]]
		switch op.Code {
		case tflite.OpConv2D:
			w := &g.Tensors[op.Inputs[1]]
			macs += out.Elements() * w.Elements() / w.Shape[0]
		case tflite.OpDepthwiseConv2D:
			w := &g.Tensors[op.Inputs[1]]
			macs += out.Elements() * w.Shape[1] * w.Shape[2]
		case tflite.OpFullyConnected:
			macs += g.Tensors[op.Inputs[1]].Elements()
		}
	}
	if macs != n.MACs {
		t.Errorf("%d MACs, %d recorded", macs, n.MACs)
	}
}

// TestReadmeNamesTheFigures keeps testdata/models/README.md in step.
func TestReadmeNamesTheFigures(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(shippedDir(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range Networks() {
		if !strings.Contains(string(raw), n.SHA256) {
			t.Errorf("README.md lacks the sha256 of %s", n.Name)
		}
	}
}

func TestReadModelRefusesOtherBytes(t *testing.T) {
	dir := t.TempDir()
	n := Networks()[0]
	if _, err := n.ReadModel(dir); err == nil {
		t.Error("missing file: no error")
	}
	if err := os.WriteFile(n.ModelPath(dir), []byte("TFL3"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := n.ReadModel(dir); err == nil || !strings.Contains(err.Error(), "rebuild") {
		t.Errorf("other bytes: got %v", err)
	}
}

func TestReadInputs(t *testing.T) {
	dir := t.TempDir()
	n := Network{Name: "x", InputShape: []int{1, 2}}
	if _, err := n.ReadInputs(dir); err == nil {
		t.Error("no folder: no error")
	}
	if err := os.Mkdir(n.InputsPath(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{"in_002.bin": "cd", "in_001.bin": "ab", "labels.txt": "0\n"} {
		if err := os.WriteFile(filepath.Join(n.InputsPath(dir), name), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	in, err := n.ReadInputs(dir)
	if err != nil || len(in) != 2 || string(in[0]) != "ab" || string(in[1]) != "cd" {
		t.Errorf("got %q, %v", in, err)
	}
	n.InputShape = []int{1, 3}
	if _, err := n.ReadInputs(dir); err == nil {
		t.Error("wrong size: no error")
	}
}

func TestParseLabels(t *testing.T) {
	for _, c := range []struct {
		raw  string
		want int // number of labels, or −1 for an error
	}{{"0\n3\n", 2}, {"", 0}, {"3", 1}, {"4\n", -1}, {"-1\n", -1}, {"x\n", -1}, {"1\n\n2\n", -1}} {
		labels, err := ParseLabels([]byte(c.raw), 4)
		if (err != nil) != (c.want < 0) || (err == nil && len(labels) != c.want) {
			t.Errorf("%q: got %v, %v", c.raw, labels, err)
		}
	}
}

func FuzzParseLabels(f *testing.F) {
	f.Add([]byte("0\n3\n"), 4)
	f.Fuzz(func(t *testing.T, raw []byte, classes int) {
		labels, err := ParseLabels(raw, classes)
		for _, l := range labels {
			if err == nil && (l < 0 || l >= classes) {
				t.Errorf("label %d of %d classes", l, classes)
			}
		}
	})
}

func TestTop(t *testing.T) {
	for _, c := range []struct {
		out  []byte
		want int
	}{{[]byte{0x80, 0x7f, 0}, 1}, {[]byte{5, 5, 5}, 0}, {[]byte{0xff, 0xfe}, 0}, {[]byte{0x80, 0x80, 0x81}, 2}} {
		if got := top(c.out); got != c.want {
			t.Errorf("% x: %d, want %d", c.out, got, c.want)
		}
	}
}

func TestByName(t *testing.T) {
	if n, err := ByName("fashion-tiny"); err != nil || n.InputBytes() != 49 {
		t.Errorf("got %+v, %v", n, err)
	}
	if _, err := ByName("nothing"); err == nil {
		t.Error("unknown name: no error")
	}
}
