package mechanism

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"upset/netlist"
	"upset/npu"
)

// Whole is the name that stands for all blocks, where a mechanism is put on the
// whole NPU.
const Whole = "npu"

// Choice puts a mechanism on a block, on the registers of some classes of it, or on
// single registers.
type Choice struct {
	Block string
	// Classes is empty for the whole block.
	Classes []netlist.Class
	// Registers are the names of single registers of the block, for example cc.basep;
	// empty for all of the classes.
	Registers []string
	Kind      Kind
}

// Covers reports whether the choice applies to a register. Registers that only
// observe need no protection and have none; RAM has SECDED only.
func (c Choice) Covers(r *netlist.Register) bool {
	return (r.Block == c.Block || c.Kind == Lockstep && c.Block == Whole) && !c.Kind.Checker() && !r.Observer && r.IsSRAM() == (c.Kind == SECDED) &&
		(len(c.Classes) == 0 || slices.Contains(c.Classes, r.Class)) &&
		(len(c.Registers) == 0 || slices.Contains(c.Registers, r.Name))
}

// missing is the first register of the choice that a machine does not have among
// those that the choice applies to.
func (c Choice) missing(t *netlist.Table) (name string) {
	for _, name := range c.Registers {
		if !slices.ContainsFunc(t.Registers, func(r netlist.Register) bool { return r.Name == name && c.Covers(&r) }) {
			return name
		}
	}
	return ""
}

// String describes the choice, for example mac/datapath:harden, or with single registers
// cc/config/cc.basep+cc.param:parity.
func (c Choice) String() string {
	s := c.Block
	for i, class := range c.Classes {
		s += string("/+"[min(i, 1)]) + class.String()
	}
	for i, name := range c.Registers {
		s += string("/+"[min(i, 1)]) + name
	}
	return s + ":" + c.Kind.String()
}

// Part is what a mechanism adds: consecutive sites of storage, or of voters.
type Part struct {
	Block string
	Kind  Kind
	// Name is copy, parity, voted, voter, check or alarm.
	Name  string
	First netlist.SiteID
	Bits  int

	base  []span  // copy and voted: the machine's bits that are copied
	words []group // parity: the group that each bit belongs to
}

// span is a run of consecutive sites of the machine.
type span struct {
	first netlist.SiteID
	bits  int
}

// Design is a machine's set of mechanisms. It does not change after New and may
// be used by many guards at once.
type Design struct {
	table   *netlist.Table
	choices []Choice
	cells   Cells
	seed    uint64
	parts   []Part
	kinds   []Kind // by register of the table
	groups  map[netlist.SiteID]group
	bits    int

	compiled *Compiled
	latency  uint64 // clocks from an alarm to its effect
}

// New puts the choices on a machine. No two may cover the same register. The seed
// decides which upsets flip a hardened cell.
func New(t *netlist.Table, choices []Choice, cells Cells, seed uint64) (*Design, error) {
	if err := cells.check(); err != nil {
		return nil, err
	}
	d := &Design{table: t, cells: cells, seed: seed, kinds: make([]Kind, len(t.Registers)), bits: t.Bits(), groups: map[netlist.SiteID]group{}}
	for _, c := range choices {
		if c.Kind == None {
			continue
		}
		if err := d.add(c); err != nil {
			return nil, fmt.Errorf("protection %s: %w", c, err)
		}
		d.choices = append(d.choices, c)
	}
	slices.SortFunc(d.choices, func(a, b Choice) int { return cmp.Compare(a.String(), b.String()) })
	return d, nil
}

func (d *Design) add(c Choice) error {
	switch {
	case c.Kind >= NumKinds:
		return fmt.Errorf("unknown mechanism")
	case c.Kind == Duplicate && !Duplicable(c.Block):
		return fmt.Errorf("only %s can be duplicated", strings.Join(duplicable, ", "))
	case (c.Kind == Duplicate || c.Kind == Lockstep || c.Kind.Checker()) && len(c.Classes)+len(c.Registers) > 0:
		return fmt.Errorf("the mechanism is for a block as a whole: name no class and no register")
	case c.Kind == Lockstep && c.Block != Whole:
		return fmt.Errorf("lock-step is for the whole NPU: name %s", Whole)
	case c.Kind.Checker() && c.Block != c.Kind.home():
		return fmt.Errorf("the checker stands beside block %s: name it", c.Kind.home())
	case c.Kind.Checker():
		if slices.ContainsFunc(d.choices, func(o Choice) bool { return o.Kind == c.Kind }) {
			return fmt.Errorf("the checker is there already: name it once")
		}
		d.checker(c)
		return nil
	case c.Kind == SECDED && d.table.ECC != npu.ECCSECDED:
		return fmt.Errorf("the machine is built without the code: build it with SECDED")
	}
	if name := c.missing(d.table); name != "" {
		return fmt.Errorf("register %s is no part of %s that this mechanism is for: use the names of upset sites", name, c.Block)
	}
	var spans []span
	for i := range d.table.Registers {
		r := &d.table.Registers[i]
		if !c.Covers(r) {
			continue
		}
		if d.kinds[i] != None {
			return fmt.Errorf("register %s has %s already", r.Name, d.kinds[i])
		}
		d.kinds[i] = c.Kind
		spans = append(spans, span{r.First, r.Bits()})
	}
	if len(spans) == 0 {
		return fmt.Errorf("there is no such register: use the blocks and classes of upset sites")
	}
	switch c.Kind {
	case Duplicate, Lockstep:
		d.part(Part{Block: c.Block, Kind: c.Kind, Name: "copy", Bits: length(spans), base: spans})
	case Triplicate:
		d.part(Part{Block: c.Block, Kind: c.Kind, Name: "voted", Bits: 2 * length(spans), base: append(slices.Clone(spans), spans...)})
		d.part(Part{Block: c.Block, Kind: c.Kind, Name: "voter", Bits: length(spans), base: spans})
	case Parity, ParityAlways, ParityInterleaved:
		d.parity(c, spans)
	default:
		return nil
	}
	if c.Kind != Triplicate {
		d.part(Part{Block: c.Block, Kind: c.Kind, Name: "alarm", Bits: 1})
	}
	return nil
}

