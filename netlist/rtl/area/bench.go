package area

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// benchTime bounds a bench (our choice: all end within a second).
const benchTime = time.Minute

// Bench runs the benches of the mechanisms with Icarus Verilog: every one drives a module of
// netlist/rtl/mechanisms and prints PASS, or what it found.
func Bench(ctx context.Context, root string) error {
	list, err := benches(root)
	if err != nil {
		return fmt.Errorf("benches of the mechanisms: %w", err)
	}
	for _, file := range list {
		if err := bench(ctx, root, file); err != nil {
			return fmt.Errorf("bench of %s: %w", benchName(file), err)
		}
	}
	return nil
}

func bench(ctx context.Context, root, file string) error {
	ctx, cancel := context.WithTimeout(ctx, benchTime)
	defer cancel()
	dir, err := os.MkdirTemp("", "upset-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "bench")
	out, err := exec.CommandContext(ctx, "iverilog", "-g2005", "-y", filepath.Join(root, "mechanisms"), "-o", program, file).CombinedOutput()
	if err != nil {
		return fmt.Errorf("iverilog: %w: %s", err, strings.TrimSpace(string(out)))
	}
	out, err = exec.CommandContext(ctx, "vvp", "-n", program).Output()
	if err != nil {
		return fmt.Errorf("vvp: %w", err)
	}
	if said := strings.TrimSpace(string(out)); said != "PASS" {
		return fmt.Errorf("%q", said)
	}
	return nil
}
