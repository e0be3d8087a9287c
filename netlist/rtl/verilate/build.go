package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"upset/netlist/cosim"
	"upset/netlist/rtl"
)

// remedy says how to get what is missing.
const remedy = "install Verilator 5 with a C++ compiler and make (Debian: apt install verilator g++ make)"

// version asks Verilator for its version, and sees whether its compiler is there.
func version(ctx context.Context) (string, error) {
	for _, tool := range []string{"verilator", "make", "g++"} {
		if _, err := exec.LookPath(tool); err != nil {
			return "", fmt.Errorf("%s is not installed: %s", tool, remedy)
		}
	}
	return verilatorVersion(ctx)
}

// verilatorVersion is version where nothing is compiled.
func verilatorVersion(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "verilator", "--version").Output()
	if errors.Is(err, exec.ErrNotFound) {
		return "", fmt.Errorf("verilator is not installed: %s", remedy)
	}
	f := strings.Fields(string(out))
	if err != nil || len(f) < 2 {
		return "", fmt.Errorf("verilator --version says %q: %s", strings.TrimSpace(string(out)), remedy)
	}
	if !strings.HasPrefix(f[1], "5.") {
		return "", fmt.Errorf("verilator %s is too old: %s", f[1], remedy)
	}
	return f[1], nil
}

// digest is the SHA-256 of a module's Verilog: the names and contents of its files, its own first.
func digest(files []string) (string, error) {
	h := sha256.New()
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n", filepath.Base(f), len(data))
		h.Write(data)
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}

// arguments are those of Verilator for a design, without what it is to do.
func arguments(d *rtl.Design, files []string) []string {
	out := []string{"--top-module", d.Module}
	for _, p := range d.Parameters {
		out = append(out, fmt.Sprintf("-G%s=%d", p.Name, p.Value))
	}
	return append(out, files...)
}

// build compiles a block with its harness, or finds what was compiled before from the same
// files, given with absolute paths, by the same Verilator. It returns the program.
func build(ctx context.Context, cache string, b *cosim.Block, d *rtl.Design, files []string, version string) (string, error) {
	h, err := newHarness(b)
	if err != nil {
		return "", err
	}
	source, err := h.source()
	if err != nil {
		return "", err
	}
	sources, err := digest(files)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, s := range append([]string{version, sources, d.String(), source, visible(b)}, flags...) {
		fmt.Fprintf(sum, "%d %s\n", len(s), s)
	}
	dir := filepath.Join(cache, fmt.Sprintf("%s-%.16x", d.Module, sum.Sum(nil)))
	program := filepath.Join(dir, "block")
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	tmp, err := os.MkdirTemp(cache, "build")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	err = errors.Join(os.WriteFile(filepath.Join(tmp, "harness.cpp"), []byte(source), 0o644),
		os.WriteFile(filepath.Join(tmp, "visible.vlt"), []byte(visible(b)), 0o644))
	if err != nil {
		return "", err
	}
	args := append(append([]string{}, flags...), "visible.vlt", "harness.cpp")
	cmd := exec.CommandContext(ctx, "verilator", append(args, arguments(d, files)...)...)
	cmd.Dir = tmp
	if log, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("verilator: %w: %s", err, first(log))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	return program, move(filepath.Join(tmp, "obj", "Vblock"), program)
}

// flags make a program of a design. The hierarchy is flattened so that every register is a member of
// one class. What has no value is 0, as in the gates.
var flags = []string{"--cc", "--exe", "--build", "-j", "2", "-O3", "--flatten", "--x-assign", "0", "--x-initial", "0",
	"--prefix", "Vblock", "--Mdir", "obj", "-CFLAGS", "-O1"}

// move puts a file in place whole, so that two builds at a time do no harm.
func move(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	tmp, err := os.CreateTemp(filepath.Dir(to), "new")
	if err != nil {
		return err
	}
	_, err = io.Copy(tmp, src)
	if err := errors.Join(err, tmp.Chmod(0o755), tmp.Close()); err != nil {
		os.Remove(tmp.Name())
		return err
	}
	return os.Rename(tmp.Name(), to)
}

// first is the first error of a log in a line, or its last line.
func first(log []byte) string {
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	for _, l := range lines {
		if strings.HasPrefix(l, "%Error") || strings.Contains(l, "error:") {
			return l
		}
	}
	return lines[len(lines)-1]
}
