package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"upset/npu"
	"upset/stats/report"
)

func systemCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "system",
		Usage:     "the system file: memories, ports and limits of the NPU",
		ArgsUsage: "[SYSTEM]",
		Description: `Prints a system file with all numbers, their ranges and their sources: the
defaults, or those of a named system, of a file or of a vela.ini. Edit a copy and
give it to any command; --system takes the names themselves, too.

Examples:
  upset system --list
  upset system corstone-300 > system.yaml
  upset system vela.ini:My_System:Shared_Sram
  upset run --system corstone-300 testdata/models/fashion-tiny.tflite`,
		Flags: commonFlags(&cli.BoolFlag{Name: "list", Usage: "the named systems and where their numbers come from"}),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, "[SYSTEM]")
			if err != nil {
				return err
			}
			o, err := readCommon(c)
			if err != nil {
				return err
			}
			if o.format != report.FormatText {
				return usage("a system file is YAML: leave --format %s out", o.format)
			}
			if c.Bool("list") {
				if len(args) > 0 {
					return usage("upset system --list takes no SYSTEM")
				}
				return listSystems(p.stdout)
			}
			f, err := namedSystem(c.String("system"))
			if len(args) > 0 {
				if c.IsSet("system") {
					return usage("give SYSTEM or --system, not both")
				}
				f, err = namedSystem(args[0])
			}
			if err != nil {
				return err
			}
			if o.out != "" {
				return report.WriteFileAtomic(o.out, f.write)
			}
			return f.write(p.stdout)
		},
	}
}

// listSystems prints the named systems.
func listSystems(w io.Writer) error {
	wide := 0
	for _, s := range presets {
		wide = max(wide, len(s.name))
	}
	var b strings.Builder
	for _, s := range presets {
		fmt.Fprintf(&b, "%-*s  %s\n%*s  %s\n", wide, s.name, s.about, wide, "", s.source)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// namedSystem finds what a name or file says. No name is the default system.
func namedSystem(name string) (*systemFile, error) {
	if name == "" {
		return newSystemFile(npu.DefaultSystem()), nil
	}
	for i := range presets {
		if presets[i].name == name {
			return presets[i].file(), nil
		}
	}
	file, config, mode := cutINI(name)
	if strings.HasSuffix(file, ".ini") {
		data, err := readFile(file, maxINI)
		if err != nil {
			return nil, bad(err)
		}
		f, err := parseINI(data, config, mode)
		if err != nil {
			return nil, usage("%s: %w", file, err)
		}
		return f, nil
	}
	data, err := readFile(name, maxYAML)
	if errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(name, "./") {
		return nil, usage("no system and no file is named %s: see upset system --list", quote(name))
	}
	if err != nil {
		return nil, bad(err)
	}
	f, err := parseSystemFile(data)
	if err != nil {
		return nil, usage("system file %s: %w", name, err)
	}
	return f, nil
}

// readSystem is the system that a name or file describes.
func readSystem(name string) (npu.System, error) {
	f, err := namedSystem(name)
	if err != nil {
		return npu.System{}, err
	}
	return f.system()
}

// clockOf is the declared clock of the NPU in Hz: that of --clock, else that of --system,
// 0 for none.
func clockOf(c *cli.Context) float64 {
	if c.IsSet("clock") {
		return c.Float64("clock")
	}
	f, err := namedSystem(c.String("system"))
	if err != nil {
		return 0 // readCommon reports it
	}
	return float64(f.Clock)
}

// readFile reads a regular file of at most limit bytes.
func readFile(name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, pathError(name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", name)
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s has %d bytes; at most %d are read", name, info.Size(), limit)
	}
	data, err := os.ReadFile(name)
	return data, pathError(name, err)
}

// pathError says what is wrong with a file, without the name of a system call.
func pathError(name string, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("%s: %w", name, p.Err)
	}
	return err
}
