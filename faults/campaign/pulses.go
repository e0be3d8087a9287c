package campaign

import (
	"errors"
	"fmt"
	"slices"

	"upset/faults"
	"upset/netlist"
	"upset/netlist/transient"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats"
	"upset/stats/result"
)

// measuredPulses is what pulses are drawn from in blocks that were measured, for campaigns of
// pulses; others have no such blocks.
func measuredPulses(t *netlist.Table, s Spec) (*transient.Set, error) {
	if m, err := faults.ParseModel(s.Fault); err != nil || m.Kind != faults.SET {
		return transient.NewSet(t, nil), nil
	}
	return transient.Of(t.Config)
}

// addPulses enters the blocks whose pulses were measured. A block has as many entries as
// flops, so that its rate is theirs; they stand at the flops that pulses change.
func (p *plain) addPulses(t *netlist.Table, pulses *transient.Set, selected map[*netlist.Register]bool, s Spec) error {
	for i, b := range pulses.Blocks {
		for _, id := range pulses.Places(i) {
			place, err := t.Place(id)
			if err != nil {
				return err
			}
			r := place.Register
			in := selected[r] && (s.Bits == nil || place.Bit >= s.Bits.Low && place.Bit <= s.Bits.High)
			p.extend(Group{Block: r.Block, Class: r.Class.String(), Logic: logicName(pulses, b), Excluded: !in}, id, 1)
		}
	}
	if len(pulses.Blocks) > 0 {
		p.digest = Digest([]string{p.digest, pulses.Digest})
	}
	return nil
}

// logicName is the name of a block's pulses in groups: a campaign keeps it, so that figures of
// another measurement are not taken for its own.
func logicName(s *transient.Set, b *transient.Block) string {
	return b.Name + "@" + s.Digest[:min(12, len(s.Digest))]
}

// pulses fills in what a campaign of pulses says of the blocks that were measured, and of the
// others that nothing is known of how often they take one over. The rate of a block is
//
//	declared rate · area of its logic · (idle + active) · violating share of the injections
//
// with the shares of pulses that are captured in clocks in which no register of the block changes, and in
// the others: an injection draws from both and has an effect only in a clock of its kind.
func (a *aggregate) pulses(c *result.Campaign) error {
	if m, err := faults.ParseModel(a.s.Spec.Fault); err != nil || m.Kind != faults.SET {
		if a.q.PulseFITPerKGE > 0 {
			return errors.New("a rate of pulses is declared, but the campaign is not of pulses: leave --set-fit-per-kge out, or run one with --fault set")
		}
		return nil
	}
	config, err := isa.ParseConfig(a.f.NPU)
	if err != nil {
		return nil // a test's
	}
	set, err := transient.Of(config)
	if err != nil {
		return err
	}
	out := &result.Pulses{FITPerKGE: a.q.PulseFITPerKGE, Blocks: []result.PulseBlock{}}
	bounds := make([][]stats.Exposure, 3) // at the estimate, the lower and the upper limit of what is captured
	for _, b := range set.Blocks {
		strata, bits := a.logic(logicName(set, b))
		if strata == nil {
			continue
		}
		x := result.PulseBlock{
			Block: b.Name, Measured: true, GE: b.GE, Pulses: b.Pulses, Captured: share(b.Derating), Idle: share(b.Idle), Active: share(b.Active), AtOutputs: share(b.Outputs),
		}
		own := make([][]stats.Exposure, 3)
		for _, cells := range strata {
			x.N += a.t.sum(cells).Total()
		}
		_, _, violating, _ := a.counters()
		if x.Violating, err = a.proportion(strata, violating); err != nil {
			return err
		}
		anyOf, criticalOf := a.s.Spec.violations()
		for k, captured := range []float64{b.Idle.Value + b.Active.Value, b.Idle.Low + b.Active.Low, b.Idle.High + b.Active.High} {
			for _, e := range a.exposed(strata, anyOf, criticalOf) {
				if e.Scale == 0 {
					e.Scale = 1
				}
				e.Scale *= out.FITPerKGE * b.GE / 1000 * captured / bits
				own[k] = append(own[k], e)
			}
			bounds[k] = append(bounds[k], own[k]...)
		}
		out.AtOutputs += out.FITPerKGE * b.GE / 1000 * b.Outputs.Value
		if out.FITPerKGE > 0 {
			l, err := a.pulseFIT(own)
			if err != nil {
				return err
			}
			x.FIT = &l
		}
		out.Blocks = append(out.Blocks, x)
	}
	if out.FITPerKGE > 0 && len(bounds[0]) > 0 {
		l, err := a.pulseFIT(bounds)
		if err != nil {
			return err
		}
		out.Violating = &l
	}
	for _, area := range WithoutGates(netlist.New(config, npu.ECCNone), set) {
		out.Blocks = append(out.Blocks, result.PulseBlock{Block: area.Block, GE: area.CombGE})
		out.Unmeasured += out.FITPerKGE * area.CombGE / 1000
	}
	c.Pulses = out
	return nil
}

