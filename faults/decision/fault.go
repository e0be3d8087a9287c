package decision

import (
	"math/rand/v2"

	"upset/netlist"
)

// streams keep the draws of this package apart from all others.
const (
	transientStream  = 0x64656369 // "deci"
	persistentStream = 0x64656370 // "decp"
	rowStream        = 0x64656372 // "decr"
	stateStream      = 0x64656373 // "decs"
)

// Fault is where and when a pool is struck, without saying which pool: a flop, a
// point of the time that all inferences of the pool take, and a point of the time of
// the inference that this falls into. Tasks with the same faults can be compared
// fault by fault.
type Fault struct {
	Flop  netlist.SiteID
	Place float64 // in the pool, 0 to 1
	Time  float64 // in the inference, 0 to 1
}

// Draw returns faults that are uniform over the flops of a machine and over time.
// Registers that only observe are left out.
func Draw(t *netlist.Table, seed uint64, n int) []Fault {
	var flops []netlist.SiteID
	for _, r := range t.Select(netlist.Filter{NoSRAM: true}) {
		if r.Observer {
			continue
		}
		for b := range r.Bits() {
			flops = append(flops, r.First+netlist.SiteID(b))
		}
	}
	rng := rand.New(rand.NewPCG(seed, transientStream))
	list := make([]Fault, n)
	for i := range list {
		list[i] = Fault{flops[rng.IntN(len(flops))], rng.Float64(), rng.Float64()}
	}
	return list
}

// Flops is the number of flops that Draw draws from.
func Flops(t *netlist.Table) int {
	n := 0
	for _, r := range t.Select(netlist.Filter{NoSRAM: true}) {
		if !r.Observer {
			n += r.Bits()
		}
	}
	return n
}
