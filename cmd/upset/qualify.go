package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"

	"upset/faults/qualify"
)

// qualifyCommand is upset qualify.
func qualifyCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:  "qualify",
		Usage: "what speaks for trust in the tool: its checks, run on this machine, as a page to file",
		Description: `Supports the evaluation of tool confidence that ISO 26262-8, clause 11, asks of the
user of a tool; it qualifies nothing. Lists what the tool is used for, how it could go
wrong and which check would notice, what is known to be wrong, and runs the checks on
the networks that the tool brings along: known answers, the engine against the plain
machine, blocks against gates, statistics against the exhaustive truth, and stored
campaigns that are killed, resumed and damaged. A few minutes on two cores. Exit 1 if
a check does not pass. With --out the page is stored as qualify.html and qualify.json.

Examples:
  upset qualify
  upset qualify --out confidence
  upset qualify --divide 20 --format json`,
		Flags: commonFlags(&cli.IntFlag{Name: "divide", Value: 1, Usage: "take samples `N` times smaller, for a first look; 1 is what counts"}),
		Action: func(c *cli.Context) error {
			if _, err := arguments(c); err != nil {
				return err
			}
			o, err := readCommon(c)
			if err != nil {
				return err
			}
			if n := c.Int("divide"); n < 1 || n > maxDivide {
				return usage("--divide %d is not between 1 and %d", n, maxDivide)
			}
			return p.qualify(c, o)
		},
	}
}

// maxDivide is where every sample is a single one.
const maxDivide = 1000

// qualify performs upset qualify.
func (p *program) qualify(c *cli.Context, o common) error {
	dir, err := os.MkdirTemp("", "upset-qualify-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	checks := len(qualify.Checks())
	bar := p.progress("checks", checks)
	done := 0
	r, err := qualify.Run(c.Context, qualify.Options{
		Dir: dir, Seed: o.seed, Workers: o.workers, Divide: c.Int("divide"), Self: p.self(),
		Progress: func(x *qualify.Check) {
			bar.set(done)
			done++
			p.note("%s: %s", x.ID, x.Name)
		},
	})
	bar.finish()
	if err != nil {
		return err
	}
	r.Tool, r.Platform = build(), fmt.Sprintf("%s/%s, %d processors", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			r.Modules = append(r.Modules, m.Path+" "+m.Version)
		}
	}
	if err := p.emitFile(o, *r, "qualify", o.out); err != nil {
		return err
	}
	for _, x := range r.Checks {
		if !x.Pass {
			return errors.New("not every check passed: this build on this machine should not be trusted; please report it with the page")
		}
	}
	return nil
}

// self makes commands that run this very program, nil where its file is not known.
func (p *program) self() func(args ...string) *exec.Cmd {
	file, err := os.Executable()
	if err != nil {
		return nil
	}
	return func(args ...string) *exec.Cmd { return exec.Command(file, args...) }
}
