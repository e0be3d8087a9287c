package convergence

import (
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"upset/faults"
	"upset/faults/engine"
	"upset/models/network"
	"upset/netlist"
	"upset/npu"
	"upset/npu/cone"
	"upset/npu/isa"
)

// speedStream keeps these draws apart from all others.
const speedStream = 0x73706565 // "spee"

// Effort is the work on the injections of a class.
type Effort struct {
	Class      string
	Injections int
	Pruned     int           // settled without a step
	ToEnd      int           // went to the end of the inference, or to the watchdog
	Time       time.Duration // of one core, over the simulated ones
	Pruning    time.Duration // of one core, over the pruned ones
}

// PathEffort is the core time of the injections that were resolved on a path.
type PathEffort struct {
	Injections int
	Time       time.Duration
}

// Simulated is the number of injections with at least one step.
func (f *Effort) Simulated() int { return f.Injections - f.Pruned }

// Speed is how fast the injections of a uniform draw over all flops of a network
// were resolved.
type Speed struct {
	Network      string
	NPU          string
	Cycles       uint64 // of an inference
	Inputs       int
	Workers      int
	Injections   int
	Golden, Wall time.Duration // the fault-free runs, and the injections after them
	Efforts      []Effort      // by class
	Paths        [faults.NumPaths]PathEffort
	Inference    time.Duration // by the dense kernels in plain Go on one core, see Inference
	MACs         int64         // of that inference
	ConeMACs     int64         // spent without a clock by all injections
}

