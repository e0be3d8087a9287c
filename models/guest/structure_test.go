//go:build !browser

package guest

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

const magic = "\x00asm\x01\x00\x00\x00"

// A few bytes that ask for much are refused before anything is allocated for them.
func TestCountsAreCheckedBeforeTheyAreBelieved(t *testing.T) {
	huge := uleb(1<<32 - 1)
	end := []byte{opEnd}
	zero := []byte{opConst, 0, opEnd}
	module := func(sections ...[]byte) []byte { return append([]byte(magic), slices.Concat(sections...)...) }
	cases := map[string][]byte{
		"parameters":         module(section(sectionType, slices.Concat([]byte{1, 0x60}, huge, []byte{0}))),
		"results":            module(section(sectionType, slices.Concat([]byte{1, 0x60, 0}, huge))),
		"recursive types":    module(section(sectionType, slices.Concat([]byte{1, 0x4e}, huge))),
		"name of an import":  module(section(sectionImport, slices.Concat([]byte{1}, huge, []byte{0, 0, 0}))),
		"name of an export":  module(section(sectionExport, slices.Concat([]byte{1}, huge, []byte{0, 0}))),
		"entries of a table": module(section(sectionTable, slices.Concat([]byte{1, 0x70, 0}, uleb(1<<27)))),
		"imported table":     module(section(sectionImport, slices.Concat([]byte{1, 0, 0, 1, 0x70, 0}, uleb(1<<27)))),
		"locals":             module(section(sectionCode, slices.Concat([]byte{1}, uleb(8), []byte{1}, huge, []byte{i32}, end))),
		"groups of locals":   module(section(sectionCode, slices.Concat([]byte{1}, uleb(6), huge, end))),
		"size of a function": module(section(sectionCode, slices.Concat([]byte{1}, huge, []byte{0}, end))),
		"indices":            module(section(sectionElement, slices.Concat([]byte{1, 0}, zero, huge))),
		"expressions":        module(section(sectionElement, slices.Concat([]byte{1, 4}, zero, huge))),
		"passive elements":   module(section(sectionElement, slices.Concat([]byte{1, 1, 0}, huge))),
		"data":               module(section(sectionData, slices.Concat([]byte{1, 0}, zero, huge))),
		"passive data":       module(section(sectionData, slices.Concat([]byte{1, 1}, huge))),
		"size of a section":  module(slices.Concat([]byte{sectionExport}, huge)),
		"long number":        module(section(sectionExport, slices.Repeat([]byte{0xff}, 12))),
		"type of a function": module(section(sectionType, []byte{1, 0x60, 0, 0}), section(sectionFunction, []byte{1, 34})),
		"type of an import":  module(section(sectionType, []byte{1, 0x60, 0, 0}), section(sectionImport, []byte{1, 0, 0, 0, 1})),
		"sixth section":      module(section(42, nil)),
		"two sections":       module(section(sectionType, []byte{0}), section(sectionType, []byte{0})),
		"exception tags":     module(section(13, slices.Concat(huge, []byte{0}))),
		"many small locals":  module(section(sectionCode, slices.Concat(uleb(100), slices.Repeat(slices.Concat(uleb(6), []byte{1}, uleb(40_000), []byte{i32}, end), 100)))),
	}
	for id := sectionType; id <= sectionData; id++ {
		if id == sectionStart {
			continue
		}
		for _, n := range []int{3, 100_000_000, 1<<32 - 1} {
			cases["items of section "+sectionNames[id]+" "+string(uleb(n))] = module(section(byte(id), uleb(n)))
		}
	}
	if wasm, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "cases", "huge-count.wasm")); err == nil {
		cases["a stored case"] = wasm
	}
	for what, wasm := range cases {
		// The least of three: a compilation that another test has given up goes on and takes memory too.
		bytes, took := uint64(1<<63), time.Hour
		for range 3 {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := time.Now()
			m, err := Load("bad.wasm", wasm, Limits{})
			took = min(took, time.Since(began))
			runtime.ReadMemStats(&after)
			bytes = min(bytes, after.TotalAlloc-before.TotalAlloc)
			if err == nil {
				m.Close()
			}
			if err == nil || !strings.Contains(err.Error(), "no WebAssembly module") || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%s: %v", what, err)
			}
		}
		if bytes > 1<<20 || took > time.Second {
			t.Errorf("%s (%d bytes) takes %d bytes and %v", what, len(wasm), bytes, took)
		}
	}
}

