package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"upset/netlist/rtl"
)

func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLoopVariablesAreNoRegisters(t *testing.T) {
	dir := write(t, map[string]string{
		"a.v": "module a; integer i, k;\n/* integer no; */ // integer neither;\nparameter integer W = 3; reg [3:0] integers; b one(); endmodule",
		"c.v": "module c; integer other; endmodule",
		"b.v": "module b; integer i; endmodule",
	})
	from, err := sources(dir, "a")
	want := &source{Files: []string{filepath.Join(dir, "a.v"), filepath.Join(dir, "b.v")}, Variables: []string{"i", "k"}}
	if err != nil || !reflect.DeepEqual(from, want) {
		t.Fatalf("%+v, %v, want %+v", from, err, want)
	}
	text := script(&rtl.Design{Module: "a"}, from, "out.json")
	mark, first := strings.Index(text, "setattr -set keep 1"), strings.Index(text, "opt")
	if k := strings.Index(text, "@registers w:k %d"); k < 0 || k > mark || mark > first {
		t.Errorf("variables at %d, marks at %d, first optimisation at %d", k, mark, first)
	}
}

// The mark is taken from a loop variable by name, in all modules.
func TestRegisterNamedLikeALoopVariableIsAnError(t *testing.T) {
	dir := write(t, map[string]string{"a.v": "module a; integer i; b one(); endmodule", "b.v": "module b; reg [3:0] x, i; endmodule"})
	if _, err := sources(dir, "a"); err == nil || !strings.Contains(err.Error(), "i is an integer and a register") {
		t.Errorf("%v", err)
	}
}

func TestTailOfALogIsALine(t *testing.T) {
	log := "1. Executing\n2. More\na.v:3: ERROR: syntax error,\n  unexpected end\n\n"
	if got := tail([]byte(log)); got != "a.v:3: ERROR: syntax error, | unexpected end" {
		t.Errorf("%q", got)
	}
	if got := tail([]byte("one\ntwo\n")); got != "one | two" {
		t.Errorf("%q", got)
	}
}

func TestUnknownNetlistIsAnError(t *testing.T) {
	dir := write(t, map[string]string{"plain.v": "module plain(input clk); endmodule"})
	var b strings.Builder
	err := run(&options{rtl: dir, check: "plain-u55-32"}, nil, &b)
	if err == nil || !strings.Contains(err.Error(), "plain-u55-32") {
		t.Errorf("%v", err)
	}
}
