package npu

import (
	"fmt"

	"upset/npu/isa"
)

// Place is one of the memories of a system.
type Place uint8

// The memories.
const (
	InSRAM Place = iota
	InFlash
	InDRAM
	places
)

var placeNames = [places]string{"sram", "flash", "dram"}

// String is the name of a memory in a system file.
func (p Place) String() string {
	if p < places {
		return placeNames[p]
	}
	return fmt.Sprintf("memory %d", uint8(p))
}

// Window is a stretch of bus addresses.
type Window struct{ Base, Size uint32 } // bytes; a memory of no bytes does not exist

// Port is what the driver programs into the AXI_LIMIT registers of a port.
type Port struct {
	Burst  int // alignment of bursts: 64, 128 or 256 bytes
	Reads  int // outstanding reads, 1 to 32
	Writes int // outstanding writes, 1 to 16
}

// Map is the memory map of a system: where its memories lie, which of them holds the
// parts of a program, and which port serves a region. Every other address answers
// with a bus error. The zero value stands for [DefaultMap].
type Map struct {
	SRAM, Flash, DRAM Window
	Constants         Place // of region 0 and of the command stream; read-only in any memory
	Arena, Fast       Place // of the arena, and of the fast scratch memory where there is one
	Port1             uint8 // regions behind AXI port 1, a bit each
	Commands          uint8 // port of the command stream, 0 or 1
	Ports             [2]Port
}

// DefaultMap is that of package isa (our choice), with region 0 and the command stream
// behind port 1, bursts of 64 bytes, 32 reads and 16 writes (defaults of the Arm U55
// core driver).
func DefaultMap() Map {
	p := Port{Burst: minBurst, Reads: tableReads, Writes: tableWrites}
	return Map{
		SRAM: Window{isa.SRAMBase, isa.SRAMSize}, Flash: Window{isa.FlashBase, isa.FlashSize},
		Constants: InFlash, Arena: InSRAM, Fast: InSRAM, Port1: 1, Commands: 1, Ports: [2]Port{p, p},
	}
}

// Memories is the map of a system, the default one if it names none.
func (s System) Memories() Map {
	if s.Map == (Map{}) {
		return DefaultMap()
	}
	return s.Map
}

// window and timing describe one of the memories.
func (m *Map) window(p Place) Window { return [places]Window{m.SRAM, m.Flash, m.DRAM}[p%places] }

func (s *System) timing(p Place) *Timing {
	switch p {
	case InFlash:
		return &s.Flash
	case InDRAM:
		return &s.DRAM
	}
	return &s.SRAM
}

// Usage is how many bytes of each kind a program needs.
type Usage struct {
	Arena, Fast, Constants int
}

// Share is what lies of a program in one of the memories.
type Share struct {
	Place Place
	Holds string // which parts, in words
	Bytes int    // that they take
	Size  int    // of the memory
}

// Fits reports whether the memory has room for its share.
func (s *Share) Fits() bool { return s.Bytes <= s.Size }

// Shares are what a program puts into the memories of the system, of those that it uses.
func (s System) Shares(u Usage) (list []Share) {
	m := s.Memories()
	var used [places]int
	for _, part := range [3]struct {
		at   Place
		size int
	}{{m.Arena, u.Arena}, {m.Fast, u.Fast}, {m.Constants, u.Constants}} {
		used[part.at%places] += align(part.size)
	}
	for p, n := range used {
		if n > 0 {
			list = append(list, Share{Place: Place(p), Holds: m.holds(Place(p)), Bytes: n, Size: int(m.window(Place(p)).Size)})
		}
	}
	return list
}

