package main

import (
	"github.com/urfave/cli/v2"

	"upset/models/check"
	"upset/stats/report"
	"upset/stats/result"
)

func checkCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "can this network run? every operator: NPU, host or refused, and what to do",
		ArgsUsage: "MODEL",
		Description: `Says for every operator of a network whether the NPU or the host computes it, or
neither, why, and what can be done: before anything is compiled. For a file that is no
model of ours it says what it is and how to convert it. It also says whether weights,
commands and arena fit the memories of --system: exactly for a compiled file, about
for a source. Exit 0 where the network can run, 2 where it cannot.

Examples:
  upset check testdata/models/fashion-dscnn.tflite
  upset check net.tflite --npu u55-64 --format json
  upset check net.tflite --system deep-shared
  upset check net_vela.tflite --format html > check.html`,
		Flags: commonFlags(),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, "MODEL")
			if err != nil {
				return err
			}
			o, err := readCommon(c, report.FormatHTML)
			if err != nil {
				return err
			}
			data, err := readModel(args[0])
			if err != nil {
				return err
			}
			r := check.Examine(data, o.choice())
			out := describeCheck(r)
			out.Model, out.Command = modelName(args[0]), p.command()
			if err := p.emit(o, "check", out); err != nil {
				return err
			}
			if !r.Runs() {
				return usage("%s cannot run: see above", args[0])
			}
			return nil
		},
	}
}

// describeCheck turns a report into a result.
func describeCheck(r *check.Report) result.Check {
	out := result.Check{
		NPU: r.Config.String(), Format: r.Format, Runs: r.Runs(), Compiled: r.Compiled,
		OnNPU: r.Count(check.NPU), OnHost: r.Count(check.Host), Refused: r.Count(check.Refused),
	}
	for _, o := range r.Operators {
		out.Operators = append(out.Operators, result.CheckOperator{
			Index: o.Index, Name: o.Name, Output: o.Output, Place: string(o.Place), Reason: o.Reason, Remedy: o.Remedy,
		})
	}
	for _, p := range r.Problems {
		out.Problems = append(out.Problems, result.CheckProblem{Reason: p.Reason, Remedy: p.Remedy, Lines: p.Lines})
	}
	for _, m := range r.Memory {
		out.Memory = append(out.Memory, result.CheckMemory{
			Memory: m.Place.String(), Holds: m.Holds, Bytes: m.Bytes, About: m.About, Size: m.Size, Fits: m.Fits(),
		})
	}
	for _, place := range []check.Place{check.Refused, check.Host} {
		for _, a := range r.Advices(place) {
			if a.Remedy != "" {
				out.Advice = append(out.Advice, result.CheckAdvice{Where: a.Where(), Operators: a.Operators, Place: string(place), Remedy: a.Remedy})
			}
		}
	}
	return out
}
