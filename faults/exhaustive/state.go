package exhaustive

import (
	"bytes"
	"math/bits"
	"unsafe"

	"upset/netlist"
	"upset/npu"
)

const (
	flopBytes = int(unsafe.Sizeof(npu.Flops{}))
	chunk     = 256 // bytes compared at once (our choice)
)

// image is the memory of a set of flops. Flops is flat and holds no pointers.
func image(f *npu.Flops) []byte { return unsafe.Slice((*byte)(unsafe.Pointer(f)), flopBytes) }

func words(f *npu.Flops) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Pointer(f)), flopBytes/8)
}

// Differences of two sets of flops, besides the number of the only bit that differs.
const (
	same  = -1
	other = -2
)

// difference returns the bit of the image in which two sets of flops differ.
func difference(a, b *npu.Flops) int {
	x, y := image(a), image(b)
	found := same
	for at := 0; at < flopBytes; at += chunk {
		end := min(flopBytes, at+chunk)
		if bytes.Equal(x[at:end], y[at:end]) {
			continue
		}
		for i, v := range words(a)[at/8 : end/8] {
			d := v ^ words(b)[at/8+i]
			switch {
			case d == 0:
			case found != same || d&(d-1) != 0:
				return other
			default:
				found = (at/8+i)*64 + bits.TrailingZeros64(d)
			}
		}
	}
	return found
}

// flop is a bit of the inventory and its place in the image.
type flop struct {
	id  netlist.SiteID
	bit int // of the image, in words of 64 bits
}

// flops lists all flops of a table in the order of their numbers. The places are
// found by inverting each bit of an empty machine.
func flops(t *netlist.Table, m *npu.Machine) ([]flop, error) {
	var list []flop
	keep := m.S.Flops
	defer func() {
		m.S.Flops = keep
		m.Touched()
	}()
	m.S.Flops = npu.Flops{}
	zero := m.S.Flops
	for _, r := range t.Select(netlist.Filter{NoSRAM: true}) {
		for k := range r.Bits() {
			id := r.First + netlist.SiteID(k)
			if _, _, err := t.Flip(m, id); err != nil {
				return nil, err
			}
			list = append(list, flop{id, difference(&m.S.Flops, &zero)})
			m.S.Flops = zero
		}
	}
	return list, nil
}

// key is a hash of 128 bits that stands for a state.
type key [2]uint64

// Odd constants of the hash: digits of the golden ratio and of the roots of 2, 3 and 5.
const (
	k0 = 0x9e3779b97f4a7c15
	k1 = 0x6a09e667f3bcc909
	k2 = 0xbb67ae8584caa73b
	k3 = 0x3c6ef372fe94f82b
)

func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// hashFlops hashes a set of flops. The times of the bus are counted from the present
// cycle on, since two states that differ in the time alone have the same future, and
// the performance counters, which nothing depends on, are left out. Nothing else is: a
// canonical form would be part of what the table is to judge.
func hashFlops(f *npu.Flops) key {
	c := *f
	now := c.Bus.Cycle
	c.PMU, c.Bus.Cycle = npu.PMUState{}, 0
	for i := range c.Bus.Port {
		p := &c.Bus.Port[i]
		for k := range p.Ready {
			p.Ready[k] = wait(p.Ready[k], now)
		}
		for k := range p.BReady {
			p.BReady[k] = wait(p.BReady[k], now)
		}
		p.NextR, p.NextW = wait(p.NextR, now), wait(p.NextW, now)
	}
	w := words(&c)
	h := key{k0, k1}
	for i := 0; i+1 < len(w); i += 2 {
		h[0] = fold(w[i]^h[0]^k2, w[i+1]^k0) + h[0]<<1
		h[1] = fold(w[i]^k3, w[i+1]^h[1]^k1) + h[1]<<3
	}
	if len(w)&1 != 0 {
		h[0] = fold(w[len(w)-1]^h[0], k3)
		h[1] = fold(w[len(w)-1]^k0, h[1]^k2)
	}
	return h
}

// wait is the time that is left, with "never" as it is.
func wait(t, now uint64) uint64 {
	switch {
	case t == ^uint64(0):
		return t
	case t <= now:
		return 0
	}
	return t - now
}

// hashByte is the contribution of a byte of memory to the hash of its contents, which
// is a sum.
func hashByte(addr uint32, v byte) key {
	x := uint64(addr)<<8 | uint64(v)
	return key{fold(x^k0, k1) * k2, fold(x^k2, k3) * k0}
}
