package netlist

import (
	"unsafe"

	"upset/npu"
)

// Slot is the place of a cell in any set of flops, for code that reads and writes the cells
// of many machines.
type Slot struct {
	offset uintptr
	bytes  uint8
	Width  uint8
	in     uint64 // bits that exist
}

// Slot returns the place of a cell that was found in f.
func (c *Cell) Slot(f *npu.Flops) Slot {
	s := Slot{Width: uint8(c.Register.Width), in: c.in}
	var at unsafe.Pointer
	switch {
	case c.b != nil:
		at, s.bytes = unsafe.Pointer(c.b), 1
	case c.h != nil:
		at, s.bytes = unsafe.Pointer(c.h), 2
	case c.w != nil:
		at, s.bytes = unsafe.Pointer(c.w), 4
	default:
		at, s.bytes = unsafe.Pointer(c.d), 8
	}
	s.offset = uintptr(at) - uintptr(unsafe.Pointer(f))
	return s
}

// Get is the value there.
func (s *Slot) Get(f *npu.Flops) uint64 {
	at := unsafe.Add(unsafe.Pointer(f), s.offset)
	switch s.bytes {
	case 1:
		return uint64(*(*uint8)(at))
	case 2:
		return uint64(*(*uint16)(at))
	case 4:
		return uint64(*(*uint32)(at))
	}
	return *(*uint64)(at)
}

// Set puts a value there, of which it keeps the bits that exist.
func (s *Slot) Set(f *npu.Flops, v uint64) {
	v &= s.in
	at := unsafe.Add(unsafe.Pointer(f), s.offset)
	switch s.bytes {
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

// Wrong reports bits there that are set and do not exist: a mistake of the machine.
func (s *Slot) Wrong(f *npu.Flops) bool { return s.Get(f)&^s.in != 0 }
