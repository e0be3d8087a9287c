package protect

import (
	"errors"
	"fmt"
	"slices"

	"upset/faults"
	"upset/faults/campaign"
	"upset/netlist"
	"upset/stats"
	"upset/stats/result"
)

// Unit is the smallest part of the machine that is protected as a whole: the
// registers of one class in one block, or the RAM of a block.
type Unit struct {
	Block string
	Class netlist.Class
	SRAM  bool
	// Bits is the number of bits, scaled as the campaign's population is.
	Bits   float64
	Pieces []Piece
}

// Piece is the share of a unit in one sampled stratum.
type Piece struct {
	// Weight is the number of bits that one injection stands for.
	Weight float64
	N      int
	// Any and Critical are violations, DUE what the NPU or the watchdog
	// reports, Active everything that was not masked.
	Any      int
	Critical int
	DUE      int
	Active   int
	// Parity are those that parity on the register sees, of Tried.
	Parity int
	Tried  int

	caughtAny, caughtCritical [subsets]int // by set of checkers
}

// Violations is the count under a definition of violation.
func (p Piece) Violations(violation string) int {
	if violation == stats.ViolationCritical {
		return p.Critical
	}
	return p.Any
}

// Evidence is what a campaign says about the units of a machine.
type Evidence struct {
	Units []Unit
	// FlopBits counts all flops, also those that only observe: the denominator of
	// SPFM.
	FlopBits float64
}

// Gather sorts the records of a campaign by unit. The campaign must be complete
// and cover the whole machine. Caught says what mechanisms make of every record; it
// may be nil, and then no checker is an option and parity may see every upset.
func Gather(s *campaign.Stored, t *netlist.Table, caught []Caught) (*Evidence, error) {
	return gatherWithin(s, t, caught, campaign.Deadline{})
}

// gatherWithin is Gather where what is reported later than a deadline violates.
func gatherWithin(s *campaign.Stored, t *netlist.Table, caught []Caught, within campaign.Deadline) (*Evidence, error) {
	g, err := newGatherer(s, t)
	if err != nil {
		return nil, err
	}
	strata := make([]int, len(s.Records))
	drawn := make([]int, len(s.Frame.Strata))
	groups := make([]int, len(s.Records))
	for i, r := range s.Records {
		if groups[i], strata[i], err = g.locate(r); err != nil {
			return nil, fmt.Errorf("record %d: %w", s.Index[i], err)
		}
		drawn[strata[i]]++
	}
	for i, n := range drawn {
		if n == 0 {
			return nil, fmt.Errorf("stratum %d of the campaign has no injection: run a larger campaign", i)
		}
	}
	pieces := map[[2]int]*Piece{} // by group and stratum
	for i, r := range s.Records {
		key := [2]int{groups[i], strata[i]}
		p := pieces[key]
		if p == nil {
			p = &Piece{Weight: g.bits(s.Frame.Strata[strata[i]]) / float64(drawn[strata[i]])}
			pieces[key] = p
		}
		var c Caught
		if caught != nil {
			c = caught[i]
		}
		n := outcomes(r.Outcome)
		if within.Overdue(r) {
			n = result.Outcomes{Overdue: 1}
		}
		p.count(n, s.Spec, c)
	}
	return g.evidence(pieces), nil
}

// count adds an outcome.
func (p *Piece) count(n result.Outcomes, s campaign.Spec, c Caught) {
	p.N++
	any := n.Violating(stats.ViolationAny, !s.NoWatchdog, s.AssumeReload)
	critical := n.Violating(stats.ViolationCritical, !s.NoWatchdog, s.AssumeReload)
	p.Any += any
	p.Critical += critical
	for set := range subsets {
		if c.in(set) {
			p.caughtAny[set] += any
			p.caughtCritical[set] += critical
		}
	}
	if c&triedParity != 0 {
		p.Tried++
	}
	if c&caughtParity != 0 {
		p.Parity++
	}
	p.DUE += n.DUE(!s.NoWatchdog)
	p.Active += 1 - n.Masked - n.Corrected
}

// outcomes is the count of a single outcome.
func outcomes(o faults.Outcome) (n result.Outcomes) {
	fields := map[faults.Outcome]*int{
		faults.Masked: &n.Masked, faults.Latent: &n.Latent, faults.SDCTolerable: &n.SDCTolerable,
		faults.SDCCritical: &n.SDCCritical, faults.StrayWrite: &n.StrayWrite, faults.DUEDetected: &n.DUEDetected,
		faults.DUEHang: &n.DUEHang, faults.Detected: &n.Detected, faults.Corrected: &n.Corrected,
	}
	if f := fields[o]; f != nil {
		*f = 1
	}
	return n
}