func length(spans []span) int {
	n := 0
	for _, s := range spans {
		n += s.bits
	}
	return n
}

func (d *Design) part(p Part) {
	p.First = netlist.SiteID(d.bits)
	d.bits += p.Bits
	d.parts = append(d.parts, p)
}

// MaxAlarmLatency bounds the clocks from an alarm to its effect (our choice: 2 ms at
// 500 MHz, longer than any reset controller takes).
const MaxAlarmLatency = 1_000_000

// Delay declares that an alarm stops the NPU only after so many clocks, for which it
// goes on. Without it an alarm stops the NPU before its next clock.
func (d *Design) Delay(clocks uint64) error {
	if clocks > MaxAlarmLatency {
		return fmt.Errorf("alarm latency of %d cycles: give at most %d", clocks, MaxAlarmLatency)
	}
	d.latency = clocks
	return nil
}

// AlarmLatency is the number of clocks from an alarm to its effect.
func (d *Design) AlarmLatency() uint64 { return d.latency }

// Table is the site table of the machine without the mechanisms.
func (d *Design) Table() *netlist.Table { return d.table }

// Choices lists the mechanisms in a fixed order.
func (d *Design) Choices() []Choice { return d.choices }

// Parts lists what the mechanisms add and an event may hit: storage, and the outputs
// of voters, where it is a pulse that lasts one clock.
func (d *Design) Parts() []Part { return d.parts }

// Bits is the number of sites, those of the mechanisms included.
func (d *Design) Bits() int { return d.bits }

// Kind is the mechanism on a register of the table, given by its index.
func (d *Design) Kind(register int) Kind { return d.kinds[register] }

// Name is the name of a site, for example mac.copy.17 for one of a mechanism.
func (d *Design) Name(id netlist.SiteID) string {
	p, k := d.find(id)
	switch {
	case p == nil:
		return d.table.Name(id)
	case p.Name == "check":
		r, bit := registerOf(newCheck(p.Kind, d.table.Config, nil), k)
		return fmt.Sprintf("%s.%s.%s.%d", p.Block, p.Kind, r.name, bit)
	case p.base != nil:
		return p.Name + " of " + d.table.Name(p.source(k))
	}
	return fmt.Sprintf("%s.%s.%s.%d", p.Block, p.Kind, p.Name, k)
}

// Where is the block of a site, and its class or the name of the part that it
// belongs to.
func (d *Design) Where(id netlist.SiteID) (block, class string) {
	if p, _ := d.find(id); p != nil {
		return p.Block, p.Name
	}
	p, err := d.table.Place(id)
	if err != nil {
		return "", ""
	}
	return p.Register.Block, p.Register.Class.String()
}

// find returns the part that a site belongs to and the bit within it, or nil for
// a site of the machine itself.
func (d *Design) find(id netlist.SiteID) (*Part, int) {
	for i := range d.parts {
		if p := &d.parts[i]; id >= p.First && int(id-p.First) < p.Bits {
			return p, int(id - p.First)
		}
	}
	return nil, 0
}

// source is the bit of the machine that bit k of the part is a copy of.
func (p *Part) source(k int) netlist.SiteID {
	for _, s := range p.base {
		if k < s.bits {
			return s.first + netlist.SiteID(k)
		}
		k -= s.bits
	}
	return 0
}

// kindOf is the mechanism on a site of the machine.
func (d *Design) kindOf(id netlist.SiteID) Kind {
	i, ok := slices.BinarySearchFunc(d.table.Registers, id, func(r netlist.Register, id netlist.SiteID) int {
		return cmp.Compare(r.First, id)
	})
	if !ok {
		i--
	}
	return d.kinds[i]
}

// String lists the choices, for example "cc:duplicate mac/datapath:harden".
func (d *Design) String() string {
	if len(d.choices) == 0 {
		return "none"
	}
	s := make([]string, len(d.choices))
	for i, c := range d.choices {
		s[i] = c.String()
	}
	return strings.Join(s, " ")
}

// Digest identifies the design and everything that its guards do.
func (d *Design) Digest() string {
	text, _ := json.Marshal(struct { // plain values always marshal
		Table  string `json:"table"`
		Design string `json:"design"`
		Cells  Cells  `json:"cells"`
		Seed   uint64 `json:"seed"`
		// Latency is left out where it is 0.
		Latency uint64 `json:"alarm_latency,omitempty"`
	}{d.table.Digest(), d.String(), d.cells, d.seed, d.latency})
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Protects reports whether a site belongs to a mechanism or is covered by one.
// RAM under its code needs no guard: the code is part of the machine. Beside a
// checker every site does: what the upset leads to may reach it.
func (d *Design) Protects(id netlist.SiteID) bool {
	if int(id) >= d.table.Bits() || d.Watches() {
		return true
	}
	k := d.kindOf(id)
	return k != None && k != SECDED
}