// logic lists the strata of a block's pulses and counts all of its entries, those outside of
// the selection as well.
func (a *aggregate) logic(name string) (strata [][]int, bits float64) {
	for _, g := range a.f.Groups {
		if g.Logic == name {
			bits += float64(g.Bits)
		}
	}
	for _, cells := range a.strata {
		if a.f.group(cells).Logic == name {
			strata = append(strata, cells)
		}
	}
	return strata, bits
}

// pulseFIT is the rate of violating pulses. Its limits are joint: those of what violates, at the limits of
// what is captured.
func (a *aggregate) pulseFIT(bounds [][]stats.Exposure) (out result.Limits, err error) {
	rates := stats.Rates{Flop: 1, Duty: a.q.Duty} // scales have the rate
	var t [3]stats.Total
	for k := range t {
		if t[k], err = stats.ResidualFIT(bounds[k], rates, a.q.Violation, true, a.limit); err != nil {
			return out, err
		}
	}
	return result.Limits{Estimate: t[0].Estimate, Lower: t[1].Lower, Upper: t[2].Upper}, nil
}

// WithoutGates are the blocks that have flops whose logic was not measured, with the areas of
// all of their logic.
func WithoutGates(t *netlist.Table, set *transient.Set) (out []netlist.BlockArea) {
	whole := wholeBlocks(t, set)
	for _, area := range t.Areas(nil) {
		if !slices.Contains(whole, area.Block) {
			out = append(out, area)
		}
	}
	return out
}

// wholeBlocks lists the blocks of the machine all of whose flops are those of measured logic.
func wholeBlocks(t *netlist.Table, set *transient.Set) (out []string) {
	var open []string
	for i := range t.Registers {
		r := &t.Registers[i]
		if r.IsSRAM() {
			continue
		}
		if _, ok := set.Block(r.First); !ok {
			open = append(open, r.Block)
		} else if !slices.Contains(out, r.Block) {
			out = append(out, r.Block)
		}
	}
	return slices.DeleteFunc(out, func(b string) bool { return slices.Contains(open, b) })
}

func share(s transient.Share) *result.Interval {
	return &result.Interval{Estimate: s.Value, Low: s.Low, High: s.High}
}

// pulseStatement says what a campaign of pulses shows.
func pulseStatement(p *result.Pulses) string {
	const no = "no statement on hardware-metric targets: "
	switch {
	case p == nil || p.Violating == nil && p.FITPerKGE > 0:
		return no + "none of the blocks sampled had its pulses measured"
	case p.FITPerKGE == 0:
		return no + "how often pulses arise in logic is not declared: pulses in logic are not assessed"
	}
	return no + fmt.Sprintf("pulses in the logic of the blocks that were measured violate at %.3g [%.3g, %.3g] FIT; %.3g FIT of the others and %.3g FIT at outputs are not assessed",
		p.Violating.Estimate, p.Violating.Lower, p.Violating.Upper, p.Unmeasured, p.AtOutputs)
}
