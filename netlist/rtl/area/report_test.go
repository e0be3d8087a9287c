package area

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"upset/netlist"
	"upset/npu/isa"
)

const twoModules = `
3. Printing statistics.

=== top ===

   Number of wires:                  7
   Number of cells:                  5
     $_NAND_                         2
     $paramod$0123abcd\leaf          2
     other                           1

=== $paramod$0123abcd\leaf ===

   Number of cells:                  3
     $_DFFE_PP_                      2
     other                           1

=== other ===

   Number of cells:                  1
     $_SDFF_PP0_                     1

=== design hierarchy ===

   top                               1
     $_NAND_                         2
     $_SDFF_PP0_                     3
`

func TestStatistics(t *testing.T) {
	all, err := statistics(twoModules)
	if err != nil {
		t.Fatal(err)
	}
	uses, err := all.instances("top")
	if err != nil {
		t.Fatal(err)
	}
	// other stands in top and in both leaves.
	if want := map[string]int{"top": 1, `$paramod$0123abcd\leaf`: 2, "other": 3}; !maps.Equal(uses, want) {
		t.Errorf("instances %v, want %v", uses, want)
	}
	if got := order("top", uses); !slices.Equal(got, []string{"top", `$paramod$0123abcd\leaf`, "other"}) {
		t.Errorf("order %v", got)
	}
	for _, x := range []struct{ module, want string }{{"top", "top"}, {"leaf", `$paramod$0123abcd\leaf`}, {"absent", ""}} {
		if got, err := all.top(x.module); got != x.want || (err == nil) != (x.want != "") {
			t.Errorf("the top %s is %q, %v", x.module, got, err)
		}
	}
	if _, err := all.instances("absent"); err == nil {
		t.Error("a module without statistics has instances")
	}
	if _, err := statistics("nothing"); err == nil {
		t.Error("no module is no error")
	}
}

// Modules in a circle end in an error, not in a loop.
func TestInstancesOfACircle(t *testing.T) {
	all := modules{"a": {"b": 1}, "b": {"a": 1}}
	if _, err := all.instances("a"); err == nil {
		t.Error("a circle of modules is taken")
	}
}

