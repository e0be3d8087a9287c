package main

import (
	"upset/faults/campaign"
	"upset/netlist"
)

// scaled is a population whose raw rates follow the flop counts of a user's own
// inventory: a block of twice the flops has twice the rate per simulated flop.
type scaled struct {
	campaign.Population
	groups []campaign.Group
	digest string
}

// Digest names the population with its inventory.
func (s *scaled) Digest() string { return s.digest }

// Groups lists the groups with their scales.
func (s *scaled) Groups() []campaign.Group { return s.groups }

// scale applies an inventory to a population; without one it changes nothing.
func scale(p campaign.Population, t *netlist.Table, o *netlist.Override) (campaign.Population, error) {
	if o == nil {
		return p, nil
	}
	for name, b := range o.Blocks {
		if b.FlopFIT != nil || b.SRAMFIT != nil {
			return nil, usage("inventory: block %s gives a rate per bit, which a campaign takes from --flop-fit and --sram-fit", name)
		}
	}
	s := &scaled{Population: p, groups: append([]campaign.Group(nil), p.Groups()...)}
	counts := map[string]netlist.BlockArea{}
	for _, a := range t.Areas(nil) {
		counts[a.Block] = a
	}
	for i := range s.groups {
		g := &s.groups[i]
		k := o.FlopScale(g.Block, counts[g.Block].Flops)
		if g.SRAM {
			k = o.SRAMScale(g.Block, counts[g.Block].SRAMBits)
		}
		if g.Scale == 0 {
			g.Scale = 1
		}
		g.Scale *= k
	}
	s.digest = campaign.Digest([]any{p.Digest(), s.groups})
	return s, nil
}
