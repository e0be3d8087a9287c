package functional

import (
	"bytes"
	"hash/fnv"
	"sync"

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
	if n, limit := t.Bound(), min(maxElements, float64(m.Limit)); n > limit {
		return nil, m.fault(WorkLimit, "%s has %.3g weights with padding, more than %.3g", d.Op, n, limit)
	}
	addr := (m.base[d.WeightReg] + d.WeightBase) &^ isa.BeatMask
	stream, ok := m.view(addr, int(d.WeightLen&^isa.BeatMask))
	if !ok {
		return nil, m.fault(BusError, "read of %d weight bytes at %#08x", d.WeightLen, addr)
	}
	h := fnv.New64a()
	h.Write(stream)
	key := weightKey{t, h.Sum64()}
	if w := m.Weights.find(key, stream); w != nil {
		return w, nil
	}
	w, err := t.Weights(stream)
	if err != nil {
		return nil, m.fault(DecoderFault, "%v", err)
	}
	m.Weights.add(key, stream, w)
	return w, nil
}

// scales reads the scale record of every output channel. With a global scale
// the bias is zero.
func (m *Machine) scales(d *isa.Decoded) ([]isa.ScaleRecord, error) {
	recs := make([]isa.ScaleRecord, d.OFMD)
	if !d.UsesScales {
		for i := range recs {
			recs[i] = isa.ScaleRecord{Scale: d.OFMScale, Shift: d.OFMShift}
		}
		return recs, nil
	}
	n := isa.RecordBytes * d.OFMD
	if n > int(d.ScaleLen&^isa.BeatMask) {
		return nil, m.fault(Starved, "%d output channels need %d bytes of scale records, SCALE_LENGTH gives %d", d.OFMD, n, d.ScaleLen)
	}
	addr := (m.base[d.ScaleReg] + d.ScaleBase) &^ isa.BeatMask
	b, ok := m.view(addr, n)
	if !ok {
		return nil, m.fault(BusError, "read of %d scale bytes at %#08x", n, addr)
	}
	for i := range recs {
		recs[i] = isa.ReadRecord(b[isa.RecordBytes*i:])
	}
	return recs, nil
}
