package endurance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Program is upset as a program of its own.
type Program struct {
	Path string
	Env  []string // beside that of this process
}

// Version is what upset --version says.
func (p Program) Version(ctx context.Context) (string, error) {
	e, err := p.run(ctx, nil, "--version")
	if err != nil || e.code != 0 {
		return "", fmt.Errorf("%s --version: %w, exit %d", p.Path, err, e.code)
	}
	return strings.TrimSpace(e.out), nil
}

// longest is how long a process may take before it counts as one that hangs (our choice:
// undisturbed ones take seconds).
const longest = 15 * time.Minute

// blow is when a process is killed. Alone spares the processes that it has started.
type blow struct {
	after time.Duration
	alone bool
}

// ending is how a process ended.
type ending struct {
	code      int // -1 if it was killed
	killed    bool
	out, errs string
	took      time.Duration
}

// panicked reports the traces of Go's runtime.
func (e ending) panicked() bool {
	return strings.Contains(e.errs, "panic: ") || strings.Contains(e.errs, "fatal error: ") || strings.Contains(e.errs, "\ngoroutine ")
}

// last is the last line of what the process complained about.
func (e ending) last() string {
	lines := strings.Split(strings.TrimSpace(e.errs), "\n")
	return lines[len(lines)-1]
}

// run runs the program and kills it if there is a blow.
func (p Program) run(ctx context.Context, b *blow, args ...string) (ending, error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.Path, args...)
	cmd.Env = append(os.Environ(), p.Env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	ownGroup(cmd)
	cmd.Cancel = func() error { return killGroup(cmd) }
	// Children of a process that was killed alone hold its standard error.
	cmd.WaitDelay = time.Second
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return ending{}, err
	}
	struck := make(chan bool, 1)
	var timer *time.Timer
	if b != nil {
		timer = time.AfterFunc(b.after, func() {
			struck <- true
			if b.alone {
				_ = cmd.Process.Kill()
				return
			}
			_ = killGroup(cmd)
		})
	}
	err := cmd.Wait()
	if timer != nil {
		timer.Stop()
	}
	e := ending{code: cmd.ProcessState.ExitCode(), out: out.String(), errs: errs.String(), took: time.Since(began)}
	select {
	case e.killed = <-struck:
		e.killed = e.code == -1
	default:
	}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return e, fmt.Errorf("upset %s: %w after %s: %s", strings.Join(args, " "), ctx.Err(), e.took.Round(time.Second), e.last())
	case err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay):
		return e, err
	case e.code == -1 && !e.killed:
		return e, fmt.Errorf("upset %s: ended by a signal that is not ours: %s", strings.Join(args, " "), e.last())
	}
	return e, nil
}
