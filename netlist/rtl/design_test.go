package rtl_test

import (
	"os"
	"path/filepath"
	"reflect"
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

func TestDesignsHaveTheParametersOfTheirConfigurations(t *testing.T) {
	dir := write(t, map[string]string{
		"array.v": "// parameter LANES = 1\nmodule array #(parameter PIXELS = 4, parameter integer DEPTH = 8, parameter W = 2)(input clk);\nendmodule\n",
		"plain.v": "module plain #(parameter W = 4)(input clk);\nendmodule\n",
		"rows.v":  "module rows #(\n parameter HEIGHT = 2,\n parameter WIDTH = 1)(input clk);\nendmodule\n",
	})
	list, err := rtl.Designs(dir, "array")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, d := range list {
		got[d.Name()] = d.String()
	}
	want := map[string]string{
		"array-u55-32":  "PIXELS=1 DEPTH=4",
		"array-u55-64":  "PIXELS=1 DEPTH=8",
		"array-u55-128": "PIXELS=2 DEPTH=8",
		"array-u55-256": "PIXELS=4 DEPTH=8",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	list, err = rtl.Designs(dir, "rows")
	if err != nil || len(list) != 4 || list[2].String() != "HEIGHT=1 WIDTH=2" {
		t.Errorf("rows and columns: %v, %v", list, err)
	}
	if list, err = rtl.Designs(dir, "plain"); err != nil || len(list) != 1 || list[0].Name() != "plain" {
		t.Errorf("a module without parameters of ours: %v, %v", list, err)
	}
	if _, err := rtl.Designs(dir, "missing"); err == nil {
		t.Error("a module without a file: no error")
	}
}

func TestSourcesFollowModules(t *testing.T) {
	dir := write(t, map[string]string{
		"top.v":    "// other\nmodule top(input clk); middle m(.clk(clk)); endmodule",
		"middle.v": "module middle(input clk); leaf #(.W(2)) l(.clk(clk)); endmodule",
		"leaf.v":   "module leaf #(parameter W = 1)(input clk); endmodule",
		"other.v":  "module other(input clk); endmodule",
	})
	list, err := rtl.Sources(dir, "top")
	want := []string{filepath.Join(dir, "top.v"), filepath.Join(dir, "middle.v"), filepath.Join(dir, "leaf.v")}
	if err != nil || !reflect.DeepEqual(list, want) {
		t.Errorf("%v, %v; want %v", list, err, want)
	}
	if _, err := rtl.Sources(dir, "missing"); err == nil {
		t.Error("a module without a file: no error")
	}
}
