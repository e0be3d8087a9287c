package main

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"upset/faults"
	"upset/faults/criterion"
	"upset/faults/engine"
	"upset/faults/runcache"
	"upset/models/network"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats/report"
	"upset/stats/result"
)

// experimentFlags are those of the commands that inject.
func experimentFlags(more ...cli.Flag) []cli.Flag {
	return append(append([]cli.Flag{
		&cli.StringFlag{Name: "inputs", Usage: "`DIR` with .bin, .npy, .npz, .png, .jpg or .wav files, and labels.csv or labels.txt; without it <model>.inputs beside MODEL, else random inputs"},
		framesFlag(),
		&cli.StringFlag{Name: "criterion", Value: "auto", Usage: "when a wrong output is critical: auto, top1, any, tolerance:X or a module FILE.wasm, see docs/guest.md"},
		eccFlag(),
		&cli.StringFlag{Name: "fault", Value: "seu", Usage: "fault `MODEL`: seu, pair, set, stuck-at-0, stuck-at-1, intermittent[:CYCLES] or mcu[:finfet|28nm|shares=A/B/C/D][:interleave=N][:row][:flops]"},
		&cli.BoolFlag{Name: "no-watchdog", Usage: "nothing reports a hang, which then violates"},
		&cli.StringFlag{Name: "fast", Value: "on", Usage: "on, or off: every fault is simulated to the end of the inference, for comparison"},
		&cli.IntFlag{Name: "cache", Usage: "remember the outcomes of up to `N` states; records stay the same, 1 of 64 states found again is simulated all the same"},
		&cli.BoolFlag{Name: "assume-reload", Usage: "the NPU is reset and reloaded between inferences: persisting faults do no harm"},
	}, pictureFlags()...), more...)
}

// experiment is a network with its inputs on the machine, ready for injections.
type experiment struct {
	engine *engine.Engine
	inputs inputSet
	model  string
	file   string

	proof map[npu.ECC]*engine.Engine // on the inputs that are kept back
}

// fresh is the engine on the inputs that the campaign never saw, made when a proof needs
// it.
func (x *experiment) fresh(ctx context.Context, p *program, ecc npu.ECC) (*engine.Engine, error) {
	if e := x.proof[ecc]; e != nil {
		return e, nil
	}
	options := x.engine.Options()
	options.ECC = ecc
	bar := p.progress("fault-free runs for the proof", len(x.inputs.held))
	e, err := engine.NewContext(ctx, x.engine.Program(), x.inputs.held, options, func(done, _ int) { bar.set(done) })
	bar.finish()
	if err != nil {
		return nil, err
	}
	if x.proof == nil {
		x.proof = map[npu.ECC]*engine.Engine{}
	}
	x.proof[ecc] = e
	return e, nil
}

// readHeld reads --proof-inputs.
func (x *experiment) readHeld(c *cli.Context) error {
	folder := c.String("proof-inputs")
	if folder == "" {
		return nil
	}
	o, err := readCommon(c, report.FormatHTML)
	if err != nil {
		return err
	}
	n, err := openModel(c.Context, x.file, o.choice())
	if err != nil {
		return err
	}
	set, err := readInputs(folder, x.file, 0, n, x.inputs.options)
	if err != nil {
		return err
	}
	if set, err = set.sequences(max(1, x.engine.Program().Frames)); err != nil {
		return err
	}
	for _, d := range set.data {
		if slices.ContainsFunc(x.inputs.data, func(e []byte) bool { return bytes.Equal(d, e) }) {
			return usage("--proof-inputs %s: an input of the campaign is among them; the proof is for inputs that the search never saw", folder)
		}
	}
	x.inputs.held = set.data
	return nil
}

// readOptions reads the flags of experimentFlags.
func readOptions(c *cli.Context, system npu.System) (faults.Options, error) {
	engines := 1
	if c.Command.Name == "assess" {
		engines = 2 // a proof on other inputs has fault-free runs of its own
	}
	o := faults.Options{System: system, Memory: memoryOf(engines, c.Int("injections")), NoWatchdog: c.Bool("no-watchdog"), AssumeReload: c.Bool("assume-reload")}
	const most, verify = 1 << 24, 64
	n := c.Int("cache")
	if n < 0 || n > most {
		return o, usage("--cache %d: want 0 to %d states", n, most)
	}
	o.Cache = faults.Cache{Entries: n, Verify: verify}
	var err error
	if o.ECC, err = readECC(c); err != nil {
		return o, err
	}
	if o.Engine, err = readFast(c); err != nil {
		return o, err
	}
	if o.Model, err = faults.ParseModel(c.String("fault")); err != nil {
		return o, bad(err)
	}
	if o.Criterion, err = criterion.Parse(c.String("criterion")); err != nil {
		return o, bad(err)
	}
	return o, nil
}

// readFast reads --fast. Records do not depend on it.
func readFast(c *cli.Context) (faults.Switches, error) {
	switch c.String("fast") {
	case "on", "":
		return faults.Switches{}, nil
	case "off":
		return faults.AllOff, nil
	}
	return faults.Switches{}, usage("--fast %s: want on or off", c.String("fast"))
}

// setup is what an experiment is made of, before anything has run.
type setup struct {
	program *network.Program
	inputs  inputSet
	options faults.Options
	file    string // of the model
	opening network.Options
}

