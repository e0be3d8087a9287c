package mechanism

import (
	"math/bits"
	"strings"

	"upset/netlist"
	"upset/npu"
)

// valid tells whether a group of flops may be read at the next clock.
type valid func(m *npu.Machine) bool

// rule gives the valid condition of the elements of a register.
type rule struct {
	// at is the condition of an element: index is its number, count that of elements.
	at func(index, count int) valid
	// ge is the area of the conditions of all elements in gate equivalents; 0 where a
	// bit of the machine is the condition.
	ge func(c *netlist.Costs, count int) float64
}

// free needs no logic.
func free(*netlist.Costs, int) float64 { return 0 }

// gates needs so many two-input gates for all elements together.
func gates(n int) func(*netlist.Costs, int) float64 {
	return func(c *netlist.Costs, _ int) float64 { return c.Gate * float64(n) }
}

// ruleOf finds the rule of a register.
func ruleOf(r *netlist.Register) (rule, bool) {
	if x, ok := rules[r.Name]; ok {
		return x, true
	}
	if bank, ok := strings.CutPrefix(r.Name, "cc.bank"); ok && len(bank) == 1 {
		return bankRead(int(bank[0] - '0')), true
	}
	return rule{}, false
}

// validOf finds the condition under which the element of a register is read. Where
// the machine has no valid bit for it, the parity is checked at every clock.
func validOf(p netlist.Place) valid {
	if r, ok := ruleOf(p.Register); ok {
		return r.at(p.Element, p.Register.Count)
	}
	return nil
}

// bankRead: a configuration bank is read while an operation runs from it or the
// parser fills it. The parser's bank is a number of two bits.
func bankRead(b int) rule {
	return rule{func(int, int) valid {
		return func(m *npu.Machine) bool {
			cc := &m.S.CC
			return cc.OpValid[b&3] != 0 || int(cc.Cur) == b
		}
	}, func(c *netlist.Costs, _ int) float64 { return 2*c.Comparator + c.Gate }}
}

// staged: a register is read while there is a token in one of the stages.
func staged(bit func(m *npu.Machine, stage int) uint8, stages []int) rule {
	return rule{func(int, int) valid {
		return func(m *npu.Machine) bool {
			for _, st := range stages {
				if bit(m, st) != 0 {
					return true
				}
			}
			return false
		}
	}, gates(len(stages) - 1)}
}

// mac: an array register is read while there is a token in one of the stages.
func mac(stages ...int) rule {
	return staged(func(m *npu.Machine, st int) uint8 { return m.S.MAC.Valid[st] }, stages)
}

// ao: a register of the output stage. Products are formed in the step before their
// token arrives, also those of operands, so that its stages overlap.
func ao(stages ...int) rule {
	return staged(func(m *npu.Machine, st int) uint8 { return m.S.AO.Valid[st] }, stages)
}

// told: a bit of the machine says whether the element is read.
func told(bit func(m *npu.Machine, index, count int) uint8) rule {
	return rule{func(index, count int) valid {
		return func(m *npu.Machine) bool { return bit(m, index, count) != 0 }
	}, free}
}

// Registers that every stage has one of, and others that a bit tells of.
var (
	macStage  = told(func(m *npu.Machine, index, _ int) uint8 { return m.S.MAC.Valid[index] })
	macStored = told(func(m *npu.Machine, _, _ int) uint8 { return m.S.MAC.WrOn })
	macJob    = told(func(m *npu.Machine, _, _ int) uint8 { return m.S.MAC.Run })
	aoStage   = told(func(m *npu.Machine, index, _ int) uint8 { return m.S.AO.Valid[index] })
	aoRecord  = told(func(m *npu.Machine, index, _ int) uint8 { return m.S.AO.Ready[index] })
	// A weight block is read while it is full.
	weightBlock = told(func(m *npu.Machine, index, count int) uint8 { return m.S.WD.Full[index/(count/2)] })
)

// fifo: an entry is read while it is among the valid ones: its number less the head is
// below their number.
func fifo(state func(m *npu.Machine) (head, n int)) rule {
	return rule{func(index, count int) valid {
		return func(m *npu.Machine) bool {
			head, n := state(m)
			return (index-head+count)%count < n
		}
	}, func(c *netlist.Costs, count int) float64 {
		return float64(count*bits.Len(uint(count-1))) * (c.Adder + c.Less)
	}}
}

// first: an entry is read while the number of entries exceeds it.
func first(n func(m *npu.Machine) int) rule {
	return rule{func(index, _ int) valid {
		return func(m *npu.Machine) bool { return index < n(m) }
	}, func(c *netlist.Costs, count int) float64 {
		return float64(count*bits.Len(uint(count))) * c.Less
	}}
}

// paletteRead: the palette is read while the decoder runs. The state of a pass is a
// number of two bits.
var paletteRead = rule{func(int, int) valid {
	return func(m *npu.Machine) bool { return m.S.WD.Pass() == npu.PassRun }
}, func(c *netlist.Costs, _ int) float64 { return 2 * c.Comparator }}

