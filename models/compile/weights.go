package compile

import (
	"context"

	"upset/npu/isa"
	"upset/npu/mlw"
)

// scaleRecord is the size of the bias and scale of one channel (Arm U55).
const scaleRecord = 10

// encoded is the constant data of a convolution: scale records padded to 16
// bytes, then the compressed weights.
type encoded struct {
	data    []byte
	scales  int // bytes of the scale part
	offset  int // in flash
	weights int // bytes of the weight part
	placed  bool
}

// coding is what the constant data of a convolution rests on. Kernels that share
// a filter may share the data.
type coding struct {
	origin    *filter
	first, od int
	traversal mlw.Traversal
}

// encode compresses the weights of all kernels.
func (g *graph) encode(ctx context.Context) error {
	known := map[coding]*encoded{}
	for _, k := range g.kernels {
		f := k.filter
		if f == nil {
			continue
		}
		id := coding{f, 0, f.od, k.traversal(g.config)}
		if f.origin != nil {
			id.origin, id.first = f.origin, f.first
		}
		if known[id] == nil {
			if err := k.encode(g.config, ctx); err != nil {
				return err
			}
			known[id] = k.code
		}
		k.code = known[id]
	}
	return nil
}

// traversal is the order of the kernel's weights.
func (k *kernel) traversal(c isa.Config) mlw.Traversal {
	f := k.filter
	return mlw.Traversal{
		OD: f.od, KH: f.kh, KW: f.kw, ID: f.id, BlockDepth: k.blk.d, UBlockDepth: c.Spec().UBlockD,
		IFMBits: 8 * k.ifm.elem, Depthwise: k.op == isa.OpDepthwise, PartKernel: k.partKernel, DilX: k.dx, DilY: k.dy,
	}
}

// encode compresses the weights in the order of the chosen block.
func (k *kernel) encode(c isa.Config, ctx context.Context) error {
	f := k.filter
	scales := scaleStream(f)
	t := k.traversal(c)
	weights := make([]int16, 0, int(t.Bound()))
	t.Order(func(oc, ky, kx, ic int) {
		if oc < 0 {
			weights = append(weights, 0)
			return
		}
		weights = append(weights, f.at(oc, ky, kx, ic))
	})
	stream, err := mlw.EncodeContext(ctx, weights)
	if err != nil {
		return err
	}
	k.code = &encoded{data: append(scales, stream...), scales: len(scales), weights: len(stream)}
	return nil
}

// scaleStream packs the bias and scale records, padded to 16 bytes.
func scaleStream(f *filter) []byte {
	out := make([]byte, roundUp(f.od*scaleRecord, alignment))
	for i := 0; i < f.od; i++ {
		r := out[i*scaleRecord:]
		for j := 0; j < 5; j++ {
			r[j] = byte(f.bias[i] >> (8 * j))
		}
		for j := 0; j < 4; j++ {
			r[5+j] = byte(f.scale[i] >> (8 * j))
		}
		r[9] = byte(f.shift[i] & 63)
	}
	return out
}
