package engine

import (
	"math/rand/v2"
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
	}{
		"nothing": {func(*Engine) {}, netlist.Filter{NoSRAM: true}},
		"dead early": {func(e *Engine) { // a word of the buffer is taken for dead though it is still read
			runs := *e.Runs
			runs.Life, e.Runs = alwaysDead{}, &runs
		}, netlist.Filter{Only: []string{"sb.wrdata*", "dma.ifm.fifo*"}}},
		"ignore sums": {func(e *Engine) { // an early end does not look at the accumulators
			overlook(e, func(a, b *npu.Flops) { a.MAC.Acc, a.AO.In = b.MAC.Acc, b.AO.In })
		}, netlist.Filter{Only: []string{"mac.acc*", "ao.in*"}}},
		"skip setup": {func(e *Engine) { // differing configuration is taken for harmless
			overlook(e, func(a, b *npu.Flops) {
				x, y := &a.CC, &b.CC
				x.QSize, x.QConfig, x.RegionCfg, x.BaseP = y.QSize, y.QConfig, y.RegionCfg, y.BaseP
				x.Burst, x.MaxReads, x.MaxWrites = y.Burst, y.MaxReads, y.MaxWrites
				x.Bank, x.OpCode, x.OpParam = y.Bank, y.OpCode, y.OpParam
			})
		}, netlist.Filter{Classes: []netlist.Class{netlist.Configuration}}},
		"drop byte": {func(e *Engine) { // of what differs in memory a byte is lost
			right := e.decide.changes
			e.decide.changes = func(m *npu.Machine, p *golden.Point, list []golden.Change, limit int) ([]golden.Change, bool) {
				list, ok := right(m, p, list, limit)
				return list[:max(0, len(list)-1)], ok
			}
		}, netlist.Filter{Only: []string{"mac.acc*", "ao.out*", "ao.res*"}}},
		"hang anyway": {func(e *Engine) { // a machine that waits for memory is taken for stuck
			e.decide.rests = func(*npu.Flops) bool { return true }
		}, netlist.Filter{Classes: []netlist.Class{netlist.LocalControl, netlist.GlobalControl}}},
		"any cycle": {func(e *Engine) { // the cache does not look at the cycle
			right := e.decide.key
			e.decide.key = func(w *Worker, u *pursuit, input int, corrected uint64) cacheKey {
				p := &u.g.Points[u.i]
				was := p.Cycle
				defer func() { p.Cycle = was }()
				p.Cycle = 0
				return right(w, u, input, corrected)
			}
		}, netlist.Filter{Only: []string{"traversal.mac.k*"}}},
		"prune all": {func(e *Engine) { // every flop of the command queue is taken for dead
			overlook(e, func(a, b *npu.Flops) { a.DMA.CmdFIFO = b.DMA.CmdFIFO })
		}, netlist.Filter{Only: []string{"dma.cmdfifo*"}}},
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
					sites = append(sites, r.First+netlist.SiteID(b))
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
	e.decide.outlook = func(a, b *npu.Flops) (stream.Outlook, bool) {
		x := *a
		blind(&x, b)
		return right(&x, b)
	}
}
