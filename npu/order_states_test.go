package npu_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"upset/models/network"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// Cycles of a run in another order (our choice): the longest runs take more.
const orderCycles = 6000

// orderRun is a stream on which orders are compared.
type orderRun struct {
	name  string
	p     *network.Program
	input []byte
	sys   npu.System
	ecc   npu.ECC

	events [4]uint32 // that the performance monitor counts
}

func (o *orderRun) start(t testing.TB) *npu.Machine {
	m := load(t, o.p, o.input, o.sys, o.ecc)
	m.WriteReg(npu.RegPMCR, 1)
	for i := range uint32(4) {
		m.WriteReg(npu.RegPMEVTYPE0+4*i, o.events[i])
	}
	return m
}

// What the performance monitor counts: beats, work and waits of blocks, corrected errors.
var orderEvents = [][4]uint32{{0x82, 0x30, 0x40, 0x52}, {0x21, 0x22, 0x50, 0xb1}}

// orderRuns are two layers that wait for the rest of their scale records and of their
// weights when all is written, streams of Vela, which overlap transfers with operations,
// and random operations; on the smallest and the largest configuration, with slow and with
// fast memories.
func orderRuns(t testing.TB) []orderRun {
	fast := npu.DefaultSystem()
	fast.SRAM, fast.Flash, fast.Limits = npu.Timing{BeatInterval: 1}, npu.Timing{BeatInterval: 1, ReadLatency: 1}, npu.MinLimits()
	slow := npu.DefaultSystem()
	slow.SRAM, slow.Flash = npu.Timing{BeatInterval: 1}, npu.Timing{BeatInterval: 100, ReadLatency: 1}
	var list []orderRun
	for i, l := range []layer{{h: 1, w: 2, d: 1, od: 2, kernel: 1, stride: 1}, {h: 1, w: 2, d: 7, od: 3, kernel: 1, stride: 1}} {
		p, input := l.build(t, []isa.Config{isa.U55x32, isa.U55x256}[i], rand.New(rand.NewPCG(uint64(l.d), uint64(l.od))))
		list = append(list, orderRun{fmt.Sprintf("%s layer %+v", p.Config, l), p, input, slow, npu.ECCNone, orderEvents[i]})
	}
	for i, c := range []isa.Config{isa.U55x256, isa.U55x32} {
		for k, n := range []string{"ops/conv_1x1_d40", "ops/conv_3x3", "ops/sqdiff", "ops/softmax_int8"} {
			sys := npu.DefaultSystem()
			if (i+k)%3 == 2 {
				sys = fast
			}
			list = append(list, orderRun{fmt.Sprint(c, " ", n), velaProgram(t, c, n), goldenInput(t, n), sys, npu.ECC(k % 3), orderEvents[k%2]})
		}
		for found, seed := 0, uint64(1); found < 4; seed++ {
			p, input, what, ok := randomStream(c, seed)
			if !ok {
				continue
			}
			sys := npu.DefaultSystem()
			if found%2 == 1 {
				sys = fast
			}
			list = append(list, orderRun{fmt.Sprint(c, " random ", seed, " ", what), p, input, sys, npu.ECC(found % 3), orderEvents[found/2]})
			found++
		}
	}
	return list
}

// stepIn is Step in another order.
func stepIn(m *npu.Machine, order []int) {
	if m.S.CC.Run == 0 {
		return
	}
	m.Begin()
	for _, b := range order {
		m.Evaluate(b)
	}
}

// differs runs a stream in the order of Step and in another and returns the first cycle
// after which the registers or tallies differ, or zero; it compares the shared buffer now
// and then and at the end, and there the memory. Disturb, if not nil, acts on both machines
// before each cycle. It also returns how the run ends.
func (o *orderRun) differs(t testing.TB, order []int, disturb func(m *npu.Machine)) (uint64, npu.Status) {
	a, b := o.start(t), o.start(t)
	for a.Cycle() < orderCycles && a.S.CC.Run != 0 {
		if disturb != nil {
			disturb(a)
			disturb(b)
		}
		a.Step()
		stepIn(b, order)
		if a.S.Flops != b.S.Flops || a.Events != b.Events || a.Cycle()%64 == 0 && a.S.RAM != b.S.RAM {
			return a.Cycle(), a.Status()
		}
	}
	if a.S != b.S || !bytes.Equal(a.Mem.SRAM, b.Mem.SRAM) {
		return a.Cycle(), a.Status()
	}
	return 0, a.Status()
}

