//go:build !browser

package guest

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Instructions of WebAssembly that the modules below need.
const (
	i32         = 0x7f
	opLoop      = 0x03
	opBr        = 0x0c
	opEnd       = 0x0b
	opGet       = 0x20
	opGlobalGet = 0x23
	opGlobalSet = 0x24
	opConst     = 0x41
	opLoad8     = 0x2d
	opStore     = 0x36
	opNe        = 0x47
	opAdd       = 0x6a
	opGrow      = 0x40
	opDrop      = 0x1a
	opTrap      = 0x00
	void        = 0x40
)

// function is a function of a module: what it takes and returns, in numbers of i32.
type function struct {
	name            string
	params, results int
	body            []byte
}

func uleb(n int) (b []byte) {
	for {
		c := byte(n & 0x7f)
		if n >>= 7; n == 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

// sleb is a signed constant.
func sleb(n int) (b []byte) {
	for {
		c := byte(n & 0x7f)
		n >>= 7
		if n == 0 && c&0x40 == 0 || n == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

func vector(items ...[]byte) []byte { return append(uleb(len(items)), slices.Concat(items...)...) }

func section(id byte, body []byte) []byte { return slices.Concat([]byte{id}, uleb(len(body)), body) }

func name(s string) []byte { return append(uleb(len(s)), s...) }

// assemble makes a module with one memory of two pages and one global.
func assemble(memory string, list ...function) []byte {
	var types, funcs, exports, code [][]byte
	for k, f := range list {
		types = append(types, slices.Concat([]byte{0x60}, uleb(f.params), slices.Repeat([]byte{i32}, f.params), uleb(f.results), slices.Repeat([]byte{i32}, f.results)))
		funcs = append(funcs, uleb(k))
		exports = append(exports, slices.Concat(name(f.name), []byte{0}, uleb(k)))
		body := slices.Concat(uleb(0), f.body, []byte{opEnd})
		code = append(code, append(uleb(len(body)), body...))
	}
	exports = append(exports, slices.Concat(name(memory), []byte{2, 0}))
	return slices.Concat(
		[]byte("\x00asm\x01\x00\x00\x00"), section(1, vector(types...)), section(3, vector(funcs...)), section(5, vector([]byte{0, 2})),
		section(6, vector([]byte{i32, 1, opConst, 0, opEnd})), section(7, vector(exports...)), section(10, vector(code...)),
	)
}

func constant(n int) []byte { return append([]byte{opConst}, sleb(n)...) }

// standard are the functions that every module has.
func standard() []function {
	return []function{{exportABI, 0, 1, constant(ABI)}, {exportAlloc, 1, 1, constant(1024)}}
}

// firstByte is a criterion: the first byte differs.
var firstByte = function{exportCriterion, 3, 1, []byte{opGet, 0, opLoad8, 0, 0, opGet, 1, opLoad8, 0, 0, opNe}}

func load(t testing.TB, wasm []byte, l Limits) *Module {
	t.Helper()
	m, err := Load("test.wasm", wasm, l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

func TestCriterion(t *testing.T) {
	m := load(t, assemble("memory", append(standard(), firstByte)...), Limits{})
	if !m.HasCriterion() || m.HasRule() || len(m.Digest()) != 64 {
		t.Errorf("criterion %v, rule %v, digest %s", m.HasCriterion(), m.HasRule(), m.Digest())
	}
	for _, c := range []struct {
		golden, faulty []byte
		want           bool
	}{{[]byte{1, 2}, []byte{1, 3}, false}, {[]byte{1, 2}, []byte{9, 2}, true}} {
		for range 600 { // some of them on fresh instances as well
			if got, err := m.Critical(c.golden, c.faulty); err != nil || got != c.want {
				t.Fatalf("%v against %v: %v, %v", c.faulty, c.golden, got, err)
			}
		}
	}
	if _, err := m.Decide(nil); err == nil || !strings.Contains(err.Error(), exportRule) {
		t.Errorf("a rule that is not there: %v", err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 200 {
				if got, err := m.Critical([]byte{1}, []byte{2}); err != nil || !got {
					t.Errorf("%v, %v", got, err)
				}
			}
		})
	}
	group.Wait()
}

func TestRule(t *testing.T) {
	// The answer is a list of one item, the number of tables, at 512.
	body := slices.Concat(constant(512), constant(1), []byte{opStore, 2, 0}, constant(516), []byte{opGet, 1, opStore, 2, 0}, constant(512))
	m := load(t, assemble("memory", append(standard(), function{exportRule, 2, 1, body})...), Limits{})
	got, err := m.Decide([]Table{{Data: []byte{1, 2}, Rows: 2, Width: 1}, {Data: []byte{3}, Rows: 1, Width: 1}})
	if err != nil || !slices.Equal(got, []int{2}) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := m.Critical([]byte{1}, []byte{2}); err == nil || !strings.Contains(err.Error(), exportCriterion) {
		t.Errorf("a criterion that is not there: %v", err)
	}
}

// What is wrong with a module is one clear line that names it, and nothing hangs.
func TestBadModules(t *testing.T) {
	short := Limits{Call: 50 * time.Millisecond, MemoryBytes: 4 << 20}
	with := func(f function) []byte {
		list := standard()
		for k := range list {
			if list[k].name == f.name {
				list[k] = f
				return assemble("memory", append(list, firstByte)...)
			}
		}
		return assemble("memory", append(list, f)...)
	}
	forever := []byte{opLoop, void, opBr, 0, opEnd}
	for _, c := range []struct {
		what, want string
		wasm       []byte
	}{
		{"no module", "no WebAssembly module", []byte("hello")},
		{"half a module", "no WebAssembly module", assemble("memory", standard()...)[:40]},
		{"nothing offered", "exports none of", assemble("memory", standard()...)},
		{"no memory", `export its memory as "memory"`, assemble("mem", append(standard(), firstByte)...)},
		{"no version", exportABI, assemble("memory", standard()[1], firstByte)},
		{"no allocation", exportAlloc, assemble("memory", standard()[0], firstByte)},
		{"other version", "version 7", with(function{exportABI, 0, 1, constant(7)})},
		{"wrong signature", "must take 3 and return 1", with(function{exportCriterion, 2, 1, constant(0)})},
		{"trap", "unreachable", with(function{exportCriterion, 3, 1, []byte{opTrap}})},
		{"endless loop", "takes more than 50ms", with(function{exportCriterion, 3, 1, append(slices.Clone(forever), constant(0)...)})},
		{"endless version", "takes more than 50ms", with(function{exportABI, 0, 1, append(slices.Clone(forever), constant(1)...)})},
		{"endless start", "start takes more than 50ms", assemble("memory", append(standard(), firstByte, function{exportStart, 0, 0, forever})...)},
		{"failing start", "start fails", assemble("memory", append(standard(), firstByte, function{exportStart, 0, 0, []byte{opTrap}})...)},
		{"bad answer", "returned 5", with(function{exportCriterion, 3, 1, constant(5)})},
		{"no room", "does not lie in its memory", with(function{exportAlloc, 1, 1, constant(0)})},
		{"room outside", "does not lie in its memory", with(function{exportAlloc, 1, 1, constant(2*pageBytes - 1)})},
		{"negative room", "does not lie in its memory", with(function{exportAlloc, 1, 1, constant(-4)})},
		{"list outside", "list of", with(function{exportRule, 2, 1, constant(2 * pageBytes)})},
		{"long list", "list of", with(function{exportRule, 2, 1, slices.Concat(constant(512), constant(1<<25), []byte{opStore, 2, 0}, constant(512))})},
		{"list over the end", "leaves its memory", with(function{exportRule, 2, 1, slices.Concat(constant(2*pageBytes-8), constant(99), []byte{opStore, 2, 0}, constant(2*pageBytes-8))})},
		{"memory of a call", "another answer", with(function{exportCriterion, 3, 1, []byte{opGlobalGet, 0, opConst, 1, opGlobalSet, 0}})},
	} {
		t.Run(c.what, func(t *testing.T) {
			began := time.Now()
			m, err := Load("bad.wasm", c.wasm, short)
			if err == nil {
				defer m.Close()
				for range 4 {
					if err = call(m); err != nil {
						break
					}
				}
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "bad.wasm") {
				t.Errorf("%v, want %q", err, c.want)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("that took %v", took)
			}
		})
	}
	if _, err := Load("big.wasm", make([]byte, 100), Limits{ModuleBytes: 99}); err == nil || !strings.Contains(err.Error(), "100 bytes") {
		t.Errorf("a large file: %v", err)
	}
}

func call(m *Module) error {
	if m.HasRule() {
		_, err := m.Decide([]Table{{Data: []byte{1, 2, 3}, Rows: 3, Width: 1}})
		return err
	}
	_, err := m.Critical([]byte{1, 2}, []byte{1, 3})
	return err
}

// A module cannot take more memory than it may have; it sees that it got none.
func TestMemoryLimit(t *testing.T) {
	grow := function{exportCriterion, 3, 1, slices.Concat(constant(1000), []byte{opGrow, 0}, constant(-1), []byte{opNe})}
	m := load(t, assemble("memory", append(standard(), grow)...), Limits{MemoryBytes: 1 << 20})
	if got, err := m.Critical([]byte{1}, []byte{2}); err != nil || got {
		t.Errorf("memory grew beyond the limit: %v, %v", got, err)
	}
	if _, err := m.Critical(make([]byte, 1<<20), make([]byte, 1<<20)); err == nil || !strings.Contains(err.Error(), "do not fit") {
		t.Errorf("arguments larger than the memory: %v", err)
	}
}

// After a failed call the module can be called again.
func TestFailedInstanceIsReplaced(t *testing.T) {
	// It fails when the first byte of the faulty output is 0.
	body := []byte{opGet, 1, opLoad8, 0, 0, opConst, 0, opNe, 0x45 /* eqz */, 0x04, void, opTrap, opEnd, opConst, 1}
	m := load(t, assemble("memory", append(standard(), function{exportCriterion, 3, 1, body})...), Limits{})
	for range 3 {
		if _, err := m.Critical([]byte{1}, []byte{0}); err == nil {
			t.Fatal("no trap")
		}
		if got, err := m.Critical([]byte{1}, []byte{5}); err != nil || !got {
			t.Fatalf("after a trap: %v, %v", got, err)
		}
	}
}

// The example is built with the standard toolchain.
func TestGoExample(t *testing.T) {
	file := filepath.Join(t.TempDir(), "example.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-o", file, "./testdata/guest/go")
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	wasm, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m := load(t, wasm, Limits{})
	for range 3 {
		for _, c := range []struct {
			faulty []byte
			want   bool
		}{{[]byte{4, 9, 0x80}, false}, {[]byte{9, 8, 7}, true}} {
			if got, err := m.Critical([]byte{1, 9, 3}, c.faulty); err != nil || got != c.want {
				t.Errorf("%v: %v, %v", c.faulty, got, err)
			}
		}
		got, err := m.Decide([]Table{{Data: []byte{5, 0xff, 0, 7, 9, 9}, Rows: 3, Width: 2, Scale: 0.5, Zero: -1}})
		if err != nil || !slices.Equal(got, []int{0, 1, 2}) {
			t.Errorf("%v, %v", got, err)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(assemble("memory", append(standard(), firstByte)...))
	f.Add(assemble("memory", standard()...))
	for id := sectionType; id <= sectionData; id++ {
		f.Add(append([]byte(magic), section(byte(id), uleb(100_000_000))...))
	}
	f.Fuzz(func(t *testing.T, wasm []byte) {
		m, err := Load("fuzz.wasm", wasm, Limits{Call: 100 * time.Millisecond, Compile: 2 * time.Second, MemoryBytes: 1 << 20, ModuleBytes: 1 << 16})
		if err != nil {
			return
		}
		defer m.Close()
		_ = call(m) // an error or an answer, and no more
	})
}

// BenchmarkCritical is the cost of a trivial criterion.
func BenchmarkCritical(b *testing.B) {
	m := load(b, assemble("memory", append(standard(), firstByte)...), Limits{})
	golden, faulty := make([]byte, 12), make([]byte, 12)
	for b.Loop() {
		if _, err := m.Critical(golden, faulty); err != nil {
			b.Fatal(err)
		}
	}
}
