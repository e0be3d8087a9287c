package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sync/errgroup"
)

// submitLocal runs a planned campaign in processes on this machine, as many as there are
// workers for shards, and writes the result to out.
func (p *program) submitLocal(c *cli.Context, o common, dir string, s *submission, out io.Writer) error {
	processes := max(1, s.workers/s.cpus)
	words := append([]string{"campaign", "work", dir, fmt.Sprintf("--workers=%d", s.cpus), fmt.Sprintf("--memory=%d", s.memory), "--format=" + o.format}, s.ask...)
	if c.IsSet("lease") {
		words = append(words, fmt.Sprintf("--lease=%v", c.Float64("lease")))
	}
	if s.dryRun {
		_, err := fmt.Fprintf(p.stdout, "# in %d processes\n%s\n", processes, s.line(words...))
		return err
	}
	group, ctx := errgroup.WithContext(c.Context)
	for i := range processes {
		group.Go(func() error {
			// The others would print the same.
			list := slices.Clone(words)
			cmd := child(ctx, s.program, list...)
			cmd.Stderr = p.stderr
			if i == 0 {
				cmd.Stdout = out
			}
			err := cmd.Run()
			if code := cmd.ProcessState.ExitCode(); err != nil && code > 0 {
				return &coded{code, fmt.Errorf("a process of the campaign ended: %w; go on with upset campaign submit %s --engine local", err, quote(dir))}
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if s.then != "" {
		cmd := child(c.Context, "sh", s.then)
		cmd.Stdout, cmd.Stderr = p.stdout, p.stderr
		return cmd.Run()
	}
	return nil
}

// child is a process that is asked to stop when the context ends.
func child(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = os.Environ()
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}
