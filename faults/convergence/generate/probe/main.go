// The command probe measures the engine and the plain machine on one network and prints
// one JSON object. It uses little of the tree, so that [generate -before] builds it into
// that of an earlier revision, too, and compares the two.
package main

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"upset/faults"
	engine "upset/faults/engine"
	"upset/models/network"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// class is the work on the injections of a class of registers.
type class struct {
	Injections int
	Pruned     int     // settled without a clock
	Stepped    uint64  // clocks
	Seconds    float64 // of the processor, over all of them
}

type report struct {
	Network     string
	Cycles      uint64 // of an inference
	Injections  int
	GoldenWall  float64 // seconds of the fault-free runs
	GoldenCore  float64
	Wall, Core  float64 // seconds of all injections after them
	Classes     map[string]*class
	Records     string  // digest of outcomes, causes and ends
	PlainCycles float64 // clocks per second of processor time of the plain machine
}

func main() {
	name := flag.String("network", "kws_ref_model", "network")
	shared := flag.String("shared", "../shared", "folder with models and golden inputs")
	injections := flag.Int("injections", 4000, "injections")
	inputs := flag.Int("inputs", 2, "inputs")
	plain := flag.Float64("plain", 2, "seconds of the plain machine")
	flag.Parse()
	r, err := measure(*shared, *name, *injections, *inputs, *plain)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(r)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

// core is the processor time of this process in seconds.
func core() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

func measure(shared, name string, injections, most int, plain float64) (*report, error) {
	data, err := os.ReadFile(filepath.Join(shared, "models", name+".tflite"))
	if err != nil {
		return nil, err
	}
	n, err := network.Open(data, isa.U55x128)
	if err != nil {
		return nil, err
	}
	p := n.Program()
	if p == nil {
		return nil, fmt.Errorf("%s runs partly on the host", name)
	}
	files, err := filepath.Glob(filepath.Join(shared, "golden", name, "in_*.bin"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no inputs for %s: %v", name, err)
	}
	slices.Sort(files)
	var list [][]byte
	for _, f := range files[:min(most, len(files))] {
		in, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		list = append(list, in)
	}
	r := &report{Network: name, Injections: injections, Classes: map[string]*class{}}
	if r.PlainCycles, err = rate(p, list[0], plain); err != nil {
		return nil, err
	}
	at, used := time.Now(), core()
	e, err := engine.New(p, list, faults.Options{ECC: npu.ECCSECDED}, nil)
	if err != nil {
		return nil, err
	}
	r.Cycles, r.GoldenWall, r.GoldenCore = e.Cycles(), time.Since(at).Seconds(), core()-used
	return r, inject(r, e, injections)
}

// rate runs the plain machine and returns its clocks per second.
func rate(p *network.Program, input []byte, seconds float64) (float64, error) {
	cycles, used := uint64(0), 0.0
	for used < seconds {
		mem := new(isa.Memory)
		if err := p.Load(mem, input); err != nil {
			return 0, err
		}
		m := npu.New(p.Config, npu.DefaultSystem(), npu.ECCNone, mem)
		p.Start(m)
		at := core()
		if st := m.Run(1 << 40); st != npu.Done {
			return 0, fmt.Errorf("the plain machine ends with a %v", st)
		}
		used += core() - at
		cycles += m.Cycle()
	}
	return float64(cycles) / max(used, 1e-9), nil
}

// inject resolves a uniform draw over all flops, in the order of inputs and cycles.
func inject(r *report, e *engine.Engine, injections int) error {
	var flops []netlist.SiteID
	classes := map[netlist.SiteID]string{}
	t := e.Table()
	for i := range t.Registers {
		x := &t.Registers[i]
		for k := range x.Bits() {
			if !x.IsSRAM() {
				id := x.First + netlist.SiteID(k)
				flops = append(flops, id)
				classes[id] = x.Class.String()
			}
		}
	}
	type lot struct {
		input int
		site  faults.Site
	}
	rng := rand.New(rand.NewPCG(20261, 0x70726f6265)) // our choice
	lots := make([]lot, injections)
	for i := range lots {
		lots[i] = lot{rng.IntN(e.Inputs()), faults.Site{ID: flops[rng.IntN(len(flops))], Cycle: rng.Uint64N(e.Cycles())}}
	}
	slices.SortStableFunc(lots, func(a, b lot) int {
		return cmp.Or(cmp.Compare(a.input, b.input), cmp.Compare(a.site.Cycle, b.site.Cycle))
	})
	w, err := e.Worker()
	if err != nil {
		return err
	}
	start, began, sum := time.Now(), core(), uint64(14695981039346656037)
	for _, l := range lots {
		before, at := w.Stepped(), time.Now()
		q, err := w.Inject(l.input, l.site, nil)
		if err != nil {
			return err
		}
		c := r.Classes[classes[l.site.ID]]
		if c == nil {
			c = new(class)
			r.Classes[classes[l.site.ID]] = c
		}
		c.Injections++
		if q.Path.Pruned() {
			c.Pruned++
		}
		c.Stepped += w.Stepped() - before
		c.Seconds += time.Since(at).Seconds()
		for _, v := range []uint64{uint64(q.Outcome), uint64(q.Cause), q.End, q.Output} {
			sum = (sum ^ v) * 1099511628211 // FNV-1a, by words
		}
	}
	r.Wall, r.Core, r.Records = time.Since(start).Seconds(), core()-began, fmt.Sprintf("%016x", sum)
	return nil
}
