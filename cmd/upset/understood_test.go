package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"upset/faults"
	"upset/faults/array"
	"upset/faults/campaign"
	"upset/faults/protect"
	"upset/faults/protect/software"
	"upset/models/inputs"
	"upset/models/selection"
	"upset/models/selection/tasks"
	"upset/netlist/cosim"
	"upset/npu/isa"
	"upset/stats"
)

// placeholder tells a word that stands for another one, such as FILE, A/B or N.
var placeholder = regexp.MustCompile(`^[A-Z][A-Z0-9]*(?:[.:/,_-][A-Z0-9a-z]+)*(?:\.\.\.|…)?$`)

// legal are the flags whose values are few or have a form, with the product's own
// reading of each.
var legal = map[string]func(value string) error{
	"npu": func(v string) error { return parsed(isa.ParseConfig(v)) }, "target": func(v string) error { return parsed(stats.ASILByName(v)) },
	"scenario": func(v string) error { return parsed(stats.ScenarioByName(v)) },
	"credit":   func(v string) error { return parsed(campaign.ParseDetectors(v)) },
	"fault":    func(v string) error { return parsed(faults.ParseModel(v)) },
	"format":   oneOf("text", "json", "csv", "html", "junit"), "unit": oneOf(protect.UnitBlockClass, protect.UnitRegister), "searcher": oneOf(protect.SearcherExact, protect.SearcherFlow), "options": oneOf(protect.OptionsPaper, protect.OptionsFull, optionsSoftware),
	"measures":  func(v string) error { return parsed(software.Parse(v)) },
	"block":     oneOf(append(cosim.Blocks(), "all")...),
	"violation": oneOf(stats.ViolationAny, stats.ViolationCritical), "inputs-are": oneOf(stats.InputsFixed, stats.InputsSample),
	"permanent-coverage": oneOf(campaign.CoverageMeasured, campaign.CoverageAnnexD),
	"sites":              oneOf(campaign.SitesAll, campaign.SitesFlops, campaign.SitesSRAM),
	"sampling":           oneOf(campaign.SamplingStratified, campaign.SamplingUniform, campaign.SamplingAdaptive),
	"ecc":                oneOf("none", "parity", "secded"), "fast": oneOf("on", "off"),
	"exposure":  oneOf(string(selection.Transient), string(selection.Persistent), string(selection.State)),
	"criterion": matching(`^(auto|top1|any|tolerance:[0-9.]+|\S+\.wasm)$`), "decides": listOf(campaign.GateMetrics()), "allow": listOf(campaign.GateDifferences()),
	"class": listOf([]string{"datapath", "local", "global", "control", "config", "sram"}), "bits": matching(`^[0-9]+(-[0-9]+)?$`),
	"image-scale": func(v string) error { return parsed(inputs.ParseScale(v)) },
	"layer":       matching(`^[0-9]+(,[0-9]+)*$`), "site": matching(`^\w+(\.\w+)+(\[\d+\])*(\.\d+)?@\d+$`), "record": matching(`^.+:\d+$`),
	"shard":     func(v string) error { _, _, err := campaign.ParseShard(v); return err },
	"scheduler": oneOf(array.Names()...),
	"engine":    oneOf(engineSlurm, engineLocal), "tried": matching(`^[0-9]+:[0-9]+$`),
	"mix": matching(`^[0-9.]+(,[0-9.]+)+$`), "only": matching(`^[a-z0-9_.*,\[\]]+$`),
}

// free are the flags whose value is any name: of a file, a folder, or of what is listed.
var free = []string{
	"sites-file", "failure-modes", "output",
	"proof-inputs", "cells", "design", "model", "inputs", "input", "output-dir", "trace", "rule", "family", "utility", "mechanism",
	"inventory", "protect", "out", "task", "batch", "then", "runs", "system", "baseline", "junit", "pmu",
}

// inPlaceOfArguments are flags that say themselves what a command is about.
var inPlaceOfArguments = []string{"record", "example", "all", "task"}

func parsed[T any](_ T, err error) error { return err }

func oneOf(values ...string) func(string) error {
	return func(v string) error {
		if !slices.Contains(values, v) {
			return fmt.Errorf("%q is none of %s", v, strings.Join(values, ", "))
		}
		return nil
	}
}

func listOf(values []string) func(string) error {
	return func(v string) error {
		for _, x := range strings.Split(v, ",") {
			if err := oneOf(values...)(x); err != nil {
				return err
			}
		}
		return nil
	}
}

func matching(form string) func(string) error {
	r := regexp.MustCompile(form)
	return func(v string) error {
		if !r.MatchString(v) {
			return fmt.Errorf("%q is not of the form %s", v, form)
		}
		return nil
	}
}

// understood says what is wrong with a command line of upset, without running it.
func understood(args []string, mention bool) error {
	app := newApp(&program{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard})
	args = slices.DeleteFunc(slices.Clone(args), func(a string) bool { return a == "…" || a == "..." })
	// A placeholder for a number is any number.
	for i, a := range args {
		name, value, inline := strings.Cut(strings.TrimLeft(a, "-"), "=")
		if !strings.HasPrefix(a, "--") {
			continue
		}
		if !inline && i+1 < len(args) {
			value = args[i+1]
		}
		if !placeholder.MatchString(value) || !isNumber(app.Commands, name) {
			continue
		}
		if inline {
			args[i] = "--" + name + "=1"
		} else {
			args[i+1] = "1"
		}
	}
	if len(args) > 1 && args[1] == "COMMAND" {
		args = append([]string{"upset", "run"}, args[2:]...)
	}
	ordered, err := reorder(app, args)
	if err != nil {
		return err
	}
	if slices.Contains(ordered, "--help") {
		return nil
	}
	ran := false
	silence(app.Commands, func(c *cli.Context) error {
		ran = true
		return fits(c, mention)
	})
	if err := app.Run(ordered); err != nil {
		return err
	}
	if !ran && len(ordered) > 1 {
		return usage("%s is no whole command", strings.Join(args, " "))
	}
	return nil
}