// newSetup puts an experiment together: the program that runs the network over
// sequences of frames, and the inputs as such sequences.
func newSetup(n *network.Network, inputs inputSet, o faults.Options, file string, frames int) (*setup, error) {
	if err := inputs.checkLabels(n.Outputs); err != nil {
		return nil, err
	}
	prog, err := n.Whole(frames)
	if err != nil {
		return nil, usage("%s: %w", file, err)
	}
	if inputs, err = inputs.sequences(frames); err != nil {
		return nil, err
	}
	return &setup{program: prog, inputs: inputs, options: o, file: file}, nil
}

// table is the site table of the machine.
func (s *setup) table() *netlist.Table { return netlist.New(s.program.Config, s.options.ECC) }

// openSetup reads the model and its inputs.
func (p *program) openSetup(c *cli.Context, o common, file string) (*setup, error) {
	options, err := readOptions(c, o.system)
	if err != nil {
		return nil, err
	}
	s, n, err := openProgram(c, o, file, options)
	if err != nil {
		return nil, err
	}
	s.opening = o.opening
	if m := c.String("measures"); m != "" && m != noMeasures {
		s.program, err = guarded(m, n, max(1, s.program.Frames), s.inputs.data)
	}
	return s, err
}

// openProgram reads the model and its inputs and puts them together with options.
func openProgram(c *cli.Context, o common, file string, options faults.Options) (*setup, *network.Network, error) {
	n, err := openModel(c.Context, file, o.choice())
	if err != nil {
		return nil, nil, err
	}
	pictures, err := readPictureFlags(c)
	if err != nil {
		return nil, nil, err
	}
	if pictures.Frames, err = readFrames(c); err != nil {
		return nil, nil, err
	}
	inputs, err := readInputs(c.String("inputs"), file, o.seed, n, pictures)
	if err != nil {
		return nil, nil, err
	}
	s, err := newSetup(n, inputs, options, file, pictures.Frames)
	return s, n, err
}

// openExperiment reads the model and its inputs and makes the fault-free runs.
func (p *program) openExperiment(c *cli.Context, o common, file string) (*experiment, error) {
	s, err := p.openSetup(c, o, file)
	if err != nil {
		return nil, err
	}
	return p.start(c.Context, s)
}

// start makes the fault-free runs of an experiment.
func (p *program) start(ctx context.Context, s *setup) (*experiment, error) {
	if s.inputs.random {
		p.note("no inputs: %d random ones are used; %s; give real ones with --inputs", len(s.inputs.data), randomEffect)
	}
	p.noteSound(s.inputs.rates)
	p.noteInventory(s.program.Config, s.options.ECC)
	bar, began := p.progress("fault-free runs", len(s.inputs.data)), time.Now()
	e, err := p.engine(ctx, s, func(done, total int) {
		bar.set(done)
		if done == 1 {
			p.foretell(time.Since(began), total, runtime.GOMAXPROCS(0))
		}
	})
	bar.finish()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.file, err)
	}
	p.note("fault-free run: %d cycles, %d inputs, outputs equal on both machines", e.Cycles(), len(s.inputs.data))
	return &experiment{engine: e, inputs: s.inputs, model: modelName(s.file), file: s.file}, ctx.Err()
}

// engine makes the fault-free runs, or takes those that another process on this machine
// has made.
func (p *program) engine(ctx context.Context, s *setup, progress func(done, total int)) (*engine.Engine, error) {
	if p.runs == "" {
		return engine.NewContext(ctx, s.program, s.inputs.data, s.options, progress)
	}
	began := time.Now()
	e, found, err := runcache.Engine(ctx, p.runs, s.program, s.inputs.data, s.options, progress)
	if found {
		p.note("the fault-free runs are those of another process on this machine, read and checked in %s", seconds(time.Since(began)))
	}
	return e, err
}

// noteSound says on stderr that nothing vouches for the rate of sound.
func (p *program) noteSound(rates heard) {
	if w, ok := rates.warning(); ok {
		p.note("%s", w.Message)
	}
}

// noteInventory says on stderr what there is to hit.
func (p *program) noteInventory(c isa.Config, ecc npu.ECC) {
	flops, ram := 0, 0
	t := netlist.New(c, ecc)
	for i := range t.Registers {
		if r := &t.Registers[i]; r.IsSRAM() {
			ram += r.Bits()
		} else {
			flops += r.Bits()
		}
	}
	p.note("inventory of %s: %d flops, %d SRAM bits", c, flops, ram)
}

// warnings are those that the inputs give rise to.
func (x *experiment) warnings() []result.Warning {
	var list []result.Warning
	if x.inputs.random {
		list = append(list, randomInputsWarning())
	}
	if w, ok := x.inputs.rates.warning(); ok {
		list = append(list, w)
	}
	return list
}

// randomEffect is what random inputs did to results where both kinds were measured, as
// docs/inputs.md has it.
const randomEffect = "on three networks they multiplied the violating AVF by 1.01 to 2.05 and the critical one by 0.18 to 2.00 (docs/inputs.md)"

func randomInputsWarning() result.Warning {
	return result.Warning{
		Code:    "random_inputs",
		Message: fmt.Sprintf("%d random inputs stand in for real ones, which changes what is critical: %s; give real ones with --inputs", randomInputs, randomEffect),
	}
}
