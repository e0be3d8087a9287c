// Command upset flips bits in an Ethos-U55 while it runs a network, and says how
// often that hurts, whether it meets a safety target, and what protects best.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"upset/faults"
	"upset/faults/campaign"
	"upset/stats/report"
)

func main() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(heapOf(faults.DefaultMemory))
	}
	os.Exit(run(os.Args, os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole command: it takes the arguments with the program's name first
// and returns the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second interrupt ends the process at once.
	context.AfterFunc(ctx, stop)
	done := make(chan int, 1)
	go func() { done <- runContext(ctx, args, stdin, stdout, stderr) }()
	select {
	case code := <-done:
		return code
	case <-ctx.Done():
	}
	// Most phases look at the context all the time. One that is inside a long
	// calculation, such as compiling a large network, is left behind: nothing that it
	// has not finished is in a file, for files get their names when they are complete
	// and a log is whole up to any of its records.
	select {
	case code := <-done:
		return code
	case <-time.After(patience):
		fmt.Fprintln(stderr, "upset: "+messageInterrupted+"; a campaign that has begun goes on with upset campaign resume")
		return codeIncomplete
	}
}

// patience is how long a command may take to end in an orderly way after an interrupt
// (our choice: the user waits for no more than a second).
const patience = 700 * time.Millisecond

// messageInterrupted is the error of a command that was interrupted and leaves nothing
// to go on with.
const messageInterrupted = "interrupted: no result is given"

// runContext is run with a context that stands for the interrupt.
func runContext(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	out := &checkedWriter{w: stdout}
	p := &program{stdin: stdin, stdout: out, stderr: &lockedWriter{w: stderr}, args: args}
	app := newApp(p)
	ordered, err := reorder(app, args)
	if err == nil {
		err = app.RunContext(ctx, ordered)
	}
	if err == nil {
		err = out.err
	}
	if err == nil {
		return codeDone
	}
	code := exitCode(err)
	if code == codeIncomplete && errors.Is(err, context.Canceled) {
		err = errors.New(messageInterrupted)
	}
	fmt.Fprintln(stderr, "upset: "+report.Plain(strings.TrimPrefix(oneLine(err.Error()), "upset ")))
	return code
}

// program is what the commands share.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	args           []string
	runs           string // folder of fault-free runs of this machine, may be empty
	engines        int    // that are held at once, see memoryOf; 0 is one
	fish           func() (string, error)
}

// note prints a line for the user beside the result.
func (p *program) note(format string, values ...any) {
	fmt.Fprintln(p.stderr, "upset: "+report.Plain(fmt.Sprintf(format, values...)))
}

// command is the command line as it can be typed again.
func (p *program) command() string {
	words := []string{"upset"}
	for _, a := range p.args[min(1, len(p.args)):] {
		words = append(words, quote(a))
	}
	return strings.Join(words, " ")
}

// quote protects a word from the shell where it needs that.
func quote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=,+@%", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	if !utf8.ValidString(word) { // the form of bash, ksh and zsh for bytes
		return "$'" + strings.ReplaceAll(campaign.PlainText(strings.ReplaceAll(word, `\`, `\\`)), "'", `\'`) + "'"
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// checkedWriter remembers the first error, so that a full disk behind stdout is
// not taken for success.
type checkedWriter struct {
	w   io.Writer
	err error
}

// Write passes data on until an error has happened.
func (c *checkedWriter) Write(b []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.w.Write(b)
	if err != nil {
		c.err = fmt.Errorf("write the result: %w", err)
	}
	return n, c.err
}
