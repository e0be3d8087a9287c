package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"upset/netlist/gate"
	"upset/netlist/rtl"
)

// gates are the generic gates that logic is mapped to (our choice: all
// two-input gates of yosys and the multiplexer; a Not is always among them).
const gates = "AND,OR,XOR,MUX,NAND,NOR,XNOR,ANDNOT,ORNOT"

// integer finds the loop variables of a file: yosys makes flops of those, which are no
// registers.
var integer = regexp.MustCompile(`\binteger\s+([\w\s,]+);`)

// loopVariables lists the integers of all files of the directory.
func loopVariables(dir string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.v"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, file := range files {
		text, err := rtl.ReadSource(file)
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
func script(dir string, d *rtl.Design, variables []string, output string) string {
	var b strings.Builder
	line := func(format string, a ...any) { fmt.Fprintf(&b, format+"\n", a...) }
	line("verilog_defaults -add -mem2reg")
	line("read_verilog %s.v", filepath.Join(dir, d.Module))
	line("hierarchy -check -libdir %s -top %s %s", dir, d.Module, chparams(d))
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

// chparams sets the parameters of a design.
func chparams(d *rtl.Design) string {
	var b strings.Builder
	for _, p := range d.Parameters {
		fmt.Fprintf(&b, "-chparam %s %d ", p.Name, p.Value)
	}
	return b.String()
}
