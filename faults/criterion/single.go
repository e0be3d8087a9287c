package criterion

import (
	"math"

	"upset/models/network"
)

// A network with one output element has no classes to compare and no range to be off by a
// share of. Where the element is a probability the decision is on which side of one half it
// lies, as in Keras's BinaryAccuracy: above it is the one class, anything else the other.
// Where it is any other number, such as that of a regression, how much it may be off only
// its user knows: every change counts, and --criterion tolerance:X does not help since it
// takes a range, but a module does.

// single is the rule for one output element, in each frame of a sequence.
func single(p *network.Program) Criterion {
	if _, ok := p.Half(0); ok {
		return Criterion{Kind: half}
	}
	return Criterion{Kind: everyChange}
}

// crossed reports whether the probability of any frame has come to the other side of one
// half.
func crossed(p *network.Program, want, got []byte) bool {
	off := 0
	for i := range p.Outputs {
		b := &p.Outputs[i]
		w, g := values(b.Type, want[off:off+b.Size]), values(b.Type, got[off:off+b.Size])
		off += b.Size
		half, ok := p.Half(i)
		if !ok || len(w) != 1 || math.IsNaN(g[0]) || w[0] > half != (g[0] > half) {
			return true
		}
	}
	return false
}