// A panic of the runtime is an error.
func TestPanicsOfTheRuntimeAreErrors(t *testing.T) {
	_, err := guarded(func() (int, error) { return []int{}[len(os.Args)], nil })
	if err == nil || !strings.Contains(err.Error(), "fails on it") {
		t.Error(err)
	}
}

// Names for debuggers are not read: their counts can say what they like.
func TestCustomSectionsAreLeftOut(t *testing.T) {
	good := assemble("memory", append(standard(), firstByte)...)
	for _, body := range [][]byte{
		slices.Concat(name("name"), []byte{1}, uleb(5), uleb(1<<32-1)), slices.Concat(name("name"), []byte{2}, uleb(7), []byte{1, 0}, uleb(1<<32-1)), uleb(1<<32 - 1), nil,
	} {
		m := load(t, append(slices.Clone(good), section(sectionCustom, body)...), Limits{})
		if critical, err := m.Critical([]byte{1}, []byte{2}); err != nil || !critical {
			t.Errorf("%v, %v", critical, err)
		}
	}
}

// A table cannot grow beyond its bound: what names no maximum cannot grow at all.
func TestTablesDoNotGrow(t *testing.T) {
	body := []byte{0xd0, 0x70, opConst, 0x80, 0x80, 0x80, 0x20, 0xfc, 15, 0} // table.grow by 2^26
	grow := assemble("memory", append(standard(), function{exportCriterion, 3, 1, body})...)
	at := len(magic)
	for grow[at] < sectionMemory { // behind the function section
		at += 2 + int(grow[at+1])
	}
	for what, c := range map[string]struct {
		limits []byte
		fits   bool
	}{"no maximum": {[]byte{0, 1}, false}, "large maximum": {slices.Concat([]byte{1, 1}, uleb(1<<27)), false}, "maximum": {[]byte{1, 1, 9}, true}} {
		wasm := slices.Insert(slices.Clone(grow), at, section(sectionTable, slices.Concat([]byte{1, 0x70}, c.limits))...)
		m, err := Load("grow.wasm", wasm, Limits{})
		if err == nil {
			_, err = m.Critical([]byte{1}, []byte{2})
			m.Close()
		}
		if what := what; c.fits != (err != nil && strings.Contains(err.Error(), "returned -1")) || err == nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A small module that keeps the compiler busy is given up.
func TestCompilingIsLimited(t *testing.T) {
	const results, labels = 200, 30_000
	types := section(sectionType, slices.Concat(uleb(2), []byte{0x60, 0, 0}, []byte{0x60, 0}, uleb(results), slices.Repeat([]byte{i32}, results)))
	body := slices.Concat([]byte{0, 0x02, 1}, slices.Repeat([]byte{opConst, 0}, results+1), []byte{0x0e}, uleb(labels), make([]byte, labels+1),
		[]byte{opEnd}, slices.Repeat([]byte{opDrop}, results), []byte{opEnd})
	wasm := slices.Concat([]byte(magic), types, section(sectionFunction, []byte{1, 0}), section(sectionCode, slices.Concat(uleb(1), uleb(len(body)), body)))
	began := time.Now()
	_, err := Load("slow.wasm", wasm, Limits{Compile: 20 * time.Millisecond})
	if took := time.Since(began); err == nil || !strings.Contains(err.Error(), "takes more than 20ms to compile") || took > 2*time.Second {
		t.Errorf("%v after %v", err, took)
	}
}

// FuzzExamine: whatever the bytes, the walk ends, and what it lets pass costs memory in
// proportion.
func FuzzExamine(f *testing.F) {
	f.Add(assemble("memory", append(standard(), firstByte)...))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, wasm []byte) {
		s, err := examine(wasm)
		if err == nil && len(s.wasm) > len(wasm) {
			t.Errorf("%d bytes became %d", len(wasm), len(s.wasm))
		}
	})
}