// gatherer finds the place of records in the frame of a campaign.
type gatherer struct {
	frame *campaign.Frame
	table *netlist.Table
	cells map[campaign.Cell]int // stratum of a cell
	names map[campaign.Group]int
}

// key is what identifies a group by the register of a site.
func key(block, class string, sram bool) campaign.Group {
	return campaign.Group{Block: block, Class: class, SRAM: sram}
}

func newGatherer(s *campaign.Stored, t *netlist.Table) (*gatherer, error) {
	f := s.Frame
	if !s.Complete {
		return nil, errors.New("the campaign is not complete: resume it first")
	}
	if s.Spec.Layers != nil {
		return nil, errors.New("the campaign covers some layers only: a protection needs one over the whole inference")
	}
	g := &gatherer{frame: f, table: t, cells: map[campaign.Cell]int{}, names: map[campaign.Group]int{}}
	for i, group := range f.Groups {
		if group.Excluded && !group.Known && group.Bits > 0 {
			return nil, fmt.Errorf("the campaign leaves out %s/%s: a protection needs one without --only, --class, --bits and --sites", group.Block, group.Class)
		}
		if !group.Excluded {
			g.names[key(group.Block, group.Class, group.SRAM)] = i
		}
	}
	for i, cells := range f.Strata {
		for _, c := range cells {
			g.cells[f.Cells[c]] = i
		}
	}
	return g, nil
}

// locate finds the group and the stratum of a record.
func (g *gatherer) locate(r faults.Record) (group, stratum int, err error) {
	p, err := g.table.Place(r.Site.ID)
	if err != nil {
		return 0, 0, err
	}
	class := p.Register.Class.String()
	if p.Register.Observer {
		class = "observer"
	}
	group, ok := g.names[key(p.Register.Block, class, p.Register.IsSRAM())]
	if !ok {
		return 0, 0, fmt.Errorf("site %s is in no group of the campaign: it was made with another site table", g.table.Name(r.Site.ID))
	}
	last := len(g.frame.Phases) - 1
	if stratum, ok = g.cells[campaign.Cell{Group: group, Phase: last}]; ok {
		return group, stratum, nil
	}
	for i, phase := range g.frame.Phases[:last] {
		for _, s := range phase.Spans {
			if r.Site.Cycle >= s.Start && r.Site.Cycle < s.End {
				stratum, ok = g.cells[campaign.Cell{Group: group, Phase: i}]
			}
		}
	}
	if !ok {
		return 0, 0, fmt.Errorf("cycle %d is in no phase of the campaign", r.Site.Cycle)
	}
	return group, stratum, nil
}

// groupBits is the number of bits of a group, as heavy as its raw rate.
func groupBits(g campaign.Group) float64 {
	if g.Scale != 0 {
		return float64(g.Bits) * g.Scale
	}
	return float64(g.Bits)
}

// bits is the mean number of bits that a stratum exposes.
func (g *gatherer) bits(cells []int) (sum float64) {
	for _, c := range cells {
		cell := g.frame.Cells[c]
		cycles := uint64(0)
		for _, s := range g.frame.Phases[cell.Phase].Spans {
			cycles += s.End - s.Start
		}
		sum += groupBits(g.frame.Groups[cell.Group]) * float64(cycles) / float64(g.frame.Cycles)
	}
	return sum
}

// evidence makes units of the groups.
func (g *gatherer) evidence(pieces map[[2]int]*Piece) *Evidence {
	ev := &Evidence{}
	for i, group := range g.frame.Groups {
		bits := groupBits(group)
		if !group.SRAM {
			ev.FlopBits += bits
		}
		u := Unit{Block: group.Block, SRAM: group.SRAM, Bits: bits}
		violations := 0
		for stratum := range g.frame.Strata {
			if p := pieces[[2]int{i, stratum}]; p != nil {
				u.Pieces = append(u.Pieces, *p)
				violations += p.Any
			}
		}
		if group.Known && violations == 0 || group.Excluded || group.Bits == 0 {
			continue
		}
		if c, ok := classOf(group.Class); ok {
			u.Class = c
			ev.Units = append(ev.Units, u)
		}
	}
	blocks := netlist.Blocks()
	slices.SortStableFunc(ev.Units, func(a, b Unit) int {
		return slices.Index(blocks, a.Block) - slices.Index(blocks, b.Block)
	})
	return ev
}

// classOf finds a class by its name.
func classOf(name string) (netlist.Class, bool) {
	for c := range netlist.NumClasses {
		if c.String() == name {
			return c, true
		}
	}
	return 0, false
}
