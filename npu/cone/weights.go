package cone

import (
	"fmt"
	"math"

	"upset/npu/isa"
	"upset/npu/mlw"
)

// constants reads the weights and scale records of an operation.
func (b *builder) constants(o *operation) error {
	d := &o.d
	addr := (b.bases[d.WeightReg] + d.WeightBase) &^ isa.BeatMask
	stream, err := b.constant(o, addr, int(d.WeightLen&^isa.BeatMask))
	if err != nil {
		return fmt.Errorf("weights: %w", err)
	}
	var records []byte
	if d.UsesScales {
		n := isa.RecordBytes * d.OFMD
		if n > int(d.ScaleLen&^isa.BeatMask) {
			return fmt.Errorf("%d output channels need %d bytes of scale records, SCALE_LENGTH gives %d", d.OFMD, n, d.ScaleLen)
		}
		if records, err = b.constant(o, (b.bases[d.ScaleReg]+d.ScaleBase)&^isa.BeatMask, n); err != nil {
			return fmt.Errorf("scale records: %w", err)
		}
	}
	o.Constants = merge(o.Constants)
	w, err := b.decode(d, stream)
	if err != nil {
		return err
	}
	o.pack(w)
	o.scales = make([]scaling, d.OFMD)
	for i := range o.scales {
		s := scaling{factor: d.OFMScale, shift: d.OFMShift}
		if d.UsesScales {
			r := isa.ReadRecord(records[isa.RecordBytes*i:])
			s = scaling{bias: r.Bias, factor: r.Scale, shift: r.Shift}
		}
		s.prepare(d.Round)
		o.scales[i] = s
	}
	return nil
}

// constant reads n bytes that must not change, and notes those in SRAM.
func (b *builder) constant(o *operation, addr uint32, n int) ([]byte, error) {
	if n > isa.MaxSRAM+isa.MaxFlash {
		return nil, fmt.Errorf("%d bytes are longer than the memory", n)
	}
	in := clipped(nil, addr, n)
	o.Constants = append(o.Constants, in...)
	data := make([]byte, n)
	if !fetch(data, &b.mem, addr) {
		return nil, fmt.Errorf("%d bytes at %#08x are not in the memory map", n, addr)
	}
	for _, r := range in {
		o.constants = append(o.constants, constant{r, data[r.Lo-addr : r.Hi-addr]})
	}
	return data, nil
}

// decode returns the weights in the order [oc][ky][kx][ic], or [ky][kx][c] for a
// depthwise operation.
func (b *builder) decode(d *isa.Decoded, stream []byte) ([]int16, error) {
	t := mlw.Traversal{
		OD: d.OFMD, KH: d.KH, KW: d.KW, ID: d.IFMD,
		BlockDepth: d.BlkD, UBlockDepth: b.p.cfg.Spec().UBlockD, IFMBits: 8 * d.IFM.Bytes,
		Depthwise: d.Depthwise, PartKernel: d.PartKernel && !d.Depthwise, DilX: d.DilX, DilY: d.DilY,
	}
	if d.Depthwise {
		t.ID = 1
	}
	if n := t.Bound(); n > maxElements {
		return nil, fmt.Errorf("%.3g weights with padding are more than %d", n, maxElements)
	}
	w, err := t.Weights(stream)
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	return w, nil
}

// Lanes of a group of weights.
const (
	words   = 4         // 64-bit words of a group
	spread  = 32        // bits between the two weights of a pair
	pairs   = 2 * words // channels of a group of pairs
	largest = 255       // largest change and value of an 8-bit feature, either sign
)

// pack lays the weights out for the inner loops.
func (o *operation) pack(w []int16) {
	d := &o.d
	switch {
	case o.Kind == Depthwise && o.inRuns():
		o.lanes16 = w
		return
	case o.inRuns():
		o.packPairs(w)
		return
	case o.Kind == Depthwise:
		o.filters = make([]int32, len(w))
		for i, v := range w {
			o.filters[i] = int32(v)
		}
		return
	}
	o.taps = d.KH * d.KW * d.IFMD
	o.paired = d.IFM.Bytes == 1 && !d.Acc40 && largest*steepest(w, o.taps) <= math.MaxInt32
	lanes := o.lanes()
	groups := (d.OFMD + lanes - 1) / lanes
	o.weights = make([][4]int64, groups*o.taps)
	for oc := range d.OFMD {
		group := o.weights[oc/lanes*o.taps:][:o.taps]
		for k, v := range w[oc*o.taps : (oc+1)*o.taps] {
			if lane := oc % lanes; o.paired {
				group[k][lane/2] += int64(v) << (spread * (lane % 2))
			} else {
				group[k][lane] = int64(v)
			}
		}
	}
}

// lanes is the number of channels of a group.
func (o *operation) lanes() int {
	if o.paired {
		return pairs
	}
	return words
}

// steepest is the largest sum of absolute weights of an output channel.
func steepest(w []int16, taps int) int64 {
	most := int64(0)
	for at := 0; at+taps <= len(w); at += taps {
		sum := int64(0)
		for _, v := range w[at : at+taps] {
			sum += max(int64(v), -int64(v))
		}
		most = max(most, sum)
	}
	return most
}