// rules hold the registers that are read with a valid bit.
var rules = map[string]rule{
	"mac.raw": mac(npu.StageFetch), "mac.wraw": mac(npu.StageFetch), "mac.chan": mac(npu.StageFetch),
	"mac.ifm": mac(npu.StageOperand), "mac.weight": mac(npu.StageOperand), "mac.prod": mac(npu.StageProduct),
	"mac.sum": mac(npu.StageProduct, npu.StageSum), "mac.accin": mac(npu.StageSum), "mac.acc": mac(npu.StageSum, npu.StageAcc),
	"mac.accout": macStored, "mac.wrmask": macStored, "mac.wraddr": macStored, "mac.wrbank": macStored, "mac.wrdone": macStored,
	"mac.flags": macStage, "mac.mask": macStage, "mac.out": macStage, "mac.shift": macStage, "mac.addr": macStage, "mac.bank": macStage,
	"mac.y0": macJob, "mac.x0": macJob, "mac.row": macJob, "mac.pix": macJob, "mac.uy": macJob, "mac.ux": macJob, "mac.step": macJob,

	"ao.in": ao(0), "ao.in2": ao(0), "ao.tc": ao(0), "ao.ty": ao(0), "ao.tx": ao(0),
	"ao.val": ao(1), "ao.lscale": ao(1), "ao.lshift": ao(1), "ao.pshift": ao(1, 2), "ao.prodlo": ao(0, 1, 2), "ao.prodhi": ao(0, 1, 2), "ao.opd": ao(0, 1),
	"ao.res": ao(2, 3), "ao.out": ao(3, 4),
	"ao.n": aoStage, "ao.addr": aoStage, "ao.flags": aoStage,
	"ao.bias": aoRecord, "ao.scale": aoRecord, "ao.shift": aoRecord,

	"wd.buf":   weightBlock,
	"wd.val":   fifo(func(m *npu.Machine) (int, int) { return int(m.S.WD.ValHead), int(m.S.WD.ValN) }),
	"wd.zero":  fifo(func(m *npu.Machine) (int, int) { return int(m.S.WD.ZeroHd), int(m.S.WD.ZeroN) }),
	"wd.pendw": first(func(m *npu.Machine) int { return int(m.S.WD.PendWN) }),
	"wd.pendz": first(func(m *npu.Machine) int { return int(m.S.WD.PendZN) }),
	"wd.bits":  first(func(m *npu.Machine) int { return (int(m.S.WD.Count) + 63) / 64 }),
	"wd.pal":   paletteRead,

	"dma.cmdfifo":  fifo(func(m *npu.Machine) (int, int) { return int(m.S.DMA.CmdHead), int(m.S.DMA.CmdCnt) }),
	"dma.wgtfifo":  fifo(func(m *npu.Machine) (int, int) { return int(m.S.DMA.WgtHead), int(m.S.DMA.WgtCnt) }),
	"dma.sclfifo":  fifo(func(m *npu.Machine) (int, int) { return int(m.S.DMA.SclHead), int(m.S.DMA.SclCnt) }),
	"dma.ifm.fifo": fifo(func(m *npu.Machine) (int, int) { return int(m.S.DMA.IFM.Head), int(m.S.DMA.IFM.Cnt) }),
	"dma.m2m.fifo": fifo(func(m *npu.Machine) (int, int) { return int(m.S.DMA.M2M.Head), int(m.S.DMA.M2M.Cnt) }),
}

// watched is a group of flops under parity that an event has hit.
type watched struct {
	group
	bit uint8 // the stored parity bit
}

// odd reports whether the stored bits and the parity bit of the group disagree.
func (w *watched) odd(m *npu.Machine) bool { return parityOf(w.read(&m.S)) != w.bit }

// parityOf is the parity of stored bits.
func parityOf(word uint64) uint8 { return uint8(bits.OnesCount64(word) & 1) }

// look makes the guard watch a group, whose parity is still right, and returns it.
// Where it is watched already nothing changes.
func (g *Guard) look(m *npu.Machine, w group) *watched {
	g.watch, g.machine = Parity, m
	for i := range g.words {
		if g.words[i].parity == w.parity {
			return &g.words[i]
		}
	}
	g.words = append(g.words, watched{w, parityOf(w.read(&m.S))})
	return &g.words[len(g.words)-1]
}

// odd reports whether any of the groups disagrees with its parity bit.
func (g *Guard) odd() bool {
	for i := range g.words {
		if g.words[i].odd(g.machine) {
			return true
		}
	}
	return false
}

// checkParity compares the stored parity, steps the machine, and takes over the
// parity of a group that has loaded. A group that holds what it held is taken for
// not loaded. An even number of wrong bits in a group is not seen.
func (g *Guard) checkParity(m *npu.Machine) (alarm bool) {
	var held [maxWatched]uint64
	for i := range g.words {
		w := &g.words[i]
		if (w.valid == nil || w.valid(m)) && w.odd(m) {
			return true
		}
		held[i] = w.read(&m.S)
	}
	m.Step()
	left := false
	for i := range g.words {
		w := &g.words[i]
		if w.read(&m.S) != held[i] {
			w.bit = parityOf(w.read(&m.S))
		}
		left = left || w.odd(m)
	}
	if !left {
		g.watch = None
	}
	return false
}