// MeasureSpeed resolves a uniform draw of flop upsets on all workers. The engine
// must be new: golden is the time that its making took.
func MeasureSpeed(e *engine.Engine, name string, golden time.Duration, seed uint64, injections, workers int) (*Speed, error) {
	s := &Speed{Network: name, NPU: e.Program().Config.String(), Cycles: e.Cycles(), Inputs: e.Inputs(), Workers: workers, Injections: injections, Golden: golden}
	lots := drawLots(e, seed, injections, workers)
	start := time.Now()
	parts := make([][netlist.NumClasses]Effort, workers)
	paths := make([][faults.NumPaths]PathEffort, workers)
	macs := make([]int64, workers)
	var group errgroup.Group
	for k := range workers {
		group.Go(func() (err error) {
			parts[k], paths[k], macs[k], err = spend(e, lots[k])
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	s.Wall = time.Since(start)
	for c := range netlist.NumClasses {
		f := Effort{Class: c.String()}
		for k := range parts {
			p := &parts[k][c]
			f.Injections, f.Pruned, f.ToEnd = f.Injections+p.Injections, f.Pruned+p.Pruned, f.ToEnd+p.ToEnd
			f.Time, f.Pruning = f.Time+p.Time, f.Pruning+p.Pruning
		}
		if f.Injections > 0 {
			s.Efforts = append(s.Efforts, f)
		}
	}
	for k := range workers {
		s.ConeMACs += macs[k]
		for i, p := range paths[k] {
			s.Paths[i].Injections += p.Injections
			s.Paths[i].Time += p.Time
		}
	}
	return s, nil
}

// lot is an injection of the draw.
type lot struct {
	input int
	site  faults.Site
}

// drawLots draws flop upsets and deals them to the workers: each gets stretches of
// the order of inputs and cycles.
func drawLots(e *engine.Engine, seed uint64, injections, workers int) [][]lot {
	var flops []netlist.SiteID
	t := e.Table()
	for i := range t.Registers {
		r := &t.Registers[i]
		for k := range r.Bits() {
			if !r.IsSRAM() {
				flops = append(flops, r.First+netlist.SiteID(k))
			}
		}
	}
	rng := rand.New(rand.NewPCG(seed, speedStream))
	all := make([]lot, injections)
	for i := range all {
		all[i] = lot{rng.IntN(e.Inputs()), faults.Site{ID: flops[rng.IntN(len(flops))], Cycle: rng.Uint64N(e.Cycles())}}
	}
	slices.SortFunc(all, func(a, b lot) int {
		if a.input != b.input {
			return a.input - b.input
		}
		return int(int64(a.site.Cycle) - int64(b.site.Cycle))
	})
	const stretch = 128 // injections that share a walk (our choice)
	lots := make([][]lot, workers)
	for i := 0; i < len(all); i += stretch {
		k := i / stretch % workers
		lots[k] = append(lots[k], all[i:min(len(all), i+stretch)]...)
	}
	return lots
}

// spend resolves a worker's injections.
func spend(e *engine.Engine, list []lot) (efforts [netlist.NumClasses]Effort, paths [faults.NumPaths]PathEffort, macs int64, err error) {
	w, err := e.Worker()
	if err != nil {
		return efforts, paths, 0, err
	}
	for _, l := range list {
		place, err := e.Table().Place(l.site.ID)
		if err != nil {
			return efforts, paths, 0, err
		}
		at := time.Now()
		r, err := w.Inject(l.input, l.site, nil)
		if err != nil {
			return efforts, paths, 0, err
		}
		paths[r.Path].Injections++
		paths[r.Path].Time += time.Since(at)
		f := &efforts[place.Register.Class]
		f.Injections++
		if r.Path.Pruned() {
			f.Pruned++
			f.Pruning += time.Since(at)
			continue
		}
		f.Time += time.Since(at)
		if r.Path == faults.PathEnd {
			f.ToEnd++
		}
	}
	return efforts, paths, w.MACs(), nil
}

// Inference times one inference by the dense kernels on one core, the fastest of a few. They are
// plain Go where the processor has no vectors, or GODEBUG turns them off.
func Inference(p *network.Program, input []byte) (best time.Duration, macs int64, err error) {
	mem := new(isa.Memory)
	if err := p.Load(mem, input); err != nil {
		return 0, 0, err
	}
	c, err := cone.New(p.Config, p.Commands, p.Bases(), mem)
	if err != nil {
		return 0, 0, err
	}
	r := c.Runner()
	const rounds = 5 // our choice
	for range rounds {
		if err := p.Load(mem, input); err != nil {
			return 0, 0, err
		}
		at := time.Now()
		if macs, err = r.Dense(mem); err != nil {
			return 0, 0, err
		}
		if d := time.Since(at); best == 0 || d < best {
			best = d
		}
	}
	return best, macs, nil
}

// NewEngine makes the fault-free runs and says how long they took.
func NewEngine(p *network.Program, inputs [][]byte) (*engine.Engine, time.Duration, error) {
	at := time.Now()
	e, err := engine.New(p, inputs, faults.Options{ECC: npu.ECCSECDED}, nil)
	return e, time.Since(at), err
}

// total adds up the classes.
func (s *Speed) total() Effort {
	t := Effort{Class: "all"}
	for i := range s.Efforts {
		f := &s.Efforts[i]
		t.Injections, t.Pruned, t.ToEnd = t.Injections+f.Injections, t.Pruned+f.Pruned, t.ToEnd+f.ToEnd
		t.Time, t.Pruning = t.Time+f.Time, t.Pruning+f.Pruning
	}
	return t
}

// perSimulated is the mean core time of a simulated injection.
func (f *Effort) perSimulated() time.Duration { return f.Time / time.Duration(max(1, f.Simulated())) }

// WriteSpeeds writes the page on rates.
func WriteSpeeds(w io.Writer, list []*Speed) error {
	var b strings.Builder
	fmt.Fprintf(&b, `# How fast injections are resolved

This page is written by

    go run ./faults/convergence/generate -speed

on %s/%s with %d processors in use, nothing looked up in a cache, checkpoints of default spacing, SECDED on the shared
buffer. Upsets are drawn uniformly over all flops and cycles. *Resolved* counts all injections against the whole time, the
fault-free runs of all inputs included. *Simulated* leaves out those settled by proof, and the time of the fault-free runs. The core
time is that of one processor. *Share of an inference* is the mean core time of a simulated injection over the time of
one inference by the scalar kernels in plain Go, measured in the same run.
`, runtime.GOOS, runtime.GOARCH, list[0].Workers)
	b.WriteString("\n| network | NPU | cycles | inputs | injections | fault-free runs, s | resolved/s | simulated/s | scalar inference, ms | GMAC/s | share of an inference |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, s := range list {
		t := s.total()
		fmt.Fprintf(&b, "| %s | %s | %s | %d | %s | %.2f | %.0f | %.0f | %.2f | %.2f | %.1f %% |\n", s.Network, s.NPU, grouped(int64(s.Cycles)), s.Inputs, grouped(int64(s.Injections)),
			s.Golden.Seconds(), float64(s.Injections)/(s.Golden+s.Wall).Seconds(), float64(t.Simulated())/s.Wall.Seconds(),
			1e3*s.Inference.Seconds(), float64(s.MACs)/s.Inference.Seconds()/1e9, 100*t.perSimulated().Seconds()/s.Inference.Seconds())
	}
	writeTargets(&b, list)
	for _, s := range list {
		s.writeClasses(&b)
		s.writePaths(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// targets are rates that we want to reach, on two cores (our choice: per core above
// the best batched software injector that is published for these networks), and core
// times relative to an inference by the scalar kernels.
var targets = []struct {
	network string
	rate    float64 // resolved, and of the datapath simulated, per second
	share   float64
}{
	{"kws_ref_model", 16_000, 0}, {"vww_96_int8", 2_400, 0.25}, {"mobilenet_v2_quantized_1x3x224x224", 0, 0.03},
}

// datapathRate is how many upsets of the datapath are simulated per second on all
// processors.
func (s *Speed) datapathRate() float64 {
	for i := range s.Efforts {
		if f := &s.Efforts[i]; f.Class == netlist.Datapath.String() {
			return float64(s.Workers) / max(f.perSimulated().Seconds(), 1e-9)
		}
	}
	return 0
}

// floor is the time that the multiply-accumulates in the cones take for a simulated
// injection.
func (s *Speed) floor() time.Duration {
	t := s.total()
	return time.Duration(float64(s.ConeMACs) / float64(s.MACs) * float64(s.Inference) / float64(max(1, t.Simulated())))
}

// writeTargets compares with what we want.
func writeTargets(b *strings.Builder, list []*Speed) {
	b.WriteString("\n## Against our targets\n\nThe floor is the time that the multiply-accumulates in the affected cones take at the scalar kernels' rate, and nothing else.\n\n| network | figure | target | measured | measured ÷ target | at the floor |\n|---|---|---:|---:|---:|---:|\n")
	for _, x := range targets {
		for _, s := range list {
			if s.Network != x.network {
				continue
			}
			t := s.total()
			if x.rate > 0 {
				resolved := float64(s.Injections) / (s.Golden + s.Wall).Seconds()
				least := s.Golden.Seconds() + (s.floor().Seconds()*float64(t.Simulated())+t.Pruning.Seconds())/float64(s.Workers)
				fmt.Fprintf(b, "| %s | resolved per second | %.0f | %.0f | %.2f | %.0f |\n", s.Network, x.rate, resolved, resolved/x.rate, float64(s.Injections)/least)
				fmt.Fprintf(b, "| %s | simulated per second, datapath | %.0f | %.0f | %.2f | – |\n", s.Network, x.rate, s.datapathRate(), s.datapathRate()/x.rate)
			}
			if x.share > 0 {
				share := t.perSimulated().Seconds() / s.Inference.Seconds()
				fmt.Fprintf(b, "| %s | share of an inference | %.0f %% | %.1f %% | %.1f | %.1f %% |\n", s.Network, 100*x.share, 100*share, share/x.share, 100*s.floor().Seconds()/s.Inference.Seconds())
			}
		}
	}
}

// writePaths is the profile: where the time goes.
func (s *Speed) writePaths(b *strings.Builder) {
	var whole time.Duration
	for _, p := range s.Paths {
		whole += p.Time
	}
	b.WriteString("\n| path | injections | core time each, µs | share of the time |\n|---|---:|---:|---:|\n")
	for i, p := range s.Paths {
		if p.Injections > 0 {
			fmt.Fprintf(b, "| %s | %s | %.0f | %.1f %% |\n", faults.Path(i), grouped(int64(p.Injections)), 1e6*p.Time.Seconds()/float64(p.Injections), 100*p.Time.Seconds()/whole.Seconds())
		}
	}
}

func (s *Speed) writeClasses(b *strings.Builder) {
	t := s.total()
	fmt.Fprintf(b, "\n## %s\n\n| class | injections | pruned | simulated | to the end | core time per simulated, µs | simulated per second and core | share of the time |\n|---|---:|---:|---:|---:|---:|---:|---:|\n", s.Network)
	for _, f := range append(s.Efforts, t) {
		each := f.perSimulated().Seconds()
		fmt.Fprintf(b, "| %s | %s | %.1f %% | %s | %.2f %% | %.0f | %.0f | %.1f %% |\n", f.Class, grouped(int64(f.Injections)), 100*float64(f.Pruned)/float64(f.Injections),
			grouped(int64(f.Simulated())), 100*float64(f.ToEnd)/float64(max(1, f.Simulated())), 1e6*each, 1/max(each, 1e-9), 100*f.Time.Seconds()/t.Time.Seconds())
	}
	floor := s.floor().Seconds()
	fmt.Fprintf(b, "\nMultiply-accumulates in the cones of the differences: %s for each simulated injection, at the scalar kernels' rate %.1f µs. "+
		"That is the least that exact arithmetic asks for; the mean is %.0f times as long, and nearly all of it goes to clock cycles.\n",
		grouped(s.ConeMACs/int64(max(1, t.Simulated()))), 1e6*floor, t.perSimulated().Seconds()/max(floor, 1e-9))
}
