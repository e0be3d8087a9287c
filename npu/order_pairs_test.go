package npu_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/netlist"
	"upset/npu"
)

// eachPair runs a cycle of m. For each pair of blocks in want it takes the state in which
// the earlier one runs, lets both run in either order, and calls differ where the state,
// the tallies or the memory depend on the order. Only the bus writes to the memory.
func eachPair(m *npu.Machine, want graph, differ func(before, after int)) {
	m.Begin()
	var sram []byte
	for i := range want {
		wanted := false
		for j := i + 1; j < len(want); j++ {
			wanted = wanted || want[j]>>i&1 != 0
		}
		if !wanted {
			m.Evaluate(i)
			continue
		}
		m.Writes = npu.Pages{}
		if i == 0 {
			sram = bytes.Clone(m.Mem.SRAM)
		}
		state, events := m.S, m.Events
		back := func() (memory []byte) {
			m.Load(&state)
			m.Events = events
			if m.Writes != (npu.Pages{}) {
				memory = bytes.Clone(m.Mem.SRAM)
				copy(m.Mem.SRAM, sram)
				m.Writes = npu.Pages{}
			}
			return memory
		}
		for j := i + 1; j < len(want); j++ {
			if want[j]>>i&1 == 0 {
				continue
			}
			m.Evaluate(i)
			m.Evaluate(j)
			first, counted := m.S, m.Events
			memory := back()
			m.Evaluate(j)
			m.Evaluate(i)
			same := m.S == first && m.Events == counted
			if !bytes.Equal(memory, back()) || !same {
				differ(i, j)
			}
		}
		m.Evaluate(i)
	}
}

// inUse lists the addresses of the shared buffer that the next cycle of m uses.
func inUse(m *npu.Machine) []int {
	list := []int{0}
	n := transplant(m)
	n.Probe.Access = func(addr, _, _ int, _ bool) { list = append(list, addr&0xffff) }
	n.Step()
	return list
}

// damaged returns a copy of m with some damage and, often, some flips.
func damaged(t testing.TB, m *npu.Machine, tab *netlist.Table, r *rand.Rand, in []int) *npu.Machine {
	n := transplant(m)
	for range 1 + r.IntN(3) {
		damages[r.IntN(len(damages))](n, r, in)
	}
	for range r.IntN(4) {
		flip(t, n, tab, r)
	}
	n.Touched()
	return n
}

// pairs counts in how many states the order of a pair of blocks shows.
type pairs [][]int

func (p pairs) at(before, after int) int { return p[after][before] }

func (p pairs) note(before, after int) { p[after][before]++ }

// without returns the pairs of g that the count does not have.
func (g graph) without(shown pairs) graph {
	h := slices.Clone(g)
	for i := range h {
		for j := range i {
			if shown.at(j, i) > 0 {
				h[i] &^= 1 << j
			}
		}
	}
	return h
}

// with joins two sets of pairs.
func (g graph) with(h graph) graph {
	s := slices.Clone(g)
	for i := range s {
		s[i] |= h[i]
	}
	return s
}

func newPairs() pairs {
	p := make(pairs, len(npu.Order))
	for i := range p {
		p[i] = make([]int, i)
	}
	return p
}

// TestPairsOfBlocks compares the two orders of pairs of blocks in states of streams, as
// they are and damaged. Pairs that share no register give the same state in either order,
// always; those whose order shows only after faults do so without faults. The order of
// every pair of the list shows in some state: in one without faults unless it is marked.
func TestPairsOfBlocks(t *testing.T) {
	samples, whole, more := 10, 4, 50
	if full() {
		samples, whole, more = 60, 16, 50
	}
	all, clean := linked(t, true), linked(t, false)
	free, every, marked := make(graph, len(all)), make(graph, len(all)), make(graph, len(all))
	for i := range all {
		every[i] = 1<<i - 1
		free[i], marked[i] = every[i]&^all[i], all[i]&^clean[i]
	}
	plain, after := newPairs(), newPairs() // without faults, and after
	states, harmed := 0, 0
	r := rand.New(rand.NewPCG(5, 31))
	for _, o := range orderRuns(t) {
		m, tab := o.start(t), netlist.New(o.p.Config, o.ecc)
		end := o.start(t)
		end.Run(orderCycles)
		for range samples {
			m.Run(m.Cycle() + 1 + r.Uint64N(2*end.Cycle()/uint64(samples)))
			if m.S.CC.Run == 0 {
				m = o.start(t)
			}
			states++
			eachPair(transplant(m), every, func(i, j int) {
				plain.note(i, j)
				if clean[j]>>i&1 == 0 {
					t.Errorf("%s, cycle %d: the order of %s and %s shows", o.name, m.Cycle(), npu.Order[i].Name, npu.Order[j].Name)
				}
			})
			in := inUse(m)
			for k := range whole + more {
				want := marked.without(after)
				if k < whole {
					want = want.with(free)
				}
				if slices.Max(want) == 0 {
					break
				}
				harmed++
				eachPair(damaged(t, m, tab, r, in), want, func(i, j int) {
					after.note(i, j)
					if all[j]>>i&1 == 0 {
						t.Errorf("%s, damaged in cycle %d: the order of %s and %s shows", o.name, m.Cycle(), npu.Order[i].Name, npu.Order[j].Name)
					}
				})
			}
			if t.Failed() {
				return
			}
		}
	}
	rare := rarePairs(t, clean, plain)
	t.Logf("%d states, %d damaged ones, %d searched for rare pairs", states, harmed, rare)
	for i := range all {
		for j := range i {
			what := npu.Order[i].Name + " after " + npu.Order[j].Name
			switch {
			case all[i]>>j&1 == 0:
			case clean[i]>>j&1 != 0 && clean.implied(j, i) && plain.at(j, i) == 0:
				t.Errorf("%s: shows in no state without faults", what)
			case clean[i]>>j&1 == 0 && after.at(j, i) == 0:
				t.Errorf("%s: shows in no damaged state", what)
			}
		}
	}
}

// rarePairs goes through all cycles of streams until those pairs have shown that follow
// from others; TestPairsAreNeeded shows the rest. It returns the number of states.
func rarePairs(t *testing.T, clean graph, plain pairs) (n int) {
	want := slices.Clone(clean)
	for i := range want {
		for j := range i {
			if !clean.implied(j, i) {
				want[i] &^= 1 << j
			}
		}
	}
	for _, o := range orderRuns(t) {
		other := o.start(t) // a beat from its memory may be an older one
		for m := o.start(t); m.Cycle() < orderCycles && m.S.CC.Run != 0; m.Step() {
			rest := want.without(plain)
			if slices.Max(rest) == 0 {
				return n
			}
			n++
			other.Load(&m.S)
			eachPair(other, rest, plain.note)
		}
	}
	return n
}
