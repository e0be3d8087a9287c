package npu

import (
	"math"

	"upset/npu/isa"
)

// How long the operation in the MAC array will take at the least, and where it may write: its
// counters alone decide that, and the settings of its bank.

// Reach bounds what the units can have come to with the operation that the MAC array works on.
type Reach struct {
	Bank          uint8
	Columns, Rows int // of the outputs, from the first on
}

// ahead is the number of columns of blocks by which a unit may be in front of another one: there
// are two boxes of inputs, two accumulator buffers and two output buffers, and one block
// is counted for that under way.
const ahead = 7

// Reach bounds what the units come to within so many clocks: the array takes a token a clock
// at the most, the output stage a step for each of its own, and none of them is more than a few
// blocks in front of the others. It reports false where the operation may be over by then, or
// there is none.
func (m *Machine) Reach(clocks uint64) (r Reach, ok bool) {
	t := m.S.Trav.MAC
	p := &m.op[t.Bank&3]
	column := m.columnClocks(p, t.OY, 0)
	if t.On == 0 || !p.UsesMAC || column == 0 {
		return Reach{}, false
	}
	r.Bank = t.Bank & 3
	budget := float64(clocks) + ahead*column
	if x := float64(t.OX) + float64(p.BlkW)*(budget/column+2); x < float64(p.OFMW) {
		if r.Columns = int(x); t.OY > 0 { // units behind the array may be at the end of the row before
			r.Columns = p.OFMW
		}
		r.Rows = min(p.OFMH, int(t.OY)+p.BlkH)
		return r, true
	}
	r.Columns, r.Rows = p.OFMW, p.OFMH
	row := m.rowClocks(p, t.OY, 0)
	if y := float64(t.OY) + float64(p.BlkH)*(budget/row+2); row > 0 && y < float64(p.OFMH) {
		r.Rows = int(y)
		return r, true
	}
	return r, m.clocksLeft(p, &t) > budget
}

// clocksLeft is the time of all blocks behind the column of blocks in which a job is.
func (m *Machine) clocksLeft(p *params, t *Job) float64 {
	total := m.rowClocks(p, t.OY, int(t.OX)+p.BlkW)
	if rows := ceilDiv(p.OFMH-int(t.OY), p.BlkH) - 1; rows > 0 {
		total += m.rowClocks(p, uint16(int(t.OY)+rows*p.BlkH), 0)
		if rows > 1 {
			total += float64(rows-1) * m.rowClocks(p, t.OY+uint16(p.BlkH), 0)
		}
	}
	return total
}

// rowClocks is the time of the blocks of a row from column from on.
func (m *Machine) rowClocks(p *params, y uint16, from int) (n float64) {
	columns := ceilDiv(p.OFMW-from, p.BlkW)
	if columns <= 0 {
		return 0
	}
	n = m.columnClocks(p, y, from+(columns-1)*p.BlkW)
	if columns > 1 {
		n += float64(columns-1) * m.columnClocks(p, y, from)
	}
	return n
}

// columnClocks is the time of the blocks at a row and a column, with all output channels: the
// tokens of the array, or the clocks of the output stage where these are more.
func (m *Machine) columnClocks(p *params, y uint16, x int) (n float64) {
	out := float64(0)
	at := func(z, blocks int) {
		j := Job{OY: y, OX: uint16(x), OZ: uint16(z)}
		n += float64(blocks) * m.blockTokens(p, j)
		out += float64(blocks * m.outputClocks(p, &j))
	}
	at(0, p.blocksZ-1)
	at((p.blocksZ-1)*p.BlkD, 1)
	return max(n, out)
}

// outputClocks is the time that the output stage takes for a block at the least: its lanes
// take a step together, which lasts as long as the multiplier is needed for the scale.
func (m *Machine) outputClocks(p *params, j *Job) int {
	lanes := m.Spec.ElementUnits
	steps := clip(j.OY, p.BlkH, p.OFMH) * clip(j.OX, p.BlkW, p.OFMW) * ceilDiv(clip(j.OZ, p.BlkD, p.OFMD), lanes)
	return steps * max(1, int(p.aoCost[min(lanes, maxLanes)].scale))
}

