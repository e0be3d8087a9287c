package netlist

import (
	"fmt"
	"math/bits"
	"path"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"upset/npu"
)

// Place is a site's position in its register.
type Place struct {
	Register *Register
	Element  int // element within the register
	Bit      int // bit within the element
}

// Place resolves a site.
func (t *Table) Place(id SiteID) (Place, error) {
	if int(id) >= t.bits {
		return Place{}, fmt.Errorf("site %d does not exist: %s has %d", id, t.Config, t.bits)
	}
	i := sort.Search(len(t.Registers), func(i int) bool { return t.Registers[i].First > id }) - 1
	r := &t.Registers[i]
	n := int(id - r.First)
	if r.masks == nil {
		return Place{r, n / r.Width, n % r.Width}, nil
	}
	for e, m := range r.masks {
		c := bits.OnesCount32(m)
		if n >= c {
			n -= c
			continue
		}
		bit := 0
		for ; ; bit++ {
			if m>>bit&1 != 0 {
				if n == 0 {
					break
				}
				n--
			}
		}
		return Place{r, e, bit}, nil
	}
	return Place{}, fmt.Errorf("site %d lies outside %s", id, r.Name)
}

// Bytes and rows of a bank of the shared buffer: 64 rows of 128 bits (our
// choice; the public granules of the buffers fit it).
const (
	bankBytes = 1024
	rowBytes  = 16
)

// Name returns the site's name, for example mac.acc[3].17 or sb.bank5.row12.3.
func (t *Table) Name(id SiteID) string {
	p, err := t.Place(id)
	if err != nil {
		return err.Error()
	}
	r := p.Register
	switch {
	case r.ram == ramData:
		return fmt.Sprintf("sb.bank%d.row%d.%d", p.Element/bankBytes, p.Element%bankBytes/rowBytes, p.Element%rowBytes*8+p.Bit)
	case r.names != nil:
		return fmt.Sprintf("%s.%s.%d", r.Name, r.names[p.Element], p.Bit)
	case r.Count == 1:
		return fmt.Sprintf("%s.%d", r.Name, p.Bit)
	}
	return fmt.Sprintf("%s[%d].%d", r.Name, p.Element, p.Bit)
}

// Parse finds a site by its name.
func (t *Table) Parse(name string) (SiteID, error) {
	var bank, row, bit int
	if n, _ := fmt.Sscanf(name, "sb.bank%d.row%d.%d", &bank, &row, &bit); n == 3 {
		return t.ramSite(name, bank, row, bit)
	}
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return 0, fmt.Errorf("site %q: want block.register.bit, for example mac.acc[3].17", name)
	}
	bit, err := strconv.Atoi(name[dot+1:])
	if err != nil {
		return 0, fmt.Errorf("site %q: the part behind the last dot must be a bit number", name)
	}
	reg, elem := name[:dot], 0
	if o := strings.IndexByte(reg, '['); o >= 0 && strings.HasSuffix(reg, "]") {
		if elem, err = strconv.Atoi(reg[o+1 : len(reg)-1]); err != nil {
			return 0, fmt.Errorf("site %q: element number expected in brackets", name)
		}
		reg = reg[:o]
	}
	for i := range t.Registers {
		r := &t.Registers[i]
		e := elem
		if r.names != nil {
			if !strings.HasPrefix(reg, r.Name+".") {
				continue
			}
			if e = indexOf(r.names, reg[len(r.Name)+1:]); e < 0 {
				continue
			}
		} else if r.Name != reg {
			continue
		}
		if id, ok := r.site(e, bit); ok {
			return id, nil
		}
		return 0, fmt.Errorf("site %q: %s has no element %d bit %d", name, r.Name, e, bit)
	}
	return 0, fmt.Errorf("site %q: no such register in %s; see upset sites", name, t.Config)
}

func (t *Table) ramSite(name string, bank, row, bit int) (SiteID, error) {
	for i := range t.Registers {
		r := &t.Registers[i]
		if r.ram != ramData {
			continue
		}
		if row < 0 || row >= bankBytes/rowBytes || bit < 0 || bit >= rowBytes*8 || bank < 0 || bank*bankBytes >= r.Count {
			break
		}
		return r.First + SiteID(((bank*bankBytes)+row*rowBytes)*8+bit), nil
	}
	return 0, fmt.Errorf("site %q does not exist in the shared buffer of %s", name, t.Config)
}

