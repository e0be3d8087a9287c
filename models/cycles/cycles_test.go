package cycles

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"upset/npu"
	"upset/npu/isa"
)

// vela returns the folder with Vela's outputs, skipping the test where it is
// absent.
func vela(t *testing.T) string {
	t.Helper()
	root := filepath.Join("..", "..", "..", "shared")
	if _, err := os.Stat(root); os.IsNotExist(err) {
		t.Skip("the data folder ../shared is absent")
	}
	return filepath.Join(root, "vela")
}

// TestPage keeps docs/cycles.md in step with the machine: the rows of all networks
// but the large one, and in the long version the whole page.
func TestPage(t *testing.T) {
	dir := vela(t)
	full := os.Getenv("UPSET_FULL") == "1"
	var list []*Comparison
	var later []Total
	for _, c := range isa.Configs {
		names, err := Networks(dir, c)
		if err != nil {
			t.Fatal(err)
		}
		if len(names) < 10 {
			t.Fatalf("%v: only %d networks with a table", c, len(names))
		}
		for _, n := range names {
			if strings.HasPrefix(n, simulatorNetwork) && !full {
				continue
			}
			r, err := Compare(dir, n, c, npu.DefaultSystem())
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, r)
		}
		folder := filepath.Join(dir, "..", "vela51")
		if names, err = LaterNetworks(folder, c); err != nil || len(names) < 14 {
			t.Fatalf("%v: %d networks of Vela 5.1, %v", c, len(names), err)
		}
		for _, n := range names {
			if strings.HasPrefix(n, simulatorNetwork) && !full {
				continue
			}
			total, err := Later(folder, n, c, npu.DefaultSystem())
			if err != nil {
				t.Fatal(err)
			}
			later = append(later, total)
		}
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "cycles.md"))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := Write(&b, list, later); err != nil {
		t.Fatal(err)
	}
	const again = "go run ./models/cycles/generate"
	if full {
		if !bytes.Equal(b.Bytes(), page) {
			t.Errorf("docs/cycles.md is out of date: %s", again)
		}
		return
	}
	have := strings.Split(string(page), "\n")
	totals, _, _ := strings.Cut(b.String(), "\n### ") // the list of operations outside depends on all networks
	_, totals, _ = strings.Cut(totals, "\n## Totals")
	for _, line := range strings.Split(totals, "\n") {
		if !slices.Contains(have, line) {
			t.Errorf("docs/cycles.md lacks the line %q: %s", line, again)
		}
	}
}

// TestLayersAddUp checks that the rows of a comparison hold all cycles, and that
// slices and softmax operations are folded.
func TestLayersAddUp(t *testing.T) {
	r, err := Compare(vela(t), "kws_ref_model", isa.U55x256, npu.DefaultSystem())
	if err != nil {
		t.Fatal(err)
	}
	sum, parts := uint64(0), 0
	for _, l := range r.Layers {
		sum += l.Ours
		parts += l.Parts
	}
	if sum != r.Ours {
		t.Errorf("the layers hold %d cycles, the network takes %d", sum, r.Ours)
	}
	if len(r.Layers) != 12 || parts != 49 {
		t.Errorf("%d layers of %d operations, want 12 of 49", len(r.Layers), parts)
	}
	if last := r.Layers[len(r.Layers)-1]; last.Kind != "Softmax" || last.Parts != 31 {
		t.Errorf("the last layer is %s of %d operations, want a softmax of 31", last.Kind, last.Parts)
	}
}

