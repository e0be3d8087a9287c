package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/urfave/cli/v2"
	"go.yaml.in/yaml/v3"

	"upset/npu"
	"upset/stats/report"
)

// Limits of a system file, so that a slip of the pen does not make a run endless
// (our choice).
const (
	maxInterval = 1024
	maxLatency  = 100_000
	maxYAML     = 1 << 20
)

// systemFile is the YAML form of npu.System. What a file leaves out keeps its
// default.
type systemFile struct {
	SRAM   timingFile `yaml:"sram"`
	Flash  timingFile `yaml:"flash"`
	Limits limitsFile `yaml:"limits"`
}

// timingFile describes one memory in cycles of the NPU's clock.
type timingFile struct {
	BeatInterval number `yaml:"beat_interval"`
	ReadLatency  number `yaml:"read_latency"`
	WriteLatency number `yaml:"write_latency"`
}

// limitsFile is the YAML form of npu.Limits.
type limitsFile struct {
	PortReads      number `yaml:"port_reads"`
	PortWrites     number `yaml:"port_writes"`
	InputAhead     number `yaml:"input_ahead"`
	CopyAhead      number `yaml:"copy_ahead"`
	CommandFIFO    number `yaml:"command_fifo"`
	WeightFIFO     number `yaml:"weight_fifo"`
	ScaleFIFO      number `yaml:"scale_fifo"`
	InputFIFO      number `yaml:"input_fifo"`
	CopyFIFO       number `yaml:"copy_fifo"`
	Weights        number `yaml:"weights_per_cycle"`
	PaletteEntries number `yaml:"palette_entries_per_cycle"`
	Section        number `yaml:"output_section"`
	Kernels        number `yaml:"kernels"`
}

// parameter is one number of a system file.
type parameter struct {
	part, name string
	at         *number
	low, high  int
	source     string // what it is and where its default comes from
}

// parameters lists the numbers of a file in the order in which they are printed.
func (f *systemFile) parameters() []parameter {
	memory := func(part string, t *timingFile, interval, latency string) []parameter {
		return []parameter{
			{part, "beat_interval", &t.BeatInterval, 1, maxInterval, "cycles per beat of 64 bits; " + interval},
			{part, "read_latency", &t.ReadLatency, 1, maxLatency, "cycles from a request to its first beat; " + latency},
			{part, "write_latency", &t.WriteLatency, 1, maxLatency, "cycles from the last beat to the response; " + latency},
		}
	}
	low, high := npu.MinLimits(), npu.MaxLimits()
	limit := func(name string, at *number, low, high int, source string) parameter {
		return parameter{"limits", name, at, low, high, source}
	}
	l := &f.Limits
	list := memory("sram", &f.SRAM, "Vela 3.10, Ethos_U55_High_End_Embedded: SRAM at the NPU's clock", "Vela 3.10: SRAM, 32 cycles")
	list = append(list, memory("flash", &f.Flash, "Vela 3.10, Ethos_U55_High_End_Embedded: an eighth of the bandwidth", "Vela 3.10: off-chip flash, 64 cycles")...)
	return append(list,
		limit("port_reads", &l.PortReads, low.PortReads, high.PortReads, "reads under way on a port; Arm U55 register header: AXI_LIMIT allows 32"),
		limit("port_writes", &l.PortWrites, low.PortWrites, high.PortWrites, "write bursts under way on a port; Arm U55 register header: AXI_LIMIT allows 16"),
		limit("input_ahead", &l.InputAhead, low.InputAhead, high.InputAhead, "beats that the input channel has under way; our choice: latency of the SRAM, a burst and the stages of the port"),
		limit("copy_ahead", &l.CopyAhead, low.CopyAhead, high.CopyAhead, "beats that the memory-to-memory channel has under way; our choice: covers the latency of the flash"),
		limit("command_fifo", &l.CommandFIFO, low.CommandFIFO, high.CommandFIFO, "beats; our choice: one burst of 64 bytes"),
		limit("weight_fifo", &l.WeightFIFO, low.WeightFIFO, high.WeightFIFO, "beats; our choice: latency of the SRAM"),
		limit("scale_fifo", &l.ScaleFIFO, low.ScaleFIFO, high.ScaleFIFO, "beats; our choice: latency of the SRAM"),
		limit("input_fifo", &l.InputFIFO, low.InputFIFO, high.InputFIFO, "beats; our choice: one burst of 64 bytes"),
		limit("copy_fifo", &l.CopyFIFO, low.CopyFIFO, high.CopyFIFO, "beats; our choice: one burst of 64 bytes"),
		limit("weights_per_cycle", &l.Weights, low.Weights, high.Weights, "weights that the decoder emits; Vela 3.10: 8 (its cycles per weight block)"),
		limit("palette_entries_per_cycle", &l.PaletteEntries, low.PaletteEntries, high.PaletteEntries, "palette entries that the decoder reads; our choice"),
		limit("output_section", &l.Section, low.Section, high.Section, "bytes after which an output buffer is written to memory; our choice: four bursts"),
		limit("kernels", &l.Kernels, low.Kernels, high.Kernels, "kernel operations under way; Vela 3.10: its streams rely on at most 2"),
	)
}

