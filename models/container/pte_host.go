package container

import (
	"encoding/binary"
	"fmt"
	"strings"

	"upset/models/executorch"
	"upset/models/reference"
	"upset/models/tflite"
)

// operator appends an operator of the CPU. Names may come from several libraries of
// kernels ("quantized_decomposed", "cortex_m", "aten", …), which compute the same.
func (b *pte) operator(c executorch.Call) error {
	_, name, _ := strings.Cut(c.Operator, "::")
	name, _, _ = strings.Cut(name, ".")
	if len(c.Args) < 2 {
		return fmt.Errorf("%s has %d arguments", c.Operator, len(c.Args))
	}
	from, err := b.tensor(c.Args[0])
	if err != nil {
		return fmt.Errorf("%q: %w", c.Operator, err)
	}
	to, err := b.tensor(c.Args[len(c.Args)-1])
	if err != nil {
		return fmt.Errorf("%q: %w", c.Operator, err)
	}
	switch name {
	case "quantize_per_tensor":
		err = b.quantize(c, from, to)
	case "dequantize_per_tensor":
		err = b.dequantize(c, from, to)
	case "permute_copy", "transpose_copy":
		err = b.permute(c, name, from, to)
	case "view_copy", "et_view", "squeeze_copy", "unsqueeze_copy", "clone", "_clone_dim_order", "alias_copy", "_to_dim_order_copy":
		err = b.reshape(c, from, to)
	default:
		err = fmt.Errorf("the host computes quantise, dequantise, permute and reshape around a delegate; give --delegate to run a delegate alone")
	}
	if err != nil {
		return fmt.Errorf("%q: %w", c.Operator, err)
	}
	return nil
}

// affine reads scale, zero point and limits of a quantisation.
func (b *pte) affine(c executorch.Call) (q tflite.Quantization, lo, hi int64, err error) {
	const scale, zero, low, high = 1, 2, 3, 4 // arguments (PyTorch, quantized_decomposed)
	if len(c.Args) <= high {
		return q, 0, 0, fmt.Errorf("it has %d arguments", len(c.Args))
	}
	for i, kind := range map[int]int{scale: executorch.Double, zero: executorch.Int, low: executorch.Int, high: executorch.Int} {
		if b.p.Values[c.Args[i]].Kind != kind {
			return q, 0, 0, fmt.Errorf("argument %d is not of the kind that it should have", i)
		}
	}
	at := func(i int) *executorch.Value { return &b.p.Values[c.Args[i]] }
	q = tflite.Quantization{Scale: []float32{float32(at(scale).Double)}, ZeroPoint: []int64{at(zero).Int}}
	return q, at(low).Int, at(high).Int, nil
}

func (b *pte) quantize(c executorch.Call, from, to int) error {
	q, lo, hi, err := b.affine(c)
	if err != nil {
		return err
	}
	b.Graph.Tensors[to].Quant = q
	limits := binary.LittleEndian.AppendUint32(nil, uint32(int32(lo)))
	limits = binary.LittleEndian.AppendUint32(limits, uint32(int32(hi)))
	b.Graph.Operators = append(b.Graph.Operators, tflite.Operator{
		Code: tflite.OpCustom, Custom: reference.ExecuTorchQuantize, Version: 1, CustomOptions: limits, Inputs: []int{from}, Outputs: []int{to},
	})
	return nil
}

func (b *pte) dequantize(c executorch.Call, from, to int) error {
	q, _, _, err := b.affine(c)
	if err != nil {
		return err
	}
	b.Graph.Tensors[from].Quant = q
	b.Graph.Operators = append(b.Graph.Operators, tflite.Operator{Code: tflite.OpDequantize, Version: 1, Inputs: []int{from}, Outputs: []int{to}})
	return nil
}

// permute appends a transposition with constant dimensions.
func (b *pte) permute(c executorch.Call, name string, from, to int) error {
	rank := len(b.Graph.Tensors[from].Shape)
	order := make([]int, rank)
	for i := range order {
		order[i] = i
	}
	number := func(v int64) (int, error) {
		if v < 0 || v >= int64(len(b.p.Values)) || b.p.Values[v].Kind != executorch.Int {
			return 0, fmt.Errorf("a dimension is no number")
		}
		d := b.p.Values[v].Int
		if d < 0 {
			d += int64(rank)
		}
		if d < 0 || d >= int64(rank) {
			return 0, fmt.Errorf("dimension %d of a tensor with %d", d, rank)
		}
		return int(d), nil
	}
	if name == "transpose_copy" {
		if len(c.Args) < 4 {
			return fmt.Errorf("it has %d arguments", len(c.Args))
		}
		i, err := number(c.Args[1])
		if err != nil {
			return err
		}
		k, err := number(c.Args[2])
		if err != nil {
			return err
		}
		order[i], order[k] = order[k], order[i]
	} else {
		list := b.p.Values[c.Args[1]].Items
		if len(list) != rank {
			return fmt.Errorf("%d dimensions for a tensor with %d", len(list), rank)
		}
		for i, v := range list {
			d, err := number(v)
			if err != nil {
				return err
			}
			order[i] = d
		}
	}
	if err := b.plain(c); err != nil {
		return err
	}
	b.transpose(from, to, order)
	return nil
}

// plain refuses tensors whose memory is in another order than their sizes, where the
// operator counts in sizes.
func (b *pte) plain(c executorch.Call) error {
	for _, v := range [2]int64{c.Args[0], c.Args[len(c.Args)-1]} {
		if t := b.p.Values[v].Tensor; t != nil && !ordered(t) {
			return fmt.Errorf("value %d lies in memory in the order %v of its dimensions, which is not supported here", v, t.DimOrder)
		}
	}
	return nil
}

// reshape appends a copy, or the change of the order in memory from channels first to
// channels last or back.
func (b *pte) reshape(c executorch.Call, from, to int) error {
	x, y := b.p.Values[c.Args[0]].Tensor, b.p.Values[c.Args[len(c.Args)-1]].Tensor
	if ordered(x) && ordered(y) || len(x.DimOrder) == len(y.DimOrder) && sameOrder(x.DimOrder, y.DimOrder) {
		b.CopyTo(from, to)
		return nil
	}
	if len(x.Sizes) != len(y.Sizes) {
		return b.plain(c)
	}
	place := make([]int, len(x.Sizes)) // of a dimension in the memory of x
	for i := range place {
		place[orderOf(x, i)] = i
	}
	order := make([]int, len(y.Sizes))
	for i := range order {
		order[i] = place[orderOf(y, i)]
	}
	b.transpose(from, to, order)
	return nil
}

// orderOf is the dimension at place i in the memory of a tensor.
func orderOf(t *executorch.Tensor, i int) int {
	if ordered(t) {
		return i
	}
	return int(t.DimOrder[i])
}

func sameOrder(a, b []int64) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
