package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"upset/netlist/cosim"
	"upset/netlist/rtl"
)

// lint lets Verilator read Verilog with all warnings: the blocks of the machine, or the named
// modules, with the parameters of every configuration, and without names every module of the
// directories below as well, with its own parameters.
func lint(ctx context.Context, dir string, modules []string, w io.Writer) error {
	if _, err := verilatorVersion(ctx); err != nil {
		return err
	}
	tops := modules
	if len(tops) == 0 {
		tops = cosim.Blocks()
	}
	var failures []error
	checked := 0
	done := map[string]bool{}
	check := func(d *rtl.Design, files []string) {
		key := fmt.Sprint(files[0], d.Module, d.String())
		if done[key] {
			return // the parameters of another configuration are the same
		}
		done[key] = true
		checked++
		args := []string{"--lint-only", "-Wall"}
		if filepath.Base(files[0]) != d.Module+".v" { // a file of several modules, of which one is read at a time
			args = append(args, "-Wno-DECLFILENAME", "-Wno-MULTITOP")
		}
		args = append(args, arguments(d, files)...)
		if log, err := exec.CommandContext(ctx, "verilator", args...).CombinedOutput(); err != nil {
			failures = append(failures, fmt.Errorf("%s %s: %s", d.Module, d, strings.TrimSpace(string(log))))
		}
	}
	for _, m := range tops {
		list, err := rtl.Designs(dir, m)
		if err != nil {
			return err
		}
		files, err := rtl.Sources(dir, m)
		if err != nil {
			return err
		}
		for i := range list {
			check(&list[i], files)
		}
	}
	if len(modules) == 0 {
		others, err := below(dir)
		if err != nil {
			return err
		}
		for _, f := range others {
			files, err := rtl.Sources(filepath.Dir(f), strings.TrimSuffix(filepath.Base(f), ".v"))
			if err != nil {
				return err
			}
			list, err := modulesIn(f)
			if err != nil {
				return err
			}
			for _, m := range list {
				check(&rtl.Design{Module: m}, files)
			}
		}
	}
	if len(failures) > 0 {
		return errors.Join(failures...)
	}
	_, err := fmt.Fprintf(w, "%d designs without a warning of Verilator\n", checked)
	return err
}

// declared finds the modules of a file.
var declared = regexp.MustCompile(`\bmodule\s+(\w+)`)

// modulesIn lists the modules that a file declares.
func modulesIn(file string) ([]string, error) {
	text, err := rtl.ReadSource(file)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, m := range declared.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	if out == nil {
		return nil, fmt.Errorf("%s declares no module", file)
	}
	return out, nil
}

// below lists the Verilog of the directories below, test benches aside.
func below(dir string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && (e.Name() == "test" || e.Name() == "testdata") {
			return fs.SkipDir
		}
		if !e.IsDir() && filepath.Dir(path) != filepath.Clean(dir) && filepath.Ext(path) == ".v" {
			out = append(out, path)
		}
		return nil
	})
	slices.Sort(out)
	return out, err
}
