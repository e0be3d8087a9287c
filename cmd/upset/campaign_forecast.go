package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"upset/faults"
	"upset/faults/engine"
	"upset/netlist"
)

// longCycles is the length of an inference from which a campaign begins with a plan, and
// longRun the time of the first fault-free run from which the others are foretold (our
// choice).
const (
	longCycles = 2_000_000
	longRun    = 20 * time.Second
)

// The calibration (our choice): so many injections, but no more time than this.
const (
	trials    = 24
	trialTime = 15 * time.Second
)

// foretell says how long the fault-free runs of the other inputs will take. The first one
// takes five inferences, each of the others two.
func (p *program) foretell(first time.Duration, inputs, side int) {
	if first < longRun || inputs < 2 {
		return
	}
	rest := time.Duration(float64(first) * 2 / 5 * float64(inputs-1) / float64(min(side, inputs-1)))
	p.note("the first of %d fault-free runs took %s, the others take about %s", inputs, seconds(first), seconds(rest))
}

// plan says of a long network what a campaign will cost: it injects a few faults for that,
// which count for nothing else.
func (p *program) plan(e *engine.Engine, took time.Duration, workers int) error {
	if e.Cycles() < longCycles {
		return nil
	}
	n, each, err := calibrate(e)
	if err != nil || n == 0 {
		return err
	}
	p.note("plan: %d cycles an inference, fault-free runs %s, %s at most for them (--memory); about %d injections an hour on %d workers (measured on %d faults in flops)",
		e.Cycles(), seconds(took), mebibytes(e.Memory()), int(float64(workers)*float64(time.Hour)/float64(each)), workers, n)
	return nil
}

// calibrate injects faults into flops, spread evenly over bits and cycles, and returns how
// many and the time of each.
func calibrate(e *engine.Engine) (n int, each time.Duration, err error) {
	w, err := e.Worker()
	if err != nil {
		return 0, 0, err
	}
	registers := e.Table().Select(netlist.Filter{NoSRAM: true})
	bits := 0
	for _, r := range registers {
		bits += r.Bits()
	}
	if bits == 0 {
		return 0, 0, nil
	}
	rng := rand.New(rand.NewPCG(defaultSeed, trials))
	sites := make([]faults.Site, trials)
	for i := range sites {
		at := rng.IntN(bits)
		for _, r := range registers {
			if at < r.Bits() {
				sites[i] = faults.Site{ID: r.First + netlist.SiteID(at), Cycle: rng.Uint64N(e.Cycles())}
				break
			}
			at -= r.Bits()
		}
	}
	slices.SortFunc(sites, func(a, b faults.Site) int { return int(int64(a.Cycle) - int64(b.Cycle)) })
	began := time.Now()
	for i := range sites {
		// From both ends of the inference to its middle, so that a few stand for all.
		k := i / 2
		if i%2 != 0 {
			k = len(sites) - 1 - i/2
		}
		if _, err := w.Inject(0, sites[k], nil); err != nil {
			return 0, 0, fmt.Errorf("calibration: %w", err)
		}
		if n++; time.Since(began) > trialTime {
			break
		}
	}
	return n, time.Since(began) / time.Duration(n), nil
}

// seconds is a time in words.
func seconds(d time.Duration) string {
	if d < 2*time.Minute {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%.0f min", d.Minutes())
}

// mebibytes is a size in words.
func mebibytes(n int) string { return fmt.Sprintf("%d MiB", n>>20) }
