package protect

import (
	"fmt"

	"upset/faults/mechanism"
	"upset/netlist"
)

// Option sets.
const (
	// OptionsPaper is {none, harden, duplicate}.
	OptionsPaper = "paper"
	// OptionsFull adds light hardening, parity, triplication, lock-step of the whole
	// NPU, and checkers beside all of these.
	OptionsFull = "full"
)

// kindsOf lists the mechanisms of an option set for one unit of flops. Interleaved
// parity is one where events of several bits count: elsewhere parity does the same for
// less.
func kindsOf(set string, several float64) ([]mechanism.Kind, error) {
	switch set {
	case OptionsPaper:
		return []mechanism.Kind{mechanism.Harden}, nil
	case "", OptionsFull:
		kinds := []mechanism.Kind{mechanism.HardenLight, mechanism.Harden, mechanism.Parity, mechanism.Triplicate}
		if several > 0 {
			kinds = append(kinds, mechanism.ParityInterleaved)
		}
		return kinds, nil
	}
	return nil, fmt.Errorf("unknown option set %q: choose %s or %s", set, OptionsPaper, OptionsFull)
}

// Option is one mechanism for a unit or a block, with its effect.
type Option struct {
	Kind mechanism.Kind
	Area float64 // added logic in gate equivalents
	// Shared is what the first register of a class adds beside its Area: an alarm that
	// all of them share. It is 0 where whole classes are units.
	Shared float64
	RAM    int // added bits of SRAM
	// Keep multiplies the weight of every injection: the share of upsets that
	// flip a hardened cell, or the rate of a voter that stands for its flop, whose
	// pulses do what an upset of the flop does. Stops says that no upset violates.
	Keep  float64
	Stops bool
	// Raw multiplies the raw rate that SPFM is measured against: the least ratio of a
	// hardened cell, 1 for all others.
	Raw float64
	// Alarms is the rate of alarms in bits whose every upset raises one.
	Alarms float64
}

// choice is a unit with a mechanism.
func (u Unit) choice(k mechanism.Kind) mechanism.Choice {
	c := mechanism.Choice{Block: u.Block, Classes: []netlist.Class{u.Class}, Kind: k}
	if u.Register != "" {
		c.Registers = []string{u.Register}
	}
	return c
}

// cluster is the registers of a class of a block under one mechanism, which share an
// alarm.
type cluster struct {
	class netlist.Class
	kind  mechanism.Kind
}

// unitOption is the effect and the area of a mechanism on a unit.
func unitOption(u Unit, k mechanism.Kind, p *mechanism.Pricing, cells mechanism.Cells, several float64) (Option, error) {
	cost, err := p.Cost(u.choice(k))
	if err != nil {
		return Option{}, err
	}
	o := Option{Kind: k, RAM: cost.SRAMBits, Keep: cells.Keep(k), Raw: cells.Of(k).LeastSER()}
	if u.Register != "" {
		o.Shared = p.SharedGE(u.choice(k))
	}
	o.Area = cost.LogicGE - o.Shared
	switch k {
	case mechanism.Parity, mechanism.ParityInterleaved:
		// At most every upset is seen, also of those that would have been masked,
		// and of the parity bits.
		o.Stops, o.Alarms = true, u.Bits+float64(p.ParityBits(u.choice(k)))
	case mechanism.SECDED:
		// The code corrects every single upset by construction: campaigns on a
		// machine with it take the RAM as known.
		o.Stops, o.Keep = true, 0
	}
	o.several(several, u.Bits)
	return o, nil
}

// several lets a share of events hit two bits, which on the machine without mechanisms
// violate as often as single upsets (docs/faultmodels.md): parity does not see them,
// also where they begin at a parity bit, and of two hardened cells either may flip.
func (o *Option) several(share, bits float64) {
	switch {
	case share == 0:
	case o.Kind == mechanism.Parity:
		o.Stops, o.Keep = false, share*o.Alarms/bits
	case o.Kind == mechanism.HardenLight, o.Kind == mechanism.Harden:
		o.Keep *= 1 + share*(1-o.Keep)
	}
}

// duplication gives a block the option to be duplicated, unless it holds RAM whose
// outcome is not known: that stays as it is, next to its duplicated control.
func (pr *Problem) duplication(b *Block, p *mechanism.Pricing) error {
	if !mechanism.Duplicable(b.Name) {
		return nil
	}
	cost, err := p.Cost(mechanism.Choice{Block: b.Name, Kind: mechanism.Duplicate})
	if err != nil {
		return err
	}
	o := &Option{Kind: mechanism.Duplicate, Area: cost.LogicGE, Keep: 1, Raw: 1, Stops: true}
	for _, i := range b.Units {
		if u := pr.Evidence.Units[i]; !u.SRAM {
			o.Alarms += 2 * u.Bits // at most every upset of either copy
		}
	}
	b.Duplicate = o
	return nil
}