// agree reports an order in which a stream gives other states than in that of Step.
func agree(t *testing.T, runs []orderRun, order []int) {
	t.Helper()
	for i := range runs {
		if c, _ := runs[i].differs(t, order, nil); c != 0 {
			t.Errorf("%s: the states differ after cycle %d in the order %s", runs[i].name, c, names(order))
			return
		}
	}
}

// TestOrdersWithoutFaults runs streams in random orders that keep the pairs which show
// without faults, among them one for each pair of blocks that may change places, in which
// they do. The states are those of Step.
func TestOrdersWithoutFaults(t *testing.T) {
	runs, g := orderRuns(t), linked(t, false)
	r := rand.New(rand.NewPCG(1, 31))
	total := 0
	g.each(func([]int) { total++ })
	tried := map[string]bool{}
	try := func(order []int) {
		if n := names(order); !tried[n] {
			tried[n] = true
			agree(t, runs, order)
		}
	}
	c := g.closed()
	for i := range g {
		for j := range i {
			if c[i]>>j&1 == 0 {
				try(g.turned(j, i).draw(r))
			}
		}
	}
	turned, want := len(tried), 12
	if full() {
		want = 300
	}
	for len(tried) < turned+want && len(tried) < total {
		try(g.draw(r))
	}
	t.Logf("%d orders of %d, of which %d turn a pair round", len(tried), total, turned)
	if turned < 20 || len(tried) < 30 {
		t.Errorf("only %d orders, %d of which turn a pair round", len(tried), turned)
	}
}

// TestOrdersWithFaults runs streams in every order that keeps all pairs, while flips come
// down on the registers and the shared buffer. The states are those of Step.
func TestOrdersWithFaults(t *testing.T) {
	const every = 40 // cycles between flips (our choice)
	runs := orderRuns(t)
	n, stopped := 0, map[npu.Status]int{}
	linked(t, true).each(func(order []int) {
		n++
		for i := range runs {
			o := &runs[i]
			tab := netlist.New(o.p.Config, o.ecc)
			flips := func(m *npu.Machine) {
				if m.Cycle()%every != 0 {
					return
				}
				r := rand.New(rand.NewPCG(m.Cycle(), uint64(n*len(runs)+i)))
				flip(t, m, tab, r)
				if m.Cycle()%(8*every) == 0 {
					m.FlipRAM(r.IntN(m.Spec.SHRAMBytes()), r.IntN(8))
				}
			}
			c, st := o.differs(t, order, flips)
			if c != 0 {
				t.Errorf("%s: with flips, the states differ after cycle %d in the order %s", o.name, c, names(order))
			}
			stopped[st]++
		}
	})
	t.Logf("%d orders; with flips runs end with %v", n, stopped)
	if n < 20 || stopped[npu.Done] == 0 || len(stopped) < 4 {
		t.Errorf("%d orders, runs end with %v", n, stopped)
	}
}

// flip flips a bit of a register; each register is as likely as another.
func flip(t testing.TB, m *npu.Machine, tab *netlist.Table, r *rand.Rand) {
	regs := tab.Select(netlist.Filter{NoSRAM: true})
	x := regs[r.IntN(len(regs))]
	if _, _, err := tab.Flip(m, x.First+netlist.SiteID(r.IntN(x.Bits()))); err != nil {
		t.Fatal(err)
	}
}

// TestPairsAreNeeded turns each pair round that does not follow from others. Where the
// order shows without faults, a stream gives other states.
func TestPairsAreNeeded(t *testing.T) {
	runs, g := orderRuns(t), linked(t, false)
	r := rand.New(rand.NewPCG(2, 31))
	for i := range g {
		for j := range i {
			if g[i]>>j&1 == 0 || g.implied(j, i) {
				continue
			}
			order := g.turned(j, i).draw(r)
			if order == nil {
				t.Fatalf("no order has %s before %s", npu.Order[i].Name, npu.Order[j].Name)
			}
			seen := 0
			for k := range runs {
				if c, _ := runs[k].differs(t, order, nil); c != 0 {
					seen++
				}
			}
			t.Logf("%s after %s: the states of %d streams of %d need it", npu.Order[i].Name, npu.Order[j].Name, seen, len(runs))
			if seen == 0 {
				t.Errorf("no stream needs %s after %s", npu.Order[i].Name, npu.Order[j].Name)
			}
		}
	}
}