// newSystemFile is the file that describes a system.
func newSystemFile(s npu.System) *systemFile {
	memory := func(t npu.Timing) timingFile {
		return timingFile{number(t.BeatInterval), number(t.ReadLatency), number(t.WriteLatency)}
	}
	l := s.Limits
	return &systemFile{SRAM: memory(s.SRAM), Flash: memory(s.Flash), Limits: limitsFile{
		number(l.PortReads), number(l.PortWrites), number(l.InputAhead), number(l.CopyAhead), number(l.CommandFIFO), number(l.WeightFIFO),
		number(l.ScaleFIFO), number(l.InputFIFO), number(l.CopyFIFO), number(l.Weights), number(l.PaletteEntries), number(l.Section), number(l.Kernels),
	}}
}

// system is the system that the file describes.
func (f *systemFile) system() npu.System {
	memory := func(t timingFile) npu.Timing {
		return npu.Timing{BeatInterval: int(t.BeatInterval), ReadLatency: int(t.ReadLatency), WriteLatency: int(t.WriteLatency)}
	}
	l := &f.Limits
	return npu.System{SRAM: memory(f.SRAM), Flash: memory(f.Flash), Limits: npu.Limits{
		PortReads: int(l.PortReads), PortWrites: int(l.PortWrites), InputAhead: int(l.InputAhead), CopyAhead: int(l.CopyAhead),
		CommandFIFO: int(l.CommandFIFO), WeightFIFO: int(l.WeightFIFO), ScaleFIFO: int(l.ScaleFIFO), InputFIFO: int(l.InputFIFO),
		CopyFIFO: int(l.CopyFIFO), Weights: int(l.Weights), PaletteEntries: int(l.PaletteEntries), Section: int(l.Section), Kernels: int(l.Kernels),
	}}
}

// check refuses numbers out of their range.
func (f *systemFile) check() error {
	for _, p := range f.parameters() {
		if v := int(*p.at); v < p.low || v > p.high {
			return fmt.Errorf("%s.%s %d is not between %d and %d", p.part, p.name, v, p.low, p.high)
		}
	}
	return nil
}

// write prints the file with the range, the meaning and the source of each number.
func (f *systemFile) write(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintln(b, "# The system around the NPU, and what the NPU does at once. Give it with --system FILE.")
	fmt.Fprintln(b, "# A number that is left out keeps its default; one out of its range is refused.")
	part := ""
	for _, p := range f.parameters() {
		if p.part != part {
			part = p.part
			fmt.Fprintf(b, "%s:\n", part)
		}
		fmt.Fprintf(b, "  %s: %d # %d to %d; %s\n", p.name, *p.at, p.low, p.high, p.source)
	}
	return b.Flush()
}

func systemCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:  "system",
		Usage: "the system file: timing of the memories, limits of the NPU",
		Description: `Prints a system file with all numbers, their ranges and their sources: the
defaults, or those in force with --system. Edit a copy and give it to any command.

Examples:
  upset system > system.yaml
  upset system --out system.yaml
  upset run --system system.yaml testdata/models/fashion-tiny.tflite`,
		Flags: commonFlags(),
		Action: func(c *cli.Context) error {
			if _, err := arguments(c); err != nil {
				return err
			}
			o, err := readCommon(c)
			if err != nil {
				return err
			}
			if o.format != report.FormatText {
				return usage("a system file is YAML: leave --format %s out", o.format)
			}
			f := newSystemFile(o.system)
			if o.out != "" {
				return report.WriteFileAtomic(o.out, f.write)
			}
			return f.write(p.stdout)
		},
	}
}

// readSystem reads a system file.
func readSystem(file string) (npu.System, error) {
	data, err := readFile(file, maxYAML)
	if err != nil {
		return npu.System{}, bad(err)
	}
	s, err := parseSystem(data)
	if err != nil {
		return s, usage("system file %s: %w", file, err)
	}
	return s, nil
}

// parseSystem reads the YAML text of a system file. Unknown keys are refused.
func parseSystem(data []byte) (npu.System, error) {
	def := npu.DefaultSystem()
	f := newSystemFile(def)
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(f); err != nil && !errors.Is(err, io.EOF) {
		return def, err
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		return def, errors.New("more than one document")
	}
	if err := f.check(); err != nil {
		return def, err
	}
	return f.system(), nil
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
