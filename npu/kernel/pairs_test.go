package kernel_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/npu/kernel"
)

// TestMultiplyPairs holds the sums against products one by one, for lists of pairs and for
// all of them, up to the largest operands, and with sums that wrap.
func TestMultiplyPairs(t *testing.T) {
	bothVariants(t, func(t *testing.T) {
		r := random(11)
		for range 400 {
			groups, pairs := r.IntN(6), 1+r.IntN(30)
			stride := pairs*kernel.PairWeights + 16*r.IntN(3)
			w := fill(r, make([]int16, 6*stride), []int16{255, -256}, func() int16 { return int16(r.IntN(512) - 256) })
			var at []uint16
			for p := range pairs {
				if r.IntN(3) > 0 {
					at = append(at, uint16(p))
				}
			}
			x := fill(r, make([]int16, 2*len(at)), []int16{255, -255, 0}, func() int16 { return int16(r.IntN(511) - 255) })
			acc, intact := guarded(groups*kernel.Channels, int32(77))
			want := make([]int32, len(acc))
			for i := range acc {
				acc[i] = int32(r.Uint32())
				want[i] = acc[i]
				for k, p := range at {
					for j := range 2 {
						want[i] += int32(x[2*k+j]) * int32(w[i/kernel.Channels*stride+int(p)*kernel.PairWeights+2*(i%kernel.Channels)+j])
					}
				}
			}
			kernel.MultiplyPairs(acc, at, x, w, stride)
			if !slices.Equal(acc, want) || !intact() {
				t.Fatalf("%d groups, pairs %v: %v, want %v", groups, at, acc, want)
			}
		}
	})
}

// TestMultiplyPairsBounds: weights that are not there panic, as an index would.
func TestMultiplyPairsBounds(t *testing.T) {
	bothVariants(t, func(t *testing.T) {
		for _, short := range []int{1, kernel.PairWeights} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%d weights too few: no panic", short)
					}
				}()
				const pairs = 3
				w := make([]int16, 2*pairs*kernel.PairWeights)
				w = w[: len(w)-short : len(w)-short]
				kernel.MultiplyPairs(make([]int32, 2*kernel.Channels), []uint16{0, pairs - 1}, make([]int16, 4), w, pairs*kernel.PairWeights)
			}()
		}
	})
}

// TestMultiplyLanes does the same for channels of their own.
func TestMultiplyLanes(t *testing.T) {
	bothVariants(t, func(t *testing.T) {
		r := random(12)
		for n := range 70 {
			draw := func() int16 { return int16(r.IntN(512) - 256) }
			x, w := fill(r, make([]int16, n), []int16{255, -255}, draw), fill(r, make([]int16, n), []int16{255, -256}, draw)
			acc, intact := guarded(n, int32(77))
			want := make([]int32, n)
			for i := range acc {
				acc[i] = int32(r.Uint32())
				want[i] = acc[i] + int32(x[i])*int32(w[i])
			}
			kernel.MultiplyLanes(acc, x, w)
			if !slices.Equal(acc, want) || !intact() {
				t.Fatalf("%d channels: %v, want %v", n, acc, want)
			}
		}
	})
}

// TestDifferences holds differences of marked bytes against those one by one, at all
// distances from the start of a word and from the ends of the memory.
func TestDifferences(t *testing.T) {
	bothVariants(t, func(t *testing.T) {
		r := random(13)
		const size = 192
		for range 3000 {
			n := r.IntN(80)
			at := r.IntN(size - n + 1)
			memory, old := make([]byte, size), make([]byte, n, n+r.IntN(20))
			for i := range memory {
				memory[i] = byte(r.Uint32())
			}
			marks := make([]uint64, size/64)
			density := r.IntN(4)
			for i := range size {
				if r.IntN(3) < density {
					marks[i/64] |= 1 << (i % 64)
				}
			}
			isSigned := r.IntN(2) == 0
			want, count := make([]int16, n), 0
			for i := range old {
				if old[i] = byte(r.Uint32()); r.IntN(4) == 0 {
					old[i] = memory[at+i]
				}
				if marks[(at+i)/64]>>((at+i)%64)&1 == 0 {
					continue
				}
				if want[i] = int16(memory[at+i]) - int16(old[i]); isSigned {
					want[i] = int16(int8(memory[at+i])) - int16(int8(old[i]))
				}
				if want[i] != 0 {
					count++
				}
			}
			behind := r.IntN(20)
			all := make([]int16, n+40)
			for i := range all {
				all[i] = 99
			}
			got := kernel.Differences(all[:n:n+behind], memory, old, marks, at, isSigned)
			if got != count || !slices.Equal(all[:n], want) {
				t.Fatalf("%d bytes from %d on, signed %t: %d differ, want %d\n%v\n%v", n, at, isSigned, got, count, all[:n], want)
			}
			for i, v := range all[n:] {
				if v != 99 && (v != 0 || i >= behind || i >= 15) {
					t.Fatalf("%d bytes with room for %d more: element %d behind them is %d", n, behind, i, v)
				}
			}
		}
	})
}

// reference is one channel of the output stage, written with whole numbers.
func reference(sum int32, bias, factor int32, shift uint, up, down int64, end kernel.Stage) (byte, bool) {
	v := int64(sum) + int64(bias)
	if v > math.MaxInt32 || v < math.MinInt32 {
		return 0, false
	}
	p := v * int64(factor)
	if p < 0 {
		p += down
	} else {
		p += up
	}
	p = p>>shift + int64(end.Zero)
	return byte(max(int64(end.Low), min(int64(end.High), p))), true
}

