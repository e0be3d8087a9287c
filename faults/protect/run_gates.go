package protect

import (
	"context"
	"fmt"
	"slices"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/faults/logic"
	"upset/faults/mechanism"
	"upset/netlist"
	"upset/netlist/cosim"
	"upset/npu"
	"upset/stats"
	"upset/stats/result"
)

// gates injects stuck outputs of gates beside a design, in every block that has gates, and moves the rate of those
// gates from what is not assessed to what is measured. The gates stand in a machine without a
// code on its RAM, and on the default limits of the system.
func (r *run) gates(ctx context.Context, d *mechanism.Design, confidence float64, m *campaign.StuckAt) ([]result.StuckLogic, error) {
	n := r.o.Permanent.Gates
	if n == 0 || r.perm.logic == 0 {
		return nil, nil
	}
	nets, why, err := r.loopNetworks(d)
	if err != nil {
		return nil, err
	}
	if why != "" {
		r.warn("gates_not_assessed", "Permanent faults of gates are not assessed: "+why+".")
		return nil, nil
	}
	clocks := 0.0 // of one fault on everything
	for _, x := range nets {
		clocks += float64(x.Engine.Inputs()) * float64(x.Engine.Cycles())
	}
	n = max(leastStuck, min(n, int(float64(r.o.Permanent.CyclesLimit())/(loopFactor*clocks))))
	var out []result.StuckLogic
	var measured []*logic.Measured
	var rates []float64
	all := 0.0
	for _, a := range r.o.Areas {
		if a.Block != observers {
			all += a.CombGE
		}
	}
	harm := func(o faults.Outcome) bool { return r.stuckEffect(o) == effectHarm }
	for _, name := range cosim.Blocks() {
		b, err := cosim.Open(name, r.table().Config)
		if err != nil {
			continue // a block without gates on this configuration
		}
		i := slices.IndexFunc(r.o.Areas, func(a netlist.BlockArea) bool { return a.Block == logic.Home(name) })
		if i < 0 {
			continue
		}
		x, err := logic.Measure(ctx, b, nets, []string{"design"}, logic.Options{
			Faults: n, Inputs: maxLoopInputs, Seed: r.stored().Spec.Seed + uint64(len(r.out.Proof.Attempts)), Workers: r.o.Workers, Harmful: harm,
		})
		if err != nil {
			return nil, fmt.Errorf("stuck gates of %s: %w", name, err)
		}
		hidden := float64(x.Hidden) / float64(x.Gates)
		rate := r.perm.logic * r.o.Areas[i].CombGE / all * (1 - hidden)
		measured, rates = append(measured, x), append(rates, rate)
		row := result.StuckLogic{Block: name, FIT: rate, Hidden: hidden}
		if err := r.logicRow(&row, x); err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	if measured == nil {
		return nil, nil
	}
	part, err := r.gateRates(measured, rates, len(d.Choices()) > 0, confidence)
	if err != nil {
		return nil, err
	}
	m.Logic, m.Gates = &part, max(0, m.Gates-part.Raw)
	return out, nil
}

// Bounds of what gates run (our choice): the first inputs of every network, and fewer faults where the
// bound on the cycles of stuck flops allows no more, of which a clock with gates in it takes about as long as
// loopFactor.
const (
	maxLoopInputs = 8
	loopFactor    = 10
)

// stuckEffect sorts an outcome as for stuck flops.
func (r *run) stuckEffect(o faults.Outcome) effect {
	return effectOf(o, r.o.Question.Violation, !r.stored().Spec.NoWatchdog, r.o.Deadline)
}

// loopNetworks makes the networks with the design as they run with gates in the loop, or says why
// they cannot.
func (r *run) loopNetworks(d *mechanism.Design) (out []logic.Network, why string, err error) {
	var choices []mechanism.Choice
	for _, c := range d.Choices() {
		if c.Kind != mechanism.SECDED { // it guards no logic
			choices = append(choices, c)
		}
	}
	for _, n := range r.nets {
		for _, e := range enginesOf(n.bench) {
			o := e.Options()
			if o.System.Limits != npu.DefaultSystem().Limits {
				return nil, "gates speak for the default limits of the NPU", nil
			}
			if !e.Single() {
				return nil, e.Program().Name + " runs in several jobs", nil
			}
			o.ECC = npu.ECCNone
			var in [][]byte
			for i := range min(e.Inputs(), maxLoopInputs) {
				in = append(in, e.Golden(i).Input)
			}
			plain, err := engine.New(e.Program(), in, o, nil)
			if err != nil {
				return nil, "", err
			}
			x, err := mechanism.New(plain.Table(), choices, r.o.Cells, r.stored().Spec.Seed)
			if err != nil {
				return nil, "", err
			}
			if err := Equip(plain, x); err != nil {
				return nil, "", err
			}
			out = append(out, logic.Network{Name: e.Program().Name, Engine: plain, Designs: []*mechanism.Design{x}})
		}
	}
	return out, "", nil
}

// gateEffect is that of a fault beside the design, and harm whether it does harm without it.
func (r *run) gateEffect(x *logic.FaultEffect) (beside effect, harm bool) {
	e := r.stuckEffect(x.Outcome)
	if e == effectHarm && x.Seen[0] {
		return effectDetected, true
	}
	return e, e == effectHarm
}

// logicRow fills in the shares of a block.
func (r *run) logicRow(row *result.StuckLogic, x *logic.Measured) error {
	safe, harmful, seen := 0, 0, 0
	for i := range x.Effects {
		switch e, harm := r.gateEffect(&x.Effects[i]); {
		case harm:
			harmful++
			if e == effectDetected {
				seen++
			}
		case e == effectSafe:
			safe++
		}
	}
	for to, n := range map[*result.Interval][2]int{&row.Safe: {safe, x.Sampled}, &row.Harmful: {harmful, x.Sampled}, &row.Coverage: {seen, harmful}} {
		s, err := logic.ShareOf(n[0], n[1], r.o.Question.Confidence)
		if err != nil {
			return err
		}
		*to = result.Interval{Estimate: s.Estimate, Low: s.Low, High: s.High, Failures: n[0], N: n[1]}
	}
	return nil
}

// gateRates are the rates of the measured gates with joint limits.
func (r *run) gateRates(measured []*logic.Measured, rates []float64, guarded bool, confidence float64) (stats.PartRates, error) {
	part := stats.PartRates{Name: "gates"}
	for _, x := range rates {
		part.Raw += x
	}
	for what, to := range map[effect]*stats.Limits{effectHarm: &part.Missed, effectDetected: &part.Detected} {
		var strata []stats.Stratum
		for k, x := range measured {
			s := stats.Stratum{Weight: rates[k], N: x.Sampled}
			for i := range x.Effects {
				if e, _ := r.gateEffect(&x.Effects[i]); e == what {
					s.Failures++
				}
			}
			strata = append(strata, s)
		}
		t, err := stats.Combine(strata, confidence)
		if err != nil {
			return part, err
		}
		*to = stats.Limits{Estimate: t.Estimate, Lower: max(0, t.Lower), Upper: min(t.Upper, part.Raw)}
	}
	m, d := part.Missed, part.Detected
	part.Safe = stats.Limits{
		Estimate: max(0, part.Raw-m.Estimate-d.Estimate), Lower: max(0, part.Raw-m.Upper-d.Upper), Upper: part.Raw - m.Lower - d.Lower,
	}
	if !guarded {
		part.Unprotected, part.Missed = part.Missed, stats.Limits{}
	}
	return part, nil
}