// silence puts an action in place of every command's own.
func silence(list []*cli.Command, action cli.ActionFunc) {
	for _, c := range list {
		silence(c.Subcommands, action)
		if len(c.Subcommands) == 0 {
			c.Action = action
		}
	}
}

// isNumber says that a flag of that name takes a number somewhere.
func isNumber(list []*cli.Command, name string) bool {
	return slices.ContainsFunc(list, func(c *cli.Command) bool {
		return isNumber(c.Subcommands, name) || slices.ContainsFunc(c.Flags, func(f cli.Flag) bool {
			switch f.(type) {
			case *cli.StringFlag, *cli.BoolFlag:
				return false
			}
			return hasName(f, name)
		})
	})
}

// fits checks the values of flags and the number of arguments of a command.
func fits(c *cli.Context, mention bool) error {
	for _, f := range c.Command.Flags {
		s, ok := f.(*cli.StringFlag)
		if !ok || !c.IsSet(s.Name) || placeholder.MatchString(c.String(s.Name)) {
			continue
		}
		check := legal[s.Name]
		if check == nil {
			continue
		}
		for _, v := range strings.Split(c.String(s.Name), "|") {
			if s.Name == "npu" && v == "all" && (c.Command.Name == "engine" || c.Command.Name == "gates") {
				continue
			}
			if err := check(v); err != nil {
				return fmt.Errorf("--%s: %w", s.Name, err)
			}
		}
	}
	least, most := 0, 0
	for _, n := range strings.Fields(c.Command.ArgsUsage) {
		if !strings.HasPrefix(n, "[") {
			least++
		}
		most++
		if strings.HasSuffix(strings.Trim(n, "[]"), "...") {
			most = 1 << 20
		}
	}
	got := c.Args().Slice()
	instead := slices.ContainsFunc(inPlaceOfArguments, func(name string) bool { return c.IsSet(name) })
	if (mention || instead) && len(got) == 0 {
		return nil
	}
	if len(got) < least || len(got) > most {
		return fmt.Errorf("%s takes the arguments %q, not %q", commandName(c), c.Command.ArgsUsage, got)
	}
	for _, a := range got {
		if strings.HasPrefix(strings.TrimPrefix(c.Command.ArgsUsage, "["), "TASK") && !placeholder.MatchString(a) {
			all, err := tasks.All()
			if err != nil {
				return err
			}
			if _, err := all.ByName(a); err != nil {
				return err
			}
		}
		if strings.HasPrefix(a, "testdata/") {
			found, err := filepath.Glob(filepath.Join("..", "..", a))
			if err != nil || len(found) == 0 {
				return fmt.Errorf("there is no file %s", a)
			}
		}
	}
	return nil
}

// goRun says what is wrong with go run ./PACKAGE [flags].
func goRun(args []string) error {
	if len(args) == 0 {
		return usage("go run needs a package")
	}
	if strings.Contains(args[0], "@") || args[0] == "…" {
		return nil
	}
	dir := filepath.Join("..", "..", filepath.FromSlash(args[0]))
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if strings.HasSuffix(dir, ".go") {
		files, err = []string{dir}, nil
	}
	if err != nil || len(files) == 0 {
		return fmt.Errorf("there is no program in %s", args[0])
	}
	defined := map[string]bool{}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		if !strings.HasSuffix(name, "_test.go") && f.Name.Name != "main" {
			return fmt.Errorf("%s is no program", args[0])
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if on, ok := call.Fun.(*ast.SelectorExpr); !ok || !isName(on.X, "flag") {
				return true
			}
			for _, a := range call.Args[:min(2, len(call.Args))] { // flag.X(name, …) or flag.XVar(&x, name, …)
				if l, ok := a.(*ast.BasicLit); ok && l.Kind == token.STRING {
					name, _ := strconv.Unquote(l.Value)
					defined[name] = true
					break
				}
			}
			return true
		})
	}
	for _, a := range args[1:] {
		name, _, _ := strings.Cut(strings.TrimLeft(a, "-"), "=")
		if strings.HasPrefix(a, "-") && !defined[name] {
			return fmt.Errorf("%s has no flag -%s", args[0], name)
		}
	}
	return nil
}

func isName(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

// works says what is wrong with a command line of a document.
func works(q quoted) error {
	w := shellWords(q.text)
	if len(w) > 1 && w[0] == "go" && w[1] == "run" {
		rest := w[2:]
		if len(rest) > 0 && (rest[0] == "./cmd/upset" || rest[0] == "./cmd/upset/") {
			return understood(append([]string{"upset"}, rest[1:]...), q.mention)
		}
		return goRun(rest)
	}
	switch {
	case w[0] == "upset":
		return understood(w, q.mention)
	case w[0] == "make":
		return makes(w[1:])
	}
	for _, a := range w[2:] { // go test, go build …: packages are there
		if p, ok := strings.CutPrefix(a, "./"); ok && p != "..." {
			if _, err := os.Stat(filepath.Join("..", "..", strings.TrimSuffix(p, "/..."))); err != nil {
				return err
			}
		}
	}
	return nil
}

// makes says which target the Makefile lacks.
func makes(targets []string) error {
	text, err := os.ReadFile(filepath.Join("..", "..", "Makefile"))
	if err != nil {
		return err
	}
	for _, t := range targets {
		if !strings.Contains("\n"+string(text), "\n"+t+":") {
			return fmt.Errorf("the Makefile has no target %q", t)
		}
	}
	return nil
}
