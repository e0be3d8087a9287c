package campaign

import (
	"errors"
	"fmt"
	"slices"

	"upset/faults"
	"upset/netlist"
)

// Group is a set of storage bits that share everything a stratum depends on
// besides time. Every bit exists in every cycle, so a group has Bits × cycles
// sites.
type Group struct {
	// Block and Class are the names used in results: mac, datapath.
	Block string `json:"block"`
	Class string `json:"class"`
	SRAM  bool   `json:"sram,omitempty"`
	Bits  uint64 `json:"bits"`
	// Scale multiplies the raw rate per bit, for example that of a hardened
	// cell. 0 is taken as 1.
	Scale float64 `json:"scale,omitempty"`
	// Known says that no upset of these bits can violate or raise a DUE, by
	// proof: registers that only observe, RAM cells under a correcting code.
	// Known groups are sampled thinly, as a check of the proof.
	Known bool `json:"known,omitempty"`
	// Logic names the block whose gates the pulses of the group were measured on, and the
	// measurement; bits stand for what those change first, as often as they do. It is
	// empty for bits as such.
	Logic string `json:"logic,omitempty"`
	// Excluded marks bits that exist but that the campaign leaves out. They
	// are never drawn; verdicts take them as unknown.
	Excluded bool `json:"excluded,omitempty"`
}

// Observer reports whether nothing depends on the registers of the group.
func (g Group) Observer() bool { return g.Class == classObserver }

// Population is the set of bits that a campaign draws from: those of the plain
// machine, see [NewPlain], or of a machine with added protection, whose sites
// are numbered on from the end of the plain table.
//
// A population is a value: two with the same digest have the same groups, bits
// and guards. Its methods are called from several goroutines at once.
type Population interface {
	// Digest names the population, protection included. Campaigns resume only
	// on the same digest.
	Digest() string
	// Groups lists the groups; they are disjoint and their order is fixed.
	Groups() []Group
	// Bit returns bit k of a group, 0 ≤ k < Groups()[group].Bits. It is never
	// called for an excluded group.
	Bit(group int, k uint64) netlist.SiteID
	// Guards returns the protection for one worker. The function is called
	// before each injection and returns the guard for that site, ready to
	// use; it may reuse one guard. A nil function or a nil guard means the
	// plain machine.
	Guards() func(faults.Site) faults.Guard
}

// run is a range of consecutive sites.
type run struct {
	first netlist.SiteID
	start uint64 // bits of the group before this run
	bits  uint64
}

// plain is the population of the machine as it is.
type plain struct {
	digest string
	groups []Group
	runs   [][]run
}

// NewPlain is the population of the plain machine under the spec's filters.
// Groups are block × class; the performance counters and other registers that
// only observe are groups of their own.
func NewPlain(t *netlist.Table, s Spec) (Population, error) {
	p := &plain{digest: TableDigest(t)}
	filter := netlist.Filter{Only: s.Only, NoSRAM: s.Sites == SitesFlops, NoFlops: s.Sites == SitesSRAM}
	for _, name := range s.Classes {
		c, ok := classByName(name)
		if !ok {
			return nil, fmt.Errorf("unknown register class %q: choose datapath, local, global, control, config or sram", name)
		}
		filter.Classes = append(filter.Classes, c...)
	}
	selected := make(map[*netlist.Register]bool)
	for _, r := range t.Select(filter) {
		selected[r] = true
	}
	pulses, err := measuredPulses(t, s)
	if err != nil {
		return nil, err
	}
	for i := range t.Registers {
		r := &t.Registers[i]
		if _, ok := pulses.Block(r.First); ok {
			continue
		}
		if err := p.add(t, r, selected[r], s); err != nil {
			return nil, err
		}
	}
	if err := p.addPulses(t, pulses, selected, s); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(p.groups, func(g Group) bool { return !g.Excluded }) {
		return nil, errors.New("the filters select no bit: widen --only, --class, --bits or --sites; see upset sites")
	}
	return p, nil
}

// classByName resolves a class of the command line. control is local and
// global control together.
func classByName(name string) ([]netlist.Class, bool) {
	if name == "control" {
		return []netlist.Class{netlist.LocalControl, netlist.GlobalControl}, true
	}
	for c := range netlist.NumClasses {
		if c.String() == name {
			return []netlist.Class{c}, true
		}
	}
	return nil, false
}

// add enters a register's bits into their groups.
func (p *plain) add(t *netlist.Table, r *netlist.Register, selected bool, s Spec) error {
	key := Group{Block: r.Block, Class: r.Class.String(), SRAM: r.IsSRAM(), Excluded: !selected}
	if r.Observer {
		key.Class, key.Known = classObserver, true
	}
	if m, err := faults.ParseModel(s.Fault); err == nil && key.SRAM && s.ECC == eccSECDED && m.Kind != faults.MCU {
		// A single upset in a word under SECDED is corrected when it is read.
		key.Known = true
	}
	if !selected || s.Bits == nil {
		p.extend(key, r.First, uint64(r.Bits()))
		return nil
	}
	for k := range r.Bits() {
		id := r.First + netlist.SiteID(k)
		place, err := t.Place(id)
		if err != nil {
			return err
		}
		key.Excluded = place.Bit < s.Bits.Low || place.Bit > s.Bits.High
		p.extend(key, id, 1)
	}
	return nil
}

// extend adds consecutive sites to the group with the given key.
func (p *plain) extend(key Group, first netlist.SiteID, bits uint64) {
	g := slices.IndexFunc(p.groups, func(g Group) bool {
		g.Bits = 0
		return g == key
	})
	if g < 0 {
		g = len(p.groups)
		p.groups = append(p.groups, key)
		p.runs = append(p.runs, nil)
	}
	if n := len(p.runs[g]); n > 0 {
		if last := &p.runs[g][n-1]; last.first+netlist.SiteID(last.bits) == first {
			last.bits += bits
			p.groups[g].Bits += bits
			return
		}
	}
	p.runs[g] = append(p.runs[g], run{first: first, start: p.groups[g].Bits, bits: bits})
	p.groups[g].Bits += bits
}

func (p *plain) Digest() string { return p.digest }

func (p *plain) Groups() []Group { return p.groups }

func (p *plain) Bit(group int, k uint64) netlist.SiteID {
	runs := p.runs[group]
	i, exact := slices.BinarySearchFunc(runs, k, func(r run, k uint64) int {
		switch {
		case r.start < k:
			return -1
		case r.start > k:
			return 1
		}
		return 0
	})
	if !exact {
		i--
	}
	return runs[i].first + netlist.SiteID(k-runs[i].start)
}

func (p *plain) Guards() func(faults.Site) faults.Guard { return nil }
