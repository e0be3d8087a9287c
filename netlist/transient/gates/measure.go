package gates

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"

	"golang.org/x/sync/errgroup"

	"upset/netlist/cosim"
	"upset/netlist/gate"
	"upset/netlist/transient"
)

// Choices of ours.
const (
	stretch = 8 // clocks of a stretch, in each of which pulses are made
	rounds  = 4 // pulses of a machine in a clock
)

// Batches is the number of groups of machines; intervals come from what lies between them. Each
// covers all runs (our choice).
const Batches = 32

// Fates are the shares of what becomes of pulses. They have the sum 1.
type Fates struct {
	Logical    float64 // changes no flop and no output
	Electrical float64 // gets to none before it ends
	Window     float64 // is at none when it takes over
	Output     float64 // taken over behind an output only
	Captured   float64 // taken over by a flop of the block, or several
}

func (f *Fates) list() []*float64 {
	return []*float64{&f.Logical, &f.Electrical, &f.Window, &f.Output, &f.Captured}
}

func (f *Fates) add(o Fates) {
	to := f.list()
	for i, v := range o.list() {
		*to[i] += *v
	}
}

// Sizes are the numbers of bits that a pulse changes, in classes up to these and above.
var Sizes = []int{1, 2, 4, 8, 16, 64}

// sums are those of a batch, or of all.
type sums struct {
	pulses [2]int // in clocks in which no register of the block changes, in others
	fates  Fates  // of the model as declared
	taken  [2]float64
	sizes  []float64 // of captured ones, by class
	bits   float64   // of captured ones
	wide   float64   // captured ones with bits of several registers
}

func (s *sums) add(o *sums) {
	for k := range s.pulses {
		s.pulses[k] += o.pulses[k]
		s.taken[k] += o.taken[k]
	}
	s.fates.add(o.fates)
	for i := range o.sizes {
		s.sizes[i] += o.sizes[i]
	}
	s.bits, s.wide = s.bits+o.bits, s.wide+o.wide
}

func newSums() sums { return sums{sizes: make([]float64, len(Sizes)+1)} }

// event is what was taken over together.
type event struct {
	active bool
	bits   []int32
	weight float64
}

// Result is what pulses in a block did.
type Result struct {
	Block     *cosim.Block
	Area      float64 // of the gates that were struck, in gate equivalents
	Gates     int
	Depth     int // levels
	Elsewhere int // bits that another block has as well, with its own gates
	batches   []sums
	variants  []Fates // sums
	events    map[string]*event
	owned     []bool
	element   []int32 // by bit: the element of a register that it is in
}

// measurement is the state of a worker.
type measurement struct {
	r        *Result
	l        *logic
	rng      *rand.Rand
	variants []transient.Variant
	unit     []float64 // by variant
	struck   [gate.Patterns]gate.NetID
	found    [gate.Patterns][]reached
	levels   []int
	flops    []int // levels of flops alone
	first    []int // by level in levels: its first entry in found
	parts    []transient.Part
	key      []byte
	bits     []int32
}

// Measure makes at least so many pulses in a block on runs, on so many workers. Owned says of each bit
// whether pulses are asked for that change it; nil stands for all.
func Measure(ctx context.Context, b *cosim.Block, owned []bool, runs []cosim.Run, pulses int, seed uint64, workers int) (*Result, error) {
	if owned == nil {
		owned = make([]bool, b.Bits())
		for i := range owned {
			owned[i] = true
		}
	}
	for _, v := range transient.Variants() {
		if err := v.Model.Check(); err != nil {
			return nil, fmt.Errorf("pulses %s: %w", v.Name, err)
		}
	}
	l := newLogic(b.Gates, b.Flops(), owned)
	if len(l.gates) == 0 {
		return nil, fmt.Errorf("%s has no logic between flops", b.Boundary.Block)
	}
	perStretch := stretch * rounds
	n := (pulses + perStretch*len(runs) - 1) / (perStretch * len(runs))
	source := cosim.NewStretches(runs, max(n, gate.Patterns), stretch, seed)
	element, err := elements(b)
	if err != nil {
		return nil, err
	}
	total := newResult(b, l, owned, element)
	parts := make([]*Result, workers)
	e, ctx := errgroup.WithContext(ctx)
	for w := range workers {
		parts[w] = newResult(b, l, owned, element)
		m := &measurement{r: parts[w], l: l, rng: rand.New(rand.NewPCG(seed, 0x5e70+uint64(w))), variants: transient.Variants()}
		for _, v := range m.variants {
			m.unit = append(m.unit, v.Model.Period/float64(total.Depth))
		}
		e.Go(func() error {
			g, err := cosim.NewGroup(b, source, nil)
			if err != nil {
				return err
			}
			g.Settled(m.settled)
			for ctx.Err() == nil && g.Clock() {
			}
			if g.Result.Different > 0 {
				return fmt.Errorf("machine and gates differ: %s", g.Result.Differences[0])
			}
			return ctx.Err()
		})
	}
	if err := e.Wait(); err != nil {
		return nil, err
	}
	for _, p := range parts {
		total.join(p)
	}
	return total, nil
}

