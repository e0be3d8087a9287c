package main

import (
	"flag"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// newApp builds the command tree. Errors come back to run, which prints them and
// chooses the exit code.
func newApp(p *program) *cli.App {
	app := &cli.App{
		Name:            "upset",
		Usage:           "how often does a soft error hurt this network on this NPU?",
		UsageText:       "upset COMMAND [flags] [arguments]",
		Description:     overview,
		HideVersion:     true, // the library's would stand in the help, where goldens are
		Flags:           []cli.Flag{&cli.BoolFlag{Name: "version", Aliases: []string{"v"}, Usage: "print version, revision, whether it was modified, and Go's version"}},
		Action:          p.bare,
		HideHelpCommand: true,
		// The scripts of upset completion ask with --generate-bash-completion.
		EnableBashCompletion: true,
		Reader:               p.stdin,
		Writer:               p.stdout,
		ErrWriter:            p.stderr,
		ExitErrHandler:       func(*cli.Context, error) {},
		Commands:             commands(p),
	}
	p.fish = app.ToFishCompletion
	finish(app.Commands, "upset")
	app.OnUsageError = func(_ *cli.Context, err error, _ bool) error { return usage("%w; see upset --help", err) }
	return app
}

// bare performs upset without a command.
func (p *program) bare(c *cli.Context) error {
	if !c.Bool("version") {
		return cli.ShowAppHelp(c)
	}
	_, err := fmt.Fprintln(p.stdout, "upset version "+versionText())
	return err
}

// overview is printed by upset --help.
const overview = `upset runs a network on a cycle-level model of the Ethos-U55, flips bits in
its flops and SRAM, and reports what became of each flip.

MODEL is an int8 .tflite file, which is compiled here, or one optimised by Vela,
whose command stream runs as it is. Flags may stand before or after arguments.
Numbers are decimal, on the command line and in YAML files: 010 is ten, and a
whole number has no fraction and no exponent.

Exit codes: 0 done, 1 failed, 2 bad usage or input, 3 incomplete,
4 target, or with gate the margin, not met or not shown.`

// finish gives every command its usage line and error handling.
func finish(list []*cli.Command, parent string) {
	for _, c := range list {
		name := parent + " " + c.Name
		c.HideHelpCommand = true
		if c.UsageText == "" {
			c.UsageText = strings.TrimSpace(name + " [flags] " + c.ArgsUsage)
		}
		if len(c.Subcommands) > 0 {
			c.UsageText = name + " COMMAND [flags] [arguments]"
			finish(c.Subcommands, name)
		}
		c.OnUsageError = func(_ *cli.Context, err error, _ bool) error {
			return usage("%s; see %s --help", flagError(err), name)
		}
	}
}

// flagError puts an error of the flag parser into our words.
func flagError(err error) string {
	if err == flag.ErrHelp {
		return "help is asked for in a wrong way"
	}
	return strings.ReplaceAll(err.Error(), " for flag -", " for flag --")
}

// arguments checks the number of arguments that are no flags and returns them.
// Names are those of the usage line; one in brackets may be missing, and "..."
// stands for any number more.
func arguments(c *cli.Context, names ...string) ([]string, error) {
	got := c.Args().Slice()
	least, most := 0, len(names)
	for _, n := range names {
		switch {
		case n == "...":
			most = len(got)
		case !strings.HasPrefix(n, "["):
			least++
		}
	}
	if len(got) < least {
		return nil, usage("%s needs %s%s; see %s --help", commandName(c), strings.Join(names, " "), swallowed(c), commandName(c))
	}
	if len(got) > most {
		return nil, usage("%s: unexpected argument %q; see %s --help", commandName(c), got[most], commandName(c))
	}
	for i, a := range got {
		if a == "" {
			return nil, usage("%s: argument %d is empty", commandName(c), i+1)
		}
	}
	return got, nil
}

// swallowed names the flag that took a model for its value, if there is one.
func swallowed(c *cli.Context) string {
	for _, f := range c.Command.Flags {
		if s, ok := f.(*cli.StringFlag); ok && c.IsSet(s.Name) && strings.HasSuffix(c.String(s.Name), ".tflite") {
			return fmt.Sprintf(" (--%s took %s for its value)", s.Name, c.String(s.Name))
		}
	}
	return ""
}

// commandName is the name of the running command with its parents.
func commandName(c *cli.Context) string {
	name := c.Command.Name
	for _, up := range c.Lineage()[1:] {
		if up.Command != nil && up.Command.Name != "" && up.Command.Name != c.App.Name && up.Command.Name != c.Command.Name {
			name = fmt.Sprintf("%s %s", up.Command.Name, name)
		}
	}
	return "upset " + name
}
