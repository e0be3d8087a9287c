package compile

import (
	"errors"
	"fmt"
	"math/bits"

	"upset/models/reference"
	"upset/models/tflite"
)

// Limits of a data movement (our choice).
const (
	maxCopies = 1024    // kernels
	maxMoved  = 1 << 22 // elements
)

// move is one element's way from an input to an output.
type move struct{ from, to int }

// dim is one dimension of a copy with its byte strides.
type dim struct{ n, from, to int }

// lowerMovement lowers an operator that only moves elements: concatenation,
// slices, permutations and the like. Where the operator does not tell by itself,
// the reference kernel tells where every element comes from; the moves between an
// input and an output then have to form nested loops, which become strided copies.
func (g *graph) lowerMovement(op *tflite.Operator) error {
	if input, list, ok := g.regions(op); ok {
		return g.lowerRegions(op, input, list)
	}
	inputs := g.dataInputs(op)
	sources, err := g.trace(op, inputs)
	if err != nil {
		return err
	}
	for n, o := range op.Outputs {
		dst, err := g.full(o)
		if err != nil {
			return err
		}
		dst.buf.plain = true
		first := 0
		for _, i := range inputs {
			count := g.tensor(i).Elements()
			var moves []move
			for to, from := range sources[n] {
				if from >= first && from < first+count {
					moves = append(moves, move{from - first, to})
				}
			}
			first += count
			if len(moves) == 0 {
				continue
			}
			src, err := g.full(i)
			if err != nil {
				return err
			}
			src.buf.plain = true
			dims, err := nest(moves, src.elem)
			if err != nil {
				return err
			}
			src.offset, dst.offset = moves[0].from*src.elem, moves[0].to*dst.elem
			if err := g.copyDims(dims, src, dst, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// errCopies is the reason for elements that a pool cannot copy.
var errCopies = errors.New("the NPU copies elements of 8 and 16 bits")

// dataInputs returns the inputs of an operator that hold feature maps.
func (g *graph) dataInputs(op *tflite.Operator) []int {
	var list []int
	out := g.tensor(op.Outputs[0]).Type
	for _, i := range op.Inputs {
		if i >= 0 && g.tensor(i).Type == out {
			list = append(list, i)
		}
	}
	return list
}

// trace returns for every output the number of the input element that each
// element is a copy of, counted through all inputs. It runs the reference kernel
// on the bytes of the element numbers, and on their complements to find elements
// that are no copies.
func (g *graph) trace(op *tflite.Operator, inputs []int) ([][]int, error) {
	total, results := 0, 0
	for _, i := range inputs {
		t := g.tensor(i)
		if t.Type != tflite.Int8 && t.Type != tflite.Uint8 && t.Type != tflite.Int16 {
			return nil, fmt.Errorf("tensor %q is %s; the NPU copies int8, uint8 and int16", t.Name, t.Type)
		}
		total += t.Elements()
	}
	for _, i := range op.Outputs {
		if i >= 0 {
			results += g.tensor(i).Elements()
		}
	}
	if max(total, results) > maxMoved { // before anything is allocated for them
		return nil, fmt.Errorf("more than %d elements to move", maxMoved)
	}
	values := make([][]byte, len(g.sub.Tensors))
	for _, list := range [2][]int{op.Inputs, op.Outputs} {
		for _, i := range list {
			if i < 0 {
				continue
			}
			t := g.tensor(i)
			if values[i] = t.Data; t.Data == nil {
				values[i] = make([]byte, t.Bytes())
			}
		}
	}
	for _, i := range inputs {
		values[i] = make([]byte, g.tensor(i).Bytes())
	}
	kernel, err := reference.Prepare(g.sub, op)
	if err != nil {
		return nil, err
	}
	sources := make([][]int, len(op.Outputs))
	for shift := 0; shift == 0 || shift < bits.Len(uint(total)); shift += 8 {
		for _, mask := range [2]byte{0, 0xff} {
			number := 0
			for _, i := range inputs {
				step := g.tensor(i).Type.Size()
				for at := 0; at < len(values[i]); at += step {
					values[i][at] = byte(number>>shift) ^ mask
					number++
				}
			}
			kernel(values)
			for n, o := range op.Outputs {
				step := g.tensor(o).Type.Size()
				if sources[n] == nil {
					sources[n] = make([]int, len(values[o])/step)
				}
				for e := range sources[n] {
					v := int(values[o][e*step]^mask) << shift
					if mask == 0 {
						sources[n][e] |= v
					} else if sources[n][e]&(0xff<<shift) != v {
						return nil, errors.New("not every output element is a copy of an input element")
					}
				}
			}
		}
	}
	return sources, nil
}

// nest finds the loops behind a list of moves, innermost first, with strides in
// bytes.
func nest(moves []move, elem int) ([]dim, error) {
	var dims []dim
	for len(moves) > 1 {
		from, to := moves[1].from-moves[0].from, moves[1].to-moves[0].to
		n := 2
		for n < len(moves) && moves[n].from-moves[n-1].from == from && moves[n].to-moves[n-1].to == to {
			n++
		}
		if len(moves)%n != 0 || from <= 0 || to <= 0 {
			return nil, errors.New("the movement has no regular strides")
		}
		var starts []move
		for at := 0; at < len(moves); at += n {
			for j := 1; j < n; j++ {
				if moves[at+j].from-moves[at+j-1].from != from || moves[at+j].to-moves[at+j-1].to != to {
					return nil, errors.New("the movement has no regular strides")
				}
			}
			starts = append(starts, moves[at])
		}
		dims = append(dims, dim{n, from * elem, to * elem})
		moves = starts
	}
	return dims, nil
}

// fitting splits dimensions that are too large for the registers.
func fitting(dims []dim) ([]dim, error) {
	var list []dim
	for _, d := range dims {
		for d.n > maxDim {
			part := maxDim
			for d.n%part != 0 {
				part--
			}
			if part == 1 {
				return nil, fmt.Errorf("a movement of %d elements cannot be divided", d.n)
			}
			list = append(list, dim{part, d.from, d.to})
			d = dim{d.n / part, part * d.from, part * d.to}
		}
		list = append(list, d)
	}
	return list, nil
}

// copyDims appends the copies: depth takes a contiguous innermost dimension,
// width and height the two largest others, and a loop the rest. Convert, where
// there is one, changes what each copy does with the values.
func (g *graph) copyDims(dims []dim, src, dst view, convert func(*kernel)) error {
	dims, err := fitting(dims)
	if err != nil {
		return err
	}
	depth := dim{1, src.elem, src.elem}
	if len(dims) > 0 && dims[0].from == src.elem && dims[0].to == src.elem {
		depth, dims = dims[0], dims[1:]
	}
	for len(dims) < 2 {
		dims = append(dims, dim{1, 0, 0})
	}
	// The smallest dimensions are looped over.
	for i := range dims {
		for j := i + 1; j < len(dims); j++ {
			if dims[j].n > dims[i].n {
				dims[i], dims[j] = dims[j], dims[i]
			}
		}
	}
	copies := 1
	for _, d := range dims[2:] {
		copies *= d.n
	}
	if copies > maxCopies {
		return fmt.Errorf("the movement takes %d copies; the limit is %d", copies, maxCopies)
	}
	x, y := dims[0], dims[1]
	stride := func(s, fallback int) int {
		if s == 0 {
			return fallback
		}
		return s
	}
	for n := 0; n < copies; n++ {
		a, b := src, dst
		rest := n
		for _, d := range dims[2:] {
			a.offset += rest % d.n * d.from
			b.offset += rest % d.n * d.to
			rest /= d.n
		}
		a.h, a.w, a.d, a.zp = y.n, x.n, depth.n, 0
		b.h, b.w, b.d, b.zp = y.n, x.n, depth.n, 0
		a.strideX, a.strideY = stride(x.from, depth.n*a.elem), stride(y.from, src.buf.h*src.buf.w*src.buf.d*a.elem)
		b.strideX, b.strideY = stride(x.to, depth.n*b.elem), stride(y.to, dst.buf.h*dst.buf.w*dst.buf.d*b.elem)
		k := copyOf(a, b)
		if convert != nil {
			convert(k)
		}
		g.add(k)
	}
	return nil
}