func newResult(b *cosim.Block, l *logic, owned []bool, element []int32) *Result {
	r := &Result{Block: b, Area: l.area(), Gates: len(l.gates), Depth: l.depth(), variants: make([]Fates, len(transient.Variants())), events: map[string]*event{}, owned: owned, element: element}
	for range Batches {
		r.batches = append(r.batches, newSums())
	}
	for _, o := range owned {
		if !o {
			r.Elsewhere++
		}
	}
	return r
}

func (r *Result) join(o *Result) {
	for i := range r.batches {
		r.batches[i].add(&o.batches[i])
	}
	for i := range r.variants {
		r.variants[i].add(o.variants[i])
	}
	for k, e := range o.events {
		if x := r.events[k]; x != nil {
			x.weight += e.weight
		} else {
			r.events[k] = e
		}
	}
}

// settled makes the pulses of a clock.
func (m *measurement) settled(s *gate.Simulator, alive gate.Word) {
	active := m.active(s)
	for range rounds {
		for p := range m.struck {
			m.struck[p] = 0
			if alive[p>>6]>>(p&63)&1 != 0 {
				m.struck[p] = m.l.draw(m.rng.Float64())
			}
		}
		m.l.strike(s, &m.struck, &m.found)
		for p, net := range m.struck {
			if net != 0 {
				m.account(&m.r.batches[p%Batches], m.found[p], active[p>>6]>>(p&63)&1 != 0)
			}
		}
	}
}

// active has the patterns in which a bit of the block changes at the end of the clock.
func (m *measurement) active(s *gate.Simulator) (w gate.Word) {
	n := m.l.n
	for bit, f := range m.r.Block.Flops() {
		if m.r.owned[bit] {
			d, q := s.Net(n.D(f)), s.Net(n.Q(f))
			for i := range w {
				w[i] |= d[i] ^ q[i]
			}
		}
	}
	return w
}

// account enters a pulse.
func (m *measurement) account(to *sums, found []reached, active bool) {
	key := 0
	if active {
		key = 1
	}
	to.pulses[key]++
	if len(found) == 0 {
		to.fates.Logical++
		for i := range m.r.variants {
			m.r.variants[i].Logical++
		}
		return
	}
	m.levels, m.flops, m.first = m.levels[:0], m.flops[:0], m.first[:0]
	for i, f := range found {
		if n := len(m.levels); n == 0 || m.levels[n-1] != f.levels {
			m.levels, m.first = append(m.levels, f.levels), append(m.first, i)
		}
		if n := len(m.flops); f.bit != output && (n == 0 || m.flops[n-1] != f.levels) {
			m.flops = append(m.flops, f.levels)
		}
	}
	m.first = append(m.first, len(found))
	for i := range m.variants {
		v := &m.variants[i].Model
		var f Fates
		for _, w := range v.Widths {
			all, alive := v.Covered(w.PS, m.levels, m.unit[i])
			flops := all
			if len(m.flops) != len(m.levels) {
				flops, _ = v.Covered(w.PS, m.flops, m.unit[i])
			}
			if !alive {
				f.Electrical += w.Share
				continue
			}
			f.Captured += w.Share * flops
			f.Output += w.Share * (all - flops)
			f.Window += w.Share * (1 - all)
		}
		m.r.variants[i].add(f)
		if i == 0 {
			to.fates.add(f)
			to.taken[key] += f.Captured
		}
	}
	v := &m.variants[0].Model
	for _, w := range v.Widths {
		m.parts, _ = v.Parts(m.parts, w.PS, m.levels, m.unit[0])
		for _, p := range m.parts {
			m.event(to, found[m.first[p.First]:m.first[p.Last+1]], active, p.Share*w.Share)
		}
	}
}

// event enters what was taken over together.
func (m *measurement) event(to *sums, found []reached, active bool, weight float64) {
	m.key = append(m.key[:0], 0)
	if active {
		m.key[0] = 1
	}
	m.bits = m.bits[:0]
	for _, f := range found {
		if f.bit != output {
			m.bits = append(m.bits, f.bit)
		}
	}
	if len(m.bits) == 0 {
		return
	}
	slices.Sort(m.bits)
	several := false
	for _, b := range m.bits {
		m.key = binary.AppendUvarint(m.key, uint64(b))
		several = several || m.r.element[b] != m.r.element[m.bits[0]]
	}
	class := 0
	for class < len(Sizes) && len(m.bits) > Sizes[class] {
		class++
	}
	to.sizes[class] += weight
	to.bits += weight * float64(len(m.bits))
	if several {
		to.wide += weight
	}
	e := m.r.events[string(m.key)]
	if e == nil {
		e = &event{active: active, bits: slices.Clone(m.bits)}
		m.r.events[string(m.key)] = e
	}
	e.weight += weight
}
