package container

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"upset/models/npy"
	"upset/models/tflite"
	"upset/npu/isa"
)

// Bounds of an archive of arrays (our choice): as many arrays and as many unpacked
// bytes as the largest network that fits the memory map needs, and more.
const (
	maxArrays   = 1 << 10
	maxUnpacked = isa.FlashSize + 4*maxPayload
)

// isArchive reports whether data begins as a zip archive does.
func isArchive(data []byte) bool { return bytes.HasPrefix(data, []byte("PK\x03\x04")) }

// raw is an archive while it is being read.
type raw struct {
	Builder
	arrays map[string]npy.Array
}

// rawModel reads Vela's raw output, an archive of arrays (.npz). Where it holds no types,
// elements of one, two and four bytes are signed integers.
func rawModel(data []byte) (*tflite.Model, error) {
	r := &raw{}
	if err := r.unpack(data); err != nil {
		return nil, err
	}
	if err := r.regions(); err != nil {
		return nil, err
	}
	payload, err := r.bytes("cmd_data", true)
	if err != nil {
		return nil, err
	}
	weights, err := r.bytes("weight_data", false)
	if err != nil {
		return nil, err
	}
	scratch, err := r.memory("scratch")
	if err != nil {
		return nil, err
	}
	fast, err := r.memory("scratch_fast")
	if err != nil {
		return nil, err
	}
	pay, err := parsePayload(payload)
	if err != nil {
		return nil, err
	}
	if !UsesFast(pay.commands) {
		fast = 0
	}
	ins, err := r.ends("input", pay, 3)
	if err != nil {
		return nil, err
	}
	outs, err := r.ends("output", pay, 4)
	if err != nil {
		return nil, err
	}
	state, err := r.ends("variable", pay, 3)
	if err != nil {
		return nil, err
	}
	for _, id := range state {
		r.Graph.Tensors[id].Variable = true
	}
	r.npu(payload, weights, scratch, fast, append(ins[:len(ins):len(ins)], state...), outs)
	r.Graph.Inputs, r.Graph.Outputs = ins, outs
	return r.Model("raw output of Vela"), nil
}

// unpack reads all arrays of an archive, however large they say they are.
func (r *raw) unpack(data []byte) error {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return fmt.Errorf("no archive of arrays (.npz): %w", err)
	}
	if len(z.File) > maxArrays {
		return fmt.Errorf("the archive holds %d arrays; raw output of Vela has about 20", len(z.File))
	}
	r.arrays = map[string]npy.Array{}
	room := int64(maxUnpacked)
	for _, f := range z.File {
		name, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok {
			continue
		}
		in, err := f.Open()
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		text, err := io.ReadAll(io.LimitReader(in, room+1))
		in.Close()
		if room -= int64(len(text)); room < 0 {
			return fmt.Errorf("the archive unpacks to more than %d bytes", maxUnpacked)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		a, err := npy.Parse(text)
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		r.arrays[name] = a
	}
	return nil
}

// bytes is an array of bytes.
func (r *raw) bytes(name string, needed bool) ([]byte, error) {
	a, ok := r.arrays[name]
	if !ok && needed {
		return nil, fmt.Errorf("the archive has no array %s: it is no raw output of Vela (--output-format raw)", name)
	}
	if !ok {
		return nil, nil
	}
	data, err := a.Bytes()
	if err != nil {
		return nil, fmt.Errorf("array %s: %w", name, err)
	}
	return data, nil
}

// regions requires the memories that it names to be those that Vela gives them.
func (r *raw) regions() error {
	for _, m := range [...]struct {
		name   string
		region int
	}{{"weight", 0}, {"scratch", 1}} {
		list, err := r.whole(m.name + "_region")
		if err != nil {
			return err
		}
		for _, is := range list {
			if is != m.region {
				return fmt.Errorf("array %s_region says region %d; Vela writes %d", m.name, is, m.region)
			}
		}
	}
	return nil
}

// whole returns the elements of an array as whole numbers, none where it is absent.
func (r *raw) whole(name string) ([]int, error) {
	a, ok := r.arrays[name]
	if !ok {
		return nil, nil
	}
	list, err := a.Numbers()
	if err != nil {
		return nil, fmt.Errorf("array %s: %w", name, err)
	}
	out := make([]int, len(list))
	for i, x := range list {
		if x != math.Trunc(x) || math.Abs(x) > tflite.MaxTensor {
			return nil, fmt.Errorf("array %s: element %v is no usable number", name, x)
		}
		out[i] = int(x)
	}
	return out, nil
}

// memory is the size of a scratch memory: what it says, or its shape.
func (r *raw) memory(name string) (int, error) {
	for _, part := range [...]string{"_size", "_shape"} {
		list, err := r.whole(name + part)
		if err != nil {
			return 0, err
		}
		if len(list) == 0 {
			continue
		}
		t := tflite.Tensor{Name: name, Type: tflite.Uint8, Shape: list}
		return t.Size()
	}
	return 0, nil
}

// ends adds the inputs, outputs or variables. With local addressing they lie in the
// region given, else in the arena.
func (r *raw) ends(kind string, pay *payload, local int) ([]int, error) {
	region := 1
	if pay.local {
		region = local
	}
	sizes, err := r.whole(kind + "_elem_size")
	if err != nil {
		return nil, err
	}
	offsets, err := r.whole(kind + "_offset")
	if err != nil {
		return nil, err
	}
	regions, err := r.whole(kind + "_region")
	if err != nil {
		return nil, err
	}
	shapes, err := r.whole(kind + "_shape")
	if err != nil {
		return nil, err
	}
	n := len(sizes)
	if n == 0 {
		if kind == "variable" {
			return nil, nil
		}
		return nil, errors.New("the archive has no array " + kind + "_elem_size: it is no raw output of Vela")
	}
	if len(offsets) != n || len(regions) != n || len(shapes)%n != 0 {
		return nil, fmt.Errorf("%d tensors by %s_elem_size, %d offsets, %d regions, %d dimensions", n, kind, len(offsets), len(regions), len(shapes))
	}
	rank := len(shapes) / n
	var ids []int
	for i := range n {
		if regions[i] != region {
			return nil, fmt.Errorf("%s %d lies in region %d, the stream addresses region %d", kind, i, regions[i], region)
		}
		t := tflite.Tensor{Name: fmt.Sprintf("%s %d", kind, i), Shape: trimmed(shapes[i*rank : (i+1)*rank])}
		if t.Type, err = signedOf(sizes[i]); err != nil {
			return nil, fmt.Errorf("%s %d: %w", kind, i, err)
		}
		t.Quant = r.quantization(kind, i, n)
		ids = append(ids, r.Add(t, offsets[i]))
	}
	return ids, nil
}

// quantization is the scale and the zero point of a tensor, where an array holds a pair
// for each.
func (r *raw) quantization(kind string, i, n int) tflite.Quantization {
	a, ok := r.arrays[kind+"_quantization"]
	if !ok {
		return tflite.Quantization{}
	}
	list, err := a.Numbers()
	if err != nil || len(list) != 2*n || !(list[2*i] > 0) || list[2*i+1] != math.Trunc(list[2*i+1]) || math.Abs(list[2*i+1]) > math.MaxInt32 {
		return tflite.Quantization{}
	}
	return tflite.Quantization{Scale: []float32{float32(list[2*i])}, ZeroPoint: []int64{int64(list[2*i+1])}}
}
