package cone

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/npu/isa"
	"upset/npu/kernel"
)

// Packed weights give the sums that they give one by one, for all inputs and for a list of
// them: in lanes for the vectors, in pairs where no sum can reach into its neighbour, or in words.
func TestPackedWeights(t *testing.T) {
	forms := map[string]int{}
	for i := range 600 {
		on := i%2 == 0
		undo := Vectors(on)
		rng := rand.New(rand.NewPCG(8, uint64(i)))
		kh, kw, ic, oc := 1+rng.IntN(3), 1+rng.IntN(3), 1+rng.IntN(20), 1+rng.IntN(40)
		size, wide := []int{1, 1, 2}[rng.IntN(3)], rng.IntN(4) == 0
		o := &operation{Op: Op{Kind: Conv}}
		o.d.KH, o.d.KW, o.d.IFMD, o.d.OFMD, o.d.IFM.Bytes, o.d.Acc40 = kh, kw, ic, oc, size, wide
		taps := kh * kw * ic
		w := make([]int16, oc*taps)
		for k := range w {
			w[k] = int16(rng.IntN(511) - 255)
		}
		o.pack(w)
		undo()
		narrow := size == 1 && !wide
		if (o.lanes16 != nil) != (on && narrow) || (o.lanes16 != nil) == (o.weights != nil) || o.paired && !narrow {
			t.Fatalf("vectors %t, elements of %d bytes, wide sums %t: %d weights in lanes, %d in words, pairs %t", on, size, wide, len(o.lanes16), len(o.weights), o.paired)
		}
		// The inputs that reach furthest, and some.
		x := make([]int64, taps)
		for k := range x {
			x[k] = int64(rng.IntN(511) - 255)
			if i%3 == 0 {
				x[k] = 255
				if w[k] < 0 {
					x[k] = -255
				}
			}
			if size > 1 && i%3 != 0 {
				x[k] <<= 8
			}
		}
		list := rng.Perm(taps)[:rng.IntN(taps+1)]
		slices.Sort(list)
		all, some := make([]int64, oc), make([]int64, oc)
		form := "words"
		switch {
		case o.lanes16 != nil:
			form = "lanes"
			inPairs(o, x, nil, all)
			inPairs(o, x, list, some)
		case o.paired:
			form = "pairs"
			fallthrough
		default:
			inWords(o, x, list, all, some)
		}
		forms[form]++
		for c := range oc {
			want, part := int64(0), int64(0)
			for k := range taps {
				want += x[k] * int64(w[c*taps+k])
			}
			for _, k := range list {
				part += x[k] * int64(w[c*taps+k])
			}
			if all[c] != want || some[c] != part {
				t.Fatalf("channel %d in %s: %d and %d, want %d and %d", c, form, all[c], some[c], want, part)
			}
		}
	}
	if forms["lanes"] < 40 || forms["pairs"] < 40 || forms["words"] < 40 {
		t.Errorf("%v: too little is shown", forms)
	}
}

// The bound for pairs is exact: the steepest channel at the largest input just fits 32 bits,
// or the weights do not stand in pairs.
func TestPairsAtTheBound(t *testing.T) {
	defer Vectors(false)()
	const heaviest = 255
	fits := math.MaxInt32 / (largest * heaviest) // weights of the largest size
	for _, taps := range []int{fits - 1, fits, fits + 1} {
		o := &operation{Op: Op{Kind: Conv}}
		o.d.KH, o.d.KW, o.d.IFMD, o.d.OFMD, o.d.IFM.Bytes = 1, 1, taps, 3, 1
		w := make([]int16, 3*taps)
		x := make([]int32, taps)
		for k := range taps {
			w[k], w[taps+k], w[2*taps+k] = heaviest, -heaviest, 1
			x[k] = largest
		}
		if got, want := steepest(w, taps), int64(taps*heaviest); got != want {
			t.Fatalf("the steepest of %d taps sums to %d, want %d", taps, got, want)
		}
		o.pack(w)
		if want := taps <= fits; o.paired != want {
			t.Errorf("%d taps of %d: pairs %t, want %t", taps, heaviest, o.paired, want)
		}
		var acc [pairs]int64
		o.spread(&acc, dot(x, o.weights[:taps]))
		for c, want := range []int64{heaviest * largest * int64(taps), -heaviest * largest * int64(taps), largest * int64(taps)} {
			if acc[c] != want {
				t.Errorf("%d taps, channel %d: %d, want %d", taps, c, acc[c], want)
			}
		}
	}
}

