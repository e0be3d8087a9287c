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

// gatherAs sorts the records of a campaign by unit, in a view. The campaign must be complete
// and cover the whole machine. Caught says what mechanisms make of every record; it
// may be nil, and then no checker is an option and parity may see every upset.
func gatherAs(s *campaign.Stored, t *netlist.Table, caught []Caught, v view) (*Evidence, error) {
	g, err := newGatherer(s, t)
	if err != nil {
		return nil, err
	}
	g.view = v
	shares, err := s.RoundShares()
	if err != nil {
		return nil, err
	}
	places, sizes := make([]place, len(s.Records)), map[place]int{}
	for i, r := range s.Records {
		p := &places[i]
		if err = g.locate(r, p); err != nil {
			return nil, fmt.Errorf("record %d: %w", s.Index[i], err)
		}
		if shares != nil {
			p.round = s.Round(s.Index[i])
		}
		sizes[p.sample()]++
	}
	drawn := map[place]int{} // by stratum and round
	skipped := make([]bool, len(s.Records))
	for i := range s.Records {
		at := places[i].sample()
		skipped[i] = !g.partOf(at.stratum).has(g.seen[at], sizes[at])
		g.seen[at]++
		if v.part == choosing {
			places[i].round = 0
		}
		if !skipped[i] {
			drawn[places[i].sample()]++
		}
	}
	if shares == nil || v.part == choosing {
		shares = []float64{1}
	}
	for i := range s.Frame.Strata {
		for k := range shares {
			if drawn[place{stratum: i, round: k}] == 0 {
				return nil, fmt.Errorf("stratum %d of the campaign has %s: run a larger campaign", i, v.part.lacks())
			}
		}
	}
	pieces := map[place]*Piece{}
	for i, r := range s.Records {
		if v.inventory.leavesOut(t, r.Site.ID) {
			continue
		}
		at := places[i]
		var c Caught
		if caught != nil {
			c = caught[i]
		}
		n := v.within.Count(r)
		g.note(at, n, s.Spec, c)
		if skipped[i] {
			continue
		}
		p := pieces[at]
		if p == nil {
			p = &Piece{Weight: g.bits(s.Frame.Strata[at.stratum]) * shares[at.round] / float64(drawn[at.sample()])}
			pieces[at] = p
		}
		p.count(n, s.Spec, c)
	}
	ev := g.evidence(pieces, len(shares))
	v.inventory.apply(ev, s.Frame.Groups, t)
	return ev, nil
}

// place is a group, or a register of it by its name, in a stratum and a round.
type place struct {
	group          int
	register       string
	stratum, round int
}

// sample is the stratum and the round alone.
func (p place) sample() place { return place{stratum: p.stratum, round: p.round} }

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
	p.DUE += n.DUE(!s.NoWatchdog)
	p.Active += 1 - n.Masked - n.Corrected
}

// gatherer finds the place of records in the frame of a campaign.
type gatherer struct {
	frame *campaign.Frame
	table *netlist.Table
	cells map[campaign.Cell]int // stratum of a cell
	names map[campaign.Group]int

	view  view
	seen  map[place]int    // records so far, by stratum and round
	noted map[place]*Piece // all records, by group and stratum: violations and what parity sees
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
	g := &gatherer{frame: f, table: t, cells: map[campaign.Cell]int{}, names: map[campaign.Group]int{}, seen: map[place]int{}, noted: map[place]*Piece{}}
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

// locate finds the group, the register and the stratum of a record.
func (g *gatherer) locate(r faults.Record, at *place) error {
	p, err := g.table.Place(r.Site.ID)
	if err != nil {
		return err
	}
	class := p.Register.Class.String()
	if p.Register.Observer {
		class = "observer"
	}
	var ok bool
	if at.group, ok = g.names[key(p.Register.Block, class, p.Register.IsSRAM())]; !ok {
		return fmt.Errorf("site %s is in no group of the campaign: it was made with another site table", g.table.Name(r.Site.ID))
	}
	if g.view.registers && !p.Register.IsSRAM() {
		at.register = p.Register.Name
	}
	last := len(g.frame.Phases) - 1
	if at.stratum, ok = g.cells[campaign.Cell{Group: at.group, Phase: last}]; ok {
		return nil
	}
	for i, phase := range g.frame.Phases[:last] {
		for _, s := range phase.Spans {
			if r.Site.Cycle >= s.Start && r.Site.Cycle < s.End {
				at.stratum, ok = g.cells[campaign.Cell{Group: at.group, Phase: i}]
			}
		}
	}
	if !ok {
		return fmt.Errorf("cycle %d is in no phase of the campaign", r.Site.Cycle)
	}
	return nil
}

// note counts what is asked of all records, whatever the part.
func (g *gatherer) note(at place, n result.Outcomes, s campaign.Spec, c Caught) {
	at = place{group: at.group, stratum: at.stratum}
	p := g.noted[at]
	if p == nil {
		p = &Piece{}
		g.noted[at] = p
	}
	p.Any += n.Violating(stats.ViolationAny, !s.NoWatchdog, s.AssumeReload)
	if c&triedParity != 0 {
		p.Tried++
	}
	if c&caughtParity != 0 {
		p.Parity++
	}
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
func (g *gatherer) evidence(pieces map[place]*Piece, rounds int) *Evidence {
	ev := &Evidence{}
	for i, group := range g.frame.Groups {
		bits := groupBits(group)
		if !group.SRAM && !group.Observer() {
			ev.FlopBits += bits
		}
		violations := 0
		for stratum := range g.frame.Strata {
			if p := g.noted[place{group: i, stratum: stratum}]; p != nil {
				violations += p.Any
			}
		}
		if group.Known && violations == 0 || group.Excluded || group.Bits == 0 {
			continue
		}
		class, ok := classOf(group.Class)
		if !ok {
			continue
		}
		for _, u := range g.unitsOf(group, class, bits) {
			for stratum := range g.frame.Strata {
				for k := range rounds {
					if p := pieces[place{i, u.Register, stratum, k}]; p != nil {
						// What parity sees is a property of the stratum, and few upsets of
						// a round or a register tell.
						all := g.noted[place{group: i, stratum: stratum}]
						p.Tried, p.Parity = all.Tried, all.Parity
						u.Pieces = append(u.Pieces, *p)
					}
				}
			}
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
