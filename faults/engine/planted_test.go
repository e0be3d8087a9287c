package engine

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"upset/faults"
	"upset/faults/golden"
	"upset/faults/stream"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// The comparison with plain runs must find mistakes of the engine. Each of these is
// planted alone, and some of the sampled upsets must then come out differently.
func TestPlantedMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		plant func(e *Engine)
		where netlist.Filter
		named string // part of the names of the bits
	}{
		"nothing": {func(*Engine) {}, netlist.Filter{NoSRAM: true}, ""},
		"dead early": {func(e *Engine) { // a word of the buffer is taken for dead though it is still read
			runs := *e.Runs
			runs.Life, e.Runs = alwaysDead{}, &runs
		}, netlist.Filter{Only: []string{"sb.wrdata*", "dma.ifm.fifo*"}}, ""},
		"ignore sums": {func(e *Engine) { // an early end does not look at the accumulators
			overlook(e, func(a, b *npu.Flops) { a.MAC.Acc, a.AO.In = b.MAC.Acc, b.AO.In })
		}, netlist.Filter{Only: []string{"mac.acc*", "ao.in*"}}, ""},
		"skip setup": {func(e *Engine) { // differing configuration is taken for harmless
			overlook(e, func(a, b *npu.Flops) {
				x, y := &a.CC, &b.CC
				x.QSize, x.QConfig, x.RegionCfg, x.BaseP = y.QSize, y.QConfig, y.RegionCfg, y.BaseP
				x.Burst, x.MaxReads, x.MaxWrites = y.Burst, y.MaxReads, y.MaxWrites
				x.Bank, x.OpCode, x.OpParam = y.Bank, y.OpCode, y.OpParam
			})
		}, netlist.Filter{Classes: []netlist.Class{netlist.Configuration}}, ""},
		"drop byte": {func(e *Engine) { // of what differs in memory a byte is lost
			right := e.decide.changes
			e.decide.changes = func(m *npu.Machine, p *golden.Point, list []golden.Change, limit int) ([]golden.Change, bool) {
				list, ok := right(m, p, list, limit)
				return list[:max(0, len(list)-1)], ok
			}
		}, netlist.Filter{Only: []string{"mac.acc*", "ao.out*", "ao.res*"}}, ""},
		"hang anyway": {func(e *Engine) { // a machine that waits for memory is taken for stuck
			e.decide.rests = func(*npu.Flops) bool { return true }
		}, netlist.Filter{Classes: []netlist.Class{netlist.LocalControl, netlist.GlobalControl}}, ""},
		"any cycle": {func(e *Engine) { // the cache does not look at the cycle
			right := e.decide.key
			e.decide.key = func(w *Worker, u *pursuit, input int, corrected uint64) cacheKey {
				p := &u.g.Points[u.i]
				was := p.Cycle
				defer func() { p.Cycle = was }()
				p.Cycle = 0
				return right(w, u, input, corrected)
			}
		}, netlist.Filter{Only: []string{"traversal.mac.k*"}}, ""},
		"look late": {func(e *Engine) { // that a stream is fetched ahead is forgotten
			right := e.decide.lookedAt
			e.decide.lookedAt = func(f *npu.Flops, l stream.Look) bool {
				l.Units = npu.Looks{}
				return right(f, l)
			}
		}, netlist.Filter{Only: []string{"cc.bank*"}}, "_base"},
		"wake late": {func(e *Engine) { // nobody is thought to compare a counter with its bound
			e.decide.held = func(*npu.Dormant, *npu.Limits, *npu.Flops, uint32, uint32) bool { return true }
		}, netlist.Filter{Only: []string{"dma.cmdleft", "cc.offset", "dma.wgt.passes", "dma.scl.passes"}}, ""},
		"forget a use": {func(e *Engine) { // of what a weight enters the first output is lost
			right := e.decide.weightUses
			e.decide.weightUses = func(m *npu.Machine, buf, i int, f func(npu.Output, npu.Input)) bool {
				first := true
				return right(m, buf, i, func(o npu.Output, in npu.Input) {
					if !first {
						f(o, in)
					}
					first = false
				})
			}
		}, netlist.Filter{Only: []string{"wd.buf*"}}, ""},
		"forget a record": {func(e *Engine) { // a scale record is taken for used up
			e.decide.recordUses = func(*npu.Machine, npu.Record, func(npu.Output)) {}
		}, netlist.Filter{Only: []string{"dma.sclfifo*", "ao.bias*"}}, ""},
		"endless drain": {func(e *Engine) { // what is discarded never ends
			e.decide.skipDrain = func(_ *npu.Drain, m *npu.Machine, limit uint64) uint64 {
				m.S.Bus.Cycle = limit
				return 1
			}
		}, netlist.Filter{Only: []string{"cc.bank*"}, BitLo: 13, BitHi: 16}, "_length"},
		"leak anywhere": {func(e *Engine) { // any count may stay too high
			e.decide.credits = append(slices.Clone(e.decide.credits), func(f *npu.Flops) *uint8 { return &f.DMA.WgtOut })
			e.decide.forGood = func(now, _ leak) bool { return now.more > 0 }
		}, netlist.Filter{Only: []string{"dma.wgtout"}}, ""},
		"prune all": {func(e *Engine) { // every flop of the command queue is taken for dead
			overlook(e, func(a, b *npu.Flops) { a.DMA.CmdFIFO = b.DMA.CmdFIFO })
		}, netlist.Filter{Only: []string{"dma.cmdfifo*"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := engine(t, "fashion-dscnn", isa.U55x256, 1, faults.Options{})
			good := *e
			e.cache = newCache(faults.Cache{Entries: 1 << 16})
			c.plant(e)
			good.cache = newCache(faults.Cache{Entries: 1 << 16})
			var sites []netlist.SiteID
			for _, r := range e.Table().Select(c.where) {
				for b := range r.Bits() {
					id := r.First + netlist.SiteID(b)
					p, err := e.Table().Place(id)
					if err != nil {
						t.Fatal(err)
					}
					if strings.Contains(e.Table().Name(id), c.named) && c.where.InBits(p.Bit) {
						sites = append(sites, id)
					}
				}
			}
			if len(sites) == 0 {
				t.Fatal("the filter selects nothing")
			}
			bad, right := worker(t, e), worker(t, &good)
			rng := rand.New(rand.NewPCG(23, 0))
			found := 0
			for range 3000 {
				s := faults.Site{ID: sites[rng.IntN(len(sites))], Cycle: rng.Uint64N(e.Cycles())}
				a, err := bad.Inject(0, s, nil)
				if err != nil {
					t.Fatal(err)
				}
				b, err := right.Inject(0, s, nil)
				if err != nil {
					t.Fatal(err)
				}
				if a.Same(b) {
					continue
				}
				if p, err := right.Plain(0, s); err != nil || !b.Same(p) || a.Same(p) {
					t.Fatalf("%s@%d: the engine without the mistake is wrong: %+v, plain %+v: %v", e.Table().Name(s.ID), s.Cycle, b, p, err)
				}
				if found++; found == 3 {
					break
				}
			}
			if want := name != "nothing"; (found > 0) != want {
				t.Errorf("%d upsets come out differently", found)
			}
		})
	}
}

// alwaysDead takes every word of the shared buffer for dead.
type alwaysDead struct{}

func (alwaysDead) Dead(int, uint64) bool { return true }

// overlook makes an engine compare flops after some of a were made those of b.
func overlook(e *Engine, blind func(a, b *npu.Flops)) {
	right := e.decide.outlook
	e.decide.outlook = func(p *stream.Pair, f *stream.Stream, a, b *npu.Flops) (stream.Outlook, bool) {
		p.Set(f, a, b)
		x := *a
		blind(&x, b)
		var q stream.Pair
		return right(&q, f, &x, b)
	}
}
