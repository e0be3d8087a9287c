package main

import (
	"embed"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"upset/stats/report"
)

// askCompletion, behind all other words, asks for what may stand next: the word with which
// scripts of urfave/cli ask.
const askCompletion = "--generate-bash-completion"

// scripts ask the program for what may stand next; fish's knows all of it by itself.
//
//go:embed completion
var scripts embed.FS

// shells are those that there is a script for, and its file; fish's is made from the
// commands.
var shells = []struct{ name, file string }{
	{"bash", "completion/upset.bash"}, {"zsh", "completion/upset.zsh"}, {"fish", ""}, {"powershell", "completion/upset.ps1"},
}

func completionCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "the script with which a shell completes commands and flags",
		ArgsUsage: "SHELL",
		Description: `Prints the script for bash, zsh, fish or powershell.

Examples:
  upset completion bash > ~/.local/share/bash-completion/completions/upset
  upset completion zsh > "${fpath[1]}/_upset"
  upset completion fish > ~/.config/fish/completions/upset.fish
  upset completion powershell >> $PROFILE`,
		Flags: commonFlags(),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, "SHELL")
			if err != nil {
				return err
			}
			o, err := readCommon(c)
			if err != nil {
				return err
			}
			if o.format != report.FormatText {
				return usage("a script has one form: leave --format %s out", o.format)
			}
			text, err := p.script(args[0])
			if err != nil {
				return err
			}
			write := func(w io.Writer) error {
				_, err := io.WriteString(w, text)
				return err
			}
			if o.out != "" {
				return report.WriteFileAtomic(o.out, write)
			}
			return write(p.stdout)
		},
	}
}

// script is the script for a shell.
func (p *program) script(shell string) (string, error) {
	var names []string
	for _, s := range shells {
		names = append(names, s.name)
	}
	i := slices.Index(names, strings.ToLower(shell))
	if i < 0 {
		return "", usage("no script for the shell %s: there are %s", show(shell), strings.Join(names, ", "))
	}
	if shells[i].file == "" {
		return p.fish()
	}
	text, err := scripts.ReadFile(shells[i].file)
	return string(text), err
}