// blockTokens counts the tokens of the block at which a job stands, with all jobs of it.
func (m *Machine) blockTokens(p *params, j Job) (n float64) {
	const columns, rows = 64, 32 // that the counters of a block tell apart
	x := min(ceilDiv(clip(j.OX, p.BlkW, p.OFMW), p.ubW), columns/p.ubW)
	y := min(ceilDiv(clip(j.OY, p.BlkH, p.OFMH), p.ubH), rows/p.ubH)
	for at := j; ; {
		blocks := 1
		for in := (Inner{}); !in.nextOf(p, &at, m.depth); blocks++ {
			if blocks > math.MaxUint16 {
				return 0 // settings that no operation has
			}
		}
		n += float64(blocks * x * y * p.tokens(sub(at.KX, p.subX, p.KW)*sub(at.KY, p.subY, p.KH)))
		if at.lastOfBlock(p) {
			return n
		}
		at.next(p)
	}
}

// WriteRange is a range of addresses that holds all that an operation writes up to there, and
// ReadRange one of what it reads of its first feature map. They report false where that is not one
// range within 32 bits, or addresses are not those of the built-in map.
func (m *Machine) WriteRange(r Reach) (lo, hi uint64, ok bool) {
	p := &m.op[r.Bank&3]
	return m.addresses(&p.OFM, r.Columns, r.Rows, p.OFMD)
}

// ReadRange is described at WriteRange.
func (m *Machine) ReadRange(r Reach) (lo, hi uint64, ok bool) {
	p := &m.op[r.Bank&3]
	depth := p.OFMD
	if p.kind == kindConv || p.kind == kindReduce {
		depth = p.IFMD
	}
	last := (r.Columns-1)*p.StrideX + (p.KW-1)*p.DilX
	return m.addresses(&p.IFM, min(p.SrcW, last+1), p.SrcH, depth)
}

// addresses is the range of a part of a feature map, from its first element on.
func (m *Machine) addresses(f *isa.FeatureMap, w, h, depth int) (lo, hi uint64, ok bool) {
	lo = math.MaxUint64
	pitch := uint64(f.StrideX)
	bytes := uint64(depth * f.Bytes)
	if f.Brick {
		pitch = isa.BrickDepth * uint64(f.Bytes)
		bytes = uint64((f.Lanes(depth)-1)/isa.BrickDepth)*uint64(f.StrideC) + pitch
	}
	left, right := min(w, f.Width0), w-f.Width0
	for tile, t := range [4]struct{ w, h int }{
		{left, min(h, f.Height0)}, {right, min(h, f.Height1)},
		{left, h - f.Height0}, {right, h - f.Height1},
	} {
		if t.w <= 0 || t.h <= 0 {
			continue
		}
		first := uint64(m.S.CC.BaseP[f.Region&7]) + uint64(f.Base[tile])
		lo, hi = min(lo, first), max(hi, first+uint64(t.h-1)*uint64(f.StrideY)+uint64(t.w-1)*pitch+bytes)
	}
	return lo &^ isa.BeatMask, (hi + isa.BeatMask) &^ isa.BeatMask, lo < hi && hi < math.MaxUint32 && m.routes == nil
}

// PassesOf lists the counters of the passes over weights and scale records that are still to
// come for the operation of a bank: one for each column of blocks. It reports false where one
// of the streams that the operation uses is not at it.
func (m *Machine) PassesOf(f *Flops, bank uint8) (list []*uint32, ok bool) {
	p := &m.op[bank&3]
	at := func(used bool, on, of uint8, passes *uint32) bool {
		if !used {
			return true
		}
		list = append(list, passes)
		return on != 0 && of == bank
	}
	w, s, r := &f.DMA.Wgt, &f.DMA.Scl, &f.AOScale
	ok = at(p.UsesWeights, w.Active, w.Bank, &w.Passes) && at(p.UsesScales, s.Active, s.Bank, &s.Passes) && at(p.UsesScales, r.On, r.Bank, &r.Left)
	return list, ok
}

// MorePasses is the number of passes by which the operation of a bank has more than one with
// another number of rows or columns of outputs.
func (m *Machine) MorePasses(bank uint8, rows, columns int) uint32 {
	p := &m.op[bank&3]
	return uint32(p.blocksX*p.blocksY - ceilDiv(columns, p.BlkW)*ceilDiv(rows, p.BlkH))
}
