package npu_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/npu"
	"upset/npu/isa"
)

// bytewise is the placement of consecutive bytes in a bank.
const bytewise = 2

// onePort is the default system with one port to each bank of the shared buffer.
func onePort(placement int) npu.System {
	sys := npu.DefaultSystem()
	sys.Limits.SharedPorts, sys.Limits.SharedPlacement = 1, placement
	return sys
}

// TestPortsOnRandomOperations compares all of the memory after streams of random
// registers, where the units of the machine wait for one another, with the functional
// machine.
func TestPortsOnRandomOperations(t *testing.T) {
	n := 40
	if full() {
		n = 2000
	}
	for _, c := range isa.Configs {
		for placement := range 3 {
			ran := 0
			for seed := range uint64(n) {
				p, input, what, ok := randomStream(c, 1<<32+seed)
				if !ok {
					continue
				}
				ran++
				if err := sameMemory(p, input, onePort(placement)); err != nil {
					t.Fatalf("%s, placement %d, seed %d: %v: %q", c, placement, seed, err, what)
				}
			}
			if ran < n/2 {
				t.Errorf("%s: only %d of %d streams fit their memory", c, ran, n)
			}
		}
	}
}

// TestPortsOnStreams runs streams of Vela with one port to each bank: the output is that
// of the independent runtime, no bank serves more than one access a clock, every clock of the array has
// a cause, and a machine that is built anew from the state alone goes on alike. Without a bound banks serve more.
func TestPortsOnStreams(t *testing.T) {
	names := []string{"kws_ref_model", "ops/conv_3x3_int16", "ops/sub_diff", "ops/maxpool_3x3_int16", "ops/softmax_int8", "ops/resize_bilinear_2x"}
	var waits npu.Waits
	for _, c := range isa.Configs {
		for _, name := range names {
			p, input := velaProgram(t, c, name), goldenInput(t, name)
			free, most := load(t, p, input, npu.DefaultSystem(), npu.ECCNone), 0
			watchBanks(free, &most)
			if st := free.Run(10_000_000); st != npu.Done {
				t.Fatal(st)
			}
			if name == "kws_ref_model" && c == isa.U55x128 && most <= allowed {
				t.Errorf("%s %s: banks without a bound serve at most %d accesses more than they have clocks for", c, name, most)
			}
			for placement := range 3 {
				m := load(t, p, input, onePort(placement), npu.ECCNone)
				if placement == bytewise {
					watchBanks(m, &most)
				}
				most = 0
				half := m.Run(free.Cycle() / 2)
				again := transplant(m)
				for _, x := range []*npu.Machine{m, again} {
					if st := x.Run(10_000_000); half != npu.Timeout || st != npu.Done || !bytes.Equal(p.ReadOutputs(x.Mem), p.ReadOutputs(free.Mem)) {
						t.Fatalf("%s %s, placement %d: %v then %v, or the output differs", c, name, placement, half, st)
					}
				}
				if m.Cycle() < free.Cycle() || m.Cycle() != again.Cycle() {
					t.Errorf("%s %s, placement %d: %d cycles, %d after a new start from the state, %d without a bound", c, name, placement, m.Cycle(), again.Cycle(), free.Cycle())
				}
				if most > allowed {
					t.Errorf("%s %s: a bank serves %d accesses more than it has clocks for", c, name, most)
				}
				if placement != bytewise && m.Waits.Store != 0 {
					t.Errorf("%s %s, placement %d: sums wait %d clocks to be stored, though a micro-block is a row", c, name, placement, m.Waits.Store)
				}
				accounted(t, m)
				t.Logf("%s %s, placement %d: %d → %d, waits %+v", c, name, placement, free.Cycle(), m.Cycle(), m.Waits)
				add(&waits, m.Waits)
			}
		}
	}
	if waits.Output == 0 || waits.Store == 0 || waits.Sums == 0 || waits.Fetch == 0 || waits.Input == 0 {
		t.Errorf("a unit never waits: %+v", waits)
	}
}

// TestPortsInState copies state and memory to a new machine at random cycles, also while a unit is
// being served: the copy goes on as the machine does.
func TestPortsInState(t *testing.T) {
	for _, c := range isa.Configs {
		p, input := velaProgram(t, c, "ops/conv_3x3_int16"), goldenInput(t, "ops/conv_3x3_int16")
		end := load(t, p, input, onePort(bytewise), npu.ECCNone)
		if st := end.Run(10_000_000); st != npu.Done {
			t.Fatal(st)
		}
		rng, at, served := rand.New(rand.NewPCG(9, uint64(c))), make([]uint64, 60), 0
		for i := range at {
			at[i] = rng.Uint64N(end.Cycle())
		}
		slices.Sort(at)
		m := load(t, p, input, onePort(bytewise), npu.ECCNone)
		for _, b := range at {
			m.Run(b)
			for _, n := range m.S.SB.Wait {
				served += min(1, int(n))
			}
		}
		if served == 0 {
			t.Errorf("%s: no unit is being served at any of the cycles", c)
		}
		copiesGoOn(t, load(t, p, input, onePort(bytewise), npu.ECCNone), at)
		copiesEnd(t, load(t, p, input, onePort(bytewise), npu.ECCNone), end, at[:4])
	}
}

func add(w *npu.Waits, x npu.Waits) {
	w.OFM, w.Copy, w.Output, w.Store = w.OFM+x.OFM, w.Copy+x.Copy, w.Output+x.Output, w.Store+x.Store
	w.Sums, w.Fetch, w.Input = w.Sums+x.Sums, w.Fetch+x.Fetch, w.Input+x.Input
}

// allowed is how many accesses a bank may be ahead of its clocks: a unit makes all
// accesses of a request in the last clock that they take; the largest request for a bank has 16.
const allowed = 16

// watchBanks counts, of banks that hold consecutive bytes, the words that each of them delivers or
// takes beyond one a clock, and keeps the most.
func watchBanks(m *npu.Machine, most *int) {
	type bank struct {
		level int
		at    uint64
		words map[int]bool // of clock at
	}
	var banks [isa.MaxSHRAM / isa.BankBytes]bank
	m.Probe.Access = func(addr, _, used int, _ bool) {
		for w := addr / 16; used > 0 && w <= (addr+used-1)/16; w++ {
			b := &banks[w/64%len(banks)]
			if now := m.Cycle(); b.words == nil || now != b.at {
				b.level = max(0, b.level-int(now-b.at))
				b.at, b.words = now, map[int]bool{}
			}
			if !b.words[w] {
				b.words[w] = true
				b.level++
				*most = max(*most, b.level)
			}
		}
	}
}
