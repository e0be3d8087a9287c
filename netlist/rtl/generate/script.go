package main

import (
	"fmt"
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

// source is what a module is made from: the files, its own first, and the loop
// variables in them.
type source struct {
	Files     []string
	Variables []string
}

// sources reads a module and those that it uses.
func sources(dir, module string) (*source, error) {
	files, err := rtl.Sources(dir, module)
	if err != nil {
		return nil, err
	}
	s := &source{Files: files}
	var all strings.Builder
	for _, file := range files {
		text, err := rtl.ReadSource(file)
		if err != nil {
			return nil, err
		}
		all.WriteString(text)
		for _, m := range integer.FindAllStringSubmatch(text, -1) {
			s.Variables = append(s.Variables, strings.FieldsFunc(m[1], func(r rune) bool { return r == ',' || r <= ' ' })...)
		}
	}
	slices.Sort(s.Variables)
	s.Variables = slices.Compact(s.Variables)
	for _, v := range s.Variables {
		if regexp.MustCompile(`\breg\b[^;]*\b` + v + `\b`).MatchString(all.String()) {
			return nil, fmt.Errorf("%s is an integer and a register: a loop variable needs a name of its own", v)
		}
	}
	return s, nil
}

// script is what yosys does. Registers are found behind proc, where the Q of a
// $dff is the register's own net: net and cell get keep, so that no pass merges,
// removes or shrinks them, and the net gets the mark that gate.FromYosys looks for. Arrays become
// registers while Verilog is read (-mem2reg): elements that nothing reads or that stay
// constant have flops, too. What has no value, like an element behind the last one
// of an array, is 0. Every module is mapped on its own, so that a slice that is used many
// times takes the time of one; flatten and one more cleaning follow.
func script(d *rtl.Design, from *source, output string) string {
	var b strings.Builder
	line := func(format string, a ...any) { fmt.Fprintf(&b, format+"\n", a...) }
	line("verilog_defaults -add -mem2reg")
	for _, file := range from.Files {
		line("read_verilog %s", file)
	}
	for _, p := range d.Parameters {
		// Not hierarchy -chparam: yosys 0.23 fails with an assertion where submodules have parameters, too.
		line("chparam -set %s %d %s", p.Name, p.Value, d.Module)
	}
	line("hierarchy -check -top %s", d.Module)
	line("rename -top %s", d.Module)
	line("proc")
	line("select -assert-none t:$mem*")
	line("select -set registers t:$dff %%co1:+[Q] w:* %%i w:$* %%d")
	for _, v := range from.Variables {
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
