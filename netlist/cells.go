package netlist

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"upset/npu"
)

// Cell is an element of a register in a given set of flops, for code that reads and writes
// many of them often.
type Cell struct {
	Register *Register
	Element  int
	Site     SiteID // of its bit 0

	b  *uint8
	h  *uint16
	w  *uint32
	d  *uint64
	in uint64 // bits that exist
}

// Cells returns the elements of all registers that the names select, in the order of their
// sites, in f. A name that ends in a dot selects every register below it. A name that selects
// nothing is an error, and so are configuration banks and SRAM.
func (t *Table) Cells(f *npu.Flops, names []string) ([]Cell, error) {
	var out []Cell
	for _, name := range names {
		n := len(out)
		for i := range t.Registers {
			r := &t.Registers[i]
			if r.Name != name && !(strings.HasSuffix(name, ".") && strings.HasPrefix(r.Name, name)) {
				continue
			}
			if r.masks != nil || r.IsSRAM() {
				return nil, fmt.Errorf("register %s has no plain elements", r.Name)
			}
			for e := range r.Count {
				out = append(out, newCell(f, r, e))
			}
		}
		if n == len(out) {
			return nil, fmt.Errorf("no register is named %q", name)
		}
	}
	slices.SortFunc(out, func(a, b Cell) int { return int(a.Site) - int(b.Site) })
	return out, nil
}

func newCell(f *npu.Flops, r *Register, e int) Cell {
	v := reflect.ValueOf(f).Elem()
	for _, i := range r.path[1:] { // the first is that of Flops in State
		if i < 0 {
			v = v.Index(-1 - i)
		} else {
			v = v.Field(i)
		}
	}
	if v.Kind() == reflect.Array {
		if v.Type().Elem().Kind() == reflect.Array {
			v = v.Index(e / r.inner).Index(e % r.inner)
		} else {
			v = v.Index(e)
		}
	}
	c := Cell{Register: r, Element: e, Site: r.First + SiteID(e*r.Width), in: 1<<r.Width - 1}
	switch p := v.Addr().Interface().(type) {
	case *uint8:
		c.b = p
	case *uint16:
		c.h = p
	case *uint32:
		c.w = p
	case *uint64:
		c.d = p
	default:
		panic(fmt.Sprintf("netlist: %s is held in a %s", r.Name, v.Type()))
	}
	return c
}

// Get is the element's value, as the flops hold it.
func (c *Cell) Get() uint64 {
	switch {
	case c.b != nil:
		return uint64(*c.b)
	case c.h != nil:
		return uint64(*c.h)
	case c.w != nil:
		return uint64(*c.w)
	}
	return *c.d
}

// Set gives the element a value, of which it keeps the bits that exist.
func (c *Cell) Set(v uint64) {
	v &= c.in
	switch {
	case c.b != nil:
		*c.b = uint8(v)
	case c.h != nil:
		*c.h = uint16(v)
	case c.w != nil:
		*c.w = uint32(v)
	default:
		*c.d = v
	}
}

// Wrong reports bits of the element that are set and do not exist: a mistake of the machine.
func (c *Cell) Wrong() bool { return c.Get()&^c.in != 0 }
