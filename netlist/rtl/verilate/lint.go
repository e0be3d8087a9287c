package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
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
		key := fmt.Sprint(files[0], d.String())
		if done[key] {
			return // the parameters of another configuration are the same
		}
		done[key] = true
		checked++
		args := append([]string{"--lint-only", "-Wall"}, arguments(d, files)...)
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
			m := strings.TrimSuffix(filepath.Base(f), ".v")
			files, err := rtl.Sources(filepath.Dir(f), m)
			if err != nil {
				return err
			}
			check(&rtl.Design{Module: m}, files)
		}
	}
	if len(failures) > 0 {
		return errors.Join(failures...)
	}
	_, err := fmt.Fprintf(w, "%d designs without a warning of Verilator\n", checked)
	return err
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
