package container

import (
	"fmt"
	"slices"

	"upset/models/executorch"
	"upset/models/tflite"
)

// Delegate reads one delegate of an ExecuTorch program, numbered from 0, as a graph of its
// own: its inputs and outputs are those of the NPU.
func Delegate(data []byte, index int) (*tflite.Model, error) {
	b, err := newPTE(data)
	if err != nil {
		return nil, fmt.Errorf("container: %w", err)
	}
	if index < 0 || index >= len(b.blobs) {
		return nil, fmt.Errorf("container: delegate %d: the program has %d, numbered from 0", index, len(b.blobs))
	}
	call := executorch.Call{Delegate: index}
	for _, c := range b.p.Calls {
		if c.Operator == "" && c.Delegate == index {
			call = c
			break
		}
	}
	if err := b.alone(call); err != nil {
		return nil, fmt.Errorf("container: delegate %d: %w", index, err)
	}
	return b.Model("ExecuTorch delegate"), nil
}

// alone makes a delegate the whole graph.
func (b *pte) alone(c executorch.Call) error {
	if c.Operator != "" {
		return fmt.Errorf("the program only calls %s", c.Operator)
	}
	blob := b.blobs[c.Delegate]
	ins, outs, err := b.ends(c)
	if err != nil {
		return err
	}
	b.blob(blob, ins, outs)
	b.Graph.Inputs, b.Graph.Outputs = ins, outs
	return nil
}

// delegate appends a delegate between copies.
func (b *pte) delegate(c executorch.Call) error {
	blob := b.blobs[c.Delegate]
	ins, outs, err := b.ends(c)
	if err != nil {
		return err
	}
	if len(c.Args) < len(ins)+len(outs) {
		return fmt.Errorf("delegate %d takes %d values and gives %d, the call has %d", c.Delegate, len(ins), len(outs), len(c.Args))
	}
	for i, id := range ins {
		if err := b.carry(c.Args[i], id, &blob.Inputs[i], true); err != nil {
			return fmt.Errorf("delegate %d, input %d: %w", c.Delegate, i, err)
		}
	}
	b.blob(blob, ins, outs)
	for i, id := range outs {
		if err := b.carry(c.Args[len(ins)+i], id, &blob.Outputs[i], false); err != nil {
			return fmt.Errorf("delegate %d, output %d: %w", c.Delegate, i, err)
		}
	}
	return nil
}

// blob appends the operator of a delegate. The size of a fast memory is not written in
// a blob: where the stream uses one, it is what the stream reaches.
func (b *pte) blob(blob *executorch.Blob, ins, outs []int) {
	const fastRegion = 2
	fast := 0
	if pay, err := parsePayload(blob.Commands); err == nil && UsesFast(pay.commands) {
		fast = min(extent(pay.commands, fastRegion), tflite.MaxTensor)
	}
	b.npu(blob.Commands, blob.Weights, blob.Scratch, fast, ins, outs)
}

// ends makes the tensors of a delegate in the arena.
func (b *pte) ends(c executorch.Call) (ins, outs []int, err error) {
	blob := b.blobs[c.Delegate]
	pay, err := parsePayload(blob.Commands)
	if err != nil {
		return nil, nil, err
	}
	regions := [2]int{1, 1}
	if pay.local {
		regions = [2]int{3, 4}
	}
	arg := 0
	for k, list := range [2][]executorch.IO{blob.Inputs, blob.Outputs} {
		for i := range list {
			if list[i].Region != regions[k] {
				return nil, nil, fmt.Errorf("delegate %d: tensor %d lies in region %d, the stream addresses region %d", c.Delegate, i, list[i].Region, regions[k])
			}
			kind, err := b.endType(&list[i], c.Args, arg)
			if err != nil {
				return nil, nil, fmt.Errorf("delegate %d: %w", c.Delegate, err)
			}
			t := tflite.Tensor{Name: fmt.Sprintf("%s %d", [2]string{"input", "output"}[k], i), Type: kind, Shape: trimmed(list[i].Shape)}
			if _, err := t.Size(); err != nil {
				return nil, nil, err
			}
			if k == 0 {
				ins = append(ins, b.Add(t, list[i].Offset))
			} else {
				outs = append(outs, b.Add(t, list[i].Offset))
			}
			arg++
		}
	}
	return ins, outs, nil
}

// endType is the type of a tensor of a delegate: that of the value of the call, or a
// signed integer of its element size.
func (b *pte) endType(io *executorch.IO, args []int64, arg int) (tflite.Type, error) {
	if arg < len(args) {
		_, kind, err := b.value(args[arg])
		if err == nil && kind.Size() != io.ElemSize {
			err = fmt.Errorf("value %d is %s, the delegate takes elements of %d bytes", args[arg], kind, io.ElemSize)
		}
		return kind, err
	}
	return signedOf(io.ElemSize)
}

// signedOf is the signed integer type of a size.
func signedOf(size int) (tflite.Type, error) {
	for _, kind := range [...]tflite.Type{tflite.Int8, tflite.Int16, tflite.Int32} {
		if kind.Size() == size {
			return kind, nil
		}
	}
	return 0, fmt.Errorf("elements of %d bytes are not supported", size)
}

// trimmed is a shape without the ones in front that fill it up; one stays, and stands
// for a number without dimensions.
func trimmed(shape []int) []int {
	if len(shape) == 0 {
		return []int{1}
	}
	for len(shape) > 1 && shape[0] == 1 {
		shape = shape[1:]
	}
	return shape
}

// carry copies a value to a tensor of a delegate, or back. Where the delegate takes
// channels last and the value has them first, it is transposed, as the runtime does.
func (b *pte) carry(v int64, id int, io *executorch.IO, in bool) error {
	t, _, err := b.value(v)
	if err != nil {
		return err
	}
	outer, err := b.tensor(v)
	if err != nil {
		return err
	}
	from, to := outer, id
	if !in {
		from, to = id, outer
	}
	have, want := inMemory(t), io.Shape
	if sameSizes(have, want) {
		b.CopyTo(from, to)
		return nil
	}
	if len(have) == 4 && sameSizes([]int64{have[0], have[2], have[3], have[1]}, want) {
		b.permuted(id, have, in, from, to)
		return nil
	}
	return fmt.Errorf("value %d has sizes %v, the delegate takes %v", v, have, want)
}

// permuted transposes between channels first, outside, and channels last at tensor id
// of the delegate, which gets four dimensions.
func (b *pte) permuted(id int, outer []int64, in bool, from, to int) {
	b.Graph.Tensors[id].Shape = []int{int(outer[0]), int(outer[2]), int(outer[3]), int(outer[1])}
	if in {
		b.transpose(from, to, []int{0, 2, 3, 1})
	} else {
		b.transpose(from, to, []int{0, 3, 1, 2})
	}
}

// sameSizes compares sizes with a shape that may have ones in front.
func sameSizes(sizes []int64, shape []int) bool {
	list := make([]int, len(sizes))
	for i, n := range sizes {
		list[i] = int(n)
	}
	return slices.Equal(trimmed(list), trimmed(shape))
}
