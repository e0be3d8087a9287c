package mechanism

import (
	"fmt"
	"math/bits"
	"unsafe"

	"upset/netlist"
	"upset/npu"
)

// bitsAt are flops in one word of the image of a machine's flops.
type bitsAt struct {
	word int
	mask uint64
}

// standingParity is a parity bit with its group.
type standingParity struct {
	at    bitsAt
	kind  Kind
	site  netlist.SiteID // of the parity bit
	valid valid
	bit   uint8
	wrong bool // the group's parity is another one
}

// parityWord is a word of the image with groups in it, and what it holds. Groups in a
// word that holds what it held need not be looked at.
type parityWord struct {
	word       int
	first, end int // of the groups
	now        uint64
}

// odd is the parity of some flops.
func odd(v uint64) uint8 { return uint8(bits.OnesCount64(v) & 1) }

// reread notes what the words hold now. Where groups load, their bits follow; else the
// bits stay, and groups that were upset are wrong.
func (g *Standing) reread(m *npu.Machine, load bool) {
	x := image(&m.S.Flops)
	for i := range g.words {
		w := &g.words[i]
		v := x[w.word]
		if v == w.now {
			continue
		}
		for k := w.first; k < w.end; k++ {
			p := &g.parity[k]
			if load && (v^w.now)&p.at.mask != 0 {
				p.bit = odd(v & p.at.mask)
			}
			g.judge(p, v)
		}
		w.now = v
	}
}

// judge compares a group with its bit.
func (g *Standing) judge(p *standingParity, v uint64) {
	if wrong := odd(v&p.at.mask) != p.bit; wrong != p.wrong {
		p.wrong = wrong
		if wrong {
			g.wrong++
		} else {
			g.wrong--
		}
	}
}

// standingTwin is the copy of a block. At every clock it sees what the machine shows
// it; its own flops are those of the copy.
type standingTwin struct {
	kind  Kind
	block string
	part  *Part
	copy  npu.Flops    // only those of the block count
	m     *npu.Machine // computes what the copy does
	wrote npu.Journal
}

// standingVote are triplicated flops. The machine's own hold what the voter delivers,
// which is what all others read.
type standingVote struct {
	at     bitsAt
	copies [3]uint64
}

// image is the memory of a set of flops, which are flat and hold no pointers.
func image(f *npu.Flops) *[flopWords]uint64 { return (*[flopWords]uint64)(unsafe.Pointer(f)) }

const flopWords = int(unsafe.Sizeof(npu.Flops{})) / 8

// finder finds flops in the image, by flipping them.
type finder struct {
	t    *netlist.Table
	m    *npu.Machine
	word int // of the flop found last: the next one is near
}

// at finds a flop.
func (f *finder) at(id netlist.SiteID) (bitsAt, error) {
	before := f.m.S.Flops
	if _, _, err := f.t.Flip(f.m, id); err != nil {
		return bitsAt{}, err
	}
	x, y := image(&f.m.S.Flops), image(&before)
	defer func() { f.m.S.Flops = before }()
	for n := range flopWords {
		i := (f.word + n) % flopWords
		if d := x[i] ^ y[i]; d != 0 {
			if bits.OnesCount64(d) != 1 {
				break
			}
			f.word = i
			return bitsAt{i, d}, nil
		}
	}
	return bitsAt{}, fmt.Errorf("%s is no flop", f.t.Name(id))
}

// look gives the copy what the machine shows it.
func (t *standingTwin) look(m *npu.Machine) {
	now := m.S.Flops
	takeBlock(&now, &t.copy, t.block)
	if t.m.S.Flops != now {
		t.m.S.Flops = now
		t.m.Touched()
	}
}

// takeBlock sets the flops of a block to those of another state.
func takeBlock(to, from *npu.Flops, block string) {
	switch block {
	case Whole:
		bus, pmu := to.Bus, to.PMU
		*to = *from
		to.Bus, to.PMU = bus, pmu
	case "cc":
		to.CC = from.CC
	case "traversal":
		to.Trav = from.Trav
	case "dma":
		to.DMA = from.DMA
	case "wd":
		to.WD = from.WD
	case "mac":
		to.MAC = from.MAC
	case "ao":
		to.AO, to.AOScale = from.AO, from.AOScale
	case "sb":
		to.SB = from.SB
	}
}

// upsetVote flips one of the copies of a triplicated flop, or what its voter delivers:
// then all that load from it load the wrong value.
func (g *Standing) upsetVote(m *npu.Machine, id netlist.SiteID, which int, voter bool) (before, after uint8, r Response, err error) {
	was := m.S.Flops
	if before, after, err = g.d.table.Flip(m, id); err != nil {
		return before, after, Live, err
	}
	x, y := image(&m.S.Flops), image(&was)
	for i := range g.voted {
		v := &g.voted[i]
		d := (x[v.at.word] ^ y[v.at.word]) & v.at.mask
		for c := range v.copies {
			if voter || c == which {
				v.copies[c] ^= d
			}
		}
	}
	if !voter {
		m.S.Flops = was
		m.Touched()
	}
	return before, after, Live, nil
}

// step advances the copy and compares what both have stored outside the block.
func (t *standingTwin) step(m *npu.Machine, mine *npu.Journal) (alarm bool) {
	t.wrote.Clear()
	t.m.Step()
	t.copy = t.m.S.Flops
	a, b := &m.S.Flops, &t.m.S.Flops
	switch {
	case !mine.Equal(&t.wrote):
		return true
	case t.block == Whole:
		return a.Bus != b.Bus || pins(&a.CC) != pins(&b.CC)
	}
	return !sameRest(a, b, t.block)
}

// vote gives the machine what the voters deliver.
func (g *Standing) vote(m *npu.Machine) {
	x := image(&m.S.Flops)
	touched := false
	for i := range g.voted {
		v := &g.voted[i]
		c := v.copies
		out := c[0]&c[1] | c[0]&c[2] | c[1]&c[2]
		g.acted = g.acted || c != [3]uint64{out, out, out}
		if x[v.at.word]&v.at.mask != out {
			x[v.at.word] = x[v.at.word]&^v.at.mask | out
			touched = true
		}
	}
	if touched {
		m.Touched()
	}
}

// load takes over what the clock loads: a flop that holds loads the voter's value
// again, and a group that holds what it held is taken for not loaded.
func (g *Standing) load(m *npu.Machine) {
	x := image(&m.S.Flops)
	for i := range g.voted {
		v := &g.voted[i]
		own := x[v.at.word] & v.at.mask
		v.copies = [3]uint64{own, own, own}
	}
	g.reread(m, true)
}
