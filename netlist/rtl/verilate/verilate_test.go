package main

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"upset/netlist/cosim"
	"upset/npu/isa"
)

func open(t *testing.T, name string, c isa.Config) *cosim.Block {
	t.Helper()
	b, err := cosim.Open(name, c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Every bit of every block must lie in exactly one group, so that none is left out of a
// comparison.
func TestHarnessCoversAllRegisters(t *testing.T) {
	for _, name := range cosim.Blocks() {
		for _, c := range isa.Configs {
			b := open(t, name, c)
			h, err := newHarness(b)
			if err != nil {
				t.Fatal(err)
			}
			at, cells := 0, 0
			members := map[string]bool{}
			for _, g := range h.Groups {
				if g.At != at {
					t.Fatalf("%s on %s: %s begins at bit %d, not %d", name, c, g.Name, g.At, at)
				}
				n := max(1, g.Count)
				at, cells = at+n*g.Width, cells+n
				key := g.Name
				if members[key] {
					t.Errorf("%s on %s: %s is in two groups", name, c, key)
				}
				members[key] = true
			}
			if at != b.Bits() || cells != h.Cells || len(h.Widths) != cells {
				t.Errorf("%s on %s: %d bits of %d, %d registers of %d", name, c, at, b.Bits(), cells, h.Cells)
			}
			if h.InputWords != b.Boundary.InputWords() || h.OutputWords != b.Boundary.OutputWords() {
				t.Errorf("%s on %s: %d and %d words at the boundary", name, c, h.InputWords, h.OutputWords)
			}
		}
	}
}

func TestMembersOfTheVerilatedClass(t *testing.T) {
	for path, want := range map[string]string{
		"fill":           "top__DOT__fill",
		"trav.oy":        "top__DOT__trav__DOT__oy",
		"lane[3].x.sum1": "top__DOT__lane__BRA__3__KET____DOT__x__DOT__sum1",
	} {
		if got, err := member("top", path); err != nil || got != want {
			t.Errorf("%s: %s, %v", path, got, err)
		}
	}
	for _, path := range []string{"a__b", `\odd$name`} {
		if got, err := member("top", path); err == nil {
			t.Errorf("%s gives %s without an error", path, got)
		}
	}
}

func TestSourceReadsAndWritesArraysAndScalars(t *testing.T) {
	b := open(t, "traversal", isa.U55x32)
	h, err := newHarness(b)
	if err != nil {
		t.Fatal(err)
	}
	h.Groups = append(h.Groups, group{Name: "array", Element: 2, Count: 5, At: 500, Width: 9})
	text, err := h.source()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"r.traversal__DOT__ifm__DOT__oy = take(w, ", "give(w, 500 + e * 9, 9, r.array[2 + e]);",
		"for (unsigned e = 0; e < 5; e++) r.array[2 + e] = take(w, 500 + e * 9, 9);", "set(b.ifm_start, w + 0);", "get(b.wd_bank, w + 1);",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the C++ does not contain %q", want)
		}
	}
	if s := visible(b); strings.Count(s, `-var "oy"`) != 1 || !strings.Contains(s, `-var "tap"`) {
		t.Errorf("control file:\n%s", s)
	}
}

func TestAnswersOfTheVerilatedBlock(t *testing.T) {
	b := open(t, "traversal", isa.U55x32)
	runs := []cosim.Run{{Name: "one"}, {Name: "two"}}
	r := &block{Clocks: 10}
	if err := r.take("register 0 1 77 1 2\noutput 4 0 5 1 0\nend 10 3 2\n", b, runs); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"two, cycle 77, traversal.ifm.bank (ifm.bank): the Verilog gives 0x1, not 0x2",
		"one, cycle 5, output ofm_bank: the Verilog gives 0x1, not 0x0",
	}
	if r.Differences != 2 || !reflect.DeepEqual(r.Examples, want) {
		t.Errorf("%d, %q", r.Differences, r.Examples)
	}
	for _, text := range []string{
		"", "register 0 1 77 1 2\n", "end 9 3 0\n", "register 999999 0 1 1 2\nend 10 0 1\n", "output 5 0 1 1 2\nend 10 0 1\n",
		"register 0 2 1 1 2\nend 10 0 1\n", "register 0 -1 1 1 2\nend 10 0 1\n", "register -1 0 1 1 2\nend 10 0 1\n", "something else\n",
	} {
		if err := (&block{Clocks: 10}).take(text, b, runs); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestResultsReplaceThoseOfTheSameBlock(t *testing.T) {
	file := filepath.Join(t.TempDir(), "results.json")
	r, err := readRecord(file)
	if err != nil {
		t.Fatal(err)
	}
	r.put(&block{NPU: "u55-32", Block: "a", Clocks: 1})
	r.put(&block{NPU: "u55-32", Block: "b", Clocks: 2})
	if err := r.write(file); err != nil {
		t.Fatal(err)
	}
	if r, err = readRecord(file); err != nil {
		t.Fatal(err)
	}
	r.put(&block{NPU: "u55-32", Block: "a", Clocks: 3})
	if len(r.Blocks) != 2 || r.Blocks[0].Clocks != 3 || r.Blocks[1].Clocks != 2 {
		t.Errorf("%+v", r.Blocks)
	}
	if err := os.WriteFile(file, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := readRecord(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a damaged file: %v", err)
	}
}

func TestWithoutVerilatorThereIsARemedy(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	var b bytes.Buffer
	for _, o := range []*options{{rtl: "..", lint: true}, {rtl: "..", npu: "u55-32", models: "none.tflite", clocks: 1}} {
		err := run(t.Context(), o, nil, &b)
		if err == nil || strings.Count(err.Error(), "\n") > 0 || !strings.Contains(err.Error(), "apt install verilator") {
			t.Errorf("%v", err)
		}
	}
	if err := run(t.Context(), &options{rtl: ".."}, []string{"no_block"}, &b); err == nil || !strings.Contains(err.Error(), "traversal") {
		t.Errorf("an unknown module: %v", err)
	}
}

func TestBenchesAreNotLinted(t *testing.T) {
	dir := t.TempDir()
	for _, f := range []string{"top.v", "parts/a.v", "parts/test/b.v"} {
		f = filepath.Join(dir, filepath.FromSlash(f))
		if err := os.MkdirAll(filepath.Dir(f), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	list, err := below(dir)
	if want := []string{filepath.Join(dir, "parts", "a.v")}; err != nil || !reflect.DeepEqual(list, want) {
		t.Errorf("%v, %v", list, err)
	}
}

func TestModulesOfAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "parts.v")
	if err := os.WriteFile(file, []byte("// module no\nmodule one (input a); endmodule\nmodule two #(parameter A = 1) (input a); endmodule\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	list, err := modulesIn(file)
	if err != nil || !reflect.DeepEqual(list, []string{"one", "two"}) {
		t.Errorf("%v, %v", list, err)
	}
	if err := os.WriteFile(file, []byte("// module no\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if list, err = modulesIn(file); err == nil {
		t.Errorf("a file without a module gives %v", list)
	}
}
