package main

import (
	"cmp"
	"slices"

	"upset/models/network"
	"upset/npu"
)

// track is one line of the picture: a block of the NPU, or an operation in one of
// the configuration banks.
type track uint8

const (
	trackCC track = iota
	trackBank0
	trackBank1
	trackBank2
	trackBank3
	trackCmd
	trackIFM
	trackWeights
	trackScale
	trackM2M
	trackOFM
	trackWD
	trackMAC
	trackAO
	numTracks
)

// trackNames are the names of the tracks: blocks and DMA channels as the register
// header of the U55 calls them.
var trackNames = [numTracks]string{
	trackCC: "CC", trackBank0: "operation, bank 0", trackBank1: "operation, bank 1", trackBank2: "operation, bank 2",
	trackBank3: "operation, bank 3", trackCmd: "DMA cmd", trackIFM: "DMA ifm", trackWeights: "DMA weights", trackScale: "DMA scale",
	trackM2M: "DMA m2m", trackOFM: "DMA ofm", trackWD: "WD", trackMAC: "MAC", trackAO: "AO",
}

// Bounds of a trace, so that long runs give files that a browser opens (our
// choice): about 30 MB.
const (
	maxDetail  = 250_000 // states of blocks
	maxCoarse  = 50_000  // operations on their tracks
	maxSamples = 4096    // points of a counter
	firstBeats = 64      // cycles of the first samples
)

// slice is a stretch of cycles in which a track showed one thing.
type slice struct {
	start, end uint64
	track      track
	name       string
	op         int // operation, or nobody
	depth      int // 0 an operation, 1 a state within it
}

// open is what a track shows now.
type open struct {
	start uint64
	name  string
	op    int
}

// tracer draws what the machine does, from its state after every cycle. It only
// looks: the machine does not know of it.
type tracer struct {
	slices         []slice
	detail, coarse int
	cutDetail      uint64 // first cycle from which states are missing, or 0
	cutCoarse      uint64

	base       uint64 // cycles of the programs before this one
	at         uint64 // start of the cycle that is looked at
	operations int    // number of the program's first operation
	places     []int  // numbers of the operations in the list of the run, where that has others
	names      []string
	tally      *tally
	m          *npu.Machine
	last       [npu.NumEvents]uint64
	state      [numTracks]open
	ops        [numTracks]open // for blocks: the operation around the states
	beats      beats
}

// begin turns to a program that is about to run. First is the number of its first
// operation in the table of the run, which counts operators of the host too.
func (t *tracer) begin(m *npu.Machine, p *network.Program, tally *tally, first int) {
	t.m, t.tally, t.last = m, tally, m.Events
	t.operations = first
	for len(t.names) < first {
		t.names = append(t.names, "host operator")
	}
	for _, op := range p.Operations {
		t.names = append(t.names, op.Kind+" "+op.Name)
	}
	t.beats.begin(m)
	for i := range t.state {
		t.state[i], t.ops[i] = open{op: nobody}, open{op: nobody}
	}
}

// finish closes everything that is still open, at the end of a program.
func (t *tracer) finish() {
	t.at = t.base + t.m.Cycle()
	for i := range numTracks {
		t.show(i, "", nobody)
		t.around(i, nobody)
	}
	t.beats.end(t.m)
	t.base = t.at
}

// in is the operation of a bank, counted over all stages.
func (t *tracer) in(bank uint8) int { return t.operations + t.tally.banks[bank&3] }

// label is the name of an operation.
func (t *tracer) label(op int) string {
	if op < 0 || op >= len(t.names) {
		return "operation"
	}
	return t.names[op]
}

// show sets the state of a track; an empty name is idle.
func (t *tracer) show(k track, name string, op int) {
	s := &t.state[k]
	if s.name == name && s.op == op {
		return
	}
	if s.name != "" {
		t.keep(slice{s.start, t.at, k, s.name, s.op, 1}, &t.detail, maxDetail, &t.cutDetail)
	}
	*s = open{t.at, name, op}
}

// around sets the operation that surrounds the states of a track.
func (t *tracer) around(k track, op int) {
	s := &t.ops[k]
	if s.op == op {
		return
	}
	if s.op != nobody {
		t.keep(slice{s.start, t.at, k, t.label(s.op), s.op, 0}, &t.coarse, maxCoarse, &t.cutCoarse)
	}
	*s = open{t.at, "", op}
}

// keep stores a slice unless its kind has reached its bound.
func (t *tracer) keep(s slice, n *int, most int, cut *uint64) {
	if s.end <= s.start {
		return
	}
	if *n >= most {
		if *cut == 0 {
			*cut = max(1, s.start)
		}
		return
	}
	*n++
	t.slices = append(t.slices, s)
}

// sorted returns the slices in the order of their starts, outer ones first.
func (t *tracer) sorted() []slice {
	slices.SortStableFunc(t.slices, func(a, b slice) int {
		switch {
		case a.start != b.start:
			return cmp.Compare(a.start, b.start)
		case a.track != b.track:
			return int(a.track) - int(b.track)
		}
		if a.end != b.end {
			return cmp.Compare(b.end, a.end)
		}
		return cmp.Compare(a.depth, b.depth)
	})
	return t.slices
}
