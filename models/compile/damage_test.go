package compile

import (
	"math/rand/v2"
	"testing"

	"upset/models/tflite"
	"upset/npu/isa"
)

// damage changes one thing of a model.
func damage(r *rand.Rand, g *tflite.Subgraph) {
	t := &g.Tensors[r.IntN(len(g.Tensors))]
	op := &g.Operators[r.IntN(len(g.Operators))]
	odd := []int{-1, 0, 1, 2, 3, 7, 65536, 65537, 1 << 20}
	pick := func() int { return odd[r.IntN(len(odd))] }
	o := &op.Options
	switch r.IntN(16) {
	case 0:
		if len(t.Shape) > 0 && t.Data == nil {
			t.Shape = append([]int(nil), t.Shape...)
			t.Shape[r.IntN(len(t.Shape))] = max(0, pick())
		}
	case 1:
		if len(t.Shape) > 0 && t.Data == nil {
			t.Shape = t.Shape[:len(t.Shape)-1]
		}
	case 2:
		t.Quant = tflite.Quantization{}
	case 3:
		t.Quant.ZeroPoint = []int64{int64(pick())}
	case 4:
		t.Type = tflite.Type(r.IntN(18))
		if t.Data != nil {
			t.Data = make([]byte, t.Bytes())
		}
	case 5:
		op.Inputs = append([]int(nil), op.Inputs...)
		if len(op.Inputs) > 0 {
			op.Inputs[r.IntN(len(op.Inputs))] = pick()
		}
	case 6:
		op.Inputs = op.Inputs[:r.IntN(len(op.Inputs)+1)]
	case 7:
		op.Outputs = []int{r.IntN(len(g.Tensors))}
	case 8:
		o.StrideH, o.FilterH = pick(), pick()
	case 9:
		o.StrideW, o.FilterW = pick(), pick()
	case 10:
		o.DilationH, o.DilationW = pick(), pick()
	case 11:
		o.Axis, o.BlockSize = pick(), pick()
	case 12:
		o.Padding, o.Activation = tflite.Padding(r.IntN(3)), tflite.Activation(r.IntN(6))
	case 13:
		codes := make([]tflite.BuiltinCode, 0, len(rules))
		for c := tflite.BuiltinCode(0); c < 130; c++ {
			if _, ok := rules[c]; ok {
				codes = append(codes, c)
			}
		}
		op.Code = codes[r.IntN(len(codes))]
	case 14:
		t.Data = nil
	case 15:
		if t.Data != nil {
			t.Data = append([]byte(nil), t.Data...)
			for i := range t.Data {
				t.Data[i] = byte(r.Uint32())
			}
		}
	}
}

// A damaged model gives a program or an error, never a panic, and a program
// stays within its arena.
func TestDamagedModels(t *testing.T) {
	count := uint64(400)
	if full() {
		count = 6000
	}
	failed := 0
	for seed := range count {
		m := randomModel(seed % 50)
		if seed%2 == 1 {
			c := &operatorCases[int(seed/2)%len(operatorCases)]
			of := tflite.Int8
			switch {
			case seed%4 == 1 && (c.types == with16 || c.types == withAll):
				of = tflite.Int16
			case seed%8 == 3 && (c.types == with8 || c.types == withAll):
				of = tflite.Uint8
			}
			m = operatorModel(t, c, seed, of)
		}
		switch seed % 10 {
		case 4:
			m = recurrent(seed)
		case 8:
			m = remembering(seed)
		}
		r := rand.New(rand.NewPCG(seed, 11))
		for n := 1 + r.IntN(2); n > 0; n-- {
			damage(r, &m.Subgraphs[0])
		}
		data, err := m.Marshal()
		if err != nil {
			continue // the format cannot express it
		}
		if m, err = tflite.Parse(data); err != nil {
			continue
		}
		func() {
			defer func() {
				if p := recover(); p != nil {
					t.Errorf("seed %d: panic: %v", seed, p)
					failed++
				}
			}()
			cfg := isa.Configs[seed%4]
			if m, err = Prepare(m); err != nil {
				return
			}
			for i := range m.Subgraphs[0].Operators {
				_ = Supports(m, i, Options{Config: cfg})
			}
			p, err := Compile(m, Options{Config: cfg})
			if err != nil {
				return
			}
			for _, list := range [2][]Binding{p.Inputs, p.Outputs} {
				for _, b := range list {
					if b.Offset < 0 || b.Offset+b.Bytes > p.ArenaSize {
						t.Errorf("seed %d: %s lies outside the arena", seed, b.Name)
					}
				}
			}
		}()
		if failed > 10 {
			t.FailNow()
		}
	}
}
