package verdicts

import (
	"context"
	"math/rand/v2"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/mechanism"
	"upset/faults/protect"
	"upset/netlist"
	"upset/stats/result"
)

// shape is the inference of a machine.
func (x *Machine) shape() campaign.Shape {
	s := campaign.Shape{NPU: x.table.Config.String(), Cycles: cycles, Inputs: 8}
	for i := range phases {
		span := campaign.Span{Start: uint64(i) * cycles / phases, End: uint64(i+1) * cycles / phases}
		s.Segments = append(s.Segments, campaign.Segment{Span: span, Layer: i, Name: "layer"})
	}
	return s
}

// Table is the site table.
func (x *Machine) Table() *netlist.Table { return x.table }

// Cycles is the length of the inference.
func (x *Machine) Cycles() uint64 { return cycles }

// Catch knows of no checkers.
func (x *Machine) Catch(context.Context, *campaign.Stored, mechanism.Cells) ([]protect.Caught, error) {
	return nil, nil
}

// campaign draws a campaign on the machine with a design, nil for none.
func (x *Machine) campaign(spec campaign.Spec, d *mechanism.Design) (*campaign.Stored, error) {
	pop := x.plain
	if d != nil {
		pop = protect.NewPopulation(x.plain, d)
	}
	own := len(x.plain.Groups())
	return campaign.FromTruth(x.shape(), pop, spec, func(f campaign.Fault) faults.Outcome {
		if f.Group >= own {
			return faults.Masked // an upset of what a mechanism adds does no harm
		}
		place, err := x.table.Place(f.Site.ID)
		if err != nil || x.p[x.at[place.Register]] == nil {
			return faults.Masked // a site that does not exist is never drawn
		}
		register, k := x.at[place.Register], mechanism.None
		if d != nil {
			k = d.Kind(register)
		}
		r := rand.New(rand.NewPCG(spec.Seed^x.Seed<<20, uint64(f.Index)))
		return x.outcome(r, x.p[register][f.Site.Cycle*phases/cycles], k)
	})
}

// outcome draws what an upset does that would violate with probability p without a
// mechanism.
func (x *Machine) outcome(r *rand.Rand, p float64, k mechanism.Kind) faults.Outcome {
	u := r.Float64()
	seen := faults.Masked // what a mechanism makes of a violation
	switch k {
	case mechanism.Harden, mechanism.HardenLight:
	case mechanism.None:
		if u >= p && u < p*(1+report) {
			return faults.DUEDetected
		}
	case mechanism.Triplicate, mechanism.SECDED:
		seen = faults.Corrected
	default:
		seen = faults.Detected
	}
	switch kept := p * x.kept(k); {
	case u < kept*notice:
		return faults.SDCCritical
	case u < kept:
		return faults.SDCTolerable
	case u < p:
		return seen
	}
	return faults.Masked
}

// Prove draws the campaign of a proof.
func (x *Machine) Prove(_ context.Context, d *mechanism.Design, spec campaign.Spec, _ int, q campaign.Question) (*result.Campaign, func(string, bool) float64, error) {
	s, err := x.campaign(spec, d)
	if err != nil {
		return nil, nil, err
	}
	c, err := s.Campaign(q)
	return c, func(string, bool) float64 { return 1 }, err
}
