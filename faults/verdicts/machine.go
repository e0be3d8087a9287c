package verdicts

import (
	"math"
	"math/rand/v2"

	"upset/faults/campaign"
	"upset/faults/mechanism"
	"upset/faults/protect"
	"upset/netlist"
)

// Kinds of machines.
const (
	Near = "near" // the best design lies within 5 % of the budget
	Half = "half" // the best design lies at half the budget
	Wide = "wide" // anything from a twentieth to three times the budget
)

// Numbers of a machine (our choice). Most groups are masked well, some hardly; a
// few phases matter more than others.
const (
	cycles  = 12_000
	phases  = 4
	silent  = 0.3 // of the groups of flops never violate
	spread  = 2   // decades between the registers of a group
	leaking = 1. / 3
	leak    = 0.02 // of what a leaking mechanism should stop
	// The decimal logarithms of the probability that an upset violates.
	leastFlop, mostFlop = -4, -0.7
	leastRAM, mostRAM   = -2.5, -1
	// notice is the share of violations that are noticed by the user, and report
	// the probability that a machine reports an upset, in terms of violating ones.
	notice, report = 0.4, 0.5
)

// Machine is a machine with its truth: what an upset of each bit does.
type Machine struct {
	Kind    string
	Set     string // of options
	Cells   mechanism.Cells
	Leaks   float64 // share of the violations that mechanisms let through
	Adapted bool    // the campaign is adaptive
	Seed    uint64
	// Best is the share of its limits that the best design takes, and Budget that
	// limit in FIT.
	Best   float64
	Budget float64

	table  *netlist.Table
	plain  campaign.Population
	prices *mechanism.Pricing
	// p is by register of the table, nil where an upset never violates.
	p []*[phases]float64
	// at is the number of a register in the table, and groups those of a group.
	at     map[*netlist.Register]int
	groups [][]int
}

// hardened are the ratios of an upset rate of hardened cells (reliability: DICE in
// a radiation-hardened layout, a typical and a poor one).
var hardened = []float64{2e-4, 0.1, 0.25}

// newMachine plants a truth on a site table.
func newMachine(t *netlist.Table, kind string, seed uint64) (*Machine, error) {
	r := rand.New(rand.NewPCG(seed, 0x706c616e74)) // "plant"
	plain, err := campaign.NewTablePopulation(t)
	if err != nil {
		return nil, err
	}
	x := &Machine{
		Kind: kind, Seed: seed, table: t, plain: plain, Cells: mechanism.DefaultCells(), p: make([]*[phases]float64, len(t.Registers)), at: map[*netlist.Register]int{},
		Set: []string{protect.OptionsPaper, protect.OptionsFull}[r.IntN(2)], Adapted: r.IntN(2) == 0,
	}
	x.Cells.DICE.SER = hardened[r.IntN(len(hardened))]
	if r.Float64() < leaking {
		x.Leaks = leak
	}
	within := rand.New(rand.NewPCG(seed, 0x72656773)) // "regs"
	x.number()
	for i, g := range plain.Groups() {
		low, high := float64(leastFlop), float64(mostFlop)
		if g.SRAM {
			low, high = leastRAM, mostRAM
		}
		p := math.Pow(10, low+(high-low)*r.Float64())
		if g.Known || !g.SRAM && r.Float64() < silent {
			p = 0
		}
		var by [phases]float64
		for i := range by {
			by[i] = math.Min(1, p*2*r.Float64())
		}
		x.plant(x.groups[i], by, within)
	}
	share := 0.5
	switch kind {
	case Near:
		share = 0.95 + 0.1*r.Float64()
	case Wide:
		share = math.Exp(math.Log(0.05) + r.Float64()*math.Log(3/0.05))
	}
	x.prices = mechanism.NewPricing(t, t.Areas(nil), nil, x.Cells)
	fit, flops := x.residual(x.bestKind)
	x.Budget = fit / share
	x.Best = max(share, flops/x.flopLimit(x.bestKind))
	return x, nil
}
