package mlw

import "context"

// encoderZdivMax is the largest zero-run parameter the encoder uses; Vela 3.10
// sends no larger one.
const encoderZdivMax = 3

// maxRun is the longest run of zeros that one run length can express.
const maxRun = maxQuotient<<encoderZdivMax | (1<<encoderZdivMax - 1)

// Encode compresses weights of -255..255 into a stream that is padded to a
// multiple of 16 bytes. Weights outside the range are clamped. The result
// depends on the weights only.
func Encode(weights []int16) []byte {
	stream, _ := EncodeContext(context.Background(), weights) // which never ends
	return stream
}

// EncodeContext is Encode with an early end: it returns the error of a context
// that has ended.
func EncodeContext(ctx context.Context, weights []int16) ([]byte, error) {
	codes := make([]int, len(weights))
	for i, w := range weights {
		codes[i] = codeOf(max(-255, min(255, w)))
	}
	var w writer
	for _, s := range partition(ctx, codes) {
		encodeSection(ctx, &w, s)
	}
	w.bits(zdivEnd, 3)
	return w.finish(), ctx.Err()
}

// writer writes little-endian bit fields.
type writer struct {
	data []byte
	free int // unused bits of the last byte
}

// bits appends the low n bits of v.
func (w *writer) bits(v, n int) {
	for n > 0 {
		if w.free == 0 {
			w.data = append(w.data, 0)
			w.free = 8
		}
		take := min(n, w.free)
		w.data[len(w.data)-1] |= byte(v&(1<<take-1)) << (8 - w.free)
		v >>= take
		n -= take
		w.free -= take
	}
}

// finish pads with ones to the alignment of a stream.
func (w *writer) finish() []byte {
	w.bits(1<<w.free-1, w.free)
	for len(w.data)%streamAlign != 0 {
		w.data = append(w.data, 0xff)
	}
	return w.data
}

// params is the coding of one slice.
type params struct {
	zdiv         int // meaningless without zero runs
	wdiv         int // Rice parameter
	trunc        bool
	uncompressed bool
}

// encodeSection writes a section: slices that share a palette.
func encodeSection(ctx context.Context, w *writer, s section) {
	m := bestModel(s.histogram(), true)
	m.zeroRuns = s.zeroRuns
	indices := make([]int, len(s.symbols))
	for i, code := range s.symbols {
		indices[i] = m.index(code)
	}
	first := true
	for _, p := range searchParams(ctx, indices, s.runs, m) {
		runs := s.runs
		n := p.count
		if s.zeroRuns {
			take := n
			if first {
				take++
			}
			runs, s.runs = s.runs[:take], s.runs[take:]
		}
		writeHeader(w, p, m, first)
		writeChunks(w, indices[:n], runs, p.params, m)
		indices = indices[n:]
		first = false
	}
}

// writeHeader writes a slice header, with the palette if newPalette is set.
func writeHeader(w *writer, p run, m model, newPalette bool) {
	zdiv := zdivDisable
	if m.zeroRuns {
		zdiv = p.zdiv
	}
	w.bits(zdiv, 3)
	w.bits(p.count-1, 15)
	if p.uncompressed {
		w.bits(wdivUncompressed, 3)
	} else {
		w.bits(p.wdiv, 3)
	}
	w.bits(flag(p.trunc), 1)
	w.bits(flag(newPalette), 1)
	if !newPalette {
		return
	}
	w.bits(m.dirOfs, 5)
	w.bits(max(0, len(m.palette)-1), 5)
	w.bits(m.palBits-2, 3)
	for _, code := range m.palette {
		w.bits(code, m.palBits)
	}
}

// writeChunks writes the interleaved indices and run lengths of a slice; it
// mirrors decoder.chunks.
func writeChunks(w *writer, indices, runs []int, p params, m model) {
	width := p.wdiv
	if p.uncompressed {
		width = m.plainBits()
	}
	ws := weightUnary{width: width, trunc: p.trunc, plain: p.uncompressed, todo: indices}
	zs := zeroUnary{zdiv: p.zdiv, todo: runs}
	symbols := weightChunkSymbols(p.uncompressed, width)
	zeroBits := zeroChunkBits(p.zdiv)
	wpos, zpos := 0, 0
	var pendingW, pendingZ []int
	for {
		balance := wpos - zpos
		weights := wpos < len(indices) && (!m.zeroRuns || balance < maxBalance)
		zeros := m.zeroRuns && balance >= 0 && zpos < len(runs)
		var newW, newZ []int
		var u0, u1, ones int
		if weights {
			u0, u1, ones, newW = ws.chunk(symbols)
			wpos += len(newW)
			if !p.uncompressed {
				w.bits(u0, weightChunk)
			}
		}
		if zeros {
			var uz int
			uz, newZ = zs.chunk(zeroBits)
			zpos += len(newZ)
			w.bits(uz, zeroBits)
		}
		w.bits(u1, ones)
		for _, v := range pendingW {
			w.bits(v&(1<<width-1), width)
		}
		for _, v := range pendingZ {
			w.bits(v&(1<<p.zdiv-1), p.zdiv)
		}
		if !weights && !zeros {
			return
		}
		pendingW, pendingZ = newW, newZ
	}
}

// weightUnary turns indices into the unary symbols of chunks.
type weightUnary struct {
	width        int
	trunc, plain bool
	todo         []int
	left         int // quotient left of the first index of todo
	open         bool
}

// chunk returns the two symbol planes, the number of bits of the second, and
// the indices that end in this chunk.
func (s *weightUnary) chunk(symbols int) (u0, u1, ones int, ended []int) {
	for j := 0; j < symbols && len(s.todo) > 0; j++ {
		if !s.open {
			s.left, s.open = 0, true
			if !s.plain {
				s.left = s.todo[0] >> s.width
			}
		}
		if s.left > 0 {
			u0 |= 1 << j
			if s.left > 1 {
				u1 |= 1 << ones
			}
			ones++
			if s.left > 1 && !s.trunc {
				s.left -= 2
				continue
			}
		}
		ended = append(ended, s.todo[0])
		s.todo, s.open = s.todo[1:], false
	}
	return u0, u1, ones, ended
}

// zeroUnary turns run lengths into the unary bits of chunks.
type zeroUnary struct {
	zdiv int
	todo []int
	left int
	open bool
}

// chunk returns the unary bits and the runs that end in this chunk.
func (s *zeroUnary) chunk(bits int) (uz int, ended []int) {
	for i := 0; i < bits && len(s.todo) > 0; i++ {
		if !s.open {
			s.left, s.open = s.todo[0]>>s.zdiv, true
		}
		if s.left > 0 {
			uz |= 1 << i
			s.left--
			continue
		}
		ended = append(ended, s.todo[0])
		s.todo, s.open = s.todo[1:], false
	}
	return uz, ended
}

// flag returns 1 for true.
func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
