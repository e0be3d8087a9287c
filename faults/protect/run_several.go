package protect

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/netlist"
	"upset/stats/result"
)

// Missions: how several networks on one NPU are judged.
const (
	// MissionWorst asks that every network meets the target by itself.
	MissionWorst = "worst"
	// MissionMix asks it of the networks by their shares of the operating time.
	MissionMix = "mix"
)

// Case is one of several networks on one configuration.
type Case struct {
	Engine *engine.Engine
	Stored *campaign.Stored
	// Dir is where the logs of its proofs go, Ledger the folder of its campaign.
	Dir    string
	Ledger string
	// Share is its part of the operating time, in a mission mix.
	Share float64
}

// RunSeveral finds the cheapest protection of one configuration for several networks
// and proves it by a campaign on each.
func RunSeveral(ctx context.Context, cases []Case, mission string, o Options) (*result.Protect, error) {
	if err := checkCases(cases, mission); err != nil {
		return nil, err
	}
	first := cases[0]
	o = o.normal(first.Stored.Spec, first.Engine.Table(), len(first.Stored.Records))
	// A code on the RAM would have to be tried on every network.
	o.Rebuild = nil
	var nets []subject
	for _, c := range cases {
		if c.Dir == "" && !o.NoProof {
			return nil, errors.New("no directory for the logs of the proof")
		}
		n, err := gather(ctx, engineBench{c.Engine, o, c.Dir}, c.Stored, o)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Stored.Spec.Model, err)
		}
		if len(nets) > 0 && !sameUnits(nets[0].ev, n.ev) {
			return nil, fmt.Errorf("%s and %s do not expose the same registers: run both campaigns with the same inventory and RAM code", first.Stored.Spec.Model, c.Stored.Spec.Model)
		}
		if n.ledger, err = OpenLedger(o.Disk, c.Ledger); err != nil {
			return nil, err
		}
		nets = append(nets, n)
	}
	searched := nets
	if mission == MissionMix {
		searched = []subject{mixed(nets, cases)}
	}
	r, err := search(ctx, searched, o)
	if r == nil {
		return nil, err
	}
	r.Mission = mission
	for _, c := range cases {
		r.Networks = append(r.Networks, result.ProtectNetwork{Model: c.Stored.Spec.Model, Campaign: c.Stored.ResultDigest(), Share: c.Share})
	}
	return r, err
}

// checkCases reports networks that cannot be judged together.
func checkCases(cases []Case, mission string) error {
	switch {
	case len(cases) < 2 || len(cases) > MaxNetworks:
		return fmt.Errorf("%d networks: give 2 to %d campaigns", len(cases), MaxNetworks)
	case mission != MissionWorst && mission != MissionMix:
		return fmt.Errorf("unknown mission %q: choose %s or %s", mission, MissionWorst, MissionMix)
	}
	sum := 0.0
	for _, c := range cases {
		if a, b := c.Stored.Frame.NPU, cases[0].Stored.Frame.NPU; a != b {
			return fmt.Errorf("one campaign is on %s, another on %s: a protection is for one configuration", b, a)
		}
		if a, b := c.Engine.Table().ECC, cases[0].Engine.Table().ECC; a != b {
			return errors.New("the campaigns have different codes on the RAM: a protection is for one machine")
		}
		a, b := c.Stored.Spec, cases[0].Stored.Spec
		if a.NoWatchdog != b.NoWatchdog || a.AssumeReload != b.AssumeReload {
			return errors.New("the campaigns assume different systems (watchdog, reload): run them with the same flags")
		}
		if a.Fault != "" {
			return fmt.Errorf("the campaign of %s is of %s faults: protection is searched against single upsets", a.Model, a.Fault)
		}
		sum += c.Share
		if mission == MissionMix && !(c.Share > 0) {
			return fmt.Errorf("share %v: every network of a mix needs a positive one", c.Share)
		}
	}
	if mission == MissionMix && math.Abs(sum-1) > 1e-6 {
		return fmt.Errorf("the shares of the mix add up to %v: they must add up to 1", sum)
	}
	return nil
}

// sameUnits reports that two campaigns saw the same machine.
func sameUnits(a, b *Evidence) bool {
	return slices.EqualFunc(a.Units, b.Units, func(x, y Unit) bool {
		return x.Block == y.Block && x.Class == y.Class && x.Register == y.Register && x.SRAM == y.SRAM && x.Bits == y.Bits
	})
}

