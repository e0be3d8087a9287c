package npu

import (
	"math/bits"

	"upset/npu/mlw"
)

// zeroRuns reports whether the slice codes runs of zeros.
func (w *WDState) zeroRuns() bool { return w.ZDiv < 5 }

// uncompressed reports whether indices are sent at full width.
func (w *WDState) uncompressed() bool { return w.WDiv == 7 }

// indexBits is the number of low bits sent per weight index.
func (w *WDState) indexBits() int {
	if !w.uncompressed() {
		return int(w.WDiv)
	}
	if w.PalSize > 0 {
		return bits.Len8(w.PalSize - 1)
	}
	return int(w.PalBits)
}

// parseWD reports whether it waits for more bits, or for room in the queues.
func (m *Machine) parseWD(w *WDState) (waits bool) {
	switch w.State {
	case wdHeader:
		m.parseHeader(w)
	case wdPalette:
		n := min(m.Sys.Limits.PaletteEntries, int(w.PalSize)-int(w.PalIdx))
		if n <= 0 {
			w.State = wdWeights
			return false
		}
		b := int(w.PalBits)
		if int(w.Count) < n*b {
			m.short(w)
			return true
		}
		for i := range n {
			w.Pal[w.PalIdx&31] = uint16(w.peek(i*b, b)) & 0x1ff
			w.PalIdx++
		}
		w.consume(n * b)
		if w.PalIdx >= w.PalSize {
			w.State = wdWeights
		}
	case wdWeights:
		return m.parseChunk(w)
	}
	return false
}

// Slice header: ZDIV 3, SLICELEN 15, WDIV 3, WTRUNC 1, NEWPAL 1, and with a new
// palette DIROFS 5, PALSIZE 5, PALBITS 3.
func (m *Machine) parseHeader(w *WDState) {
	if w.Count < 3 {
		m.short(w)
		return
	}
	zdiv := w.peek(0, 3)
	if zdiv == 7 { // end of stream: skip to the next byte
		w.consume(3 + int((w.Count-3)&7))
		return
	}
	const short, long = 23, 36
	newPal := w.Count >= short && w.peek(22, 1) != 0
	if w.Count < short || newPal && w.Count < long {
		m.short(w)
		return
	}
	if newPal && (w.ValN != 0 || w.ZeroN != 0 || w.Run != 0) {
		return // the order of runs and weights may change: let the queues empty
	}
	n, runs := w.peek(3, 15)+1, w.zeroRuns()
	w.ZDiv, w.WDiv, w.WTrunc = uint8(zdiv), uint8(w.peek(18, 3)), uint8(w.peek(21, 1))
	if mlw.CheckHeader(mlw.Header{
		ZDiv: int(zdiv), WDiv: int(w.WDiv), NewPalette: newPal, HavePalette: w.HavePal != 0, ModeChanges: runs != w.zeroRuns(),
	}) != nil {
		m.wdFault()
		return
	}
	w.WLeft, w.ZLeft = uint16(n), 0
	w.Balance, w.CarryW, w.CarryZ = 0, 0, 0
	if w.zeroRuns() {
		w.ZLeft = uint16(n)
	}
	if !newPal {
		w.consume(short)
		w.State = wdWeights
		return
	}
	w.HavePal = 1
	w.DirOfs, w.PalBits, w.PalIdx = uint8(w.peek(23, 5)), uint8(w.peek(33, 3))+2, 0
	w.PalSize = uint8(w.peek(28, 5))
	if w.PalSize > 0 {
		w.PalSize++
	}
	w.WantRun = 0
	if w.zeroRuns() {
		w.ZLeft++
		w.WantRun = 1
	}
	w.consume(long)
	w.State = wdPalette
}

