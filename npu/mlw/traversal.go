package mlw

// Traversal describes the weights of one MAC operation and the block shape that
// decides the order in which the array consumes them (Vela 3.10).
type Traversal struct {
	OD, KH, KW, ID int  // weight shape; ID is 1 for a depthwise operation
	BlockDepth     int  // OFM block depth
	UBlockDepth    int  // OFM depth of the micro-block
	IFMBits        int  // 8 or 16
	Depthwise      bool // one filter per channel
	PartKernel     bool // part-kernel-first instead of depth-first
	DilX, DilY     int  // dilation
}

// Limits of the traversal (Vela 3.10).
const (
	subKernel   = 8  // sub-kernels cover at most 8x8 dilated taps
	ifmUBlock   = 8  // channels of a dot product
	shallowIFM  = 16 // IFM block depth: part-kernel, or 16-bit features
	deepIFM     = 32 // IFM block depth otherwise
	tapGroup    = 4  // taps are padded to this in part-kernel and depthwise order
	tapGroup16  = 2  // the same for 16-bit features in part-kernel order
	paddedValue = -1 // oc of a padding weight
)

// IFMBlockDepth returns the depth of the IFM blocks of the operation.
func (t Traversal) IFMBlockDepth() int {
	if t.PartKernel || t.IFMBits == 16 {
		return shallowIFM
	}
	return deepIFM
}

// Order calls emit for every weight in stream order. Padding weights, which are
// zero, have oc = -1. For a depthwise operation ic is always 0.
func (t Traversal) Order(emit func(oc, ky, kx, ic int)) {
	depth := t.ID
	if t.Depthwise {
		depth = 1
	}
	blk := t.IFMBlockDepth()
	stepY, stepX := max(1, subKernel/max(1, t.DilY)), max(1, subKernel/max(1, t.DilX))
	for oz := 0; oz < t.OD; oz += t.BlockDepth {
		ob := min(t.BlockDepth, t.OD-oz)
		for iz := 0; iz < depth; iz += blk {
			ib := blk
			switch {
			case t.Depthwise:
				ib = ifmUBlock
			case t.PartKernel:
				ib = min(blk, t.ID-iz)
			}
			for sy := 0; sy < t.KH; sy += stepY {
				for sx := 0; sx < t.KW; sx += stepX {
					t.subKernel(emit, oz, ob, iz, ib, sy, sx, min(t.KH-sy, stepY), min(t.KW-sx, stepX))
				}
			}
		}
	}
}

// subKernel emits the weights of one sub-kernel of one OFM and IFM depth block.
func (t Traversal) subKernel(emit func(oc, ky, kx, ic int), oz, ob, iz, ib, sy, sx, sh, sw int) {
	taps := sh * sw
	switch {
	case t.Depthwise:
		taps = roundUp(taps, tapGroup)
	case t.PartKernel && t.IFMBits == 16:
		taps = roundUp(taps, tapGroup16)
	case t.PartKernel:
		taps = roundUp(taps, tapGroup)
	}
	// Either the outer or the inner depth loop runs over the IFM block.
	outer, inner, lanes, depth := 1, ib, ifmUBlock, t.ID
	if t.PartKernel {
		outer, inner = ib, 1
	}
	if t.Depthwise {
		lanes, depth = 1, 1
	}
	for io := 0; io < outer; io += ifmUBlock {
		for ou := 0; ou < ob; ou += t.UBlockDepth {
			for e := 0; e < taps; e++ {
				ky, kx := e/sw, e%sw
				for ii := 0; ii < inner; ii += ifmUBlock {
					for o := 0; o < t.UBlockDepth; o++ {
						for i := 0; i < lanes; i++ {
							z, c := iz+io+ii+i, oz+ou+o
							if z >= depth || c >= t.OD || ky >= sh {
								emit(paddedValue, 0, 0, 0)
								continue
							}
							emit(c, sy+ky, sx+kx, z)
						}
					}
				}
			}
		}
	}
}

// Count returns the number of weights that Order emits.
func (t Traversal) Count() int {
	n := 0
	t.Order(func(_, _, _, _ int) { n++ })
	return n
}

// Bound is an upper bound of Count, padding included. Unlike Count it takes no
// time, whatever the shape.
func (t Traversal) Bound() float64 {
	channels := t.OD/t.BlockDepth*roundUp(t.BlockDepth, t.UBlockDepth) + roundUp(t.OD%t.BlockDepth, t.UBlockDepth)
	depth := 1
	switch {
	case t.PartKernel:
		depth = roundUp(t.ID, ifmUBlock)
	case !t.Depthwise:
		depth = roundUp(t.ID, t.IFMBlockDepth())
	}
	// Each sub-kernel is filled up to a group of taps.
	parts := (t.KH/(subKernel/t.DilY) + 1) * (t.KW/(subKernel/t.DilX) + 1)
	return float64(channels) * float64(depth) * (float64(t.KH)*float64(t.KW) + float64((tapGroup-1)*parts))
}

// Weights decodes the stream of the operation: its weights in the order
// [oc][ky][kx][ic], or [ky][kx][c] for a depthwise operation.
func (t Traversal) Weights(stream []byte) ([]int16, error) {
	coded, err := Decode(stream, t.Count())
	if err != nil {
		return nil, err
	}
	w := make([]int16, t.OD*t.KH*t.KW*t.ID)
	i := 0
	t.Order(func(oc, ky, kx, ic int) {
		if oc >= 0 {
			at := ((oc*t.KH+ky)*t.KW+kx)*t.ID + ic
			if t.Depthwise {
				at = (ky*t.KW+kx)*t.OD + oc
			}
			w[at] = coded[i]
		}
		i++
	})
	return w, nil
}

// roundUp rounds x up to a multiple of m.
func roundUp(x, m int) int { return (x + m - 1) / m * m }
