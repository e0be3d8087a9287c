package verdicts

import (
	"math"
	"math/rand/v2"

	"upset/faults/mechanism"
	"upset/faults/protect"
	"upset/netlist"
	"upset/stats"
)

// number finds the registers of every group.
func (x *Machine) number() {
	type key struct {
		block, class string
		sram         bool
	}
	groups := map[key][]int{}
	for i := range x.table.Registers {
		r := &x.table.Registers[i]
		x.at[r] = i
		if !r.Observer { // upsets of those never violate
			k := key{r.Block, r.Class.String(), r.IsSRAM()}
			groups[k] = append(groups[k], i)
		}
	}
	for _, g := range x.plain.Groups() {
		x.groups = append(x.groups, groups[key{g.Block, g.Class, g.SRAM}])
	}
}

// plant gives the registers of a group their probabilities by phase, whose mean over the
// bits is that of the group unless one reaches 1.
func (x *Machine) plant(registers []int, by [phases]float64, r *rand.Rand) {
	factors := make([]float64, len(registers))
	var sum, bits float64
	for k, i := range registers {
		factors[k] = math.Pow(10, -spread*r.Float64())
		n := float64(x.table.Registers[i].Bits())
		sum += n * factors[k]
		bits += n
	}
	if by == [phases]float64{} {
		return
	}
	for k, i := range registers {
		p := by
		for phase := range p {
			p[phase] = math.Min(1, p[phase]*factors[k]*bits/sum)
		}
		x.p[i] = &p
	}
}

// question is the target: ASIL-D at the default raw rates with the budget.
func (x *Machine) question() stats.Question {
	q := stats.Question{BudgetFIT: x.Budget}.Normal(Confidence)
	q.Target = stats.ASILs()[2]
	return q
}

// rate is the raw rate of a register in FIT.
func rate(r *netlist.Register) float64 {
	s := stats.Scenarios()[0]
	if r.IsSRAM() {
		return float64(r.Bits()) * s.SRAM
	}
	return float64(r.Bits()) * s.Flop
}

// mean is the share of the upsets of a register that violate without protection.
func (x *Machine) mean(register int) (p float64) {
	if x.p[register] == nil {
		return 0
	}
	for _, v := range x.p[register] {
		p += v / phases
	}
	return p
}

// kept is the share of violations that remains under a mechanism.
func (x *Machine) kept(k mechanism.Kind) float64 {
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

// residual is the true rate of violations with a choice of mechanisms for registers, all
// of it and that of the flops.
func (x *Machine) residual(kindOf func(register int) mechanism.Kind) (all, flops float64) {
	for i := range x.table.Registers {
		r := &x.table.Registers[i]
		left := rate(r) * x.mean(i) * x.kept(kindOf(i))
		all += left
		if !r.IsSRAM() {
			flops += left
		}
	}
	return all, flops
}

// flopLimit is the rate of flops that the metric of single-point faults allows with a
// choice of mechanisms: a hardened cell counts with its own raw rate.
func (x *Machine) flopLimit(kindOf func(register int) mechanism.Kind) (limit float64) {
	for i := range x.table.Registers {
		if r := &x.table.Registers[i]; !r.IsSRAM() && !r.Observer {
			limit += rate(r) * x.Cells.Of(kindOf(i)).SER
		}
	}
	return limit * (1 - stats.ASILs()[2].SPFM)
}

// share is what a design takes of its limits in truth, the larger of both shares.
func (x *Machine) share(d *mechanism.Design) float64 {
	all, flops := x.residual(d.Kind)
	return max(all/x.Budget, flops/x.flopLimit(d.Kind))
}

// bestKind is the mechanism of the option set that leaves least of a register, among those
// that keep its raw rate in the denominator of SPFM; hardening where there is none.
func (x *Machine) bestKind(register int) mechanism.Kind {
	r := &x.table.Registers[register]
	switch {
	case r.IsSRAM() || r.Observer:
		return mechanism.None
	case mechanism.Duplicable(r.Block):
		return mechanism.Duplicate
	}
	return mechanism.Harden
}

// bestDesign puts the best mechanism on every group.
func (x *Machine) bestDesign() (*mechanism.Design, error) {
	var choices []mechanism.Choice
	whole := map[string]bool{}
	for i, g := range x.plain.Groups() {
		if len(x.groups[i]) == 0 || whole[g.Block] {
			continue
		}
		switch k := x.bestKind(x.groups[i][0]); k {
		case mechanism.None:
		case mechanism.Duplicate:
			// What is best for one group of a block is best for all of them.
			whole[g.Block] = true
			choices = append(choices, mechanism.Choice{Block: g.Block, Kind: k})
		default:
			c, err := protect.ParseChoice(g.Block, g.Class, k.String())
			if err != nil {
				return nil, err
			}
			choices = append(choices, c)
		}
	}
	return mechanism.New(x.table, choices, x.Cells, x.Seed)
}
