package npu

// wire is where a signal stands in the words of a boundary.
type wire struct {
	at    int // first word
	width int // bits
}

// wires numbers the words of signals.
func wires(list []Signal) map[string]wire {
	w, at := make(map[string]wire, len(list)), 0
	for i := range list {
		w[list[i].Name] = wire{at, list[i].Width}
		at += list[i].words()
	}
	return w
}

// get and put are for signals of at most 64 bits.
func (w wire) get(v []uint64) uint64    { return v[w.at] }
func (w wire) put(v []uint64, x uint64) { v[w.at] = x }

// clear sets all bits to zero.
func (w wire) clear(v []uint64) { clear(v[w.at : w.at+(w.width+63)/64]) }

// field returns element i of a signal whose elements have n bits and lie side by side.
func (w wire) field(v []uint64, i, n int) uint64 {
	bit := i * n
	k, sh := w.at+bit>>6, uint(bit&63)
	x := v[k] >> sh
	if int(sh)+n > 64 {
		x |= v[k+1] << (64 - sh)
	}
	return x & (1<<n - 1)
}

// putField stores element i of a signal whose elements have n bits, which are zero before.
func (w wire) putField(v []uint64, i, n int, x uint64) {
	bit := i * n
	k, sh := w.at+bit>>6, uint(bit&63)
	x &= 1<<n - 1
	v[k] |= x << sh
	if int(sh)+n > 64 {
		v[k+1] |= x >> (64 - sh)
	}
}

// joined puts flags side by side, the first one in bit 0.
func joined(list []uint8) (v uint64) {
	for i, f := range list {
		v |= uint64(f&1) << i
	}
	return v
}