// mixed is a mission mix as one network.
func mixed(nets []subject, cases []Case) subject {
	b := mixBench{}
	var judge, choose []*Evidence
	for k, n := range nets {
		b.nets = append(b.nets, n)
		b.shares = append(b.shares, cases[k].Share)
		judge, choose = append(judge, n.ev), append(choose, n.chosen)
	}
	out := subject{bench: b, stored: nets[0].stored, ev: mix(judge, b.shares), view: nets[0].view, mixed: true, ledger: nets[0].ledger}
	if nets[0].chosen != nil {
		out.chosen = mix(choose, b.shares)
	}
	return out
}

// mix joins the evidence of networks: a piece of a network stands for the bits that it
// exposes during its share of the time.
func mix(list []*Evidence, shares []float64) *Evidence {
	ev := &Evidence{FlopBits: list[0].FlopBits, Units: slices.Clone(list[0].Units)}
	for i := range ev.Units {
		u := &ev.Units[i]
		u.Pieces = nil
		for k, x := range list {
			for _, p := range x.Units[i].Pieces {
				p.Weight *= shares[k]
				u.Pieces = append(u.Pieces, p)
			}
		}
	}
	return ev
}

// mixBench proves a mission mix: each network has a campaign of its share.
type mixBench struct {
	nets   []subject
	shares []float64
}

func (b mixBench) Table() *netlist.Table { return b.nets[0].bench.Table() }

func (b mixBench) Cycles() (most uint64) {
	for _, n := range b.nets {
		most = max(most, n.bench.Cycles())
	}
	return most
}

func (b mixBench) Catch(context.Context, *campaign.Stored, mechanism.Cells) ([]Caught, error) {
	return nil, nil
}

func (b mixBench) Prove(ctx context.Context, d *mechanism.Design, spec campaign.Spec, attempt int, q campaign.Question) (*result.Campaign, func(string, bool) float64, error) {
	var all *result.Campaign
	var factor func(string, bool) float64
	var digests []string
	for k, n := range b.nets {
		own := b.own(k, d, spec, attempt)
		c, scale, err := n.bench.Prove(ctx, d, own, attempt, q)
		if err != nil {
			return nil, nil, err
		}
		for i := range c.Strata {
			c.Strata[i].Bits *= b.shares[k]
		}
		digests = append(digests, c.ResultDigest)
		named(c.Latencies, own.Model)
		if all == nil {
			all, factor = c, scale
			continue
		}
		all.Strata = append(all.Strata, c.Strata...)
		all.Injections += c.Injections
		all.Latencies = append(all.Latencies, c.Latencies...)
	}
	all.ResultDigest = campaign.Digest(digests)
	return all, factor, nil
}

// own is the campaign of one network of a mix.
func (b mixBench) own(k int, d *mechanism.Design, spec campaign.Spec, attempt int) campaign.Spec {
	from := b.nets[k].stored.Spec
	spec.Seed ^= proofSeed(from, d.String(), attempt)
	spec.Model, spec.RandomInputs = from.Model, from.RandomInputs
	spec.Injections = int(math.Ceil(float64(spec.Injections) * b.shares[k]))
	return spec
}

// joined is the outcome of proofs of which all must hold: limits are those of the
// network with the greatest residual.
func joined(list []*proven) *proven {
	worst := *list[0]
	worst.attempt.Holds, worst.failed, worst.attempt.Shown, worst.attempt.Power = true, [limitDUE]bool{}, 1, 1
	injections, violations := 0, 0
	var digests []string
	for _, p := range list {
		injections += p.attempt.Injections
		violations += p.attempt.Violations
		digests = append(digests, p.attempt.ResultDigest)
		if p.fit.Upper > worst.fit.Upper {
			worst.fit, worst.attempt.FITUpper = p.fit, p.fit.Upper
		}
		if p.spfm.Lower < worst.spfm.Lower {
			worst.spfm, worst.attempt.SPFMLower = p.spfm, p.spfm.Lower
		}
		if p.due.Upper > worst.due.Upper {
			worst.due = p.due
		}
		for limit, failed := range p.failed {
			worst.failed[limit] = worst.failed[limit] || failed
		}
		worst.attempt.Holds = worst.attempt.Holds && p.attempt.Holds
		worst.attempt.Shown = min(worst.attempt.Shown, p.attempt.Shown)
		// Proofs are independent.
		worst.attempt.Power *= p.attempt.Power
	}
	worst.attempt.Injections, worst.attempt.Violations = injections, violations
	if len(list) > 1 {
		worst.attempt.ResultDigest = campaign.Digest(digests)
	}
	return &worst
}