func TestMatch(t *testing.T) {
	conv := func(zero int32, macs int64) kernel {
		return kernel{kind: "conv", macs: macs, sign: signature{op: isa.OpConv, ifmZero: zero}}
	}
	dw := func(macs int64) kernel {
		return kernel{kind: "depthwise", macs: macs, sign: signature{op: isa.OpDepthwise}}
	}
	mul := kernel{kind: "mul", sign: signature{op: isa.OpElementwise}}
	a, b := Row{Kind: "Conv2DBias", Cycles: 1, MACs: 100}, Row{Kind: "DepthwiseConv2DBias", Cycles: 1, MACs: 30}
	m, copied := Row{Kind: "Mul", Cycles: 1}, Row{Kind: "Memcpy"}
	for _, c := range []struct {
		name string
		rows []Row
		ops  []kernel
		want []int // nil for an error
	}{
		{"one to one", []Row{a, b, m}, []kernel{conv(0, 100), dw(30), mul}, []int{0, 1, 2}},
		{"no work", []Row{copied, a, copied}, []kernel{conv(0, 100)}, []int{1}},
		{"slices", []Row{a, a}, []kernel{conv(0, 60), conv(0, 40), conv(0, 100)}, []int{0, 0, 1}},
		{"cascade", []Row{a, b, a}, []kernel{conv(0, 50), dw(15), conv(1, 50), conv(0, 50), dw(15), conv(1, 50)}, []int{0, 1, 2, 0, 1, 2}},
		{"repeated elementwise", []Row{m, m}, []kernel{mul, mul}, []int{0, 1}},
		{"striped elementwise", []Row{m, b}, []kernel{mul, mul, dw(30)}, []int{0, 0, 1}},
		{"other kind", []Row{a}, []kernel{dw(30)}, nil},
		{"row without operation", []Row{a, b}, []kernel{conv(0, 100)}, nil},
		{"operation without row", []Row{a}, []kernel{conv(0, 100), dw(3)}, nil},
	} {
		got, err := match(c.rows, c.ops)
		if (err == nil) != (c.want != nil) || err == nil && !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v; want %v", c.name, got, err, c.want)
		}
	}
}

func TestSpearman(t *testing.T) {
	for _, c := range []struct {
		a, b []float64
		want float64
	}{
		{[]float64{1, 2, 3, 4}, []float64{10, 20, 30, 40}, 1},
		{[]float64{1, 2, 3, 4}, []float64{4, 3, 2, 1}, -1},
		{[]float64{106, 100, 86, 101, 99, 103, 97, 113, 112, 110}, []float64{7, 27, 2, 50, 28, 29, 20, 12, 6, 17}, -29.0 / 165},
		{[]float64{1, 2, 2, 3}, []float64{1, 2, 3, 4}, 0.9486832980505138},
	} {
		if got := Spearman(c.a, c.b); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v, %v: %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

const titles = "TFLite_operator,NNG Operator,Op Cycles,MAC Count,Name\n"

func TestReadRows(t *testing.T) {
	rows, err := ReadRows(strings.NewReader(titles + "SOFTMAX,Mul,16.5,0,x\n" + titles + "CONV_2D,Conv2DBias,100.0,4e3,y\n"))
	want := []Row{{"SOFTMAX", "Mul", "x", 16.5, 0}, {"CONV_2D", "Conv2DBias", "y", 100, 4000}}
	if err != nil || !slices.Equal(rows, want) {
		t.Errorf("%v, %v; want %v", rows, err, want)
	}
	for _, bad := range []string{"", "a,b\n", titles + "a,b\n", titles + "a,b,x,0,c\n", titles + "a,b,1,-1,c\n", titles + "a,b,NaN,1,c\n"} {
		if rows, err := ReadRows(strings.NewReader(bad)); err == nil {
			t.Errorf("%q: %v, want an error", bad, rows)
		}
	}
}

func FuzzReadRows(f *testing.F) {
	f.Add(titles + "SOFTMAX,Mul,16.5,0,x\n")
	f.Add(titles + titles)
	f.Fuzz(func(t *testing.T, s string) {
		rows, err := ReadRows(strings.NewReader(s))
		for _, r := range rows {
			if err == nil && (r.Cycles < 0 || r.MACs < 0) {
				t.Errorf("negative row %+v", r)
			}
		}
	})
}
