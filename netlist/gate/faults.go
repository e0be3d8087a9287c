package gate

import (
	"fmt"
	"slices"
)

// faults are the faults of a simulator, sparse: what they cost grows with their
// number, not with the netlist.
type faults struct {
	list []fault         // in the order of at, unless unsorted
	at   map[int32]int32 // by place: index in list
	// source keeps the values of inputs and flops below their faults.
	source   []kept
	kept     map[NetID]int32
	unsorted bool
}

// fault is what happens at a place: the value is forced where mask is set, and
// then inverted where invert is set.
type fault struct {
	at                  int32
	mask, value, invert Word
}

func (f *fault) apply(w *Word) {
	for i := range w {
		w[i] = (w[i]&^f.mask[i] | f.value[i]&f.mask[i]) ^ f.invert[i]
	}
}

type kept struct {
	net   NetID
	value Word
}

func (f *faults) init() {
	f.at, f.kept = map[int32]int32{}, map[NetID]int32{}
}

// release forgets the kept sources: their values count no longer.
func (f *faults) release() {
	if len(f.source) > 0 {
		f.source = f.source[:0]
		clear(f.kept)
	}
}

func (s *Simulator) fault(net NetID) *fault {
	if net < 0 || int(net) >= len(s.place) {
		panic(fmt.Sprintf("gate: %s to force or invert", s.n.NetName(net)))
	}
	f, at := &s.faults, s.place[net]
	i, ok := f.at[at]
	if !ok {
		i = int32(len(f.list))
		f.at[at] = i
		f.unsorted = f.unsorted || i > 0 && f.list[i-1].at > at
		f.list = append(f.list, fault{at: at})
	}
	return &f.list[i]
}

// Force holds a net at value in the patterns of mask in every evaluation
// from the next one until ClearFaults: a net that is stuck. A second call for the same net
// adds its patterns; in common ones its value counts.
func (s *Simulator) Force(net NetID, mask, value Word) {
	f := s.fault(net)
	for i := range mask {
		f.mask[i] |= mask[i]
		f.value[i] = f.value[i]&^mask[i] | value[i]&mask[i]
	}
}

// Invert inverts a net in the patterns of mask in every evaluation from the
// next one until ClearFaults: a pulse that lasts for the evaluation. At the Q net of a
// flop, readers see the inverted value; the flop itself keeps its own. A second
// call for the same net adds its patterns. Where a net is forced and inverted, it has
// the inverse of the forced value.
func (s *Simulator) Invert(net NetID, mask Word) {
	f := s.fault(net)
	for i := range mask {
		f.invert[i] |= mask[i]
	}
}

// ClearFaults removes all faults. Inputs and flops have their own values
// again; the outputs of gates keep theirs until they are evaluated.
func (s *Simulator) ClearFaults() {
	s.restoreSources()
	s.faults.list, s.faults.unsorted = s.faults.list[:0], false
	clear(s.faults.at)
}

// restoreSources gives inputs, flops and constants the values below their faults.
func (s *Simulator) restoreSources() {
	for i := range s.faults.source {
		k := &s.faults.source[i]
		s.value[k.net] = k.value
	}
	s.faults.release()
}

// sortFaults brings the faults into the order of evaluation.
func (s *Simulator) sortFaults() {
	f := &s.faults
	if !f.unsorted {
		return
	}
	slices.SortFunc(f.list, func(a, b fault) int { return int(a.at) - int(b.at) })
	for i := range f.list {
		f.at[f.list[i].at] = int32(i)
	}
	f.unsorted = false
}

// faultSources applies the faults of constants, inputs and flops, keeping their
// values, and returns the number of such faults.
func (s *Simulator) faultSources() int {
	s.restoreSources()
	s.sortFaults()
	f := &s.faults
	for i := range f.list {
		e := &f.list[i]
		if e.at >= s.first {
			return i
		}
		net := NetID(e.at) // sources stand at their numbers
		f.kept[net] = int32(len(f.source))
		f.source = append(f.source, kept{net: net, value: s.value[net]})
		e.apply(&s.value[net])
	}
	return len(f.list)
}

// evaluateFaulty is Evaluate with faults: runs are cut behind each gate that
// has one.
func (s *Simulator) evaluateFaulty() {
	next := s.faults.list[s.faultSources():]
	for i := range s.runs {
		r := &s.runs[i]
		from, ops := r.from, r.ops
		for len(next) > 0 && next[0].at < r.to {
			to := next[0].at + 1
			s.evaluate(r.kind, from, to, ops)
			next[0].apply(&s.value[to-1])
			ops += to - from
			from, next = to, next[1:]
		}
		if from < r.to {
			s.evaluate(r.kind, from, r.to, ops)
		}
	}
}