// inWords sums with weights in words: dot for all inputs and pick for a list.
func inWords(o *operation, x []int64, list []int, all, some []int64) {
	narrow := make([]int32, len(x))
	for k, v := range x {
		narrow[k] = int32(v)
	}
	at, few := make([]int32, len(list)), make([]int64, len(list))
	for k, tap := range list {
		at[k], few[k] = int32(tap), x[tap]
	}
	for first := 0; first < len(all); first += o.lanes() {
		group := o.weights[first/o.lanes()*o.taps:][:o.taps]
		var a, b [pairs]int64
		o.spread(&a, dot(narrow, group))
		o.spread(&b, pick(at, few, group))
		copy(all[first:], a[:o.lanes()])
		copy(some[first:], b[:o.lanes()])
	}
}

// inPairs sums with weights in pairs, all of them without a list.
func inPairs(o *operation, x []int64, list []int, sums []int64) {
	acc := make([]int32, o.groups()*kernel.Channels)
	for tap := range o.d.KH * o.d.KW {
		var at []uint16
		var v []int16
		for p := range o.inputPairs() {
			pair := [2]int16{}
			for k := range pair {
				c := 2*p + k
				if in := tap*o.d.IFMD + c; c < o.d.IFMD && (list == nil || slices.Contains(list, in)) {
					pair[k] = int16(x[in])
				}
			}
			if list == nil || pair != [2]int16{} {
				at, v = append(at, uint16(p)), append(v, pair[0], pair[1])
			}
		}
		kernel.MultiplyPairs(acc, at, v, o.lanes16[tap*o.inputPairs()*kernel.PairWeights:], o.stride)
	}
	for c := range sums {
		sums[c] = int64(acc[c])
	}
}

// Sums are cut to the width of the accumulators as adding one by one with wrapping does, so
// that differences may be added to a sum that has wrapped.
func TestSumsWrap(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 2))
	for _, wide := range []bool{false, true} {
		o := &operation{}
		o.d.Acc40 = wide
		bits := 32
		if wide {
			bits = 40
		}
		modulus, wrapped := int64(1)<<bits, 0
		for range 3000 {
			old, delta := o.wrap(int64(rng.Uint64())>>rng.IntN(40)), int64(rng.Uint64())>>(64-bits+rng.IntN(20))
			got := o.wrap(old + delta)
			if got < -modulus/2 || got >= modulus/2 || (got-old-delta)%modulus != 0 {
				t.Fatalf("%d + %d in %d bits is %d", old, delta, bits, got)
			}
			if got != old+delta {
				wrapped++
			}
			if o.wrap(got-delta) != old {
				t.Fatalf("%d + %d - %d is not %d", old, delta, delta, old)
			}
		}
		if wrapped < 20 {
			t.Errorf("%d sums of %d bits wrap: too little is shown", wrapped, bits)
		}
	}
}

// Elements are stored and read with the low byte first, and others stay as they are.
func TestElements(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 2))
	for range 500 {
		size := []int{1, 2, 4}[rng.IntN(3)]
		b := make([]byte, 16)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		before := append([]byte(nil), b...)
		e, v := rng.IntN(16/size), rng.Uint32()
		put(b, e, size, v)
		got := uint32(0)
		for i := range b {
			if k := i - e*size; k >= 0 && k < size {
				got |= uint32(b[i]) << (8 * k)
				if b[i] != byte(v>>(8*k)) {
					t.Fatalf("byte %d of element %d is %#x, of %#x", k, e, b[i], v)
				}
			} else if b[i] != before[i] {
				t.Fatalf("element %d of %d bytes: byte %d changes", e, size, i)
			}
		}
		if take(b, e, size) != got {
			t.Fatalf("element %d of %d bytes is read as %#x, want %#x", e, size, take(b, e, size), got)
		}
	}
	for _, c := range []struct {
		f    isa.FeatureMap
		bits uint32
		want int32
	}{
		{isa.FeatureMap{Bytes: 1, Signed: true, ZeroPoint: -3}, 0x80, -125},
		{isa.FeatureMap{Bytes: 1, ZeroPoint: 200}, 0x80, -72},
		{isa.FeatureMap{Bytes: 2, Signed: true, ZeroPoint: 1}, 0xffff, -2},
		{isa.FeatureMap{Bytes: 2, ZeroPoint: 0xffff}, 0, -0xffff},
		{isa.FeatureMap{Bytes: 4, Signed: true}, 0x80000000, math.MinInt32},
	} {
		m := fieldMap{FeatureMap: c.f}
		if got := m.value(c.bits, m.zeroPoint()); got != c.want {
			t.Errorf("%#x of %d bytes, signed %t, less %d: %d, want %d", c.bits, c.f.Bytes, c.f.Signed, c.f.ZeroPoint, got, c.want)
		}
	}
}
