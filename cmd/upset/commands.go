package main

import "github.com/urfave/cli/v2"

// commands are all commands, in the order of the help text.
func commands(p *program) []*cli.Command {
	return []*cli.Command{
		assessCommand(p),
		checkCommand(p),
		runCommand(p),
		sitesCommand(p),
		injectCommand(p),
		campaignCommand(p),
		sweepCommand(p),
		protectCommand(p),
		reportCommand(p),
		exportCommand(p),
		compareCommand(p),
		gateCommand(p),
		validateCommand(p),
		qualifyCommand(p),
		compileCommand(p),
		disasmCommand(p),
		systemCommand(p),
		selectCommand(p),
		completionCommand(p),
	}
}
