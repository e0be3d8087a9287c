package compile

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"upset/models/tflite"
	"upset/npu/isa"
)

// Every operator of a network that runs on the NPU as a whole is supported, and
// the answer for one that does not names the reason alone.
func TestSupports(t *testing.T) {
	m := load(t, filepath.Join(shared(t), "zoo", "pairs", "yolov8n-192.tflite"))
	for i := range m.Subgraphs[0].Operators {
		if err := Supports(m, i, Options{Config: isa.U55x32}); err != nil {
			t.Errorf("operator %d (%s): %v", i, m.Subgraphs[0].Operators[i].Name(), err)
		}
	}
	m = load(t, filepath.Join(shared(t), "models", "keyword_scrambled_8bit.tflite"))
	for i, op := range m.Subgraphs[0].Operators {
		if err := Supports(m, i, Options{Config: isa.U55x32}); op.Code == tflite.OpSVDF && err != errNoLowering {
			t.Errorf("operator %d: %v", i, err)
		}
	}
	if err := Supports(load(t, filepath.Join(shared(t), "zoo", "user", "uTensor-tanh_model.tflite")), 0, Options{}); err == nil || !strings.HasPrefix(err.Error(), "tensor ") {
		t.Errorf("an operator on floats: %v", err)
	}
	if err := Supports(m, 99, Options{}); err == nil || !strings.Contains(err.Error(), "no operator 99") {
		t.Errorf("operator 99: %v", err)
	}
}

// Where the smallest block does not fit, none does, and the other way round.
func TestFitsAgreesWithTheSearch(t *testing.T) {
	for _, size := range []int{1, 7, 8, 20, 64, 200, 600} {
		for _, elem := range []int{1, 2, 4} {
			for _, d := range []int{1, 4, 12, 40, 300} {
				k := &kernel{op: isa.OpConv, window: unit}
				k.kh, k.kw, k.sx, k.sy = size, size, 4, 4
				k.ifm = of(&buffer{h: 999, w: 999, d: d, elem: elem}, 0)
				k.ofm = of(&buffer{h: 9, w: 9, d: d, elem: 1}, 0)
				k.filter = &filter{entropy: 1, od: d, kh: size, kw: size, id: d}
				for _, c := range isa.Configs {
					fits := k.fits(c)
					if err := k.chooseBlock(c, nil); fits != (err == nil) {
						t.Errorf("%s: kernel %d, %d bytes, depth %d: fits %t, search %v", c, size, elem, d, fits, err)
					}
				}
			}
		}
	}
}

// A context that ends stops a compilation soon.
func TestCancel(t *testing.T) {
	m := load(t, filepath.Join(shared(t), "zoo", "pairs", "yolov8n-192.tflite"))
	for _, after := range []time.Duration{0, 50 * time.Millisecond, 300 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(context.Background(), after)
		_, err := Stages(m, Options{Config: isa.U55x128, Context: ctx})
		late := time.Now()
		if deadline, _ := ctx.Deadline(); late.Sub(deadline) > 2*time.Second {
			t.Errorf("after %s: stopped %s late", after, late.Sub(deadline))
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after %s: error %v", after, err)
		}
		cancel()
	}
}

func BenchmarkSupports(b *testing.B) {
	m := load(b, filepath.Join(shared(b), "zoo", "pairs", "yolov8n-192.tflite"))
	for b.Loop() {
		for i := range m.Subgraphs[0].Operators {
			_ = Supports(m, i, Options{Config: isa.U55x128})
		}
	}
}