func TestNamesOfModules(t *testing.T) {
	for name, want := range map[string]string{
		"top": "top", `\top`: "top", `$paramod$9f\leaf`: "leaf", `$paramod\leaf\W=s32'00000000000000000000000000001000`: "leaf",
	} {
		if got := baseName(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestGenericFlops(t *testing.T) {
	for name, want := range map[string][2]bool{
		"$_DFF_P_": {true, false}, "$_DFFE_PP_": {true, true}, "$_SDFF_PP0_": {true, false}, "$_SDFFE_PP0P_": {true, true}, "$_SDFFCE_PP0P_": {true, true},
		"$_NAND_": {}, "$_MUX_": {}, "DFFPOSX1": {},
	} {
		if flop, enabled := genericFlop(name); flop != want[0] || enabled != want[1] {
			t.Errorf("%s: flop %t, enabled %t", name, flop, enabled)
		}
	}
}

func TestLevels(t *testing.T) {
	if n, err := levels("Longest topological path in top (length=24):\n 0: x"); n != 24 || err != nil {
		t.Errorf("%d levels, %v", n, err)
	}
	if _, err := levels("none"); err == nil {
		t.Error("no path is no error")
	}
}

func TestLiberty(t *testing.T) {
	cells, err := liberty([]byte("library (x) {\n  cell (NAND2X1) {\n    area : 24;\n    pin(A) { area : 3; }\n  }\n  cell (\"DFF\") {\n    area : 96.5;\n    ff (IQ, IQN) {\n }\n}\n}\n"))
	if err != nil || len(cells) != 2 || cells["NAND2X1"] != (cell{24, false}) || cells["DFF"] != (cell{96.5, true}) {
		t.Errorf("%v, %v", cells, err)
	}
	for _, text := range []string{"", "cell (A) {\n area : 1e99;\n", "cell (A) {\n area : -;\n"} {
		if _, err := liberty([]byte(text)); err == nil && text == "" || text != "" && strings.Contains(text, "1e99") && err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	for _, x := range []struct{ file, want string }{
		{"{", "unexpected"},
		{"{}", "no library"},
		{`{"libraries": [{}, {}], "results": [{"key": "a", "areas": [{}]}]}`, "1 areas for 2 libraries"},
		{`{"libraries": [{}], "results": [{"key": "a", "areas": [{}], "parts": [{"module": "m"}]}]}`, "a, m has 0 areas"},
		{strings.Repeat(" ", fileLimit+1), "larger than"},
	} {
		if _, err := decode(strings.NewReader(x.file)); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("error %v, want one with %q", err, x.want)
		}
	}
}

// A formula of a block names parts that netlist has, so that none is counted as nothing.
func TestBlocksNameParts(t *testing.T) {
	for _, b := range Blocks {
		for _, c := range isa.Configs {
			ge, flops := b.Formula(c, fixed())
			if ge <= 0 || (b.Counts == nil) != (flops > 0) {
				t.Errorf("%s on %s: %v GE, %d flops", b.Module, c, ge, flops)
			}
		}
	}
	one, _ := Blocks[0].Formula(isa.U55x128, fixed())
	// Six counters of 16 bits: increment, comparison of order, multiplexer.
	if want := 6 * 16 * (7 + 3 + 2.5); math.Abs(one-want) > 1e-9 {
		t.Errorf("a job counter is %v GE by the formula, want %v", one, want)
	}
}

func TestReadmeDesigns(t *testing.T) {
	text := "\nPROTECTION CHOSEN, ADDED LOGIC\n  parity        20 %: cc/config, wd/local\n  harden-light  1.76 %: dma/local\n\n  other  3 %: x/y\n"
	list, err := readmeDesigns(text)
	if err != nil || len(list) != 1 || len(list[0].Choices) != 3 || list[0].Choices[2].Block != "dma" {
		t.Errorf("%+v, %v", list, err)
	}
	for _, bad := range []string{"", "\nPROTECTION CHOSEN, ADDED LOGIC\nnothing\n", "\nPROTECTION CHOSEN, ADDED LOGIC\n  magic  1 %: cc/config\n"} {
		if _, err := readmeDesigns(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// fixed are constants that the program's own do not change.
func fixed() *netlist.Costs {
	return &netlist.Costs{Flop: 6.5, Multiplier: 5, Adder: 7, Mux: 2.5, XOR: 2.5, Comparator: 3, Less: 3, Voter: 4, Gate: 1.5}
}

// A block is measured with the parameters that it has, and from the files that it names.
func TestMeasurementsOfBlocks(t *testing.T) {
	all := texts{
		"mac_array.v": "module mac_array #(parameter HEIGHT = 2, parameter integer DEPTH = 8, parameter BITS = 9) (); mac_slice s(); endmodule // not other",
		"mac_slice.v": "module mac_slice (); leaf x(); endmodule", "leaf.v": "module leaf (); endmodule", "other.v": "module other (); endmodule",
		"job_counter.v": "module job_counter (); endmodule",
	}
	list := all.measurements(Block{Module: "mac_array"})
	if len(list) != 4 || list[0].Key() != "mac_array HEIGHT=1 DEPTH=4" || list[3].Key() != "mac_array HEIGHT=2 DEPTH=8" {
		t.Errorf("%+v", list)
	}
	if want := []string{"leaf.v", "mac_array.v", "mac_slice.v"}; !slices.Equal(list[0].Files, want) {
		t.Errorf("files %v, want %v", list[0].Files, want)
	}
	if one := all.measurements(Block{Module: "job_counter"}); len(one) != 1 || !one[0].Every || one[0].Key() != "job_counter" {
		t.Errorf("%+v", one)
	}
	if none := all.measurements(Block{Module: "absent"}); none != nil {
		t.Errorf("%+v", none)
	}
}
