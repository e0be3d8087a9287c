// Command bench runs the self-checking test benches of the Verilog in Icarus Verilog:
// those of the blocks (netlist/rtl/test) and those of the protection mechanisms
// (netlist/rtl/mechanisms/test). Run it from the project's root:
//
//	go run ./netlist/rtl/bench
//
// At the end it plants a mistake in a voter, which its bench must find.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

// limit bounds a bench (our choice: the longest takes half a minute).
const limit = 5 * time.Minute

func main() {
	root := flag.String("rtl", filepath.FromSlash("netlist/rtl"), "where the Verilog files lie")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *root); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, root string) error {
	if _, err := exec.LookPath("iverilog"); err != nil {
		return errors.New("no iverilog: install Icarus Verilog, Debian's package iverilog")
	}
	list, err := benches(root)
	if err != nil {
		return err
	}
	for _, b := range list {
		said, err := b.run(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", b.name(), err)
		}
		fmt.Printf("%-24s %s\n", b.name(), said)
	}
	return planted(ctx, root)
}

// bench is a test bench and the folders of the modules that it drives.
type bench struct {
	file, modules string
}

func (b bench) name() string { return strings.TrimSuffix(filepath.Base(b.file), ".v") }

// benches lists all benches.
func benches(root string) (list []bench, err error) {
	for _, x := range []struct{ files, modules string }{
		{filepath.Join(root, "test", "*_test.v"), root},
		{filepath.Join(root, "mechanisms", "test", "*_tb.v"), filepath.Join(root, "mechanisms")},
	} {
		files, err := filepath.Glob(x.files)
		if err != nil {
			return nil, err
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("%s: %w", x.files, fs.ErrNotExist)
		}
		for _, f := range files {
			list = append(list, bench{f, x.modules})
		}
	}
	return list, nil
}

// run compiles a bench and runs it, and returns what it printed.
func (b bench) run(ctx context.Context) (said string, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	dir, err := os.MkdirTemp("", "upset-bench")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "bench")
	out, err := exec.CommandContext(ctx, "iverilog", "-g2005", "-y", b.modules, "-o", program, b.file).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("iverilog: %w: %s", err, strings.TrimSpace(string(out)))
	}
	if out, err = exec.CommandContext(ctx, "vvp", "-n", program).Output(); err != nil {
		return "", fmt.Errorf("vvp: %w", err)
	}
	said = strings.TrimSpace(string(out))
	return said, verdict(said)
}

// verdict is an error unless a bench says that it passed, and nothing of a failure.
func verdict(said string) error {
	passed := false
	for line := range strings.Lines(said) {
		passed = passed || strings.HasPrefix(line, "PASS")
	}
	if !passed || strings.Contains(said, "FAIL") {
		return fmt.Errorf("it says %q", said)
	}
	return nil
}

// planted puts a voter that takes its first copy in the place of the right one.
func planted(ctx context.Context, root string) error {
	const voter, right, wrong = "triplicate.v", "(copy0 & copy1) | (copy0 & copy2) | (copy1 & copy2)", "copy0"
	text, err := os.ReadFile(filepath.Join(root, "mechanisms", voter))
	if err != nil {
		return err
	}
	if !strings.Contains(string(text), right) {
		return fmt.Errorf("%s has no %q to plant a mistake in", voter, right)
	}
	dir, err := os.MkdirTemp("", "upset-planted")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, voter), []byte(strings.Replace(string(text), right, wrong, 1)), 0o600); err != nil {
		return err
	}
	said, err := bench{filepath.Join(root, "mechanisms", "test", "triplicate_tb.v"), dir}.run(ctx)
	if err == nil || !strings.Contains(said, "FAIL") {
		return fmt.Errorf("a voter that takes its first copy passes its bench, which says %q (%v)", said, err)
	}
	fmt.Printf("%-24s found\n", "planted mistake")
	return nil
}
