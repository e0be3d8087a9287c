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
	word      = regexp.MustCompile(`\b[a-zA-Z_]\w*\b`)
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
	case "HEIGHT":
		return s.UBlockH, true
	case "WIDTH":
		return s.UBlockW, true
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
				d.Parameters = append(d.Parameters, fmt.Sprintf("-set %s %d", m[1], v))
			}
		}
		if d.Parameters == nil {
			return []design{{Module: module}}, nil
		}
		list = append(list, d)
	}
	return list, nil
}

// source is what a module is made from: the files, its own first, and the loop
// variables in them.
type source struct {
	Files     []string
	Variables []string
}

// sources follows the modules that a module uses, as far as they have files of their
// names in the directory.
func sources(dir, module string) (*source, error) {
	s := &source{}
	names := []string{module}
	var all strings.Builder
	for i := 0; i < len(names); i++ {
		file := filepath.Join(dir, names[i]+".v")
		text, err := readSource(file)
		if err != nil {
			return nil, err
		}
		s.Files = append(s.Files, file)
		all.WriteString(text)
		for _, m := range integer.FindAllStringSubmatch(text, -1) {
			s.Variables = append(s.Variables, strings.FieldsFunc(m[1], func(r rune) bool { return r == ',' || r <= ' ' })...)
		}
		words := word.FindAllString(text, -1)
		slices.Sort(words)
		for _, w := range slices.Compact(words) {
			if _, err := os.Stat(filepath.Join(dir, w+".v")); err == nil && !slices.Contains(names, w) {
				names = append(names, w)
			}
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
func script(d *design, from *source, output string) string {
	var b strings.Builder
	line := func(format string, a ...any) { fmt.Fprintf(&b, format+"\n", a...) }
	line("verilog_defaults -add -mem2reg")
	for _, file := range from.Files {
		line("read_verilog %s", file)
	}
	if d.Parameters != nil {
		// Not hierarchy -chparam: yosys 0.23 fails with an assertion where submodules have parameters, too.
		line("chparam %s %s", strings.Join(d.Parameters, " "), d.Module)
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
