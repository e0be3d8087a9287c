package rtl

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"upset/npu/isa"
)

// Design is a module of the Verilog with the values of its parameters.
type Design struct {
	Module     string
	Config     string // empty where the module has none of our parameters
	Parameters []Parameter
}

// Parameter is a parameter of a module with its value.
type Parameter struct {
	Name  string
	Value int
}

// Name is the name of the design's files without extension.
func (d *Design) Name() string {
	if d.Config == "" {
		return d.Module
	}
	return d.Module + "-" + d.Config
}

var (
	parameter = regexp.MustCompile(`\bparameter\s+(?:(?:integer|signed)\s+)?(?:\[[^\]]*\]\s*)?(\w+)`)
	comment   = regexp.MustCompile(`(?s)//[^\n]*|/\*.*?\*/`)
	word      = regexp.MustCompile(`\b[a-zA-Z_]\w*\b`)
)

// value gives a parameter of a configuration: rows, columns, pixels and channels of a
// micro-block, and the element units of the output stage.
func value(c isa.Config, name string) (int, bool) {
	s := c.Spec()
	switch name {
	case "HEIGHT":
		return s.UBlockH, true
	case "WIDTH":
		return s.UBlockW, true
	case "PIXELS":
		return s.UBlockH * s.UBlockW, true
	case "DEPTH":
		return s.UBlockD, true
	case "LANES":
		return s.ElementUnits, true
	}
	return 0, false
}

// ReadSource reads a Verilog file without its comments.
func ReadSource(file string) (string, error) {
	data, err := os.ReadFile(file)
	return comment.ReplaceAllString(string(data), " "), err
}

// Designs lists what is to be made of a module: one design for each configuration, or one
// for all where it has none of our parameters.
func Designs(dir, module string) ([]Design, error) {
	text, err := ReadSource(filepath.Join(dir, module+".v"))
	if err != nil {
		return nil, err
	}
	var list []Design
	for _, c := range isa.Configs {
		d := Design{Module: module, Config: c.String()}
		for _, m := range parameter.FindAllStringSubmatch(text, -1) {
			if v, ok := value(c, m[1]); ok {
				d.Parameters = append(d.Parameters, Parameter{m[1], v})
			}
		}
		if d.Parameters == nil {
			return []Design{{Module: module}}, nil
		}
		list = append(list, d)
	}
	return list, nil
}

// Sources lists the files that a module is made of, its own first: every file of the
// directory whose name occurs as a word in one of them.
func Sources(dir, module string) ([]string, error) {
	names := []string{module}
	for i := 0; i < len(names); i++ {
		text, err := ReadSource(filepath.Join(dir, names[i]+".v"))
		if err != nil {
			return nil, fmt.Errorf("module %s: %w", names[i], err)
		}
		words := word.FindAllString(text, -1)
		slices.Sort(words)
		for _, w := range slices.Compact(words) {
			if _, err := os.Stat(filepath.Join(dir, w+".v")); err == nil && !slices.Contains(names, w) {
				names = append(names, w)
			}
		}
	}
	files := make([]string, len(names))
	for i, n := range names {
		files[i] = filepath.Join(dir, n+".v")
	}
	return files, nil
}

// String is the list of parameters for people, like DEPTH=8.
func (d *Design) String() string {
	var out []string
	for _, p := range d.Parameters {
		out = append(out, fmt.Sprintf("%s=%d", p.Name, p.Value))
	}
	return strings.Join(out, " ")
}