func indexOf(list []string, s string) int {
	for i, v := range list {
		if v == s {
			return i
		}
	}
	return -1
}

// site returns the number of a bit of the register.
func (r *Register) site(elem, bit int) (SiteID, bool) {
	if elem < 0 || elem >= r.Count || bit < 0 || bit >= r.Width {
		return 0, false
	}
	if r.masks == nil {
		return r.First + SiteID(elem*r.Width+bit), true
	}
	if r.masks[elem]>>bit&1 == 0 {
		return 0, false
	}
	n := bits.OnesCount32(r.masks[elem] & (1<<bit - 1))
	for _, m := range r.masks[:elem] {
		n += bits.OnesCount32(m)
	}
	return r.First + SiteID(n), true
}

// field returns the storage of an element.
func (p Place) field(s *npu.State) reflect.Value {
	v := reflect.ValueOf(s).Elem()
	for _, i := range p.Register.path {
		if i < 0 {
			v = v.Index(-1 - i)
		} else {
			v = v.Field(i)
		}
	}
	if v.Kind() != reflect.Array {
		return v
	}
	if v.Type().Elem().Kind() == reflect.Array {
		return v.Index(p.Element / p.Register.inner).Index(p.Element % p.Register.inner)
	}
	return v.Index(p.Element)
}

// Word is the value of the element that a place lies in.
func (p Place) Word(s *npu.State) uint64 { return p.field(s).Uint() }

// Read returns the bit's value in a state: 0 or 1. For check bits it is the
// difference from the code of the stored data.
func (t *Table) Read(s *npu.State, id SiteID) uint8 {
	p, err := t.Place(id)
	if err != nil {
		return 0
	}
	return uint8(p.field(s).Uint() >> p.Bit & 1)
}

// RAM returns the registers of the shared buffer: its data and the check bits of its
// code, nil where there is none.
func (t *Table) RAM() (data, check *Register) {
	for i := range t.Registers {
		switch r := &t.Registers[i]; r.ram {
		case ramData:
			data = r
		case ramCheck:
			check = r
		}
	}
	return data, check
}

// Flip inverts a bit of a machine and returns its value before and after. It is
// a write to State and nothing else.
func (t *Table) Flip(m *npu.Machine, id SiteID) (before, after uint8, err error) {
	p, err := t.Place(id)
	if err != nil {
		return 0, 0, err
	}
	before = t.Read(&m.S, id)
	switch p.Register.ram {
	case ramData:
		m.FlipRAM(p.Element, p.Bit)
	case ramCheck:
		m.FlipCheck(p.Element, p.Bit)
	default:
		f := p.field(&m.S)
		f.SetUint(f.Uint() ^ 1<<p.Bit)
		m.Touched()
	}
	return before, t.Read(&m.S, id), nil
}

// Filter selects bits: by name patterns, class and bit range. The zero value
// selects everything.
type Filter struct {
	Only    []string // patterns over register names, * matches any run: mac.acc*, cc.bank*
	Classes []Class
	BitLo   int // with BitHi: bit positions within an element, inclusive
	BitHi   int // 0 means no limit
	NoSRAM  bool
	NoFlops bool
}

// Registers returns the registers that the filter selects.
func (t *Table) Select(f Filter) []*Register {
	var out []*Register
	for i := range t.Registers {
		if r := &t.Registers[i]; f.match(r) {
			out = append(out, r)
		}
	}
	return out
}

func (f *Filter) match(r *Register) bool {
	if f.NoSRAM && r.IsSRAM() || f.NoFlops && !r.IsSRAM() {
		return false
	}
	if len(f.Classes) > 0 {
		found := false
		for _, c := range f.Classes {
			found = found || c == r.Class
		}
		if !found {
			return false
		}
	}
	if len(f.Only) == 0 {
		return true
	}
	for _, p := range f.Only {
		if ok, err := path.Match(p, r.Name); err == nil && ok {
			return true
		}
	}
	return false
}

// InBits reports whether a bit position passes the filter's range.
func (f *Filter) InBits(bit int) bool {
	return bit >= f.BitLo && (f.BitHi == 0 || bit <= f.BitHi)
}
