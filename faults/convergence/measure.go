package convergence

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"

	"upset/faults"
	"upset/faults/engine"
	"upset/models/network"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// Horizons are the cycles behind an upset at which the machine is compared with the
// fault-free one (our choice).
var Horizons = [...]uint64{10, 100, 1_000, 10_000}

// measureStream keeps these draws apart from all others.
const measureStream = 0x64696573 // "dies"

// Fate is what became of the upsets of a block and class.
type Fate struct {
	Block, Class string
	Bits         int // how many there are to hit
	Upsets       int
	Pruned       int                // known to be dead without a step
	Dead         [len(Horizons)]int // first seen dead at a horizon
	Alive        int                // not dead at the last horizon, or before the NPU stopped
}

// shares are the parts of the upsets: pruned, dead at each horizon, and not dead.
func (f *Fate) shares() (s [len(Horizons) + 2]float64) {
	n := float64(max(1, f.Upsets))
	s[0] = float64(f.Pruned) / n
	for i, k := range f.Dead {
		s[1+i] = float64(k) / n
	}
	s[len(s)-1] = float64(f.Alive) / n
	return s
}

// average weighs the shares of the flops of all blocks by their bits.
func (s *Study) average() (a [len(Horizons) + 2]float64, bits, upsets int) {
	for i := range s.Fates {
		f := &s.Fates[i]
		if f.Class == netlist.SRAM.String() {
			continue
		}
		bits, upsets = bits+f.Bits, upsets+f.Upsets
		for k, v := range f.shares() {
			a[k] += v * float64(f.Bits)
		}
	}
	for k := range a {
		a[k] /= float64(max(1, bits))
	}
	return a, bits, upsets
}

// Study is the fate of the upsets of a network.
type Study struct {
	Network string
	Cycles  uint64
	Fates   []Fate // by block and class, in the order of the pipeline
}

// walker is a machine that goes along the fault-free run.
type walker struct{ *npu.Machine }

// newWalker starts a machine on an input.
func newWalker(p *network.Program, input []byte) (walker, error) {
	mem := new(isa.Memory)
	if err := p.Load(mem, input); err != nil {
		return walker{}, err
	}
	m := npu.New(p.Config, npu.DefaultSystem(), npu.ECCNone, mem)
	m.WindowLo, m.WindowHi = isa.SRAMBase, isa.SRAMBase+uint32(p.SRAMBytes())
	p.Start(m)
	return walker{m}, nil
}

// copyFrom makes the machine equal to another one.
func (w walker) copyFrom(from walker) {
	w.S = from.S
	copy(w.Mem.SRAM, from.Mem.SRAM)
	w.Touched()
}

// equal reports whether two machines at the same cycle have the same future: the
// same canonical state, shared buffer and memory.
func (w walker) equal(q walker) bool {
	n := w.Spec.SHRAMBytes()
	return w.S.CC.Run == q.S.CC.Run && w.S.Bus.Stray == q.S.Bus.Stray && w.Cycle() == q.Cycle() &&
		bytes.Equal(w.S.RAM.Mem[:n], q.S.RAM.Mem[:n]) &&
		npu.Canonical(&w.S.Flops) == npu.Canonical(&q.S.Flops) &&
		bytes.Equal(w.Mem.SRAM, q.Mem.SRAM)
}

// Measure draws upsets and observes when the machine is equal to the fault-free one
// again. The engine says which are pruned; the others are stepped beside the
// fault-free run.
func Measure(e *engine.Engine, name string, seed uint64, upsets int) (*Study, error) {
	t := e.Table()
	if e.Options().ECC != npu.ECCNone {
		return nil, fmt.Errorf("the shared buffer of this engine has a code: measure without one")
	}
	sites := drawUpsets(e, seed, upsets)
	w, err := e.Worker()
	if err != nil {
		return nil, err
	}
	s := &Study{Network: name, Cycles: e.Cycles()}
	fates := map[[2]string]*Fate{}
	var live []faults.Site
	for _, site := range sites {
		r, err := w.Inject(0, site, nil)
		if err != nil {
			return nil, err
		}
		f, err := fateOf(t, fates, site)
		if err != nil {
			return nil, err
		}
		f.Upsets++
		if r.Path.Pruned() {
			f.Pruned++
		} else {
			live = append(live, site)
		}
	}
	if err := follow(e, live, fates); err != nil {
		return nil, err
	}
	for _, block := range netlist.Blocks() {
		for c := range netlist.NumClasses {
			if f := fates[[2]string{block, c.String()}]; f != nil {
				for i := range t.Registers {
					if r := &t.Registers[i]; r.Block == block && r.Class == c && !r.Observer {
						f.Bits += r.Bits()
					}
				}
				s.Fates = append(s.Fates, *f)
			}
		}
	}
	return s, nil
}

func fateOf(t *netlist.Table, fates map[[2]string]*Fate, s faults.Site) (*Fate, error) {
	p, err := t.Place(s.ID)
	if err != nil {
		return nil, err
	}
	key := [2]string{p.Register.Block, p.Register.Class.String()}
	if fates[key] == nil {
		fates[key] = &Fate{Block: key[0], Class: key[1]}
	}
	return fates[key], nil
}

// drawUpsets draws sites in the order of cycles. Every block and class gets the same
// number, however many bits it has. Observers, which nothing depends on, are left out.
func drawUpsets(e *engine.Engine, seed uint64, upsets int) (sites []faults.Site) {
	pools := map[[2]string]pool{}
	var keys [][2]string
	t := e.Table()
	for i := range t.Registers {
		r := &t.Registers[i]
		if r.Observer {
			continue
		}
		key := [2]string{r.Block, r.Class.String()}
		if pools[key] == nil {
			keys = append(keys, key)
		}
		for b := range r.Bits() {
			pools[key] = append(pools[key], r.First+netlist.SiteID(b))
		}
	}
	rng := rand.New(rand.NewPCG(seed, measureStream))
	for i := range upsets {
		p := pools[keys[i%len(keys)]]
		sites = append(sites, faults.Site{ID: p[rng.IntN(len(p))], Cycle: rng.Uint64N(e.Cycles())})
	}
	slices.SortStableFunc(sites, func(a, b faults.Site) int { return int(int64(a.Cycle) - int64(b.Cycle)) })
	return sites
}

// follow steps upsets, in the order of cycles, beside fault-free machines: one at the
// cycle of the upset and one at each horizon behind it, which all only go forward.
func follow(e *engine.Engine, sites []faults.Site, fates map[[2]string]*Fate) error {
	input := e.Golden(0).Input
	var ahead [len(Horizons)]walker
	base, err := newWalker(e.Program(), input)
	if err != nil {
		return err
	}
	m, err := newWalker(e.Program(), input)
	if err != nil {
		return err
	}
	for i := range ahead {
		if ahead[i], err = newWalker(e.Program(), input); err != nil {
			return err
		}
	}
	for _, s := range sites {
		f, err := fateOf(e.Table(), fates, s)
		if err != nil {
			return err
		}
		base.Run(s.Cycle)
		m.copyFrom(base)
		if _, _, err := e.Table().Flip(m.Machine, s.ID); err != nil {
			return err
		}
		dead := false
		for i := 0; i < len(ahead) && !dead && m.S.CC.Run != 0; i++ {
			at := s.Cycle + Horizons[i]
			ahead[i].Run(at)
			m.Run(at)
			if dead = m.equal(ahead[i]); dead {
				f.Dead[i]++
			}
		}
		if !dead {
			f.Alive++
		}
	}
	return nil
}
