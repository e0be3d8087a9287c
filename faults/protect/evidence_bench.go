package protect

import (
	"context"

	"upset/faults/campaign"
	"upset/faults/mechanism"
	"upset/netlist"
	"upset/stats/result"
)

// Bench is what a protection is tried on: an engine, or a machine whose truth is
// known.
type Bench interface {
	// Table is the site table of the machine without mechanisms, and Cycles the
	// length of its inference.
	Table() *netlist.Table
	Cycles() uint64
	// Catch says what mechanisms make of the records of the campaign, or nil.
	Catch(ctx context.Context, s *campaign.Stored, cells mechanism.Cells) ([]Caught, error)
	// Prove runs a campaign on the machine with a design. Scale is the factor of a
	// block's raw rate.
	Prove(ctx context.Context, d *mechanism.Design, spec campaign.Spec, attempt int, q campaign.Question) (c *result.Campaign, scale func(block string, sram bool) float64, err error)
}
