package faults

import (
	"math/rand/v2"
	"testing"

	"upset/netlist"
	"upset/npu/isa"
)

// The comparison with plain runs must find mistakes of the engine. Each of these is
// planted alone, and some of the sampled upsets must then come out differently.
func TestPlantedMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		bug   planted
		where netlist.Filter
	}{
		"nothing":     {planted{}, netlist.Filter{NoSRAM: true}},
		"dead early":  {planted{deadEarly: true}, netlist.Filter{Only: []string{"sb.wrdata*", "dma.ifm.fifo*"}}},
		"ignore sums": {planted{ignoreSums: true}, netlist.Filter{Only: []string{"mac.acc*", "ao.in*"}}},
		"skip setup":  {planted{skipSetup: true}, netlist.Filter{Classes: []netlist.Class{netlist.Configuration}}},
		"drop byte":   {planted{dropByte: true}, netlist.Filter{Only: []string{"mac.acc*", "ao.out*", "ao.res*"}}},
		"hang anyway": {planted{hangAnyway: true}, netlist.Filter{Classes: []netlist.Class{netlist.LocalControl, netlist.GlobalControl}}},
		"any cycle":   {planted{anyCycle: true}, netlist.Filter{Only: []string{"traversal.mac.k*"}}},
		"prune all":   {planted{pruneAll: true}, netlist.Filter{Only: []string{"dma.cmdfifo*"}}},
	} {
		t.Run(name, func(t *testing.T) {
			e := engine(t, "fashion-dscnn", isa.U55x256, 1, Options{})
			good := *e
			e.planted, e.cache = c.bug, newCache(Cache{Entries: 1 << 16})
			good.cache = newCache(Cache{Entries: 1 << 16})
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
				s := Site{sites[rng.IntN(len(sites))], rng.Uint64N(e.Cycles())}
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
			if want := c.bug != (planted{}); (found > 0) != want {
				t.Errorf("%d upsets come out differently", found)
			}
		})
	}
}
