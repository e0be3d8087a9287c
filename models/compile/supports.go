package compile

import (
	"errors"
	"fmt"

	"upset/models/tflite"
	"upset/npu/isa"
)

// Supports says why the NPU cannot execute an operator of the first subgraph by
// itself; nil means that it can. Nothing is compiled: no weights are encoded and
// no memory is placed.
func Supports(m *tflite.Model, i int, opt Options) error {
	if m == nil || len(m.Subgraphs) == 0 || i < 0 || i >= len(m.Subgraphs[0].Operators) {
		return fmt.Errorf("compile: the model has no operator %d", i)
	}
	g, err := lower(cut(m, i, i+1), nil)
	if err != nil {
		for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(inner) {
			err = inner // the place in the part says nothing
		}
		return err
	}
	return g.blocksExist(opt)
}

// SupportsAll is Supports for the first subgraph as a whole, in which operators may
// be joined that the NPU does not execute one by one.
func SupportsAll(m *tflite.Model, opt Options) error {
	if m == nil || len(m.Subgraphs) == 0 {
		return errors.New("compile: the model has no graph")
	}
	g, err := lower(&m.Subgraphs[0], nil)
	if err != nil {
		return err
	}
	return g.blocksExist(opt)
}

// blocksExist says which kernel no block of the configuration fits.
func (g *graph) blocksExist(opt Options) error {
	g.config = opt.Config
	g.layout()
	for _, k := range g.kernels {
		if !k.someBlock(opt.Config) {
			return fmt.Errorf("no block fits the shared buffer of %s: kernel %dx%d, stride %dx%d", opt.Config, k.kh, k.kw, k.sy, k.sx)
		}
	}
	return nil
}

// someBlock reports whether chooseBlock would find one: it looks at the same blocks,
// the smallest first.
func (k *kernel) someBlock(c isa.Config) bool {
	s := c.Spec()
	for _, order := range [2]bool{false, true} {
		k.partKernel = order && k.op == isa.OpConv
		for d := s.UBlockD; d <= min(maxBlockD, roundUp(k.ofm.d, s.UBlockD)); d += s.UBlockD {
			if d%splitDepth != 0 && d < k.ofm.d {
				continue
			}
			for h := s.UBlockH; h <= min(maxBlockH, roundUp(k.ofm.h, s.UBlockH)); h += s.UBlockH {
				for w := s.UBlockW; w <= min(maxBlockW, roundUp(k.ofm.w, s.UBlockW)); w += s.UBlockW {
					if _, ok := k.fit(c, h, w, d); ok {
						return true
					}
				}
			}
		}
	}
	return false
}
