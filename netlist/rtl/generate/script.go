package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"upset/netlist/gate"
	"upset/npu/isa"
)

// gates are the generic gates that logic is mapped to (our choice: all
// two-input gates of yosys and the multiplexer; a Not is always among them).
const gates = "AND,OR,XOR,MUX,NAND,NOR,XNOR,ANDNOT,ORNOT"

// parameter finds the parameters of a module, and integer the loop variables of a
// file: yosys makes flops of those, which are no registers.
var (
	parameter = regexp.MustCompile(`\bparameter\s+(?:(?:integer|signed)\s+)?(?:\[[^\]]*\]\s*)?(\w+)`)
	integer   = regexp.MustCompile(`\binteger\s+([\w\s,]+);`)
	comment   = regexp.MustCompile(`(?s)//[^\n]*|/\*.*?\*/`)
)

// design is a module with the values of its parameters.
type design struct {
	Module     string
	Config     string // empty where the module has none of our parameters
	Parameters []string
}

// Name is the name of the design's files without extension.
func (d *design) Name() string {
	if d.Config == "" {
		return d.Module
	}
	return d.Module + "-" + d.Config
}

// value gives the parameters of a configuration: see the conventions in
// the package's text.
func value(c isa.Config, name string) (int, bool) {
	s := c.Spec()
	switch name {
	case "PIXELS":
		return s.UBlockH * s.UBlockW, true
	case "DEPTH":
		return s.UBlockD, true
	case "LANES":
		return s.ElementUnits, true
	}
	return 0, false
}

func readSource(file string) (string, error) {
	data, err := os.ReadFile(file)
	return comment.ReplaceAllString(string(data), " "), err
}

// designs lists what is to be made of a module: one design for each
// configuration, or one for all where it has none of our parameters.
func designs(dir, module string) ([]design, error) {
	text, err := readSource(filepath.Join(dir, module+".v"))
	if err != nil {
		return nil, err
	}
	var list []design
	for _, c := range isa.Configs {
		d := design{Module: module, Config: c.String()}
		for _, m := range parameter.FindAllStringSubmatch(text, -1) {
			if v, ok := value(c, m[1]); ok {
				d.Parameters = append(d.Parameters, fmt.Sprintf("-chparam %s %d", m[1], v))
			}
		}
		if d.Parameters == nil {
			return []design{{Module: module}}, nil
		}
		list = append(list, d)
	}
	return list, nil
}

// loopVariables lists the integers of all files of the directory.
func loopVariables(dir string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.v"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, file := range files {
		text, err := readSource(file)
		if err != nil {
			return nil, err
		}
		for _, m := range integer.FindAllStringSubmatch(text, -1) {
			names = append(names, strings.FieldsFunc(m[1], func(r rune) bool { return r == ',' || r <= ' ' })...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// script is what yosys does. Registers are found behind proc, where the Q of a
// $dff is the register's own net: net and cell get keep, so that no pass merges,
// removes or shrinks them, and the net gets the mark that gate.FromYosys looks for. Arrays become
// registers while Verilog is read (-mem2reg): elements that nothing reads or that stay
// constant have flops, too. What has no value, like an element behind the last one
// of an array, is 0. Every module is mapped on its own, so that a slice that is used many
// times takes the time of one; flatten and one more cleaning follow.
func script(dir string, d *design, variables []string, output string) string {
	var b strings.Builder
	line := func(format string, a ...any) { fmt.Fprintf(&b, format+"\n", a...) }
	line("verilog_defaults -add -mem2reg")
	line("read_verilog %s.v", filepath.Join(dir, d.Module))
	line("hierarchy -check -libdir %s -top %s %s", dir, d.Module, strings.Join(d.Parameters, " "))
	line("rename -top %s", d.Module)
	line("proc")
	line("select -assert-none t:$mem*")
	line("select -set registers t:$dff %%co1:+[Q] w:* %%i w:$* %%d")
	for _, v := range variables {
		line("select -set registers @registers w:%s %%d", v)
	}
	line("setattr -set keep 1 -set %s 1 @registers", gate.RegisterAttribute)
	line("setattr -set keep 1 @registers %%ci1:+[Q] t:$dff %%i")
	line("setundef -zero -undriven")
	for _, pass := range []string{
		"opt_expr", "opt_clean", "opt -noff", "wreduce t:* t:$dff %d", "peepopt", "opt_clean", "alumacc",
		"opt -noff", "techmap", "dfflegalize -cell $_DFF_P_ x", "opt -noff -fine", "abc -g " + gates, "opt_clean",
		"flatten", "setundef -zero -undriven", "opt -noff", "opt_clean -purge",
	} {
		line("%s", pass)
	}
	line("check -assert")
	line("attrmap -remove src")
	line("setattr -mod -unset src")
	line("write_json %s", output)
	return b.String()
}
