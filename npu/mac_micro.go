package npu

import "upset/npu/isa"

// microBlock is what the tokens of a micro-block have in common: combinational logic behind
// the registers of the issue stage. Run keeps it from one token to the next, since these
// registers change only with the micro-block; Step makes it anew for each token.
type microBlock struct {
	valid bool

	job   *jobView
	flags uint8  // tokAB, tokFresh
	addr  uint16 // place of its sums
	out   uint8  // pixels inside the block
	whole bool   // all of them are, and no upscaling
	base  int    // first byte of the input buffer
	y, x  int    // input row and column of its first pixel at the first tap
	at    int    // where that lies, channel 0
	row   int    // bytes of a row of the box
	pitch int    // bytes of a pixel

	tapRow, tapColumn int // bytes from a tap to the one below, and to the right
	down, right       int // bytes from a pixel to the one below, and to the right

	zero   int32 // zero point of the bytes of one-byte inputs
	signed bool
}

// micro returns the micro-block of the next token.
func (m *Machine) micro(s *MACState, t *Job, p *params) *microBlock {
	b := &m.block
	if !b.valid || s.Step == 0 {
		m.openMicro(b, s, t, p)
		b.valid = m.late.on
	}
	return b
}

func (m *Machine) openMicro(b *microBlock, s *MACState, t *Job, p *params) {
	in, v, oy, ox := &m.S.Trav.MACInner, m.view(t, p), int(s.UY), int(s.UX)
	b.job = v
	b.flags = s.AB & 1 * tokAB
	if v.fresh && in.Tap == 0 && in.IO == 0 {
		b.flags |= tokFresh
	}
	b.addr = uint16(p.abStart(s.AB) + (oy*p.BlkW+ox)*p.sumPitch + int(in.OU)*p.accBytes)
	b.out = 0
	for px := range m.pixels {
		if dy, dx := p.pixel(px); oy+dy < v.obh && ox+dx < v.obw {
			b.out |= 1 << px
		}
	}
	b.whole = b.out == 1<<m.pixels-1 && p.Upscale == 0
	b.base = isa.IBStart + int(m.S.SB.IBSel&1)*p.ibHalf
	b.y, b.x = v.y+oy*p.StrideY, v.x+ox*p.StrideX
	b.pitch = int(s.Pix)
	b.row = int(s.Row) * b.pitch
	b.at = b.base + (b.y-int(s.Y0))*b.row + (b.x-int(s.X0))*b.pitch
	b.tapRow, b.tapColumn = p.DilY*b.row, p.DilX*b.pitch
	b.down, b.right = p.StrideY*b.row, p.StrideX*b.pitch
	b.zero, b.signed = p.zeroOf(0)
}

// pixel is the row and the column of a pixel in its micro-block.
func (p *params) pixel(px int) (dy, dx int) {
	if p.ubH > 1 {
		return px >> 1, px & 1
	}
	return 0, px
}

// places finds the bytes of the pixels at a tap, from channel ch on, and returns the pixels
// inside the map.
func (b *microBlock) places(s *MACState, p *params, tap, ch int, addr *[maxX]int) (in uint8) {
	ky, kx := b.job.place(tap)
	y, x := b.y+ky*p.DilY, b.x+kx*p.DilX
	at := b.at + ky*b.tapRow + kx*b.tapColumn + ch*p.IFM.Bytes
	if ky >= b.job.sh {
		return 0
	}
	if b.whole && y >= 0 && x >= 0 && y+p.reachY < p.IFMH && x+p.reachX < p.IFMW {
		addr[0], addr[1] = at, at+b.right
		if p.ubH > 1 {
			addr[2], addr[3] = at+b.down, at+b.down+b.right
		} else {
			addr[2], addr[3] = at+2*b.right, at+3*b.right
		}
		return b.out
	}
	return b.placesAtEdge(s, p, y, x, at, ch, addr)
}

// placesAtEdge is places where some pixels may be outside the block or the map, or the map
// is upscaled.
func (b *microBlock) placesAtEdge(s *MACState, p *params, y0, x0, at, ch int, addr *[maxX]int) (in uint8) {
	for px := range addr {
		if b.out>>px&1 == 0 {
			continue
		}
		dy, dx := p.pixel(px)
		y, x := y0+dy*p.StrideY, x0+dx*p.StrideX
		if uint(y) >= uint(p.IFMH) || uint(x) >= uint(p.IFMW) {
			continue
		}
		addr[px] = at + dy*b.down + dx*b.right
		if p.Upscale != 0 {
			if p.Upscale == 2 && (y|x)&1 != 0 {
				continue
			}
			addr[px] = b.base + (y>>1-int(s.Y0))*b.row + (x>>1-int(s.X0))*b.pitch + ch*p.IFM.Bytes
		}
		in |= 1 << px
	}
	return in
}
