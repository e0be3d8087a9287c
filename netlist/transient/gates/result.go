package gates

import (
	"math"
	"slices"
	"strings"

	"upset/netlist/cosim"
	"upset/netlist/transient"
)

// elements numbers the elements of registers, by bit of the block.
func elements(b *cosim.Block) ([]int32, error) {
	sites := b.Sites()
	out := make([]int32, len(sites))
	for i, id := range sites {
		p, err := b.Table().Place(id)
		if err != nil {
			return nil, err
		}
		if out[i] = int32(i); p.Bit > 0 {
			out[i] = out[i-1]
		}
	}
	return out, nil
}

// Share is a share with a 95 % interval.
type Share struct{ Value, Low, High float64 }

// t31 is the 97.5 % quantile of Student's t with Batches - 1 degrees of freedom.
const t31 = 2.0395

// share estimates the ratio of two sums from the batches.
func (r *Result) share(f func(s *sums) (part, whole float64)) Share {
	part, whole := 0.0, 0.0
	for i := range r.batches {
		a, b := f(&r.batches[i])
		part, whole = part+a, whole+b
	}
	if whole == 0 {
		return Share{High: 1}
	}
	x := part / whole
	var v float64
	for i := range r.batches { // linearised ratio
		a, b := f(&r.batches[i])
		v += (a - x*b) * (a - x*b)
	}
	n := float64(len(r.batches))
	half := t31 * math.Sqrt(v*n/(n-1)) / whole
	return Share{x, max(0, x-half), min(1, x+half)}
}

func (s *sums) all() float64 { return float64(s.pulses[0] + s.pulses[1]) }

// Pulses is their number.
func (r *Result) Pulses() int {
	n := 0
	for i := range r.batches {
		n += r.batches[i].pulses[0] + r.batches[i].pulses[1]
	}
	return n
}

// FateShares are the shares of pulses in the order of Fates: masked logically, electrically and
// by the window, taken over behind an output only, and captured, which is the derating.
func (r *Result) FateShares() []Share {
	var out []Share
	for i := range 5 {
		out = append(out, r.share(func(s *sums) (float64, float64) { return *s.fates.list()[i], s.all() }))
	}
	return out
}

// Active is the share of clocks in which a register of the block changes.
func (r *Result) Active() Share {
	return r.share(func(s *sums) (float64, float64) { return float64(s.pulses[1]), s.all() })
}

// Captured is the share of pulses that are captured in clocks in which a register of the block
// changes, or in the others.
func (r *Result) Captured(active bool) Share {
	k := 0
	if active {
		k = 1
	}
	return r.share(func(s *sums) (float64, float64) { return s.taken[k], float64(s.pulses[k]) })
}

// Of captured pulses: SizeShares are the shares of the classes of Sizes, Wide that of those with
// bits of several elements of registers, Bits the mean number of bits.
func (r *Result) SizeShares() []Share {
	var out []Share
	for i := range len(Sizes) + 1 {
		out = append(out, r.share(func(s *sums) (float64, float64) { return s.sizes[i], s.fates.Captured }))
	}
	return out
}

// Wide is the share of captured pulses with bits of several elements of registers.
func (r *Result) Wide() Share {
	return r.share(func(s *sums) (float64, float64) { return s.wide, s.fates.Captured })
}

// Bits is the mean number of bits of captured pulses.
func (r *Result) Bits() float64 {
	bits, n := 0.0, 0.0
	for i := range r.batches {
		bits, n = bits+r.batches[i].bits, n+r.batches[i].fates.Captured
	}
	return bits / max(n, 1e-300)
}

// Variant is the derating under a model of transient.Variants.
func (r *Result) Variant(i int) float64 { return r.variants[i].Captured / float64(r.Pulses()) }

// Frequent is a set of registers that pulses change together.
type Frequent struct {
	Registers string
	Share     float64 // of captured pulses
}

// FrequentSets lists the n most frequent sets of registers.
func (r *Result) FrequentSets(n int) ([]Frequent, error) {
	sites := r.Block.Sites()
	by, sum := map[string]float64{}, 0.0
	for _, e := range r.sorted() {
		var names []string
		for _, b := range e.bits {
			p, err := r.Block.Table().Place(sites[b])
			if err != nil {
				return nil, err
			}
			if !slices.Contains(names, p.Register.Name) {
				names = append(names, p.Register.Name)
			}
		}
		slices.Sort(names)
		const most = 4
		text := strings.Join(names[:min(most, len(names))], ", ")
		if len(names) > most {
			text += " and more"
		}
		by[text] += e.weight
		sum += e.weight
	}
	var out []Frequent
	for k, w := range by {
		out = append(out, Frequent{k, w / sum})
	}
	slices.SortFunc(out, func(a, b Frequent) int {
		if a.Share != b.Share {
			if a.Share > b.Share {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Registers, b.Registers)
	})
	return out[:min(n, len(out))], nil
}

// sorted lists the events in an order of their own.
func (r *Result) sorted() []*event {
	var out []*event
	for _, e := range r.events {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b *event) int {
		if a.active != b.active {
			if a.active {
				return 1
			}
			return -1
		}
		return slices.Compare(a.bits, b.bits)
	})
	return out
}

// Kept is what a file keeps of the result: events, at most so many of each kind of clock, chosen so that
// each has the chance of its weight.
func (r *Result) Kept(most int) (*transient.Block, error) {
	sites := r.Block.Sites()
	fates := r.FateShares()
	out := &transient.Block{
		Name: r.Block.Boundary.Block, Digest: r.Block.Gates.Digest(), Pulses: r.Pulses(), GE: r.Area, Depth: r.Depth,
		Derating: transient.Share(fates[4]), Outputs: transient.Share(fates[3]),
		Idle: transient.Share(r.Captured(false)), Active: transient.Share(r.Captured(true)),
	}
	for i, o := range r.owned {
		if p, err := r.Block.Table().Place(sites[i]); err != nil {
			return nil, err
		} else if o && !slices.Contains(out.Registers, p.Register.Name) {
			out.Registers = append(out.Registers, p.Register.Name)
		}
	}
	list := r.sorted()
	for _, active := range []bool{false, true} {
		var some []*event
		sum := 0.0
		for _, e := range list {
			if e.active == active {
				some, sum = append(some, e), sum+e.weight
			}
		}
		step := sum / float64(most)
		at, next := 0.0, step/2
		for _, e := range some {
			at += e.weight
			n := 0
			for ; next < at; next += step {
				n++
			}
			if n == 0 {
				continue
			}
			x := transient.Event{Active: active, Weight: n}
			for _, b := range e.bits {
				x.Sites = append(x.Sites, sites[b])
			}
			out.Events = append(out.Events, x)
		}
	}
	return out, nil
}
