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
		"a.v": "module a; integer i, k;\n/* integer no; */ // integer neither;\nparameter integer W = 3; reg [3:0] integers; endmodule",
		"b.v": "module b; integer i; endmodule",
	})
	names, err := loopVariables(dir)
	if err != nil || !reflect.DeepEqual(names, []string{"i", "k"}) {
		t.Errorf("%v, %v", names, err)
	}
	text := script(dir, &rtl.Design{Module: "a"}, names, "out.json")
	mark, first := strings.Index(text, "setattr -set keep 1"), strings.Index(text, "opt")
	if k := strings.Index(text, "@registers w:k %d"); k < 0 || k > mark || mark > first {
		t.Errorf("variables at %d, marks at %d, first optimisation at %d", k, mark, first)
	}
}

func TestTailOfALogIsALine(t *testing.T) {
	log := "1. Executing\n2. More\na.v:3: ERROR: syntax error,\n  unexpected end\n\n"
	if got := tail([]byte(log)); got != "ERROR: syntax error, | unexpected end" {
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
