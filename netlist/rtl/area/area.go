// Package area measures the areas of building blocks, protection mechanisms and blocks of
// the machine: each is synthesised by yosys into yosys' own gates and into the cells of two
// open libraries. The figures are kept in netlist/rtl/areas.json, from which docs/area.md
// is made and tests read, so that neither needs yosys.
//
// Areas are in gate equivalents (GE): the area of a cell ÷ that of the library's smallest
// two-input NAND gate. They are areas of cells: no wiring, no clock tree, no scan, and no
// clock that has to be reached.
package area

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// File is areas.json.
type File struct {
	Yosys     string            `json:"yosys"`     // its version
	Libraries []Library         `json:"libraries"` // in the order of the figures
	Flow      []string          `json:"flow"`      // passes of yosys
	Sources   map[string]string `json:"sources"`   // SHA-256 of every Verilog file, by its path below netlist/rtl
	Results   []Result          `json:"results"`   // in the order of the subjects
}

// Library is a cell library.
type Library struct {
	Name   string  `json:"name"`
	Title  string  `json:"title"`
	Source string  `json:"source"`
	File   string  `json:"file"`
	SHA256 string  `json:"sha256"`
	NAND   string  `json:"nand"`      // the cell that is 1 GE
	Unit   float64 `json:"nand_area"` // its area in the unit of the library
}

// Result is what synthesis gave for a module with its parameters.
type Result struct {
	Key   string `json:"key"`
	Gates Gates  `json:"gates"`
	Areas []Area `json:"areas"` // in the order of the libraries
	// Parts are the modules that it consists of, itself first; of a block only, which is
	// synthesised with its hierarchy.
	Parts []Part `json:"parts,omitempty"`
}

// Gates is a module in yosys' own gates.
type Gates struct {
	Cells   int `json:"cells"`   // gates and flops
	Flops   int `json:"flops"`   // all of them
	Enabled int `json:"enabled"` // those with an enable
	Levels  int `json:"levels"`  // gates on the longest path between flops or ports
}

// Area is a module in the cells of a library.
type Area struct {
	Cells  int     `json:"cells"`
	FlopGE float64 `json:"flop_ge"`
	CombGE float64 `json:"comb_ge"`
}

// GE is the whole area in gate equivalents.
func (a Area) GE() float64 { return a.FlopGE + a.CombGE }

// Part is the logic of all instances of a module, without that of the modules in it.
type Part struct {
	Module    string `json:"module"`
	Instances int    `json:"instances"`
	Flops     int    `json:"flops"`
	Enabled   int    `json:"enabled"`
	Areas     []Area `json:"areas"`
}

// Name of the file of figures below netlist/rtl.
const Name = "areas.json"

// fileLimit bounds areas.json in bytes (our choice: fifty times what it has).
const fileLimit = 8 << 20

// Read reads a file of figures and checks that every result has one area per library.
func Read(name string) (*File, error) {
	in, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	f, err := decode(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

func decode(r io.Reader) (*File, error) {
	data, err := io.ReadAll(io.LimitReader(r, fileLimit+1))
	if err != nil {
		return nil, err
	}
	if len(data) > fileLimit {
		return nil, fmt.Errorf("larger than %d bytes", fileLimit)
	}
	var f File
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, err
	}
	if len(f.Libraries) == 0 {
		return nil, errors.New("names no library")
	}
	for _, r := range f.Results {
		if len(r.Areas) != len(f.Libraries) {
			return nil, fmt.Errorf("%s has %d areas for %d libraries", r.Key, len(r.Areas), len(f.Libraries))
		}
		for _, p := range r.Parts {
			if len(p.Areas) != len(f.Libraries) {
				return nil, fmt.Errorf("%s, %s has %d areas for %d libraries", r.Key, p.Module, len(p.Areas), len(f.Libraries))
			}
		}
	}
	return &f, nil
}

// Write writes a file of figures.
func (f *File) Write(name string) error {
	data, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(data, '\n'), 0o644)
}

// Find returns the result of a subject.
func (f *File) Find(s Subject) (Result, error) {
	k := s.Key()
	i := slices.IndexFunc(f.Results, func(r Result) bool { return r.Key == k })
	if i < 0 {
		return Result{}, fmt.Errorf("no area of %s: run %s", k, Update)
	}
	return f.Results[i], nil
}

// Update is the command that measures anew.
const Update = "go run ./netlist/rtl/area/generate -update"

// Param is a parameter of a module.
type Param struct {
	Name  string
	Value int
}

// Subject is a module with its parameters and the files that it is read from, by their
// paths below netlist/rtl.
type Subject struct {
	Module string
	Params []Param
	Files  []string
	Whole  bool // keeps its hierarchy, so that its parts are measured apart
}

// Key names a subject in the file of figures, for example part_add W=32.
func (s Subject) Key() string {
	var b strings.Builder
	b.WriteString(s.Module)
	for _, p := range s.Params {
		fmt.Fprintf(&b, " %s=%d", p.Name, p.Value)
	}
	return b.String()
}

// par makes parameters of pairs such as W=32.
func par(name string, value int, more ...Param) []Param {
	return append([]Param{{name, value}}, more...)
}

// Libraries are the two libraries with the places of their Liberty files, in the order of
// the figures.
func Libraries(osu, ihp string) []Source {
	return []Source{
		{Library{Name: "OSU018", Title: "OSU 0.18 µm", Source: "Oklahoma State University, as Debian's package qflow-tech-osu018 1.3.17+dfsg.1-3 has it", NAND: "NAND2X1"}, osu},
		{Library{Name: "SG13G2", Title: "IHP SG13G2 0.13 µm", Source: "IHP-GmbH/IHP-Open-PDK 5cccb161f749, Apache-2.0, typical, 1.2 V, 25 °C", NAND: "sg13g2_nand2_1"}, ihp},
	}
}
