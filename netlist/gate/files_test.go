package gate

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// example reads a module of testdata: the .v file there, as yosys' netlist made
// by netlist/rtl/generate.
func example(t testing.TB, module string) *Netlist {
	t.Helper()
	n, err := FromYosys(bytes.NewReader(exampleJSON(t, module)), module)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func exampleJSON(t testing.TB, module string) []byte {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", module+".json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func file(t testing.TB, n *Netlist) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := n.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWriteThenReadGivesTheSameNetlist(t *testing.T) {
	list := []*Netlist{randomNetlist(rand.New(rand.NewPCG(1, 1)), 7, 5, 400)}
	for _, m := range []string{"counter", "mac8", "array", "kept"} {
		list = append(list, example(t, m))
	}
	for _, n := range list {
		data := file(t, n)
		if !bytes.Equal(data, file(t, n)) {
			t.Errorf("%s: two writes differ", n.Module)
		}
		got, err := Read(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("%s: %v", n.Module, err)
		}
		if !reflect.DeepEqual(got, n) {
			t.Errorf("%s: read %v, want %v", n.Module, got, n)
		}
		if got.Digest() != n.Digest() {
			t.Errorf("%s: the digest changed", n.Module)
		}
	}
}

func TestDigestSeesEveryGateAndName(t *testing.T) {
	n := example(t, "counter")
	before := n.Digest()
	n.Gates[3].Kind = Nor + And - n.Gates[3].Kind%2
	if n.Digest() == before {
		t.Error("a gate of another kind has the same digest")
	}
	n = example(t, "counter")
	n.Outputs[0].Name += "x"
	if n.Digest() == before {
		t.Error("a port with another name has the same digest")
	}
}

// A netlist of 200,000 gates has to stay well below a megabyte.
func TestFileIsSmall(t *testing.T) {
	n := example(t, "mac8")
	if size := len(file(t, n)); size > 3*len(n.Gates) {
		t.Errorf("mac8 takes %d bytes for %d gates", size, len(n.Gates))
	}
}

// Every file cut at any byte and every file with one changed byte gives an error
// or a netlist that is complete; none panics.
func TestDamagedFiles(t *testing.T) {
	data := example(t, "counter").encode()
	for i := range data {
		if _, err := decode(data[:i]); err == nil {
			t.Errorf("cut at %d: no error", i)
		}
		for _, x := range []byte{1, 0x80, 0xff} {
			damaged := bytes.Clone(data)
			damaged[i] ^= x
			if n, err := decode(damaged); err == nil {
				New(n).Evaluate()
			}
		}
	}
	whole := file(t, example(t, "counter"))
	for _, bad := range [][]byte{nil, []byte("text"), whole[:len(whole)-1], append(bytes.Clone(whole), 0), append(bytes.Clone(whole), whole...)} {
		if _, err := Read(bytes.NewReader(bad)); err == nil {
			t.Errorf("%d bytes: no error", len(bad))
		}
	}
}

// What a file claims to hold is compared with what is left of it first.
func TestClaimsAreBounded(t *testing.T) {
	big := func(parts ...int) []byte {
		e := &encoder{data: []byte(magic)}
		e.text("m")
		for _, p := range parts {
			e.number(p)
		}
		return e.data
	}
	for name, data := range map[string][]byte{
		"inputs":    big(1 << 40),
		"registers": big(0, 0, 1<<40),
		"gates":     big(0, 0, 0, 1<<40),
		"input":     append(big(1, 1, 'a', 1<<40), 0, 0, 0),
		"long":      append(big(0, 0, 0), 0x81, 0x80, 0x80, 0), // one gate in four bytes, and none behind them
		"flops":     append(big(0, 0, 1, 1, 'r', 0, 1<<40), 0, 0, 0),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := decode(data)
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		if k := after.TotalAlloc - before.TotalAlloc; k > 1<<16 {
			t.Errorf("%s: %d bytes allocated", name, k)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, m := range []string{"counter", "array"} {
		f.Add(example(f, m).encode())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := decode(data)
		if err != nil {
			return
		}
		New(n).Evaluate()
		again, err := decode(n.encode())
		if err != nil {
			t.Fatal(err)
		}
		if again.Digest() != n.Digest() {
			t.Fatal("the digest changed")
		}
	})
}

// change applies a change to the module of an example and returns the error.
func change(t *testing.T, module string, f func(m map[string]any)) error {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(exampleJSON(t, module), &v); err != nil {
		t.Fatal(err)
	}
	f(v["modules"].(map[string]any)[module].(map[string]any))
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	_, err = FromYosys(bytes.NewReader(data), module)
	return err
}

// firstCell finds a cell of a type: its name and the connections.
func firstCell(m map[string]any, kind string) (string, map[string]any) {
	cells := m["cells"].(map[string]any)
	for _, name := range sortedKeys(cells) {
		c := cells[name].(map[string]any)
		if c["type"] == kind {
			return name, c
		}
	}
	panic("no " + kind)
}

func TestFromYosysRefuses(t *testing.T) {
	pins := func(c map[string]any) map[string]any { return c["connections"].(map[string]any) }
	var name string
	for what, c := range map[string]struct {
		change func(m map[string]any)
		want   string
	}{
		"unknown cell": {func(m map[string]any) {
			var c map[string]any
			name, c = firstCell(m, "$_AND_")
			c["type"] = "$add"
		}, "is a $add, which is not a generic gate"},
		"latch": {func(m map[string]any) {
			var c map[string]any
			name, c = firstCell(m, "$_DFF_P_")
			c["type"] = "$_DLATCH_P_"
		}, "$_DLATCH_P_"},
		"loop": {func(m map[string]any) {
			var c map[string]any
			name, c = firstCell(m, "$_AND_")
			pins(c)["A"] = pins(c)["Y"]
		}, "combinational loop through"},
		"no driver": {func(m map[string]any) {
			var c map[string]any
			name, c = firstCell(m, "$_AND_")
			pins(c)["A"] = []any{1e6}
		}, "has no driver"},
		"two drivers": {func(m map[string]any) {
			var c map[string]any
			name, c = firstCell(m, "$_AND_")
			_, other := firstCell(m, "$_XOR_")
			pins(c)["Y"] = pins(other)["Y"]
		}, "has two drivers"},
		"undefined": {func(m map[string]any) {
			var c map[string]any
			name, c = firstCell(m, "$_AND_")
			pins(c)["B"] = []any{"x"}
		}, "is an undefined constant"},
		"clock as data": {func(m map[string]any) {
			var c map[string]any
			name, c = firstCell(m, "$_AND_")
			_, flop := firstCell(m, "$_DFF_P_")
			pins(c)["B"] = pins(flop)["C"]
		}, "reads the clock"},
		"other clock": {func(m map[string]any) {
			var c map[string]any
			name, c = firstCell(m, "$_DFF_P_")
			pins(c)["C"] = pins(c)["D"]
		}, "is not clocked by the one clock input"},
		"lost register": {func(m map[string]any) {
			name = "count.0"
			_, and := firstCell(m, "$_AND_")
			nets := m["netnames"].(map[string]any)
			nets["extra"] = map[string]any{"hide_name": 0, "bits": pins(and)["Y"], "attributes": map[string]any{RegisterAttribute: 1}}
			name = "extra.0"
		}, "is marked as a register and is no flop"},
		"flop without mark": {func(m map[string]any) {
			name = "count"
			net := m["netnames"].(map[string]any)["count"].(map[string]any)
			bits := net["bits"].([]any)
			net["bits"] = bits[:7]
			m["netnames"].(map[string]any)["other"] = map[string]any{"hide_name": 0, "bits": bits[7:], "attributes": map[string]any{}}
			name = "q.7"
		}, "is not marked as a register"},
		"no name": {func(m map[string]any) {
			var c map[string]any
			name, c = firstCell(m, "$_DFF_P_")
			for n, net := range m["netnames"].(map[string]any) {
				if strings.HasPrefix(n, "count") || n == "q" {
					net.(map[string]any)["hide_name"] = 1
				}
			}
			_ = c
		}, "has no public name"},
	} {
		err := change(t, "counter", c.change)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %s: … %s", what, err, name, c.want)
		}
	}
	if err := change(t, "counter", func(map[string]any) {}); err != nil {
		t.Errorf("without a change: %v", err)
	}
	if _, err := FromYosys(strings.NewReader(`{"modules":{}}`), "m"); err == nil {
		t.Error("a module that is not there: no error")
	}
}
