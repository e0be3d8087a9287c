package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"upset/faults"
	"upset/faults/campaign"
	"upset/models/check"
	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats/report"
)

// defaultSeed is the seed of every command that draws (our choice).
const defaultSeed = 1

// commonFlags are those that every command takes.
func commonFlags(more ...cli.Flag) []cli.Flag {
	return append([]cli.Flag{
		&cli.StringFlag{Name: "npu", Value: "u55-128", Usage: "configuration: u55-32, u55-64, u55-128 or u55-256; without it a compiled file runs on its own"},
		&cli.Uint64Flag{Name: "seed", Value: defaultSeed, Usage: "`SEED` of every random draw, 0 to 2^53-1"},
		&cli.IntFlag{Name: "workers", Value: runtime.NumCPU(), Usage: "number of parallel workers; results do not depend on it"},
		&cli.IntFlag{Name: "memory", Value: faults.DefaultMemory >> 20, Usage: "`MIB` of memory to stay within; results do not depend on it"},
		&cli.StringFlag{Name: "format", Value: report.FormatText, Usage: "form of the result: text, json or csv"},
		&cli.StringFlag{Name: "out", Usage: "`DIR` for result files (campaigns: ./upset-out/<model>-<npu>-<digest>)"},
		&cli.BoolFlag{Name: "lenient", Usage: "accept networks that TensorFlow Lite's kernels refuse, such as a bias of another scale"},
		&cli.IntFlag{Name: "delegate", Usage: "of an ExecuTorch program (.pte) run delegate `N` alone, from 0 on"},
		&cli.StringFlag{Name: "system", Usage: "the memories around the NPU: a `NAME` of upset system --list, FILE.yaml, or FILE.ini:SystemConfig:MemoryMode"},
	}, more...)
}

// common holds the values of the common flags.
type common struct {
	config   isa.Config
	npuGiven bool // the user asked for the configuration
	opening  network.Options
	seed     uint64
	workers  int
	format   string
	out      string
	system   npu.System
}

// choice is what was asked for of a network.
func (o *common) choice() check.Choice {
	return check.Choice{Config: o.config, Given: o.npuGiven, Options: o.opening}
}

// readCommon checks the common flags. Formats are those allowed beside text,
// json and csv.
func readCommon(c *cli.Context, formats ...string) (common, error) {
	o := common{npuGiven: c.IsSet("npu"), seed: c.Uint64("seed"), workers: c.Int("workers"), format: c.String("format"), out: c.String("out")}
	o.opening = network.Options{Lenient: c.Bool("lenient"), Alone: c.IsSet("delegate"), Delegate: c.Int("delegate")}
	if o.opening.Delegate < 0 {
		return o, usage("--delegate %d: delegates are numbered from 0", o.opening.Delegate)
	}
	var err error
	if o.config, err = parseConfig(c.String("npu")); err != nil {
		return o, err
	}
	known := append([]string{report.FormatText, report.FormatJSON, report.FormatCSV}, formats...)
	if !slices.Contains(known, o.format) {
		return o, usage("unknown format %q: use %s", o.format, strings.Join(known, ", "))
	}
	if o.workers < 1 || o.workers > maxWorkers {
		return o, usage("--workers %d is not between 1 and %d", o.workers, maxWorkers)
	}
	if n := c.Int("memory"); n < faults.MinMemory>>20 || n > maxMemoryMiB {
		return o, usage("--memory %d is not between %d and %d MiB", n, faults.MinMemory>>20, maxMemoryMiB)
	} else if c.IsSet("memory") {
		debug.SetMemoryLimit(heapOf(n << 20))
	}
	o.system = npu.DefaultSystem()
	if file := c.String("system"); file != "" {
		o.system, err = readSystem(file)
	}
	o.opening.System = o.system
	return o, err
}

// parseConfig reads the name of a configuration.
func parseConfig(name string) (isa.Config, error) {
	c, err := isa.ParseConfig(name)
	return c, bad(err)
}

// maxMemoryMiB bounds --memory (our choice: a mebibyte of them).
const maxMemoryMiB = 1 << 20

// heapOf is what the Go runtime may take of an amount of memory: the program itself takes
// the rest (our choice: a sixteenth).
func heapOf(n int) int64 { return int64(n - n/16) }

// allowedMemory is what the Go runtime may take in bytes, 0 where nothing limits it: that of
// --memory, or of the environment variable GOMEMLIMIT.
func allowedMemory() int {
	if n := debug.SetMemoryLimit(-1); n != math.MaxInt64 {
		return int(n)
	}
	return 0
}

// memoryOf is what an engine may take of the allowed memory where so many are held at once, beside
// the records of so many injections: more than there is would be paid for with collections
// of garbage. No engine gets less than [faults.MinMemory].
func memoryOf(engines, injections int) int {
	return shareOf(allowedMemory(), engines, injections)
}

// shareOf is memoryOf of an allowed memory.
func shareOf(allowed, engines, injections int) int {
	if allowed == 0 {
		return 0
	}
	// Up to a thirty-second the records fit what engines leave (our choice).
	if records := injections * campaign.RecordBytes; records > allowed/32 {
		allowed = max(faults.MinMemory, allowed-records)
	}
	return allowed / max(1, engines)
}

// noteRecords says where the records of a campaign leave too little of the allowed memory.
func (p *program) noteRecords(injections int) {
	if need := enoughFor(allowedMemory(), injections); need > 0 {
		p.note("the records of %d injections take %d MiB: give --memory %d, or this takes more than it may and longer than it must", injections, injections*campaign.RecordBytes>>20, need)
	}
}

// enoughFor is the --memory in MiB that has room for an engine beside the records of so many
// injections, 0 where what is allowed has it.
func enoughFor(allowed, injections int) int {
	records := injections * campaign.RecordBytes
	if allowed == 0 || allowed-records >= faults.MinMemory {
		return 0
	}
	const mib = 1 << 20
	return (records + faults.DefaultMemory) * 16 / 15 / mib // see heapOf
}

// maxWorkers bounds the number of workers, each of which holds a machine (our
// choice).
const maxWorkers = 1024

// emit prints a result on stdout, and with --out also stores it as JSON there.
func (p *program) emit(o common, name string, v any) error {
	if o.out != "" {
		if err := makeFolder(o.out); err != nil {
			return err
		}
		err := report.WriteFileAtomic(filepath.Join(o.out, name+".json"), func(w io.Writer) error {
			return report.Write(w, report.FormatJSON, v)
		})
		if err != nil {
			return err
		}
	}
	return report.Write(p.stdout, o.format, v)
}

// makeFolder creates a folder for results.
func makeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("folder for results: %w", err)
	}
	return nil
}
