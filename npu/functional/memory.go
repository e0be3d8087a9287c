package functional

import (
	"encoding/binary"

	"upset/npu/isa"
)

// view returns n bytes at addr, valid until the next view. Bytes of the map
// that no image covers read as zero.
func (m *Machine) view(addr uint32, n int) ([]byte, bool) {
	if o := int(addr) - isa.SRAMBase; o >= 0 && o+n <= len(m.mem.SRAM) {
		return m.mem.SRAM[o : o+n], true
	}
	if o := int(addr) - isa.FlashBase; o >= 0 && o+n <= len(m.mem.Flash) {
		return m.mem.Flash[o : o+n], true
	}
	if n > isa.MaxSRAM+isa.MaxFlash {
		return nil, false
	}
	b := grow(&m.buf.bytes, n)
	for i := range b {
		v, ok := m.mem.Byte(addr + uint32(i))
		if !ok {
			return nil, false
		}
		b[i] = v
	}
	return b, true
}

// store writes b at addr, or reports false where the map refuses a byte.
func (m *Machine) store(addr uint32, b []byte) bool {
	if o := int(addr) - isa.SRAMBase; o >= 0 && o+len(b) <= len(m.mem.SRAM) {
		copy(m.mem.SRAM[o:], b)
		return true
	}
	for i, v := range b {
		if !m.mem.SetByte(addr+uint32(i), v) {
			return false
		}
	}
	return true
}

// gather reads a feature map of h × w × c elements into dst in HWC order, as
// bit patterns extended by the map's signedness, and subtracts zp (modulo 2^32).
func (m *Machine) gather(dst []int32, f *isa.FeatureMap, h, w, c int, zp int32) error {
	base := m.base[f.Region]
	at := 0
	for y := 0; y < h; y++ {
		for x := 0; x < w; x++ {
			// A pixel is one run of bytes, or one run per brick.
			for z := 0; z < c; {
				n := c - z
				if f.Brick {
					n = min(n, isa.BrickDepth)
				}
				addr := base + f.Addr(y, x, z)
				b, ok := m.view(addr, n*f.Bytes)
				if !ok {
					return m.fault(BusError, "read of %d bytes at %#08x (feature map row %d, column %d, channel %d)", n*f.Bytes, addr, y, x, z)
				}
				unpack(dst[at:at+n], b, f, zp)
				at += n
				z += n
			}
		}
	}
	return nil
}

// unpack turns elements into integers and subtracts zp.
func unpack(dst []int32, b []byte, f *isa.FeatureMap, zp int32) {
	switch {
	case f.Bytes == 1 && f.Signed:
		for i := range dst {
			dst[i] = int32(int8(b[i])) - zp
		}
	case f.Bytes == 1:
		for i := range dst {
			dst[i] = int32(b[i]) - zp
		}
	case f.Bytes == 2 && f.Signed:
		for i := range dst {
			dst[i] = int32(int16(binary.LittleEndian.Uint16(b[2*i:]))) - zp
		}
	case f.Bytes == 2:
		for i := range dst {
			dst[i] = int32(binary.LittleEndian.Uint16(b[2*i:])) - zp
		}
	default:
		for i := range dst {
			dst[i] = int32(binary.LittleEndian.Uint32(b[4*i:])) - zp
		}
	}
}

// scatter writes the packed elements of one pixel of the OFM. Bricks are written whole:
// the lanes behind the last channel carry zeros (see npu.OFMState).
func (m *Machine) scatter(f *isa.FeatureMap, y, x, c int, b []byte) error {
	for z := 0; z < c; {
		n := c - z
		if f.Brick {
			n = min(n, isa.BrickDepth)
		}
		addr := m.base[f.Region] + f.Addr(y, x, z)
		if !m.store(addr, b[z*f.Bytes:(z+n)*f.Bytes]) {
			return m.fault(BusError, "write of %d bytes at %#08x (output row %d, column %d, channel %d)", n*f.Bytes, addr, y, x, z)
		}
		z += n
		if rest := (f.Lanes(c) - c) * f.Bytes; z == c && rest > 0 {
			addr += uint32(n * f.Bytes)
			if !m.store(addr, m.buf.zeros[:rest]) {
				return m.fault(BusError, "write of %d bytes at %#08x (output row %d, column %d, behind the last channel)", rest, addr, y, x)
			}
		}
	}
	return nil
}
