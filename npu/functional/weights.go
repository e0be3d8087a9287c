package functional

import (
	"bytes"
	"hash/fnv"
	"sync"

	"upset/npu/arith"
	"upset/npu/isa"
	"upset/npu/mlw"
)

// maxCached bounds the memory of a WeightCache in bytes (our choice: several
// networks that fill the default flash).
const maxCached = 64 << 20

// WeightCache keeps weights by the bytes they were decoded from. It is safe for
// concurrent use.
type WeightCache struct {
	mu    sync.Mutex
	held  int
	items map[weightKey][]cached
}

type weightKey struct {
	order  mlw.Traversal
	digest uint64
}

type cached struct {
	stream  []byte
	weights []int16
}

// NewWeightCache returns an empty cache.
func NewWeightCache() *WeightCache { return &WeightCache{items: map[weightKey][]cached{}} }

func (c *WeightCache) find(k weightKey, stream []byte) []int16 {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.items[k] {
		if bytes.Equal(e.stream, stream) {
			return e.weights
		}
	}
	return nil
}

func (c *WeightCache) add(k weightKey, stream []byte, w []int16) {
	c.mu.Lock()
	defer c.mu.Unlock()
	size := len(stream) + 2*len(w)
	if c.held+size > maxCached {
		c.items, c.held = map[weightKey][]cached{}, 0
	}
	c.items[k] = append(c.items[k], cached{append([]byte(nil), stream...), w})
	c.held += size
}

// weights decodes the weight stream of an operation into the order
// [oc][ky][kx][ic], or [ky][kx][c] for a depthwise operation.
func (m *Machine) weights(d *isa.Decoded) ([]int16, error) {
	t := mlw.Traversal{
		OD: d.OFMD, KH: d.KH, KW: d.KW, ID: d.IFMD,
		BlockDepth: d.BlkD, UBlockDepth: m.cfg.Spec().UBlockD, IFMBits: 8 * d.IFM.Bytes,
		Depthwise: d.Depthwise, PartKernel: d.PartKernel && !d.Depthwise, DilX: d.DilX, DilY: d.DilY,
	}
	if d.Depthwise {
		t.ID = 1
	}
	if n, limit := paddedWeights(t), min(maxElements, float64(m.Limit)); n > limit {
		return nil, m.fault(WorkLimit, "%s has %.3g weights with padding, more than %.3g", d.Op, n, limit)
	}
	addr := (m.base[d.WeightReg] + d.WeightBase) &^ beatMask
	stream, ok := m.view(addr, int(d.WeightLen&^beatMask))
	if !ok {
		return nil, m.fault(BusError, "read of %d weight bytes at %#08x", d.WeightLen, addr)
	}
	h := fnv.New64a()
	h.Write(stream)
	key := weightKey{t, h.Sum64()}
	if w := m.Weights.find(key, stream); w != nil {
		return w, nil
	}
	w, err := m.decode(t, stream)
	if err != nil {
		return nil, err
	}
	m.Weights.add(key, stream, w)
	return w, nil
}

// paddedWeights is an upper bound of the weights in the stream, zeros that fill
// micro-blocks and tap groups included. Unlike Traversal.Count it takes no time.
func paddedWeights(t mlw.Traversal) float64 {
	const lanes, tapGroup = 8, 4
	up := func(n, m int) int { return (n + m - 1) / m * m }
	channels := t.OD/t.BlockDepth*up(t.BlockDepth, t.UBlockDepth) + up(t.OD%t.BlockDepth, t.UBlockDepth)
	depth := 1
	switch {
	case t.PartKernel:
		depth = up(t.ID, lanes)
	case !t.Depthwise:
		depth = up(t.ID, t.IFMBlockDepth())
	}
	// A sub-kernel has 8 taps a side, 4 when dilated, and is filled up to a group.
	parts := (t.KH/(8/t.DilY) + 1) * (t.KW/(8/t.DilX) + 1)
	return float64(channels) * float64(depth) * (float64(t.KH)*float64(t.KW) + float64((tapGroup-1)*parts))
}

func (m *Machine) decode(t mlw.Traversal, stream []byte) ([]int16, error) {
	coded, err := mlw.Decode(stream, t.Count())
	if err != nil {
		return nil, m.fault(DecoderFault, "%v", err)
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

// record is one entry of the scale stream.
type record struct {
	bias  int64
	scale uint32
	shift uint
}

// recordBytes is the size of a scale record: 40-bit bias, 32-bit scale, 6-bit
// shift (Vela 3.10).
const recordBytes = 10

// scales reads the scale record of every output channel. With a global scale
// the bias is zero.
func (m *Machine) scales(d *isa.Decoded) ([]record, error) {
	recs := make([]record, d.OFMD)
	if !d.UsesScales {
		for i := range recs {
			recs[i] = record{scale: d.OFMScale, shift: d.OFMShift}
		}
		return recs, nil
	}
	n := recordBytes * d.OFMD
	if n > int(d.ScaleLen&^beatMask) {
		return nil, m.fault(Starved, "%d output channels need %d bytes of scale records, SCALE_LENGTH gives %d", d.OFMD, n, d.ScaleLen)
	}
	addr := (m.base[d.ScaleReg] + d.ScaleBase) &^ beatMask
	b, ok := m.view(addr, n)
	if !ok {
		return nil, m.fault(BusError, "read of %d scale bytes at %#08x", n, addr)
	}
	for i := range recs {
		r := b[recordBytes*i:]
		low := uint64(r[0]) | uint64(r[1])<<8 | uint64(r[2])<<16 | uint64(r[3])<<24 | uint64(r[4])<<32
		recs[i] = record{
			bias:  arith.SignExtend(low, 40),
			scale: uint32(r[5]) | uint32(r[6])<<8 | uint32(r[7])<<16 | uint32(r[8])<<24,
			shift: uint(r[9] & 0x3f),
		}
	}
	return recs, nil
}
