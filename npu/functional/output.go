package functional

import (
	"encoding/binary"

	"upset/npu/isa"
)

// sharedMask cuts addresses in the shared buffer to 16 bits (our choice, as in the
// cycle-level machine).
const sharedMask = 0xffff

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
	t := isa.DecodeTransfer(&m.Registers)
	n := int(t.Bytes)
	if n == 0 {
		return nil
	}
	src, dst := t.Ends(&m.base)
	data, ok := m.view(src, n)
	if !ok {
		return m.fault(BusError, "DMA read of %d bytes at %#08x", n, src)
	}
	if t.Internal {
		start := uint32(m.cfg.Spec().LUTStart())
		for i, v := range data {
			if o := (dst + uint32(i)) & sharedMask; o-start < isa.LUTBytes {
				m.lut[o-start] = v
			}
		}
		return nil
	}
	if !m.store(dst, data) {
		return m.fault(BusError, "DMA write of %d bytes at %#08x", n, dst)
	}
	return nil
}
