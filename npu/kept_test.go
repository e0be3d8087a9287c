package npu_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"upset/npu"
	"upset/npu/isa"
)

// TestBoxesKept counts the bytes of the input that a 1×1 convolution of many output
// channels places in the IFM buffers. With up to two blocks of input channels an operation fetches every byte
// of the input once, whatever the number of slices; with three, it fetches them again for each slice.
// The compiler may cut the convolution in several operations.
func TestBoxesKept(t *testing.T) {
	for _, c := range isa.Configs {
		for _, x := range []struct {
			channels int
			once     bool
		}{{32, true}, {64, true}, {96, false}} {
			l := layer{h: 4, w: 4, d: x.channels, od: 512, kernel: 1, stride: 1}
			p, input := l.build(t, c, rand.New(rand.NewPCG(uint64(c), 21)))
			want, err := p.RunFunctional(input)
			if err != nil {
				t.Fatal(err)
			}
			m := load(t, p, input, npu.DefaultSystem(), npu.ECCNone)
			placed, operations := 0, 0
			m.Probe.Note = func(n npu.Note) {
				if n.Kind == npu.NoteIssue {
					operations++
				}
			}
			for m.S.CC.Run != 0 && m.Cycle() < 1_000_000 {
				m.Step()
				placed += int(m.S.SB.WrBytes)
			}
			if st := m.Status(); st != npu.Done || !bytes.Equal(p.ReadOutputs(m.Mem), want) {
				t.Errorf("%s, %d channels: %v, or the output differs", c, x.channels, st)
			}
			if once := operations * len(input); x.once && placed != once || !x.once && placed <= once {
				t.Errorf("%s, %d channels: %d bytes are fetched by %d operations, the input has %d", c, x.channels, placed, operations, len(input))
			}
		}
	}
}
