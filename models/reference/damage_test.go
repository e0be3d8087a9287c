package reference

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"upset/models/tflite"
)

// clone copies the parts of a subgraph that damage changes.
func clone(g *tflite.Subgraph) *tflite.Subgraph {
	c := *g
	c.Tensors, c.Operators = slices.Clone(g.Tensors), slices.Clone(g.Operators)
	for i := range c.Tensors {
		c.Tensors[i].Shape = slices.Clone(c.Tensors[i].Shape)
		c.Tensors[i].Data = slices.Clone(c.Tensors[i].Data)
	}
	for i := range c.Operators {
		c.Operators[i].Inputs = slices.Clone(c.Operators[i].Inputs)
		c.Operators[i].Outputs = slices.Clone(c.Operators[i].Outputs)
	}
	return &c
}

var oddNumbers = []int{-1 << 31, -2, -1, 0, 1, 2, 3, 4, 7, 1<<31 - 1}

// damage changes one thing of a subgraph.
func damage(r *rand.Rand, g *tflite.Subgraph) {
	odd := func() int { return oddNumbers[r.IntN(len(oddNumbers))] }
	t := &g.Tensors[r.IntN(len(g.Tensors))]
	op := &g.Operators[r.IntN(len(g.Operators))]
	o := &op.Options
	switch r.IntN(12) {
	case 0, 1:
		if len(t.Shape) > 0 {
			t.Shape[r.IntN(len(t.Shape))] = max(odd(), 0)
		}
	case 2:
		t.Shape = append(t.Shape, 1)
	case 3:
		if len(t.Shape) > 0 {
			t.Shape = t.Shape[1:]
		}
	case 4:
		t.Type = []tflite.Type{tflite.Int8, tflite.Int16, tflite.Int32, tflite.Float32, tflite.Int64, tflite.Int4, tflite.String}[r.IntN(7)]
	case 5:
		t.Quant.Scale = [][]float32{nil, {0}, {1e-38}, {1e38}, {-1}, {0.1, 0.2}}[r.IntN(6)]
	case 6:
		t.Quant.ZeroPoint = [][]int64{nil, {1000}, {-1 << 40}, {5}, {1, 2}}[r.IntN(5)]
	case 7:
		if len(t.Data) > 0 {
			for range 4 {
				t.Data[r.IntN(len(t.Data))] = byte(r.Uint32())
			}
		}
	case 8:
		if len(op.Inputs) > 0 {
			op.Inputs[r.IntN(len(op.Inputs))] = r.IntN(len(g.Tensors)+1) - 1
		}
	case 9:
		t.Data = nil
	case 10:
		fields := []*int{
			&o.StrideH, &o.StrideW, &o.DilationH, &o.DilationW, &o.FilterH, &o.FilterW, &o.Axis,
			&o.Rank, &o.BlockSize, &o.BeginMask, &o.EndMask, &o.ShrinkMask, &o.NumSplits,
		}
		*fields[r.IntN(len(fields))] = odd()
	case 11:
		o.Padding, o.AlignCorners, o.HalfPixelCenters = tflite.Padding(r.IntN(3)), r.IntN(2) == 0, r.IntN(2) == 0
		o.Beta, o.Alpha = []float32{0, -1, 1e30, 1}[r.IntN(4)], []float32{0, -1, 1e30, 1}[r.IntN(4)]
	}
}

// lstmModel is a small UNIDIRECTIONAL_SEQUENCE_LSTM.
func lstmModel() *tflite.Model {
	op := tflite.Operator{
		Code: tflite.OpSequenceLSTM, Outputs: []int{1}, Options: tflite.Options{Activation: tflite.Tanh, CellClip: 3},
		Inputs: []int{0, 4, 4, 4, 4, 5, 5, 5, 5, -1, -1, -1, 6, 6, 6, 6, -1, -1, 2, 3, -1, -1, -1, -1},
	}
	fill := func(t tflite.Tensor) tflite.Tensor { t.Data = iota8(t.Bytes()); return t }
	hidden, cell := tensor(1, 2), tflite.Tensor{Type: tflite.Int16, Shape: []int{1, 2}, Quant: scaled(1.0/2048, 0)}
	hidden.Quant, hidden.Variable, cell.Variable = scaled(1.0/128, 0), true, true
	return single(op, tensor(1, 3, 2), tensor(1, 3, 2), hidden, cell, fill(tensor(2, 2)), fill(tensor(2, 2)), constant([]int{2}, 5, -9))
}

