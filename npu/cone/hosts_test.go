package cone_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/npu/cone"
	"upset/npu/functional"
	"upset/npu/isa"
)

// chained are streams with a host between them, on one memory.
type chained struct {
	stream
	list  []cone.Stream
	steps func(k int, mem *isa.Memory)
}

// chain draws streams that run one after the other. Behind each but the last the host takes
// some bytes, drops their low bits and writes them elsewhere. Registers are kept between the
// streams: those behind the first set only what differs.
func chain(r *rand.Rand) *chained {
	c := &chained{stream: stream{config: isa.Configs[r.IntN(4)], bases: [8]uint32{isa.FlashBase, isa.SRAMBase}}}
	m := maker{r: r, flash: make([]byte, 4*flashEnd)}
	first := 0
	for k := range 2 + r.IntN(2) {
		m.Words = nil
		for range 1 + r.IntN(2) {
			m.operation(c.config)
		}
		m.Op(isa.OpStop, 0)
		s := cone.Stream{Commands: slices.Clone(m.Words), First: first, Bases: c.bases}
		first += len(m.Words)
		if k == 0 || r.IntN(2) == 0 {
			from, to := r.Uint32N(arena/2), r.Uint32N(arena/2)
			s.Reads = []cone.Range{{Lo: isa.SRAMBase + from, Hi: isa.SRAMBase + from + 900}}
			s.Writes = []cone.Range{{Lo: isa.SRAMBase + to, Hi: isa.SRAMBase + to + 300}, {Lo: isa.SRAMBase + to + 400, Hi: isa.SRAMBase + to + 700}}
		}
		c.list = append(c.list, s)
	}
	c.steps = func(k int, mem *isa.Memory) {
		s := &c.list[k]
		if len(s.Reads) == 0 {
			return
		}
		in := slices.Clone(mem.SRAM[s.Reads[0].Lo-isa.SRAMBase : s.Reads[0].Hi-isa.SRAMBase])
		for _, w := range s.Writes {
			for a := w.Lo; a < w.Hi; a++ {
				i := int(a-s.Writes[0].Lo) % len(in)
				mem.SRAM[a-isa.SRAMBase] = in[i]>>5*3 + byte(k)
			}
		}
	}
	c.mem.Flash, c.mem.SRAM = m.flash, make([]byte, arena)
	for i := range c.mem.SRAM {
		c.mem.SRAM[i] = byte(r.Uint32())
	}
	return c
}

// run is the functional machine over all streams, with the host between them. Before stream
// number at it calls change.
func (c *chained) run(mem *isa.Memory, at int, change func()) error {
	var regs isa.Registers
	regs.Reset()
	table := make([]byte, isa.LUTBytes)
	for k := range c.list {
		if k == at {
			change()
		}
		m := functional.New(c.config, mem, c.bases)
		m.Registers = regs
		m.SetLUT(table)
		if err := m.Run(c.list[k].Commands); err != nil {
			return err
		}
		regs = m.Registers
		copy(table, m.LUT())
		c.steps(k, mem)
	}
	return nil
}

// Differences pass through what the host does between two streams as the functional machine
// and the host leave them, and it is said whether the host has seen any.
func TestHostBetweenStreams(t *testing.T) {
	exact, forgiven, lost, refused := 0, 0, 0, 0
	for i := range uint64(60) {
		r := rand.New(rand.NewPCG(i, 91))
		c := chain(r)
		hosts := func() cone.HostStep { return c.steps }
		p, err := cone.NewStreams(c.config, c.list, hosts, &c.mem)
		if err != nil {
			continue
		}
		golden := c.fresh()
		trace, err := p.Record(golden)
		if err != nil {
			continue
		}
		plain := c.fresh()
		if err := c.run(plain, 0, func() {}); err != nil || !slices.Equal(plain.SRAM, golden.SRAM) {
			t.Fatalf("chain %d: the recorded run leaves other bytes than the machine, %v", i, err)
		}
		starts := []int{0} // first operation of each stream
		for _, o := range p.Ops() {
			if w := c.list[len(starts)-1]; o.Kind == cone.Host && o.Word != w.First+len(w.Commands)-1 {
				t.Fatalf("chain %d: the host stands at word %d, the stream ends at %d", i, o.Word, w.First+len(w.Commands)-1)
			}
			if len(starts) < len(c.list) && o.Word >= c.list[len(starts)].First {
				starts = append(starts, o.Index)
			}
		}
		run := p.Runner()
		for range 6 {
			k := r.IntN(len(starts))
			if k == 0 || len(starts) == len(c.list) {
				e, f, ok := c.follow(t, r, p, trace, run, golden, k, starts[k])
				if !ok {
					refused++
					continue
				}
				exact++
				if f {
					forgiven++
				}
				if f && e == 0 {
					lost++
				}
			}
		}
	}
	t.Logf("%d sets of differences exact, %d seen by the host, which forgives %d; %d refused", exact, forgiven, lost, refused)
	if exact < 100 || forgiven < 20 || lost == 0 || forgiven == exact {
		t.Errorf("%d exact, %d seen by the host, %d forgiven: too little is shown", exact, forgiven, lost)
	}
}

// follow compares one set of differences in front of stream k, whose first operation is given.
func (c *chained) follow(t *testing.T, r *rand.Rand, p *cone.Program, trace *cone.Trace, run *cone.Runner, golden *isa.Memory, k, from int) (left int, seen, ok bool) {
	t.Helper()
	near := cone.Range{Lo: isa.SRAMBase, Hi: isa.SRAMBase + arena}
	if r.IntN(2) == 0 && len(c.list[k].Reads) > 0 {
		near = c.list[k].Reads[0]
	}
	mem := c.fresh()
	var diff []cone.Byte
	err := c.run(mem, k, func() {
		for range 1 + r.IntN(5) {
			a := near.Lo + r.Uint32N(near.Hi-near.Lo)
			mem.SRAM[a-isa.SRAMBase] ^= 1 << r.IntN(8)
			diff = append(diff, cone.Byte{Addr: a, Value: mem.SRAM[a-isa.SRAMBase]})
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	list, _, err := run.Propagate(trace, from, diff)
	if errors.Is(err, cone.ErrClock) {
		return 0, false, false
	}
	if err != nil {
		t.Fatal(err)
	}
	got := slices.Clone(golden.SRAM)
	for _, b := range list {
		got[b.Addr-isa.SRAMBase] = b.Value
	}
	if !slices.Equal(got, mem.SRAM) {
		t.Fatalf("before stream %d (%v): other bytes are left than the machine and the host leave", k, p.Ops()[from].Kind)
	}
	return len(list), run.Forgiven(), true
}
