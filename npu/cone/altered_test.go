package cone_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"upset/npu/cone"
	"upset/npu/functional"
	"upset/npu/isa"
)

// values are the registers that only enter the arithmetic.
var values = []isa.Reg{
	isa.IFMZeroPoint, isa.IFM2ZeroPoint, isa.OFMZeroPoint, isa.ActivationMin, isa.ActivationMax, isa.OFMScale, isa.OFMScaleShift,
	isa.OPAScale, isa.OPAScaleShift, isa.OPBScale, isa.IFM2Scalar, isa.OFMPrecision,
}

// alteredOps walks the stream behind a word with a register that has some bits
// flipped, and lists the operations that see other values. It reports false where
// one would do more than compute with other values.
func (s *stream) alteredOps(p *cone.Program, regs isa.Registers, word int, reg isa.Reg, flip uint32) (list []cone.Altered, ok bool) {
	other := regs
	other[reg] ^= flip
	ops, at := p.Ops(), 0
	for w := word; w < len(s.commands); w++ {
		x := s.commands[w]
		kind, r := isa.Classify(x)
		switch kind {
		case isa.KindSet:
			regs.Set(r, x, 0)
			other.Set(r, x, 0)
		case isa.KindSet2:
			regs.Set(r, x, s.commands[w+1])
			other.Set(r, x, s.commands[w+1])
			w++
		case isa.KindOp:
			for at < len(ops) && ops[at].Word < w {
				at++
			}
			if at == len(ops) || ops[at].Word != w || ops[at].Kernel < 0 {
				continue
			}
			a, b := isa.Decode(&regs, isa.Opcode(r), isa.Param(x)), isa.Decode(&other, isa.Opcode(r), isa.Param(x))
			if a == b {
				continue
			}
			c := a
			if c.CopyValues(&b); c != b {
				return nil, false
			}
			list = append(list, cone.Altered{Op: at, Decoded: b})
		}
	}
	return list, true
}

// TestAlteredValues flips bits of zero points, clamps, scales and rounding before an
// operation of a random stream, sometimes with bytes that differ as well, and
// checks the memory that is left against the functional machine.
func TestAlteredValues(t *testing.T) {
	n := 300
	if full() {
		n = 5000
	}
	exact, visible := 0, 0
	for i := range n {
		r := rand.New(rand.NewPCG(uint64(i), 78))
		s := randomStream(r)
		e, v := s.compareAltered(t, r, 6)
		exact, visible = exact+e, visible+v
	}
	t.Logf("%d samples exact, %d with an effect", exact, visible)
	if exact < n || visible < n/2 {
		t.Errorf("%d samples, %d with an effect: too little is tested", exact, visible)
	}
}

func (s *stream) compareAltered(t *testing.T, r *rand.Rand, samples int) (exact, visible int) {
	t.Helper()
	p, err := cone.New(s.config, s.commands, s.bases, &s.mem)
	if err != nil {
		return 0, 0
	}
	golden := s.fresh()
	trace, err := p.Record(golden)
	if err != nil {
		return 0, 0
	}
	run, again := p.Runner(), s.fresh()
	m := functional.New(s.config, again, s.bases)
	at := func(op int) {
		word := 0
		if op > 0 {
			word = m.Word + 1
		}
		for range samples {
			reg, flip := values[r.IntN(len(values))], uint32(1)<<r.IntN(16)
			if reg == isa.OFMPrecision {
				flip = 1 << (14 + r.IntN(2))
			}
			list, ok := s.alteredOps(p, m.Registers, word, reg, flip)
			if !ok || len(list) == 0 {
				continue
			}
			want := &isa.Memory{SRAM: append([]byte(nil), again.SRAM...), Flash: again.Flash}
			o := functional.New(s.config, want, s.bases)
			o.Registers, o.Weights = m.Registers, m.Weights
			o.Registers[reg] ^= flip
			o.SetLUT(m.LUT())
			var diff []cone.Byte
			if r.IntN(3) == 0 {
				k := r.IntN(len(again.SRAM))
				want.SRAM[k] ^= 4
				diff = append(diff, cone.Byte{Addr: isa.SRAMBase + uint32(k), Value: want.SRAM[k]})
			}
			left, _, err := run.PropagateAltered(trace, op, diff, list)
			if errors.Is(err, cone.ErrClock) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := o.RunFrom(s.commands, word); err != nil {
				t.Fatal(err)
			}
			exact++
			if len(left) > 0 {
				visible++
			}
			got := append([]byte(nil), golden.SRAM...)
			for _, b := range left {
				got[b.Addr-isa.SRAMBase] = b.Value
			}
			for k := range got {
				if got[k] != want.SRAM[k] {
					t.Fatalf("register %d ^ %#x before operation %d (%v, altered %d): byte %#x is %#02x, want %#02x", reg, flip, op, p.Ops()[op].Kind, len(list), k, got[k], want.SRAM[k])
				}
			}
		}
	}
	at(0)
	m.AfterOp = func(i int, _ isa.Opcode, _ *isa.Decoded) {
		if i+1 < len(p.Ops()) {
			at(i + 1)
		}
	}
	if err := m.Run(s.commands); err != nil {
		t.Fatal(err)
	}
	return exact, visible
}
