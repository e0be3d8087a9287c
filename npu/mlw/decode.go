package mlw

import (
	"errors"
	"fmt"
)

// errExhausted tells that the stream ended before all weights were produced.
var errExhausted = errors.New("stream ends before all weights are decoded")

// reader reads little-endian bit fields.
type reader struct {
	data []byte
	pos  int // in bits
	over bool
}

// bits returns the next n bits, n at most 16. Beyond the end it returns ones
// and remembers the overrun.
func (r *reader) bits(n int) int {
	v := 0
	for i := 0; i < n; i++ {
		at := r.pos + i
		if at>>3 >= len(r.data) {
			r.over = true
			return v | (1<<n-1)&^(1<<i-1)
		}
		v |= int(r.data[at>>3]>>(at&7)&1) << i
	}
	r.pos += n
	return v
}

// align skips to the next byte boundary.
func (r *reader) align() { r.pos = (r.pos + 7) &^ 7 }

// done reports whether every byte is consumed.
func (r *reader) done() bool { return r.pos >= 8*len(r.data) }

// decoder carries what persists between slices.
type decoder struct {
	r        reader
	out      []int16
	started  bool // a palette has been seen
	zeroRuns bool
	dirOfs   int
	palBits  int
	palette  []int
}

// slice is the header of one slice.
type slice struct {
	zdiv, wdiv   int
	n, runs      int
	trunc        bool
	newPalette   bool
	zeroRuns     bool
	uncompressed bool
	width        int // Rice parameter, or width of an uncompressed index
}

// Decode decodes whole slices until at least n weights are produced. The error
// is what makes the weight decoder of the NPU report a fault: an invalid
// parameter, a first slice without a palette, an index out of range, or a
// stream that ends too early. Time and memory are bounded by the stream length.
func Decode(stream []byte, n int) ([]int16, error) {
	d := decoder{r: reader{data: stream}}
	for len(d.out) < n {
		if d.r.done() {
			return d.out, errExhausted
		}
		zdiv := d.r.bits(3)
		if d.r.over {
			return d.out, errExhausted
		}
		if zdiv == zdivEnd {
			d.r.align()
			d.started = d.started && !EndForgetsPalette
			continue
		}
		at := d.r.pos - 3
		if err := d.slice(zdiv); err != nil {
			return d.out, fmt.Errorf("slice at bit %d: %w", at, err)
		}
	}
	return d.out, nil
}

// slice decodes the slice whose ZDIV field was just read.
func (d *decoder) slice(zdiv int) error {
	s, err := d.header(zdiv)
	if err != nil {
		return err
	}
	indices, runs, err := d.chunks(s)
	if err != nil {
		return err
	}
	zeros := func(n int) { d.out = append(d.out, make([]int16, n)...) }
	if s.zeroRuns && s.newPalette {
		zeros(runs[0])
		runs = runs[1:]
	}
	for i, index := range indices {
		code := 0
		if index < len(d.palette) {
			code = d.palette[index]
		} else {
			code = index - len(d.palette) + d.dirOfs
		}
		d.out = append(d.out, weightOf(code))
		if s.zeroRuns {
			zeros(runs[i])
		}
	}
	return nil
}

// header reads the rest of a slice header and the palette.
func (d *decoder) header(zdiv int) (slice, error) {
	r := &d.r
	s := slice{zdiv: zdiv, zeroRuns: zdiv != zdivDisable}
	s.n = r.bits(15) + 1
	s.wdiv = r.bits(3)
	s.trunc = r.bits(1) == 1
	s.newPalette = r.bits(1) == 1
	if r.over {
		return s, errExhausted
	}
	if err := CheckHeader(Header{
		ZDiv: zdiv, WDiv: s.wdiv, NewPalette: s.newPalette, HavePalette: d.started, ModeChanges: d.zeroRuns != s.zeroRuns,
	}); err != nil {
		return s, err
	}
	if s.newPalette {
		d.dirOfs = r.bits(5)
		size := r.bits(5)
		if size > 0 {
			size++
		}
		d.palBits = r.bits(3) + 2
		d.palette = make([]int, size)
		for i := range d.palette {
			d.palette[i] = r.bits(d.palBits)
		}
		if r.over {
			return s, errExhausted
		}
		d.started, d.zeroRuns = true, s.zeroRuns
	}
	s.uncompressed = s.wdiv == wdivUncompressed
	s.width = s.wdiv
	if s.uncompressed {
		s.width = d.palBits
		if len(d.palette) > 0 {
			s.width = bitsFor(len(d.palette))
		}
	}
	if s.zeroRuns {
		s.runs = s.n
		if s.newPalette {
			s.runs++
		}
	}
	return s, nil
}

// chunks decodes the interleaved indices and run lengths of a slice.
func (d *decoder) chunks(s slice) (indices, runs []int, err error) {
	r := &d.r
	symbols := weightChunkSymbols(s.uncompressed, s.width)
	zeroBits := zeroChunkBits(s.zdiv)
	var wpos, zpos, cw, cz int
	var pendingW, pendingZ []int // quotients whose remainders come next
	for {
		balance := wpos - zpos
		weights := wpos < s.n && (!s.zeroRuns || balance < maxBalance)
		zeros := s.zeroRuns && balance >= 0 && zpos < s.runs
		var u0, uz int
		if weights && !s.uncompressed {
			u0 = r.bits(weightChunk)
		}
		if zeros {
			uz = r.bits(zeroBits)
		}
		var newW, newZ []int
		if zeros {
			for i := 0; i < zeroBits; i++ {
				if uz>>i&1 == 1 {
					cz++
					continue
				}
				newZ = append(newZ, cz)
				cz = 0
			}
			zpos += len(newZ)
		}
		if weights {
			for j := 0; j < symbols; j++ {
				if u0>>j&1 == 1 {
					more := r.bits(1)
					cw += 1 + more
					if more == 1 && !s.trunc {
						continue
					}
				}
				newW = append(newW, cw)
				cw = 0
			}
			wpos += len(newW)
		}
		for _, q := range pendingW {
			if len(indices) == s.n {
				break
			}
			index := q<<s.width + r.bits(s.width)
			if index > MaxIndex {
				return nil, nil, fmt.Errorf("weight index %d is above %d", index, MaxIndex)
			}
			indices = append(indices, index)
		}
		for _, q := range pendingZ {
			if len(runs) == s.runs {
				break
			}
			runs = append(runs, q<<s.zdiv+r.bits(s.zdiv))
		}
		if r.over {
			return nil, nil, errExhausted
		}
		if !weights && !zeros {
			return indices, runs, nil
		}
		pendingW, pendingZ = newW, newZ
	}
}