// TestDamagedModels prepares and runs graphs with one to three wrong parts: an
// error or a result, never a panic.
func TestDamagedModels(t *testing.T) {
	models := []*tflite.Model{
		convModel(tflite.OpConv2D, 5, 3, 5, 3), convModel(tflite.OpDepthwiseConv2D, 5, 3, 3, 3),
		single(tflite.Operator{Code: tflite.OpSpaceToBatchND, Inputs: []int{0, 1, 2}, Outputs: []int{3}},
			tensor(1, 2, 3, 1), constant([]int{2}, 2, 2), constant([]int{2, 2}, 0, 0, 0, 1), tensor(4, 1, 2, 1)),
		single(tflite.Operator{Code: tflite.OpMirrorPad, Inputs: []int{0, 1}, Outputs: []int{2}},
			tensor(3), constant([]int{1, 2}, 2, 2), tensor(7)),
		single(tflite.Operator{Code: tflite.OpGather, Inputs: []int{0, 1}, Outputs: []int{2}},
			tensor(2, 3), constant([]int{2}, 2, 0), tensor(2, 3)),
		single(tflite.Operator{Code: tflite.OpStridedSlice, Inputs: []int{0, 1, 2, 3}, Outputs: []int{4}},
			tensor(5), constant([]int{1}, 1), constant([]int{1}, 4), constant([]int{1}, 2), tensor(2)),
		single(tflite.Operator{Code: tflite.OpPack, Inputs: []int{0, 1}, Outputs: []int{2}}, tensor(2), tensor(2), tensor(2, 2)),
		single(tflite.Operator{Code: tflite.OpArgMax, Inputs: []int{0, 1}, Outputs: []int{2}},
			tensor(2, 3), constant([]int{1}, 1), tflite.Tensor{Type: tflite.Int32, Shape: []int{2}}),
		single(tflite.Operator{Code: tflite.OpTile, Inputs: []int{0, 1}, Outputs: []int{2}},
			tensor(2, 3), constant([]int{2}, 2, 1), tensor(4, 3)),
		single(tflite.Operator{Code: tflite.OpBroadcastTo, Inputs: []int{0}, Outputs: []int{1}}, tensor(2, 1), tensor(2, 2, 3)),
		single(tflite.Operator{Code: tflite.OpBatchMatmul, Inputs: []int{0, 1}, Outputs: []int{2}},
			tensor(2, 2, 3), tensor(1, 3, 2), tensor(2, 2, 2)),
		single(tflite.Operator{Code: tflite.OpDiv, Inputs: []int{0, 1}, Outputs: []int{2}}, tensor(2, 3), tensor(3), tensor(2, 3)),
		single(tflite.Operator{Code: tflite.OpRsqrt, Inputs: []int{0}, Outputs: []int{1}}, tensor(6), tensor(6)),
		single(tflite.Operator{Code: tflite.OpCast, Inputs: []int{0}, Outputs: []int{1}}, floatTensor(4), tensor(4)),
		single(tflite.Operator{Code: tflite.OpConv2D, Inputs: []int{0, 1}, Outputs: []int{2}, Options: tflite.Options{StrideH: 1, StrideW: 1}},
			floatTensor(1, 3, 3, 2), floatTensor(2, 2, 2, 2), floatTensor(1, 3, 3, 2)),
		single(tflite.Operator{Code: tflite.OpConcatenation, Inputs: []int{0, 1}, Outputs: []int{2}},
			tensor(2), tflite.Tensor{Type: tflite.Int8, Shape: []int{2}, Quant: scaled(2, 1)}, tensor(4)),
		single(tflite.Operator{Code: tflite.OpSelectV2, Inputs: []int{0, 1, 2}, Outputs: []int{3}},
			tflite.Tensor{Type: tflite.Bool, Shape: []int{3}}, tensor(2, 3), tensor(1), tensor(2, 3)),
		single(tflite.Operator{Code: tflite.OpLess, Inputs: []int{0, 1}, Outputs: []int{2}},
			tensor(2, 3), tensor(3), tflite.Tensor{Type: tflite.Bool, Shape: []int{2, 3}}),
		single(tflite.Operator{Code: tflite.OpGatherND, Inputs: []int{0, 1}, Outputs: []int{2}},
			tensor(2, 2, 2), constant([]int{3, 2}, 1, 0, 0, 1, 9, -9), tensor(3, 2)),
		single(tflite.Operator{Code: tflite.OpCumsum, Inputs: []int{0, 1}, Outputs: []int{2}},
			floatTensor(2, 3), constant([]int{1}, 1), floatTensor(2, 3)),
		lstmModel(), detector(0), detector(1),
		readModel(t, filepath.Join(shared(t), "models", "keyword_scrambled_8bit.tflite")),
	}
	ops, err := filepath.Glob(filepath.Join(shared(t), "models", "ops", "*.tflite"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range ops {
		models = append(models, readModel(t, p))
	}
	rounds := 200
	if full() {
		rounds = 3000
	}
	ran := 0
	for i, m := range models {
		for round := range rounds {
			r := rand.New(rand.NewPCG(uint64(i), uint64(round)))
			g := clone(&m.Subgraphs[0])
			for range 1 + r.IntN(3) {
				damage(r, g)
			}
			if try(t, g, fmt.Sprintf("model %d (%s) round %d", i, g.Operators[0].Name(), round)) {
				ran++
			}
		}
	}
	if ran == 0 {
		t.Error("no damaged model could be run: the damage is too coarse to test anything")
	}
}

// try prepares and runs a graph; it reports whether it ran.
func try(t *testing.T, g *tflite.Subgraph, name string) bool {
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("%s: panic: %v", name, p)
		}
	}()
	m := &tflite.Model{Subgraphs: []tflite.Subgraph{*g}}
	size := 0
	for i := range g.Tensors {
		n, err := sizeOf(&g.Tensors[i])
		if size += n; err != nil || size > 1<<18 {
			_, _ = New(m)
			return false
		}
	}
	in, err := New(m)
	if err != nil {
		return false
	}
	var inputs [][]byte
	for _, i := range g.Inputs {
		inputs = append(inputs, make([]byte, g.Tensors[i].Bytes()))
	}
	_, err = in.Invoke(inputs)
	return err == nil
}