// TestScale holds the output stage against one channel at a time, with the rounding of all
// modes, shifts from 32 to 63, sums at the bounds, and channels in which nothing changes.
func TestScale(t *testing.T) {
	bothVariants(t, func(t *testing.T) {
		r := random(14)
		refused, copied := 0, 0
		for i := range 3000 {
			lots := r.IntN(5)
			n := lots * kernel.Lot
			end := kernel.Stage{Zero: int32(r.IntN(256) - 128), Low: -128, High: 127}
			if r.IntN(2) == 0 {
				end = kernel.Stage{Zero: int32(r.IntN(256)), Low: int32(r.IntN(100)), High: int32(100 + r.IntN(156))}
			}
			scales := make([]kernel.Scales, lots)
			acc, sums, old := make([]int32, n), make([]int32, n), make([]byte, n)
			want, fits := make([]byte, n), true
			for c := range n {
				bias, factor, shift := int32(r.Uint32())>>r.IntN(31), int32(r.Uint32()>>1), 32+uint(r.IntN(31))
				up := int64(1) << (shift - 1)
				down := up
				switch r.IntN(3) {
				case 0:
					up, down = up+1<<30, down-1<<30
				case 1:
					up, down = 0, int64(1)<<shift-1
				}
				scales[c/kernel.Lot].Set(c%kernel.Lot, bias, factor, shift, up, down)
				one := func(sum int32) (byte, bool) { return reference(sum, bias, factor, shift, up, down, end) }
				ok := false
				for !ok { // the recorded sum always fits
					sums[c] = int32(r.Uint32()) >> r.IntN(31)
					old[c], ok = one(sums[c])
				}
				switch {
				case c/kernel.Lot%3 == 1 || r.IntN(4) == 0:
					copied++
				case i%2 == 0:
					acc[c] = int32(r.Uint32())
				default:
					acc[c] = int32(r.Uint32()) >> (8 + r.IntN(23))
				}
				want[c], ok = one(sums[c] + acc[c])
				fits = fits && ok
			}
			from := old
			if r.IntN(2) == 0 {
				from = nil
			}
			out, intact := guarded(n, byte(77))
			ok := kernel.Scale(out, acc, sums, from, scales, end)
			if ok != fits || ok && !bytes.Equal(out, want) || !intact() {
				t.Fatalf("%d lots, old bytes %t: %t, want %t\n%v\n%v", lots, from != nil, ok, fits, out, want)
			}
			if !ok {
				refused++
			}
		}
		if refused < 100 || copied < 1000 {
			t.Errorf("%d refused, %d copied: too little is shown", refused, copied)
		}
	})
}

// TestMark: the bytes that differ are marked and stored, and no others.
func TestMark(t *testing.T) {
	r := random(15)
	for range 3000 {
		const size = 256
		n := r.IntN(100)
		at := r.IntN(size - n + 1)
		memory, marks := bytes.Repeat([]byte{7}, size), make([]uint64, size/64)
		out, old := make([]byte, n), make([]byte, n)
		wantMemory, wantMarks, count := bytes.Clone(memory), slices.Clone(marks), 0
		for i := range out {
			out[i] = byte(r.Uint32())
			if old[i] = out[i]; r.IntN(3) == 0 {
				old[i] ^= byte(1 << r.IntN(8))
			}
			if out[i] != old[i] {
				wantMarks[(at+i)/64] |= 1 << ((at + i) % 64)
				wantMemory[at+i] = out[i]
				count++
			}
		}
		if got := kernel.Mark(memory, marks, at, out, old); got != count || !slices.Equal(marks, wantMarks) {
			t.Fatalf("%d bytes from %d on: %d marked, want %d", n, at, got, count)
		}
		for i := range wantMemory {
			if wantMarks[i/64]>>(i%64)&1 != 0 && memory[i] != wantMemory[i] {
				t.Fatalf("byte %d is %d, want %d", i, memory[i], wantMemory[i])
			}
			if i < at || i >= at+n {
				if memory[i] != 7 {
					t.Fatalf("byte %d of %d from %d on was written", i, n, at)
				}
			}
		}
	}
}

// BenchmarkPairs multiplies 288 pairs of inputs with the weights of 160 channels.
func BenchmarkPairs(b *testing.B) {
	const pairs, groups = 288, 10
	r := rand.New(rand.NewPCG(1, 1))
	at, x, w := make([]uint16, pairs), make([]int16, 2*pairs), make([]int16, groups*pairs*kernel.PairWeights)
	for i := range at {
		at[i] = uint16(i)
	}
	for i := range x {
		x[i] = int16(r.IntN(511) - 255)
	}
	acc := make([]int32, groups*kernel.Channels)
	benchVariants(b, "Multiply", func(b *testing.B) {
		for range b.N {
			kernel.MultiplyPairs(acc, at, x, w, pairs*kernel.PairWeights)
		}
		reportRate(b, 2*pairs*len(acc), "GMAC/s")
	})
	scales, sums, out := make([]kernel.Scales, len(acc)/kernel.Lot), make([]int32, len(acc)), make([]byte, len(acc))
	for c := range acc {
		scales[c/kernel.Lot].Set(c%kernel.Lot, 100, 1<<30, 40, 1<<39, 1<<39)
	}
	benchVariants(b, "Scale", func(b *testing.B) {
		for range b.N {
			kernel.Scale(out, acc, sums, nil, scales, kernel.Stage{Low: -128, High: 127})
		}
		reportRate(b, len(acc), "Gchannels/s")
	})
}