// Fits reports a program that does not fit the memories of the system.
func (s System) Fits(u Usage) error {
	if n := align(u.Arena) + align(u.Fast); n > isa.MaxSRAM {
		return fmt.Errorf("the arena of %d bytes is larger than the %d that are simulated", n, isa.MaxSRAM)
	}
	if u.Constants > isa.MaxFlash {
		return fmt.Errorf("weights and commands of %d bytes are more than the %d that are simulated", u.Constants, isa.MaxFlash)
	}
	for _, x := range s.Shares(u) {
		if !x.Fits() {
			return fmt.Errorf("%s in %d bytes of %s: the program needs %d; give a system with more in --system FILE, see upset system --list",
				x.Holds, x.Size, x.Place, x.Bytes)
		}
	}
	return nil
}

// holds names what a memory holds.
func (m *Map) holds(p Place) string {
	switch constants, arena := m.Constants == p, m.Arena == p || m.Fast == p; {
	case constants && arena:
		return "arena, weights and commands"
	case constants:
		return "weights and commands"
	}
	return "arena"
}

// align rounds up to what the driver requires of a base address (Arm U55 core driver).
func align(n int) int { return (n + 15) &^ 15 }

// route is a part of a program's memory: its bus addresses and where it lies in the
// images, as addresses of the default map.
type route struct{ bus, size, image uint32 }

// Images of a system with a map of its own lie at the addresses of the default map.
// Addresses of its memories that no image covers are kept apart from them (our choice of
// numbers, all of them above the images).
var holes = [places]uint32{0x80000000, 0xa0000000, 0xc0000000}

// maxWindow bounds a memory so that holes do not overlap (our choice).
const maxWindow = 0x20000000

// routes places the parts of a memory: in each of the system's memories arena, fast
// scratch memory and constants one behind the other.
func (s *System) routes(mem *isa.Memory) (list []route) {
	m := s.Memories()
	if m == DefaultMap() {
		return nil
	}
	var next [places]uint32
	put := func(p Place, image uint32, n int) {
		list = append(list, route{m.window(p).Base + next[p%places], uint32(n), image})
		next[p%places] += uint32(align(n))
	}
	lo, hi := mem.FastLo, mem.FastHi
	if lo >= hi {
		lo, hi = len(mem.SRAM), len(mem.SRAM)
	}
	if lo > 0 || hi == 0 {
		put(m.Arena, isa.SRAMBase, lo)
	}
	if hi > lo {
		put(m.Fast, isa.SRAMBase+uint32(lo), hi-lo)
	}
	if n := len(mem.SRAM) - hi; n > 0 {
		put(m.Arena, isa.SRAMBase+uint32(hi), n)
	}
	put(m.Constants, isa.FlashBase, len(mem.Flash))
	return list
}

// onBus is the bus address of an address in an image.
func (m *Machine) onBus(image uint32) uint32 {
	for _, r := range m.routes {
		if image-r.image < r.size || image == r.image {
			return r.bus + (image - r.image)
		}
	}
	return image
}

// image is the address in the images of a bus address, or of the hole that it lies in,
// and the memory that answers; false for a bus error.
func (m *Machine) image(bus uint32) (addr uint32, p Place, ok bool) {
	for p := range places {
		w := m.memory[p]
		o := bus - w.Base
		if o >= w.Size {
			continue
		}
		for _, r := range m.routes {
			if bus-r.bus < r.size {
				return r.image + (bus - r.bus), p, true
			}
		}
		return holes[p] + o, p, true
	}
	return bus, InSRAM, false
}

// hole reports whether an address of the images is one that no image covers.
func hole(image uint32) bool { return image >= holes[InSRAM] }

// Read8 returns the eight bytes at a bus address, rounded down to a multiple of eight,
// or false where the system answers with a bus error.
func (m *Machine) Read8(bus uint32) (uint64, bool) {
	v, _, ok := m.read8(bus)
	return v, ok
}

// read8 is Read8 that also tells the address in the images.
func (m *Machine) read8(bus uint32) (v uint64, image uint32, ok bool) {
	if m.routes == nil {
		v, ok = m.Mem.Read8(bus)
		return v, bus, ok
	}
	image, _, ok = m.image(bus &^ 7)
	if !ok || hole(image) {
		return 0, image, ok
	}
	v, ok = m.Mem.Read8(image)
	return v, image, ok
}

