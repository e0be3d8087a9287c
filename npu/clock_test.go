package npu_test

import (
	"math/rand/v2"
	"testing"

	"upset/npu"
	"upset/npu/isa"
)

// TestClocked checks what a single step may do: at most as many multiplications
// as the configuration has, one beat per direction of each AXI port, eight
// weights; and that the multiplications of the network all happen in steps.
func TestClocked(t *testing.T) {
	for _, c := range isa.Configs {
		for _, name := range []string{"kws_ref_model", "ops/conv_3x3_int16", "ops/fc_b1"} {
			p := velaProgram(t, c, name)
			m := load(t, p, goldenInput(t, name), npu.DefaultSystem(), npu.ECCNone)
			journal := new(npu.Journal)
			m.Probe.Journal = journal
			var done, need, weights int64
			for _, op := range p.Operations {
				need += op.MACs
			}
			const beats = npu.EvAXIWriteBeat1 - npu.EvAXIReadBeat + 1
			for m.S.CC.Run != 0 {
				events := m.Events
				journal.Clear()
				m.Step()
				macs, w := m.Work()
				done += int64(macs)
				weights += int64(w)
				if macs > c.Spec().MACs {
					t.Fatalf("%s %s: %d multiplications in cycle %d, the array has %d", c, name, macs, m.Cycle(), c.Spec().MACs)
				}
				if w > 8 {
					t.Fatalf("%s %s: the decoder emits %d weights in cycle %d", c, name, w, m.Cycle())
				}
				for b := range beats {
					if n := m.Events[npu.EvAXIReadBeat+b] - events[npu.EvAXIReadBeat+b]; n > 1 {
						t.Fatalf("%s %s: %d beats of kind %d in cycle %d", c, name, n, b, m.Cycle())
					}
				}
				if n := journal.External(); n > 2 {
					t.Fatalf("%s %s: %d stores to external memory in cycle %d", c, name, n, m.Cycle())
				}
			}
			if m.Status() != npu.Done {
				t.Fatal(m.Status())
			}
			if done < need || weights == 0 {
				t.Errorf("%s %s: %d multiplications were done in steps, the network needs %d", c, name, done, need)
			}
		}
	}
}

// TestArrayReloads shows that the registers of the MAC array are registers and
// not a cache of results: while the array is fully used every product register
// takes a new value at every clock, the product of the operand registers in front
// of it, whatever it held before.
func TestArrayReloads(t *testing.T) {
	const operand, product, cycles = 1, 2, 150
	for _, c := range isa.Configs {
		p := velaProgram(t, c, "kws_ref_model")
		m := load(t, p, goldenInput(t, "kws_ref_model"), npu.DefaultSystem(), npu.ECCNone)
		rng := rand.New(rand.NewPCG(uint64(c), 3))
		macs, d := c.Spec().MACs, c.Spec().UBlockD
		tested, bubbles, streak, longest := 0, 0, 0, 0
		for m.S.CC.Run != 0 && (tested < cycles || bubbles < 10) {
			s := &m.S.MAC
			full := streak >= 8 && tested < cycles
			bubble := s.Valid[operand] != 0 && s.Valid[product] == 0 && bubbles < 10
			if s.Valid[operand] == 0 || !full && !bubble {
				streak = next(m, streak)
				longest = max(longest, streak)
				continue
			}
			ifm, weight := s.IFM, s.Weight
			poisoned := transplant(m)
			for i := range poisoned.S.MAC.Prod[:macs] {
				poisoned.S.MAC.Prod[i] = rng.Uint32() & (1<<18 - 1)
			}
			was := streak
			streak = next(m, streak)
			poisoned.Step()
			if streak != was+1 && full {
				continue // stalled after all
			}
			if poisoned.S.MAC.Prod != s.Prod {
				t.Fatalf("%s cycle %d: a product register kept what it held", c, m.Cycle())
			}
			for i := range macs {
				x, w := signed9(ifm[i/8/d*8+i%8]), signed9(weight[i/8%d*8+i%8])
				if got := int(int32(s.Prod[i]<<14) >> 14); got != x*w {
					t.Fatalf("%s cycle %d: product register %d holds %d, its operands were %d and %d", c, m.Cycle(), i, got, x, w)
				}
			}
			if bubble {
				bubbles++
				if !same(poisoned, m) { // no product was in use: nothing may differ at all
					t.Fatalf("%s cycle %d: unused product registers reach other registers", c, m.Cycle())
				}
			}
			if full {
				tested++
			}
		}
		if tested < cycles || bubbles < 10 {
			t.Errorf("%s: only %d fully used cycles and %d bubbles found, longest run %d", c, tested, bubbles, longest)
		}
	}
}

// next steps and counts the clocks in a row in which the array took a token.
func next(m *npu.Machine, streak int) int {
	n := m.Events[npu.EvMACActive]
	m.Step()
	if m.Events[npu.EvMACActive] == n {
		return 0
	}
	return streak + 1
}

func signed9(v uint16) int { return int(int16(v<<7) >> 7) }
