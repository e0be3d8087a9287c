package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// reorder brings a command line into the only order that the flag parser
// understands: commands, flags, "--", all other arguments. Without this, flags
// behind the first argument would be ignored silently. It also finds unknown
// commands and flags.
func reorder(app *cli.App, args []string) ([]string, error) {
	if len(args) > 1 && args[len(args)-1] == askCompletion {
		return append([]string{"upset"}, args[1:]...), nil // half a command line is in no order
	}
	takesValue := map[string]bool{"help": false, "h": false, "version": false, "v": false}
	noteFlags(app.Commands, takesValue)
	var (
		path, flags, rest []string
		names             []string // of the flags, as typed
	)
	commands, where, last := app.Commands, "upset", (*cli.Command)(nil)
	for i := min(1, len(args)); i < len(args); i++ {
		a := args[i]
		if a == "--" {
			rest = append(rest, args[i+1:]...)
			break
		}
		if len(a) > 1 && a[0] == '-' {
			name, _, inline := strings.Cut(strings.TrimLeft(a, "-"), "=")
			value, known := takesValue[name]
			if !known {
				return nil, usage("unknown flag %s; see %s --help", a, where)
			}
			names, flags = append(names, name), append(flags, a)
			if value && !inline {
				if i++; i == len(args) {
					return nil, usage("flag %s needs a value; see %s --help", a, where)
				}
				flags[len(flags)-1] += "=" + args[i]
			}
			continue
		}
		if len(commands) > 0 {
			c := commandNamed(commands, a)
			if c == nil {
				return nil, usage("unknown command %q; see %s --help", a, where)
			}
			path, commands, last, where = append(path, a), c.Subcommands, c, where+" "+a
			continue
		}
		rest = append(rest, a)
	}
	help := slices.Contains(names, "help") || slices.Contains(names, "h")
	for i, n := range names {
		if help || last == nil || len(commands) > 0 {
			break
		}
		if !hasFlag(last, n) {
			return nil, usage("%s has no flag --%s; see %s --help", where, n, where)
		}
		var err error
		if flags[i], err = numberFlag(last, n, flags[i]); err != nil {
			return nil, err
		}
	}
	if help {
		return append(append([]string{"upset"}, path...), "--help"), nil
	}
	if last == nil && len(names) == 1 && (names[0] == "version" || names[0] == "v") {
		return []string{"upset", "--version"}, nil
	}
	if len(commands) > 0 && (len(flags) > 0 || last != nil) {
		return nil, usage("%s needs a command; see %s --help", where, where)
	}
	ordered := append(append([]string{"upset"}, path...), flags...)
	if len(path) > 0 {
		ordered = append(ordered, "--")
	}
	return append(ordered, rest...), nil
}

// noteFlags records for every flag of every command whether it takes a value.
func noteFlags(commands []*cli.Command, takesValue map[string]bool) {
	for _, c := range commands {
		for _, f := range c.Flags {
			_, isBool := f.(*cli.BoolFlag)
			for _, n := range f.Names() {
				takesValue[n] = !isBool
			}
		}
		noteFlags(c.Subcommands, takesValue)
	}
}

func commandNamed(commands []*cli.Command, name string) *cli.Command {
	for _, c := range commands {
		if c.HasName(name) {
			return c
		}
	}
	return nil
}

func hasFlag(c *cli.Command, name string) bool {
	return slices.ContainsFunc(c.Flags, func(f cli.Flag) bool { return hasName(f, name) })
}

func hasName(f cli.Flag, name string) bool { return slices.Contains(f.Names(), name) }
