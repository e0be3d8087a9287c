package cone_test

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"upset/npu/cone"
	"upset/npu/isa"
)

// TestRefused has differences in weights and in the source of a lookup table, and
// arguments that make no sense.
func TestRefused(t *testing.T) {
	list := programs(t, shared(t, "vela", "ethos-u55-128", "kws_ref_model_vela.tflite"), isa.U55x128)
	s := newStream(t, list[0], rand.New(rand.NewPCG(1, 1)))
	p, err := cone.New(s.config, s.commands, s.bases, &s.mem)
	if err != nil {
		t.Fatal(err)
	}
	trace, err := p.Record(s.fresh())
	if err != nil {
		t.Fatal(err)
	}
	r := p.Runner()
	tested := 0
	for _, o := range p.Ops() {
		for _, c := range o.Constants {
			tested++
			if _, _, err := r.Propagate(trace, o.Index, []cone.Byte{{Addr: c.Lo, Value: 1}}); !errors.Is(err, cone.ErrClock) {
				t.Errorf("operation %d: a difference in its weights gives %v", o.Index, err)
			}
			if left, _, err := r.PropagateTo(trace, o.Index, o.Index, []cone.Byte{{Addr: c.Lo, Value: 1}}); err != nil || len(left) != 1 {
				t.Errorf("before operation %d: %v left, %v", o.Index, left, err)
			}
		}
	}
	if tested == 0 {
		t.Error("no weights in SRAM are tested")
	}
	if left, macs, err := r.Propagate(trace, 0, nil); err != nil || len(left) != 0 || macs != 0 {
		t.Errorf("no difference leaves %v after %d MACs, %v", left, macs, err)
	}
	n := len(p.Ops())
	for _, c := range []struct {
		from, to int
		addr     uint32
		want     string
	}{
		{-1, n, isa.SRAMBase, "do not exist"},
		{2, 1, isa.SRAMBase, "do not exist"},
		{0, n + 1, isa.SRAMBase, "do not exist"},
		{0, n, isa.FlashBase, "not in the SRAM"},
		{0, n, isa.SRAMBase + uint32(len(s.mem.SRAM)), "not in the SRAM"},
	} {
		if _, _, err := r.PropagateTo(trace, c.from, c.to, []cone.Byte{{Addr: c.addr}}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("from %d to %d at %#x: %v, want %q", c.from, c.to, c.addr, err, c.want)
		}
	}
	other, err := cone.New(s.config, s.commands, s.bases, &s.mem)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := other.Runner().Propagate(trace, 0, nil); err == nil {
		t.Error("the trace of another program is accepted")
	}
	small := s.fresh()
	small.SRAM = small.SRAM[:64]
	if _, err := p.Record(small); err == nil || !strings.Contains(err.Error(), "enlarge") {
		t.Errorf("a memory that is too small gives %v", err)
	}
}

// TestSteps propagates in one go and operation by operation.
func TestSteps(t *testing.T) {
	for i := range 60 {
		r := rand.New(rand.NewPCG(uint64(i), 9))
		s := randomStream(r)
		p, err := cone.New(s.config, s.commands, s.bases, &s.mem)
		if err != nil {
			continue
		}
		trace, err := p.Record(s.fresh())
		if err != nil {
			continue
		}
		a, b := p.Runner(), p.Runner()
		diff := []cone.Byte{{Addr: isa.SRAMBase + r.Uint32N(arena), Value: byte(r.Uint32())}}
		want, macs, err := a.Propagate(trace, 0, diff)
		total := int64(0)
		for op := range p.Ops() {
			left, n, err2 := b.PropagateTo(trace, op, op+1, diff)
			if err2 != nil {
				if !errors.Is(err, cone.ErrClock) {
					t.Errorf("stream %d: operation %d alone gives %v", i, op, err2)
				}
				break
			}
			diff = append([]cone.Byte(nil), left...)
			total += n
		}
		if err != nil {
			continue
		}
		if len(diff) != len(want) || total != macs {
			t.Fatalf("stream %d: %d bytes and %d MACs in steps, %d and %d in one go", i, len(diff), total, len(want), macs)
		}
		for j := range want {
			if diff[j] != want[j] {
				t.Fatalf("stream %d: byte %d is %v in steps, %v in one go", i, j, diff[j], want[j])
			}
		}
	}
}

// FuzzNew reads damaged streams. Those that run must be followed exactly.
func FuzzNew(f *testing.F) {
	for i := range 4 {
		s := randomStream(rand.New(rand.NewPCG(uint64(i), 3)))
		f.Add(uint64(i), encode(s.commands), uint16(0), uint32(0))
	}
	f.Fuzz(func(t *testing.T, seed uint64, code []byte, word uint16, flip uint32) {
		if len(code) > 4000 {
			return
		}
		s := randomStream(rand.New(rand.NewPCG(seed&3, 3)))
		s.commands = make([]uint32, len(code)/4)
		for i := range s.commands {
			s.commands[i] = binary.LittleEndian.Uint32(code[4*i:])
		}
		if len(s.commands) > 0 {
			s.commands[int(word)%len(s.commands)] ^= flip
		}
		p, err := cone.New(s.config, s.commands, s.bases, &s.mem)
		if err != nil || p.MACs() > 1<<22 || len(p.Ops()) == 0 || len(p.Ops()) > 16 {
			return
		}
		size := 0
		for _, o := range p.Ops() {
			for _, w := range append(o.Reads, o.Writes...) {
				size += int(w.Hi - w.Lo)
			}
		}
		if size > 1<<20 {
			return
		}
		if _, err := p.Record(s.fresh()); err != nil {
			return
		}
		s.compare(t, rand.New(rand.NewPCG(seed, 1)), 4)
	})
}

func encode(words []uint32) []byte {
	var b []byte
	for _, w := range words {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return b
}
