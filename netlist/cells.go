package netlist

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unsafe"

	"upset/npu"
)

// Cell is an element of a register, for code that reads and writes the registers of many
// machines often: it knows its place in any set of flops.
type Cell struct {
	Register *Register
	Element  int
	Site     SiteID // of its bit 0
	Width    int    // bits

	offset uintptr // bytes from the start of npu.Flops
	bytes  uint8
	in     uint64 // bits that exist
}

// Cells returns the elements of all registers that the names select, in the order of their
// sites. A name that ends in a dot selects every register below it. A name that selects
// nothing is an error, and so are configuration banks and SRAM.
func (t *Table) Cells(names []string) ([]Cell, error) {
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
				out = append(out, newCell(r, e))
			}
		}
		if n == len(out) {
			return nil, fmt.Errorf("no register is named %q", name)
		}
	}
	slices.SortFunc(out, func(a, b Cell) int { return int(a.Site) - int(b.Site) })
	return out, nil
}

func newCell(r *Register, e int) Cell {
	t, at := reflect.TypeFor[npu.Flops](), uintptr(0)
	for _, i := range r.path[1:] { // the first is that of Flops in State
		if i < 0 {
			t = t.Elem()
			at += uintptr(-1-i) * t.Size()
		} else {
			f := t.Field(i)
			t, at = f.Type, at+f.Offset
		}
	}
	if t.Kind() == reflect.Array {
		t = t.Elem()
		k := e
		if t.Kind() == reflect.Array { // two dimensions
			at += uintptr(e/r.inner) * t.Size()
			t, k = t.Elem(), e%r.inner
		}
		at += uintptr(k) * t.Size()
	}
	switch t.Kind() {
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
	default:
		panic(fmt.Sprintf("netlist: %s is held in a %s", r.Name, t))
	}
	return Cell{Register: r, Element: e, Site: r.First + SiteID(e*r.Width), Width: r.Width, offset: at, bytes: uint8(t.Size()), in: 1<<r.Width - 1}
}

// Get is the element's value in a set of flops.
func (c *Cell) Get(f *npu.Flops) uint64 {
	at := unsafe.Add(unsafe.Pointer(f), c.offset)
	switch c.bytes {
	case 1:
		return uint64(*(*uint8)(at))
	case 2:
		return uint64(*(*uint16)(at))
	case 4:
		return uint64(*(*uint32)(at))
	}
	return *(*uint64)(at)
}

// Set gives the element a value, of which it keeps the bits that exist.
func (c *Cell) Set(f *npu.Flops, v uint64) {
	v &= c.in
	at := unsafe.Add(unsafe.Pointer(f), c.offset)
	switch c.bytes {
	case 1:
		*(*uint8)(at) = uint8(v)
	case 2:
		*(*uint16)(at) = uint16(v)
	case 4:
		*(*uint32)(at) = uint32(v)
	default:
		*(*uint64)(at) = v
	}
}

// Wrong reports bits of the element that are set and do not exist: a mistake of the machine.
func (c *Cell) Wrong(f *npu.Flops) bool { return c.Get(f)&^c.in != 0 }
