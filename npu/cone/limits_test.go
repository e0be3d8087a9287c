package cone_test

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"upset/npu/cone"
	"upset/npu/functional"
	"upset/npu/isa"
)

// Operations that no memory holds and no machine finishes are refused with what is wrong, at
// once: nothing is laid out for them.
func TestHostileOperations(t *testing.T) {
	set := func(pairs ...uint32) func(m *isa.Stream) {
		return func(m *isa.Stream) {
			for i := 0; i < len(pairs); i += 2 {
				m.Set(isa.Reg(pairs[i]), pairs[i+1])
			}
		}
	}
	r := func(x isa.Reg) uint32 { return uint32(x) }
	cases := []struct {
		name  string
		set   func(m *isa.Stream)
		op    isa.Opcode
		param uint32
		want  string
	}{
		{"a map of all outputs", set(r(isa.OFMWidthM1), 0xffff, r(isa.OFMHeightM1), 0xffff, r(isa.OFMDepthM1), 0xffff), isa.OpPool, isa.PoolMax, "elements"},
		{"inputs of a convolution", set(r(isa.IFMDepthM1), 0xffff, r(isa.OFMWidthM1), 99, r(isa.OFMHeightM1), 99), isa.OpConv, 0, "elements"},
		{"a kernel of the largest size", set(r(isa.KernelWidthM1), 0xffff, r(isa.OFMWidthM1), 200), isa.OpPool, isa.PoolMax, "too large"},
		{"work without end", set(r(isa.KernelWidthM1), 255, r(isa.KernelHeightM1), 255, r(isa.OFMWidthM1), 511, r(isa.OFMHeightM1), 511), isa.OpPool, isa.PoolMax, "multiply-accumulates"},
		{"an output outside", set(r(isa.OFMRegion), 0), isa.OpPool, isa.PoolMax, "leaves the SRAM"},
		{"an output over the end", set(r(isa.OFMRegion), 1, r(isa.OFMBase0), isa.MaxSRAM-1, r(isa.OFMDepthM1), 15), isa.OpPool, isa.PoolMax, "leaves the SRAM"},
		{"a mode that is not defined", set(r(isa.OFMRegion), 1, r(isa.IFMRegion), 1), isa.OpElementwise, isa.ElemSHL + 1, "not defined"},
		{"weights outside the map", set(r(isa.OFMRegion), 1, r(isa.IFMRegion), 1, r(isa.WeightRegion), 7, r(isa.WeightLength), 64, r(isa.OFMPrecision), 1<<8), isa.OpConv, 0, "weights"},
		{"weights longer than the memory", set(r(isa.OFMRegion), 1, r(isa.IFMRegion), 1, r(isa.WeightLength), math.MaxUint32, r(isa.OFMPrecision), 1<<8), isa.OpConv, 0, "weights"},
		{"a copy longer than the memory", set(r(isa.DMA0SrcRegion), 1, r(isa.DMA0DstRegion), 1, r(isa.DMA0Len), math.MaxUint32), isa.OpDMAStart, 0, "longer"},
		{"a copy to flash", set(r(isa.DMA0SrcRegion), 1, r(isa.DMA0DstRegion), 0, r(isa.DMA0Len), 16), isa.OpDMAStart, 0, "leaves the SRAM"},
		{"a copy from nowhere", set(r(isa.DMA0SrcRegion), 7, r(isa.DMA0DstRegion), 1, r(isa.DMA0Len), 16), isa.OpDMAStart, 0, "not in the memory map"},
	}
	for _, c := range cases {
		var m isa.Stream
		c.set(&m)
		m.Op(c.op, c.param)
		m.Op(isa.OpStop, 0)
		mem := &isa.Memory{SRAM: make([]byte, 64), Flash: make([]byte, 64)}
		_, err := cone.New(isa.U55x32, m.Words, [8]uint32{isa.FlashBase, isa.SRAMBase}, mem)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "command word") {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	for _, c := range []struct {
		words []uint32
		want  string
	}{
		{nil, "without NPU_OP_STOP"},
		{[]uint32{uint32(isa.OpPool) | 0xc000}, "no command"},
		{[]uint32{uint32(isa.Table[isa.IFMBase0].Opcode) | 1<<14}, "inside a command"},
	} {
		if _, err := cone.New(isa.U55x32, c.words, [8]uint32{isa.FlashBase, isa.SRAMBase}, &isa.Memory{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%x: %v, want %q", c.words, err, c.want)
		}
	}
	// All maps of a stream together are bounded, too.
	var m isa.Stream
	set(r(isa.OFMRegion), 1, r(isa.IFMRegion), 1, r(isa.OFMWidthM1), 15, r(isa.OFMHeightM1), 15, r(isa.IFMDepthM1), 1<<16-1,
		r(isa.IFMWidth0M1), 15, r(isa.IFMHeight0M1), 15, r(isa.IFMStrideX), 1<<16, r(isa.IFMStrideY), 1<<20)(&m)
	for range 17 {
		m.Op(isa.OpPool, isa.PoolReduceSum)
	}
	m.Op(isa.OpStop, 0)
	if _, err := cone.New(isa.U55x32, m.Words, [8]uint32{isa.FlashBase, isa.SRAMBase}, &isa.Memory{}); err == nil || !strings.Contains(err.Error(), "of the stream") {
		t.Errorf("many large maps: %v", err)
	}
}

// Kinds have names, and a range holds its first byte and not its last.
func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for k := cone.Conv; k <= cone.Host; k++ {
		if s := k.String(); s == "" || seen[s] || strings.HasPrefix(s, "kind") {
			t.Errorf("kind %d is called %q", k, s)
		} else {
			seen[s] = true
		}
	}
	if s := (cone.Host + 1).String(); s != "kind 9" {
		t.Errorf("no kind is called %q", s)
	}
	for a, want := range map[uint32]bool{9: false, 10: true, 19: true, 20: false} {
		if (cone.Range{Lo: 10, Hi: 20}).Contains(a) != want {
			t.Errorf("10 to 20 contains %d: %t", a, !want)
		}
	}
}

// followed is a random stream that can be followed, with its trace.
func followed(t *testing.T, from uint64) (*stream, *cone.Program, *cone.Trace, *isa.Memory) {
	t.Helper()
	for i := from; ; i++ {
		s := randomStream(rand.New(rand.NewPCG(i, 55)))
		p, err := cone.New(s.config, s.commands, s.bases, &s.mem)
		if err != nil {
			continue
		}
		golden := s.fresh()
		if trace, err := p.Record(golden); err == nil && len(p.Ops()) > 1 {
			return s, p, trace, golden
		}
	}
}

// What comes of differences depends on what they are, and not on the order in which they are
// named, on what the runner did before, or on who else runs; the later of two values of a
// byte counts; and bytes that are named with the value that they have change nothing.
func TestPropagationIsAFunction(t *testing.T) {
	exact := 0
	for i := range uint64(40) {
		s, p, trace, golden := followed(t, 100*i)
		r := rand.New(rand.NewPCG(i, 56))
		used := p.Runner()
		var jobs sync.WaitGroup
		for range 8 {
			at := map[uint32]byte{}
			var diff, twice, same []cone.Byte
			for range 1 + r.IntN(30) {
				o := r.Uint32N(arena)
				at[o] = s.mem.SRAM[o] ^ byte(1+r.IntN(255))
				same = append(same, cone.Byte{Addr: isa.SRAMBase + o, Value: s.mem.SRAM[o]})
			}
			for o, v := range at {
				diff = append(diff, cone.Byte{Addr: isa.SRAMBase + o, Value: v})
				twice = append(twice, cone.Byte{Addr: isa.SRAMBase + o, Value: ^v})
			}
			want, macs, err := p.Runner().Propagate(trace, 0, diff)
			want = slices.Clone(want)
			check := func(run *cone.Runner, list []cone.Byte) {
				got, n, err2 := run.Propagate(trace, 0, list)
				if errors.Is(err, cone.ErrClock) != errors.Is(err2, cone.ErrClock) || err == nil && (n != macs || !slices.Equal(got, want)) {
					t.Errorf("stream %d: %d bytes with %d MACs, %v; want %d with %d, %v", i, len(got), n, err2, len(want), macs, err)
				}
			}
			if err == nil {
				exact++
				if !slices.IsSortedFunc(want, func(a, b cone.Byte) int { return int(int64(a.Addr) - int64(b.Addr)) }) {
					t.Fatalf("stream %d: what is left is not in order", i)
				}
			}
			shuffled := slices.Clone(diff)
			r.Shuffle(len(diff), func(a, b int) { shuffled[a], shuffled[b] = shuffled[b], shuffled[a] })
			check(used, append(twice, shuffled...))
			jobs.Go(func() { check(p.Runner(), diff) })
			if left, _, err := used.Propagate(trace, 0, same); err == nil {
				for _, b := range left {
					if golden.SRAM[b.Addr-isa.SRAMBase] != b.Value {
						t.Fatalf("stream %d: byte %#x was named as it is, and comes out different", i, b.Addr)
					}
				}
			}
		}
		jobs.Wait()
	}
	if exact < 100 {
		t.Errorf("%d sets of differences are followed: too little is shown", exact)
	}
}

// Registers that differ are followed where they enter the arithmetic alone: an operation with
// its own values leaves what it did, and one of another shape, a copy, or one that does not
// exist is refused.
func TestAlteredIsBounded(t *testing.T) {
	kernels, refused := 0, 0
	for i := range uint64(40) {
		s, p, trace, _ := followed(t, 100*i+7)
		run := p.Runner()
		m := functional.New(s.config, s.fresh(), s.bases)
		decoded := map[int]isa.Decoded{}
		m.AfterOp = func(i int, op isa.Opcode, d *isa.Decoded) {
			if op.Kernel() {
				decoded[i] = *d
			}
		}
		if err := m.Run(s.commands); err != nil {
			t.Fatal(err)
		}
		for _, o := range p.Ops() {
			d, kernel := decoded[o.Index]
			if ok, _ := trace.Exact(o.Index); !ok {
				continue
			}
			list := []cone.Altered{{Op: o.Index, Decoded: d}}
			left, macs, err := run.PropagateAltered(trace, 0, nil, list)
			if !kernel {
				if refused++; !errors.Is(err, cone.ErrClock) {
					t.Errorf("stream %d: a %s with other values gives %v", i, o.Kind, err)
				}
				continue
			}
			kernels++
			if err != nil || len(left) != 0 || macs != o.MACs {
				t.Errorf("stream %d: a %s with its own values leaves %d bytes after %d MACs of %d, %v", i, o.Kind, len(left), macs, o.MACs, err)
			}
			for _, change := range []func(d *isa.Decoded){
				func(d *isa.Decoded) { d.OFMH++ },
				func(d *isa.Decoded) { d.OFM.Base[0] += 16 },
				func(d *isa.Decoded) { d.IFM.StrideX++ },
				func(d *isa.Decoded) { d.Acc40 = !d.Acc40 },
				func(d *isa.Decoded) { d.Act ^= 3 },
			} {
				list[0].Decoded = d
				change(&list[0].Decoded)
				if _, _, err := run.PropagateAltered(trace, 0, nil, list); !errors.Is(err, cone.ErrClock) {
					t.Errorf("stream %d: a %s of another shape gives %v", i, o.Kind, err)
				}
				if left, _, err := run.PropagateAltered(trace, o.Index+1, nil, list); err != nil || len(left) != 0 {
					t.Errorf("stream %d: one that is over leaves %d bytes, %v", i, len(left), err)
				}
			}
			none := []cone.Altered{{Op: len(p.Ops()), Decoded: d}}
			if _, _, err := run.PropagateAltered(trace, 0, nil, none); !errors.Is(err, cone.ErrClock) {
				t.Errorf("stream %d: an operation that does not exist gives %v", i, err)
			}
		}
		if left, _, err := run.Propagate(trace, 0, nil); err != nil || len(left) != 0 {
			t.Errorf("stream %d: the runner remembers altered operations: %v", i, err)
		}
	}
	if kernels < 30 || refused < 3 {
		t.Errorf("%d kernels, %d copies: too little is shown", kernels, refused)
	}
}

// A trace is made over constants that stand in SRAM as they were read; where they do not, it
// says so, and differences that reach the operation are refused, and others are not.
func TestConstantsInSRAM(t *testing.T) {
	o := windows[1]
	s := o.stream(t, isa.U55x128, rand.New(rand.NewPCG(1, 1)))
	const at = 1 << 13
	weights := s.mem.Flash
	var m isa.Stream
	m.Set(isa.DMA0SrcRegion, 0)
	m.Set(isa.DMA0DstRegion, 1)
	m.Set(isa.DMA0Dst, at)
	m.Set(isa.DMA0Len, uint32(len(weights)))
	m.Op(isa.OpDMAStart, 0)
	first := m.Words
	s.commands = slices.Concat(first, s.commands)
	// The weights are taken from where the copy puts them.
	for i := range s.commands {
		if kind, r := isa.Classify(s.commands[i]); i >= len(first) && kind == isa.KindSet && isa.Reg(r) == isa.WeightRegion {
			s.commands[i] |= 1 << 16
		} else if kind == isa.KindSet2 && isa.Reg(r) == isa.WeightBase {
			s.commands[i+1] = at
		}
	}
	p, err := cone.New(s.config, s.commands, s.bases, &s.mem)
	if err != nil {
		t.Fatal(err)
	}
	op := p.Ops()[1]
	if len(op.Constants) != 1 || op.Constants[0].Lo != isa.SRAMBase+at || int(op.Constants[0].Hi-op.Constants[0].Lo) != len(weights) {
		t.Fatalf("constants at %x, want %d bytes at %#x", op.Constants, len(weights), isa.SRAMBase+at)
	}
	good, err := p.Record(s.fresh())
	if err != nil {
		t.Fatal(err)
	}
	other := s.fresh()
	other.Flash = bytes.Clone(other.Flash)
	other.Flash[0] ^= 2
	bad, err := p.Record(other)
	if err != nil && !strings.Contains(err.Error(), "stops") {
		t.Fatal(err)
	}
	if ok, why := good.Exact(1); !ok {
		t.Errorf("refused: %s", why)
	}
	input, beside, constant := cone.Byte{Addr: isa.SRAMBase, Value: s.mem.SRAM[0] ^ 1}, cone.Byte{Addr: isa.SRAMBase + 1<<15 - 1, Value: 1}, cone.Byte{Addr: isa.SRAMBase + at, Value: weights[0] ^ 2}
	run := p.Runner()
	for _, c := range []struct {
		trace *cone.Trace
		from  int
		b     cone.Byte
		clock bool
	}{{good, 0, input, false}, {good, 0, beside, false}, {good, 0, constant, false}, {good, 1, constant, true}, {bad, 1, input, true}, {bad, 1, beside, false}} {
		if c.trace == nil {
			continue // the damaged weights stopped the run
		}
		if _, _, err := run.Propagate(c.trace, c.from, []cone.Byte{c.b}); errors.Is(err, cone.ErrClock) != c.clock || err != nil && !c.clock {
			t.Errorf("byte %#x before operation %d: %v", c.b.Addr, c.from, err)
		}
	}
	if bad != nil {
		if ok, why := bad.Exact(1); ok || !strings.Contains(why, "flash image") {
			t.Errorf("other weights than those that were read are followed: %q", why)
		}
	}
	if _, err := run.Dense(other); !errors.Is(err, cone.ErrClock) {
		t.Errorf("a dense inference over other weights gives %v", err)
	}
}