// parseChunk decodes one chunk: the unary parts of up to twelve weights and the
// unary parts of zero runs, then the remainders of the chunk before it.
func (m *Machine) parseChunk(w *WDState) (waits bool) {
	if int(w.ValN)+wdChunk > wdValues || int(w.ZeroN)+wdChunk > wdValues {
		return true
	}
	bal := int8(w.Balance<<2) >> 2
	runs := w.zeroRuns()
	we := w.WLeft > 0 && (!runs || bal < 8)
	ze := runs && bal >= 0 && w.ZLeft > 0
	if !we && !ze && w.PendWN == 0 && w.PendZN == 0 {
		w.State = wdHeader
		return false
	}
	off, zl, zb := 0, 12, 0
	if w.ZDiv >= 3 {
		zl = 8
	}
	var u0, uz uint32
	if we && !w.uncompressed() {
		u0 = w.peek(0, 12)
		off = 12
	}
	ones := bits.OnesCount32(u0)
	if ze {
		zb = zl
	}
	wb, zd := w.indexBits(), int(w.ZDiv)
	need := off + zb + ones + int(w.PendWN)*wb
	if runs {
		need += int(w.PendZN) * zd
	}
	if int(w.Count) < need {
		m.short(w)
		return true
	}
	uz = w.peek(off, zb)
	off += zb
	u1 := w.peek(off, ones)
	off += ones
	m.finishSymbols(w, off, wb, zd)
	if w.Ctl != wdRun || m.S.CC.Run == 0 {
		return false
	}
	w.consume(need)
	w.PendWN, w.PendZN = 0, 0
	if ze {
		bal -= int8(m.zeroQuotients(w, uz, zl))
	}
	if we {
		bal += int8(m.weightQuotients(w, u0, u1, wb))
	}
	w.Balance = uint8(bal) & 0x3f
	return false
}

// finishSymbols joins the quotients of the last chunk with their remainders.
func (m *Machine) finishSymbols(w *WDState, off, wb, zd int) {
	n, nz := int(min(w.PendWN, wdChunk)), int(min(w.PendZN, wdChunk))
	// Bits are taken from a word until it is used up; only an upset makes remainders so
	// long that they go round the end of the buffer.
	v, have := uint64(0), 0
	round := off+n*wb+nz*zd > wdBitBuffer
	size, offset, tail := uint32(w.PalSize), uint32(w.DirOfs), w.ValHead+w.ValN
	for i := range n {
		if have < wb || round {
			v, have = w.word(off), 64
		}
		idx := uint32(w.PendW[i])<<(wb&31) + uint32(v)&(1<<(wb&31)-1)
		v >>= wb & 63
		have -= wb
		off += wb
		if idx > mlw.MaxIndex {
			w.ValN += uint8(i)
			m.wdFault()
			return
		}
		code := idx - size + offset
		if idx < size {
			code = uint32(w.Pal[idx&31])
		}
		c := code >> 1 & 0xff
		if code&1 != 0 {
			c = -c
		}
		w.Val[tail&(wdValues-1)] = uint16(c & 0x1ff)
		tail++
	}
	w.ValN += uint8(n)
	tail = w.ZeroHd + w.ZeroN
	for i := range nz {
		if have < zd || round {
			v, have = w.word(off), 64
		}
		w.Zero[tail&(wdValues-1)] = uint16(uint32(w.PendZ[i])<<(zd&31) + uint32(v)&(1<<(zd&31)-1))
		tail++
		v >>= zd & 63
		have -= zd
		off += zd
	}
	w.ZeroN += uint8(nz)
}

func (m *Machine) zeroQuotients(w *WDState, uz uint32, zl int) int {
	n := 0
	for j := range zl {
		if uz>>j&1 != 0 {
			w.CarryZ = (w.CarryZ + 1) & 0x1fff
			continue
		}
		if w.ZLeft > 0 {
			w.PendZ[n] = w.CarryZ
			n++
			w.ZLeft--
		}
		w.CarryZ = 0
	}
	w.PendZN = uint8(n)
	return n
}

func (m *Machine) weightQuotients(w *WDState, u0, u1 uint32, wb int) int {
	s := wdChunk
	if w.uncompressed() && wb > 5 {
		s = 8
	}
	n := 0
	for j := range s {
		if u0>>j&1 != 0 {
			t := u1 & 1
			u1 >>= 1
			w.CarryW = (w.CarryW + 1 + uint8(t)) & 0x3f
			if t != 0 && w.WTrunc == 0 {
				continue
			}
		}
		if w.WLeft > 0 {
			w.PendW[n] = w.CarryW
			n++
			w.WLeft--
		}
		w.CarryW = 0
	}
	w.PendWN = uint8(n)
	return n
}
