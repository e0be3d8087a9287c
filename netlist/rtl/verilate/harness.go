package main

import (
	_ "embed"
	"fmt"
	"strings"
	"text/template"

	"upset/netlist/cosim"
	"upset/netlist/gate"
	"upset/npu"
)

//go:embed harness.cpp.tmpl
var harnessText string

var harnessTemplate = template.Must(template.New("harness").Parse(harnessText))

// shown bounds the differences that are described (our choice).
const shown = 20

// harness is what the C++ around a verilated block needs to know.
type harness struct {
	Lanes, Shown                           int
	RegisterWords, InputWords, OutputWords int
	Cells                                  int
	Widths                                 []int
	Groups                                 []group
	Inputs, Outputs                        []port
}

// group is a register, or elements of an array that follow each other.
type group struct {
	Name           string // of the member of the verilated class
	Element, Count int    // first element and their number; Count is 0 for a register that is no array
	At, Width      int    // first bit in the packed registers, and bits of an element
}

// port is a port with the place of its first word.
type port struct {
	Name string
	At   int
}

// member is the name that Verilator gives a signal of a flat design in C++. A register that is a
// port of the top has a member of this name besides the port.
func member(module, path string) (string, error) {
	if strings.Contains(path, "__") || strings.ContainsFunc(path, func(r rune) bool {
		return r != '_' && r != '.' && r != '[' && r != ']' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) {
		return "", fmt.Errorf("register %s: names with two underscores or special characters have no plain name in C++", path)
	}
	r := strings.NewReplacer(".", "__DOT__", "[", "__BRA__", "]", "__KET__")
	return module + "__DOT__" + r.Replace(path), nil
}

func newHarness(b *cosim.Block) (*harness, error) {
	registers := b.Registers()
	h := &harness{Lanes: gate.Patterns, Shown: shown, RegisterWords: (b.Bits() + 63) / 64, Cells: len(registers)}
	at := 0
	for _, r := range registers {
		v := r.Verilog
		name, err := member(b.Gates.Module, v.Path)
		if err != nil {
			return nil, err
		}
		h.Widths = append(h.Widths, v.Bits)
		if n := len(h.Groups); n > 0 && v.Element > 0 {
			if g := &h.Groups[n-1]; g.Name == name && g.Width == v.Bits && g.Element+g.Count == v.Element {
				g.Count++
				at += v.Bits
				continue
			}
		}
		g := group{Name: name, At: at, Width: v.Bits}
		if v.Element >= 0 {
			g.Element, g.Count = v.Element, 1
		}
		h.Groups = append(h.Groups, g)
		at += v.Bits
	}
	h.Inputs, h.InputWords = ports(b.Boundary.Inputs)
	h.Outputs, h.OutputWords = ports(b.Boundary.Outputs)
	return h, nil
}

func ports(list []npu.Signal) (out []port, words int) {
	for _, s := range list {
		out = append(out, port{s.Name, words})
		words += (s.Width + 63) / 64
	}
	return out, words
}

// source is the C++.
func (h *harness) source() (string, error) {
	var b strings.Builder
	err := harnessTemplate.Execute(&b, h)
	return b.String(), err
}

// visible is the control file that lets C++ write the registers, so that the Verilog needs no
// remarks for Verilator.
func visible(b *cosim.Block) string {
	var s strings.Builder
	s.WriteString("`verilator_config\n")
	known := map[string]bool{}
	for _, r := range b.Gates.Registers() {
		name := r.Path[strings.LastIndexByte(r.Path, '.')+1:]
		if !known[name] {
			known[name] = true
			fmt.Fprintf(&s, "public_flat_rw -module \"*\" -var \"%s\"\n", name)
		}
	}
	return s.String()
}
