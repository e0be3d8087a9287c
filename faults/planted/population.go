package planted

import (
	"math"
	"math/rand/v2"

	"upset/faults/campaign"
	"upset/faults/mechanism"
	"upset/faults/protect"
	"upset/netlist"
	"upset/stats"
)

// Kinds of populations.
const (
	Near = "near" // the best design lies within 5 % of the budget
	Half = "half" // the best design lies at half the budget
	Wide = "wide" // anything from a twentieth to three times the budget
)

// Numbers of a population (our choice). Most groups are masked well, some hardly; a
// few phases matter more than others.
const (
	cycles  = 12_000
	phases  = 4
	silent  = 0.3 // of the groups of flops never violate
	leaking = 1. / 3
	leak    = 0.02 // of what a leaking mechanism should stop
	// The decimal logarithms of the probability that an upset violates.
	leastFlop, mostFlop = -4, -0.7
	leastRAM, mostRAM   = -2.5, -1
	// notice is the share of violations that are noticed by the user, and report
	// the probability that a machine reports an upset, in terms of violating ones.
	notice, report = 0.4, 0.5
)

// Population is a machine with its planted truth.
type Population struct {
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
	p      map[string]*[phases]float64 // by group
}

// hardened are the ratios of an upset rate of hardened cells (reliability: DICE in
// a radiation-hardened layout, a typical and a poor one).
var hardened = []float64{2e-4, 0.1, 0.25}

// newPopulation plants a truth on a site table.
func newPopulation(t *netlist.Table, kind string, seed uint64) (*Population, error) {
	r := rand.New(rand.NewPCG(seed, 0x706c616e74)) // "plant"
	plain, err := campaign.NewTablePopulation(t)
	if err != nil {
		return nil, err
	}
	x := &Population{
		Kind: kind, Seed: seed, table: t, plain: plain, Cells: mechanism.DefaultCells(), p: map[string]*[phases]float64{},
		Set: []string{protect.OptionsPaper, protect.OptionsFull}[r.IntN(2)], Adapted: r.IntN(2) == 0,
	}
	x.Cells.DICE.SER = hardened[r.IntN(len(hardened))]
	if r.Float64() < leaking {
		x.Leaks = leak
	}
	for _, g := range plain.Groups() {
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
		x.p[name(g)] = &by
	}
	share := 0.5
	switch kind {
	case Near:
		share = 0.95 + 0.1*r.Float64()
	case Wide:
		share = math.Exp(math.Log(0.05) + r.Float64()*math.Log(3/0.05))
	}
	x.prices = mechanism.NewPricing(t, t.Areas(nil), nil, x.Cells)
	fit, flops := x.best()
	x.Budget = fit / share
	x.Best = max(share, flops/x.flopLimit(x.bestKind))
	return x, nil
}

// name identifies a group.
func name(g campaign.Group) string {
	if g.SRAM {
		return g.Block + "/ram"
	}
	return g.Block + "/" + g.Class
}

// question is the target: ASIL-D at the default raw rates with the budget.
func (x *Population) question() stats.Question {
	q := stats.Question{BudgetFIT: x.Budget}.Normal(Confidence)
	q.Target = stats.ASILs()[2]
	return q
}

// rate is the raw rate of a group in FIT.
func rate(g campaign.Group) float64 {
	s := stats.Scenarios()[0]
	if g.SRAM {
		return float64(g.Bits) * s.SRAM
	}
	return float64(g.Bits) * s.Flop
}

// flopLimit is the rate of flops that the metric of single-point faults allows with a
// choice of mechanisms: a hardened cell counts with its own raw rate.
func (x *Population) flopLimit(kindOf func(g campaign.Group) mechanism.Kind) (limit float64) {
	for _, g := range x.plain.Groups() {
		if !g.SRAM && !g.Observer() {
			limit += rate(g) * x.Cells.Of(kindOf(g)).SER
		}
	}
	return limit * (1 - stats.ASILs()[2].SPFM)
}

// mean is the share of the upsets of a group that violate without protection.
func (x *Population) mean(g campaign.Group) (p float64) {
	for _, v := range x.p[name(g)] {
		p += v / phases
	}
	return p
}

// kept is the share of violations that remains under a mechanism.
func (x *Population) kept(k mechanism.Kind) float64 {
	switch k {
	case mechanism.None:
		return 1
	case mechanism.Harden, mechanism.HardenLight:
		return x.Cells.Of(k).SER
	case mechanism.SECDED:
		return 0
	case mechanism.Triplicate: // the pulses of the voters are counted with their flops
		return min(1, x.Cells.Voter+x.Leaks)
	}
	return x.Leaks
}

// residual is the true rate of violations with a choice of mechanisms, all of it and
// that of the flops.
func (x *Population) residual(kindOf func(g campaign.Group) mechanism.Kind) (all, flops float64) {
	for _, g := range x.plain.Groups() {
		left := rate(g) * x.mean(g) * x.kept(kindOf(g))
		all += left
		if !g.SRAM {
			flops += left
		}
	}
	return all, flops
}

// best is the residual of the design that leaves least.
func (x *Population) best() (all, flops float64) {
	return x.residual(x.bestKind)
}

// bestKind is the mechanism of the option set that leaves least of a group, among those
// that keep its raw rate in the denominator of SPFM; hardening where there is none.
func (x *Population) bestKind(g campaign.Group) mechanism.Kind {
	switch {
	case g.SRAM || g.Known:
		return mechanism.None
	case mechanism.Duplicable(g.Block):
		return mechanism.Duplicate
	}
	return mechanism.Harden
}

// bestDesign puts the best mechanism on every group.
func (x *Population) bestDesign() (*mechanism.Design, error) {
	var choices []mechanism.Choice
	whole := map[string]bool{}
	for _, g := range x.plain.Groups() {
		k := x.bestKind(g)
		switch {
		case k == mechanism.None || whole[g.Block]:
			continue
		case k == mechanism.Duplicate:
			// What is best for one group of a block is best for all of them.
			whole[g.Block] = true
			choices = append(choices, mechanism.Choice{Block: g.Block, Kind: k})
			continue
		}
		c, err := protect.ParseChoice(g.Block, g.Class, k.String())
		if err != nil {
			return nil, err
		}
		choices = append(choices, c)
	}
	return mechanism.New(x.table, choices, x.Cells, x.Seed)
}

// under is the mechanism that a design puts on a group of the plain machine.
func under(d *mechanism.Design, g campaign.Group) mechanism.Kind {
	for i := range d.Table().Registers {
		r := &d.Table().Registers[i]
		if r.Block == g.Block && r.IsSRAM() == g.SRAM && !r.Observer && (g.SRAM || r.Class.String() == g.Class) {
			return d.Kind(i)
		}
	}
	return mechanism.None
}