// writable is the address in the images of a bus address, and whether the memory there
// accepts writes. Constants do not change wherever they lie: a write to them is lost.
func (m *Machine) writable(bus uint32) (image uint32, ok bool) {
	if m.routes == nil {
		return bus, m.Mem.Writable(bus)
	}
	image, p, ok := m.image(bus)
	return image, ok && p != InFlash
}

// place is the memory behind a bus address; the SRAM where there is none.
func (m *Machine) place(bus uint32) Place {
	if m.routes != nil {
		_, p, _ := m.image(bus)
		return p
	}
	if bus-isa.FlashBase < isa.FlashSize {
		return InFlash
	}
	return InSRAM
}

// timing is that of the memory behind a bus address.
func (m *Machine) timing(bus uint32) *Timing { return m.Sys.timing(m.place(bus)) }

// programPorts writes REGIONCFG, QCONFIG and the limits of the ports. Constants obey the
// second limit of their port, region 1 the first, all others the second of port 0 and the
// first of port 1.
func (m *Machine) programPorts() {
	k := m.Sys.Memories()
	for i := range uint32(4) {
		p := k.Ports[i/2]
		burst := uint32(0)
		for minBurst<<burst < p.Burst && burst < 2 {
			burst++
		}
		reads, writes := min(max(p.Reads, 1), tableReads)-1, min(max(p.Writes, 1), tableWrites)-1
		m.WriteReg(RegAXILimit0+4*i, burst|uint32(reads)<<16|uint32(writes)<<24)
	}
	m.WriteReg(RegQConfig, 2*uint32(k.Commands&1))
	cfg := uint32(0)
	for r := range 8 {
		limit := uint32(1) // of port 0
		switch port1 := k.Port1>>r&1 != 0; {
		case r == 0 && port1:
			limit = 3
		case port1:
			limit = 2
		case r == 1:
			limit = 0
		}
		cfg |= limit << (2 * r)
	}
	m.WriteReg(RegRegionCfg, cfg)
}

// Check reports a map that no program can use.
func (m *Map) Check() error {
	for p := range places {
		w := m.window(p)
		switch {
		case w.Size == 0:
			continue
		case w.Base%16 != 0 || w.Size%16 != 0:
			return fmt.Errorf("%s of %d bytes at %#x: base and size must be multiples of 16", p, w.Size, w.Base)
		case w.Size > maxWindow:
			return fmt.Errorf("%s of %d bytes is larger than %d", p, w.Size, maxWindow)
		case uint64(w.Base)+uint64(w.Size) > 1<<32:
			return fmt.Errorf("%s of %d bytes at %#x leaves the 32-bit address space", p, w.Size, w.Base)
		}
		for q := range p {
			if v := m.window(q); v.Size > 0 && w.Base < v.Base+v.Size && v.Base < w.Base+w.Size {
				return fmt.Errorf("%s (%d bytes at %#x) and %s (%d bytes at %#x) overlap", q, v.Size, v.Base, p, w.Size, w.Base)
			}
		}
	}
	for _, part := range [3]struct {
		name string
		at   Place
	}{{"constants", m.Constants}, {"arena", m.Arena}, {"fast", m.Fast}} {
		if m.window(part.at).Size == 0 {
			return fmt.Errorf("%s lie in %s, which has no bytes", part.name, part.at)
		}
		if part.at == InFlash && part.name != "constants" {
			return fmt.Errorf("%s cannot lie in flash, which the NPU does not write", part.name)
		}
	}
	return nil
}

// ParsePlace reads the name of a memory.
func ParsePlace(name string) (Place, error) {
	for p, n := range placeNames {
		if n == name {
			return Place(p), nil
		}
	}
	return 0, fmt.Errorf("unknown memory %q: use sram, flash or dram", name)
}
