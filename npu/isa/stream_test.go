package isa

import (
	"bufio"
	"compress/gzip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// shared returns the folder with networks and compiled streams, beside the
// project's root.
func shared(t testing.TB) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the package")
		}
	}
	s := filepath.Join(dir, "..", "shared")
	if _, err := os.Stat(s); os.IsNotExist(err) {
		t.Skip("the folder ../shared with compiled streams is absent")
	}
	return s
}

// line is one command of Vela's register-level disassembly.
type line struct {
	offset, payload uint32
	first           uint32 // the command word
	words           int
	name            string
}

func parseLine(s string) (l line, ok bool) {
	head, tail, found := strings.Cut(s, " - ")
	if !found || !strings.HasPrefix(head, "0x") {
		return l, false
	}
	head, tail = strings.TrimSpace(head), strings.TrimSpace(tail)
	f := strings.Fields(strings.Replace(head, ":", " ", 1))
	hex := func(s string) uint32 { v, err := strconv.ParseUint(s, 16, 32); ok = ok && err == nil; return uint32(v) }
	ok = true
	l.offset = hex(strings.TrimPrefix(f[0], "0x"))
	l.words = 1
	if len(f) == 4 {
		l.words, l.payload = 2, hex(f[1])
		f = f[1:]
	}
	if len(f) != 3 {
		return l, false
	}
	l.first = hex(f[1])<<16 | hex(f[2])
	_, name, dotted := strings.Cut(strings.Fields(tail)[0], ".")
	l.name = name
	return l, ok && dotted
}

func disassembly(t *testing.T, cfg Config) []line {
	f, err := os.Open(filepath.Join(shared(t), "vela", "ethos-"+cfg.String(), "kws_ref_model_register_stream.txt.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var lines []line
	scan := bufio.NewScanner(z)
	scan.Buffer(nil, 1<<20)
	for scan.Scan() {
		if l, ok := parseLine(scan.Text()); ok {
			lines = append(lines, l)
		}
	}
	if err := scan.Err(); err != nil {
		t.Fatal(err)
	}
	if len(lines) < 400 {
		t.Fatalf("only %d commands found in the disassembly", len(lines))
	}
	return lines
}

// TestTableAgainstDisassembly classifies every command of Vela's own register
// listing and compares name, length, value and the words encoded again.
func TestTableAgainstDisassembly(t *testing.T) {
	for _, cfg := range Configs {
		t.Run(cfg.String(), func(t *testing.T) {
			var again Stream
			var words []uint32
			for _, l := range disassembly(t, cfg) {
				if int(l.offset) != 4*len(words) {
					t.Fatalf("offset %#x after %d words: the listing was not read completely", l.offset, len(words))
				}
				words = append(words, l.first)
				if l.words == 2 {
					words = append(words, l.payload)
				}
				checkLine(t, &again, l)
			}
			if len(again.Words) != len(words) {
				t.Fatalf("encoded %d words, the listing has %d", len(again.Words), len(words))
			}
			for i, w := range words {
				if again.Words[i] != w {
					t.Fatalf("word %d encoded as %#08x, the listing has %#08x", i, again.Words[i], w)
				}
			}
		})
	}
}

// checkLine checks one command of a listing and encodes it again.
func checkLine(t *testing.T, again *Stream, l line) {
	kind, reg := Classify(l.first)
	switch kind {
	case KindOp:
		if l.words != 1 || Opcode(reg).String() != l.name {
			t.Errorf("%#x: %s read as operation %s", l.offset, l.name, Opcode(reg))
		}
		again.Op(Opcode(reg), Param(l.first))
	case KindSet, KindSet2:
		if want := map[Kind]int{KindSet: 1, KindSet2: 2}[kind]; l.words != want || Table[reg].Name != l.name {
			t.Errorf("%#x: %s of %d words read as %s of %d", l.offset, l.name, l.words, Table[reg].Name, want)
		}
		var r Registers
		r.Set(reg, l.first, l.payload)
		value := Param(l.first)
		if kind == KindSet2 {
			value = l.payload
		}
		if r[reg] != value {
			t.Errorf("%#x: %s holds %#x, the listing has %#x: the mask cuts a used bit", l.offset, l.name, r[reg], value)
		}
		if sh := Table[reg].Shift; sh >= 0 {
			if r[sh] != Param(l.first) {
				t.Errorf("%#x: shift of %s is %d, not %d", l.offset, l.name, r[sh], Param(l.first))
			}
			again.SetScale(Reg(reg), value, uint(r[sh]))
		} else {
			again.Set(Reg(reg), value)
		}
	default:
		t.Errorf("%#x: %s (%#08x) is not recognised", l.offset, l.name, l.first)
	}
}
