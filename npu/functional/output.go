package functional

import (
	"encoding/binary"

	"upset/npu/arith"
	"upset/npu/isa"
)

// Transfers of the DMA begin at beats of the 64-bit ports, and addresses in the
// shared buffer have 16 bits (our choice, as in the cycle-level machine).
const (
	beatMask   = 7
	sharedMask = 0xffff
)

// scale is arith.Scale with the width of the machine's multiplier: products
// have 80 bits, which only a corrupted scale can exceed.
func scale(v int64, factor uint32, shift uint, mode arith.Round) int64 {
	p := arith.Mul(v, factor)
	p.Hi = int64(int16(p.Hi))
	return p.Shift(shift, mode)
}

// table reads a word of the lookup tables.
func (m *Machine) table(offset int) uint32 { return binary.LittleEndian.Uint32(m.lut[offset:]) }

// pixel turns the scaled values of one pixel into bytes and writes them.
func (m *Machine) pixel(d *isa.Decoded, y, x int, values []int64) error {
	e := d.OFM.Bytes
	out := grow(&m.buf.out, len(values)*e)
	table := m.table
	switch e {
	case 1:
		for i, v := range values {
			out[i] = byte(d.Activate(v, table))
		}
	case 2:
		for i, v := range values {
			binary.LittleEndian.PutUint16(out[2*i:], uint16(d.Activate(v, table)))
		}
	default:
		for i, v := range values {
			binary.LittleEndian.PutUint32(out[4*i:], d.Activate(v, table))
		}
	}
	return m.scatter(&d.OFM, y, x, len(values), out)
}

// dma copies between memories, or from memory into the lookup tables. It begins at
// whole beats: the low address bits have no effect.
func (m *Machine) dma() error {
	const internal = 1 << 8 // region mode of the destination: the shared buffer
	r := &m.Registers
	n := int(r[isa.DMA0Len])
	if n == 0 {
		return nil
	}
	addr := (m.base[r[isa.DMA0SrcRegion]&7] + r[isa.DMA0Src]) &^ beatMask
	data, ok := m.view(addr, n)
	if !ok {
		return m.fault(BusError, "DMA read of %d bytes at %#08x", n, addr)
	}
	region, dst := r[isa.DMA0DstRegion], r[isa.DMA0Dst]
	if region&internal != 0 {
		start := uint32(m.cfg.Spec().LUTStart())
		for i, v := range data {
			if o := (dst&^beatMask + uint32(i)) & sharedMask; o-start < isa.LUTBytes {
				m.lut[o-start] = v
			}
		}
		return nil
	}
	addr = (m.base[region&7] + dst) &^ beatMask
	if !m.store(addr, data) {
		return m.fault(BusError, "DMA write of %d bytes at %#08x", n, addr)
	}
	return nil
}
