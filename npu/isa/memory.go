package isa

import "encoding/binary"

// The default system memory map (our choice): 2 MiB of SRAM behind AXI port 0
// and 32 MiB of read-only flash behind AXI port 1. Every other address answers
// with a bus error. A system with another map is translated to this one at the
// ports of the machine.
const (
	SRAMBase  = 0x31000000
	SRAMSize  = 2 << 20
	FlashBase = 0x70000000
	FlashSize = 32 << 20
)

// The largest images that a system may ask for (our choice): they bound memory for
// damaged programs, and keep the two apart.
const (
	MaxSRAM  = 64 << 20
	MaxFlash = 128 << 20
)

// Memory is the external memory that the NPU sees. The slices hold the parts
// that a program uses; bytes of the map behind their ends read as zero, and
// writes there are lost unless the slice covers them. A slice that is longer than
// the map extends it.
type Memory struct {
	SRAM  []byte // at SRAMBase, what the NPU may write; at most MaxSRAM bytes
	Flash []byte // at FlashBase, read-only; at most MaxFlash bytes

	// FastLo and FastHi bound the fast scratch memory in SRAM, for systems that keep
	// it in another memory than the arena; equal where there is none.
	FastLo, FastHi int
}

func (m *Memory) sramSize() uint32  { return max(SRAMSize, uint32(len(m.SRAM))) }
func (m *Memory) flashSize() uint32 { return max(FlashSize, uint32(len(m.Flash))) }

// Read8 returns the eight bytes at addr, which is rounded down to a multiple of
// eight, or false where the map answers with a bus error.
func (m *Memory) Read8(addr uint32) (uint64, bool) {
	addr &^= 7
	if o := addr - SRAMBase; o < m.sramSize() {
		return read8(m.SRAM, o), true
	}
	if o := addr - FlashBase; o < m.flashSize() {
		return read8(m.Flash, o), true
	}
	return 0, false
}

func read8(b []byte, o uint32) uint64 {
	if int(o)+8 <= len(b) {
		return binary.LittleEndian.Uint64(b[o:])
	}
	var v uint64
	for i := 0; i < 8 && int(o)+i < len(b); i++ {
		v |= uint64(b[int(o)+i]) << (8 * i)
	}
	return v
}

// Byte returns the byte at addr, or false on a bus error.
func (m *Memory) Byte(addr uint32) (byte, bool) {
	v, ok := m.Read8(addr)
	return byte(v >> (8 * (addr & 7))), ok
}

// Writable reports whether addr lies in memory that accepts writes.
func (m *Memory) Writable(addr uint32) bool { return addr-SRAMBase < m.sramSize() }

// SetByte stores one byte, or returns false on a bus error (unmapped address or
// read-only flash).
func (m *Memory) SetByte(addr uint32, v byte) bool {
	o := addr - SRAMBase
	if o >= m.sramSize() {
		return false
	}
	if int(o) < len(m.SRAM) {
		m.SRAM[o] = v
	}
	return true
}
