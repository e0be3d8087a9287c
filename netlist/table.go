// Package netlist is the inventory of the machine: a dense table of every flop
// and SRAM bit, built from the machine's own State declaration, with names,
// classes and areas. A site is one of these bits at one clock cycle.
package netlist

import (
	"fmt"
	"math/bits"
	"reflect"
	"strconv"
	"strings"

	"upset/npu"
	"upset/npu/isa"
)

// SiteID numbers the bits of a configuration from 0 without gaps.
type SiteID uint32

// Class says what a register is for. FIdelity's categories, with configuration
// and SRAM apart.
type Class uint8

// Classes.
const (
	Datapath Class = iota
	LocalControl
	GlobalControl
	Configuration
	SRAM
	NumClasses
)

var classNames = [NumClasses]string{"datapath", "local", "global", "config", "sram"}

// String returns the name used in results: datapath, local, global, config, sram.
func (c Class) String() string { return classNames[c] }

// Register is a field of a block's State: Count elements of Width bits.
type Register struct {
	Block    string // cc, traversal, dma, wd, mac, ao, sb, pmu
	Name     string // qualified: mac.acc
	Class    Class
	Count    int // elements
	Width    int // bits of an element
	First    SiteID
	Observer bool // nothing in the machine depends on it (performance counters)

	path  []int    // field indices from State
	inner int      // elements of the last dimension, for two-dimensional fields
	names []string // element names, for the configuration banks
	masks []uint32 // bits that exist, for the configuration banks
	ram   ramKind
}

type ramKind uint8

const (
	notRAM ramKind = iota
	ramData
	ramCheck
)

// Bits is the number of bits of the register over all elements.
func (r *Register) Bits() int {
	if r.masks != nil {
		n := 0
		for _, m := range r.masks {
			n += bits.OnesCount32(m)
		}
		return n
	}
	return r.Count * r.Width
}

// IsSRAM reports whether the bits are SRAM cells and not flops.
func (r *Register) IsSRAM() bool { return r.Class == SRAM }

// Table lists the registers of a configuration.
type Table struct {
	Config    isa.Config
	ECC       npu.ECC
	Registers []Register
	bits      int
}

// New builds the table of a configuration from the declaration of npu.State.
func New(c isa.Config, ecc npu.ECC) *Table {
	m := npu.New(c, npu.DefaultSystem(), ecc, &isa.Memory{})
	t := &Table{Config: c, ECC: ecc}
	b := builder{t: t, dims: m.Dims()}
	flops := reflect.TypeFor[npu.Flops]()
	for i := range flops.NumField() {
		f := flops.Field(i)
		if block, ok := blockNames[f.Name]; ok {
			name := block
			if f.Name == "AOScale" {
				name = "ao.record" // the output stage has registers of the same names
			}
			b.walk(f.Type, []int{0, i}, block, name)
		}
	}
	b.walk(reflect.TypeFor[npu.RAMState](), []int{1}, "sb", "sb")
	for i := range t.Registers {
		t.Registers[i].First = SiteID(t.bits)
		t.bits += t.Registers[i].Bits()
	}
	return t
}

// blockNames maps the fields of npu.State to block names. The bus is outside
// the NPU.
var blockNames = map[string]string{
	"CC": "cc", "Trav": "traversal", "DMA": "dma", "WD": "wd", "MAC": "mac", "AO": "ao", "AOScale": "ao", "SB": "sb", "PMU": "pmu",
}

// Bits is the number of bits in the table.
func (t *Table) Bits() int { return t.bits }

type builder struct {
	t    *Table
	dims map[string]int
}

func (b *builder) walk(t reflect.Type, path []int, block, name string) {
	for i := range t.NumField() {
		f := t.Field(i)
		p := append(append([]int(nil), path...), i)
		tag := f.Tag.Get("npu")
		full := name + "." + snake(f.Name)
		switch {
		case tag == "model":
		case tag == "registers,config":
			b.banks(p, block, full)
		case tag == "" && f.Type.Kind() == reflect.Struct:
			b.walk(f.Type, p, block, full)
		case tag == "" && f.Type.Kind() == reflect.Array && f.Type.Elem().Kind() == reflect.Struct:
			for k := range f.Type.Len() {
				b.walk(f.Type.Elem(), append(append([]int(nil), p...), -1-k), block, full+strconv.Itoa(k))
			}
		default:
			b.leaf(f, tag, p, block, full)
		}
	}
}

// leaf adds a register. A field without a valid tag is a mistake in the machine
// and panics, so that no flop can be forgotten.
func (b *builder) leaf(f reflect.StructField, tag string, path []int, block, name string) {
	parts := strings.Split(tag, ",")
	w, err := strconv.Atoi(parts[0])
	if err != nil || len(parts) < 2 {
		panic(fmt.Sprintf("netlist: field %s has no valid npu tag: %q", name, tag))
	}
	r := Register{Block: block, Name: name, Width: w, Count: 1, path: path, inner: 1}
	switch parts[1] {
	case "data":
		r.Class = Datapath
	case "local":
		r.Class = LocalControl
	case "global":
		r.Class = GlobalControl
	case "config":
		r.Class = Configuration
	case "sram":
		r.Class = SRAM
	case "obs":
		r.Class, r.Observer = GlobalControl, true
	default:
		panic(fmt.Sprintf("netlist: field %s has an unknown class in %q", name, tag))
	}
	outer, inner := 1, 1
	if f.Type.Kind() == reflect.Array {
		inner = f.Type.Len()
		if f.Type.Elem().Kind() == reflect.Array {
			outer, inner = inner, f.Type.Elem().Len()
		}
	}
	if len(parts) > 2 {
		n, ok := b.dims[strings.TrimPrefix(parts[2], "n=")]
		if !ok {
			panic(fmt.Sprintf("netlist: field %s names an unknown length in %q", name, tag))
		}
		inner = n
	}
	r.Count, r.inner = outer*inner, inner
	if name == "sb.mem" {
		r.ram = ramData
	}
	if name == "sb.syn" {
		r.ram, r.Name = ramCheck, "sb.check"
	}
	if r.Count > 0 {
		b.t.Registers = append(b.t.Registers, r)
	}
}

// banks adds the configuration banks: one register per bank whose elements are
// the SET registers.
func (b *builder) banks(path []int, block, name string) {
	for k := range 4 {
		r := Register{
			Block: block, Name: fmt.Sprintf("%s%d", name, k), Class: Configuration,
			Count: int(isa.NumRegs), Width: 32, path: append(append([]int(nil), path...), -1-k), inner: int(isa.NumRegs),
		}
		for _, info := range isa.Table {
			r.masks = append(r.masks, info.Mask)
			r.names = append(r.names, strings.ToLower(strings.TrimPrefix(info.Name, "NPU_SET_")))
		}
		b.t.Registers = append(b.t.Registers, r)
	}
}

// snake turns a Go field name into the lower-case name used in site names.
func snake(s string) string { return strings.ToLower(s) }
