package main

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/models/network"
	"upset/npu/isa"
)

// streamLine is what two disassemblies must agree on.
type streamLine struct{ offset, payload, param, code, name string }

// velaListing reads the commands of Vela's own register listing.
func velaListing(t *testing.T, c isa.Config) []streamLine {
	t.Helper()
	f, err := os.Open(shared(t, "vela", "ethos-"+c.String(), "kws_ref_model_register_stream.txt.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var list []streamLine
	scan := bufio.NewScanner(z)
	scan.Buffer(nil, 1<<20)
	for scan.Scan() {
		head, tail, ok := strings.Cut(scan.Text(), " - cmd")
		if !ok || !strings.HasPrefix(head, "0x") {
			continue
		}
		l := fields(head)
		l.name = strings.Fields(tail[len("0."):])[0]
		list = append(list, l)
	}
	if err := scan.Err(); err != nil || len(list) < 400 {
		t.Fatalf("%d commands read, %v", len(list), err)
	}
	return list
}

// fields splits "0x000004: 00001ba0 0000 4030", of which the payload may be
// missing.
func fields(head string) (l streamLine) {
	offset, rest, _ := strings.Cut(head, ":")
	l.offset = offset
	f := strings.Fields(rest)
	if len(f) == 3 {
		l.payload, f = f[0], f[1:]
	}
	l.param, l.code = f[0], f[1]
	return l
}

// TestDisasmAgainstVela compares every line with the listing of the compiler
// that made the stream.
func TestDisasmAgainstVela(t *testing.T) {
	for _, c := range isa.Configs {
		want := velaListing(t, c)
		o := mustRun(t, codeDone, "disasm", "--npu", c.String(), shared(t, "vela", "ethos-"+c.String(), "kws_ref_model_vela.tflite"))
		var got []streamLine
		for _, line := range strings.Split(o.out, "\n") {
			if !strings.HasPrefix(line, "0x") {
				continue
			}
			const nameAt = len("0x000004: 00001ba0 0000 4030  ")
			l := fields(line[:nameAt])
			l.name = strings.Fields(line[nameAt:])[0]
			got = append(got, l)
		}
		if len(got) != len(want) {
			t.Fatalf("%s: %d commands, want %d", c, len(got), len(want))
		}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("%s: command %d is %+v, want %+v", c, i, got[i], want[i])
			}
		}
	}
}

// TestDisasmForms checks that the forms agree, for our own compilation too, and
// that a mixed graph lists all its parts.
func TestDisasmForms(t *testing.T) {
	text := mustRun(t, codeDone, "disasm", tiny).out
	var l listing
	if err := json.Unmarshal([]byte(mustRun(t, codeDone, "disasm", tiny, "--format", "json").out), &l); err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(strings.NewReader(mustRun(t, codeDone, "disasm", tiny, "--format", "csv").out)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	n := len(l.Programs[0].Commands)
	if lines := strings.Count(text, "\n0x"); len(l.Programs) != 1 || lines != n || len(records) != n+1 || n < 50 {
		t.Errorf("%d lines, %d commands, %d records", lines, n, len(records))
	}
	last := l.Programs[0].Commands[n-1]
	if last.Name != "NPU_OP_STOP" || last.Payload != nil || last.Param != 0xffff || records[n][5] != last.Name || records[n][1] == "0" {
		t.Errorf("the last command is %+v, %q", last, records[n])
	}
	file := filepath.Join(t.TempDir(), "listing.txt")
	if o := mustRun(t, codeDone, "disasm", tiny, "--out", file); o.out != "" || string(readTestFile(t, file)) != text {
		t.Errorf("the file differs from the text, or stdout is not empty: %q", o.out)
	}
	mixed := mustRun(t, codeDone, "disasm", shared(t, "vela", "ethos-u55-128", "keyword_scrambled_8bit_vela.tflite")).out
	if strings.Count(mixed, "# ") != 6 || strings.Count(mixed, "NPU_OP_STOP") != 6 {
		t.Errorf("the mixed graph has %d parts, %d of them end", strings.Count(mixed, "# "), strings.Count(mixed, "NPU_OP_STOP"))
	}
}

// FuzzListing lists and summarises arbitrary words in every form.
func FuzzListing(f *testing.F) {
	f.Add([]byte{0, 0, 0xff, 0xff})
	f.Add([]byte{0x20, 0x40, 0, 0})
	f.Add([]byte{0x30, 1, 1, 0, 0x32, 0x40, 0, 0, 0x10, 0, 0, 0, 0x10, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		words := make([]uint32, len(data)/4)
		for i := range words {
			words[i] = binary.LittleEndian.Uint32(data[4*i:])
		}
		p := &network.Program{Commands: words, Operations: network.Describe(words)}
		n := &network.Network{Stages: []network.Stage{{Program: p}}}
		l, r := disassemble(n, "x"), summarise(n)
		if len(r.Operations) != len(p.Operations) || r.Weights < 0 || r.Scales < 0 {
			t.Errorf("%d operations are summarised, %d described", len(r.Operations), len(p.Operations))
		}
		next := 0
		for _, c := range l.Programs[0].Commands {
			if c.Offset != next {
				t.Fatalf("a command at %d, expected at %d", c.Offset, next)
			}
			next += 4
			if c.Payload != nil {
				next += 4
			}
		}
		for _, format := range []string{"text", "json", "csv"} {
			if err := l.write(io.Discard, format, n); err != nil {
				t.Error(err)
			}
			if err := r.write(io.Discard, format); err != nil {
				t.Error(err)
			}
		}
	})
}
