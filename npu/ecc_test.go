package npu_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"upset/npu"
	"upset/npu/isa"
)

// ramRead is a read of the shared buffer that a fault-free run makes.
type ramRead struct {
	cycle uint64
	addr  int
}

// ramReads lists the reads of a run.
func ramReads(m *npu.Machine) []ramRead {
	var list []ramRead
	m.Probe.Access = func(addr, _, _ int, write bool) {
		if !write && addr >= 0 && addr+8 <= m.Spec.SHRAMBytes() {
			list = append(list, ramRead{m.Cycle(), addr})
		}
	}
	m.Run(10_000_000)
	return list
}

// TestECC flips bits of words of the shared buffer right before they are read.
// Without protection some of them reach the output; parity reports every one of
// them; SECDED corrects every single one and reports every pair in a word.
func TestECC(t *testing.T) {
	const trials = 40
	for _, c := range []isa.Config{isa.U55x32, isa.U55x256} {
		for _, name := range []string{"ops/conv_3x3", "ops/softmax_int8", "ops/add_same"} {
			p, input := velaProgram(t, c, name), goldenInput(t, name)
			clean := load(t, p, input, npu.DefaultSystem(), npu.ECCNone)
			reads := ramReads(clean)
			if len(reads) < trials || clean.Status() != npu.Done {
				t.Fatalf("%s: %d reads, %v", name, len(reads), clean.Status())
			}
			for _, x := range []struct {
				name  string
				ecc   npu.ECC
				flips int
			}{{"none", npu.ECCNone, 1}, {"parity", npu.ECCParity, 1}, {"SECDED, one bit", npu.ECCSECDED, 1}, {"SECDED, two bits", npu.ECCSECDED, 2}} {
				rng := rand.New(rand.NewPCG(uint64(c), uint64(x.ecc)))
				wrong, reported, corrected := 0, 0, 0
				for range trials {
					r := reads[rng.IntN(len(reads))]
					m := load(t, p, input, npu.DefaultSystem(), x.ecc)
					m.Run(r.cycle - 1)
					first, second := rng.IntN(64), rng.IntN(63)
					if second >= first {
						second++
					}
					for _, bit := range []int{first, second}[:x.flips] {
						m.FlipRAM(r.addr&^7+bit>>3, bit&7)
					}
					m.Run(2*clean.Cycle() + 10_000)
					if m.Status() == npu.ECCFault {
						reported++
					}
					if m.Events[npu.EvECC] > 0 {
						corrected++
					}
					if !bytes.Equal(m.Mem.SRAM, clean.Mem.SRAM) && m.Status() == npu.Done {
						wrong++
					}
				}
				var ok bool
				switch x.name {
				case "none":
					ok = wrong > 0 && reported == 0 && corrected == 0
				case "parity", "SECDED, two bits":
					ok = wrong == 0 && reported == trials
				default:
					ok = wrong == 0 && reported == 0 && corrected == trials
				}
				if !ok {
					t.Errorf("%s %s, %s: %d wrong outputs, %d reported, %d corrected of %d", c, name, x.name, wrong, reported, corrected, trials)
				}
			}
		}
	}
}

// TestCheckBits flips stored check bits: they never change data.
func TestCheckBits(t *testing.T) {
	p, input := velaProgram(t, isa.U55x64, "ops/conv_3x3"), goldenInput(t, "ops/conv_3x3")
	clean := load(t, p, input, npu.DefaultSystem(), npu.ECCSECDED)
	reads := ramReads(clean)
	for bit := range 8 {
		r := reads[len(reads)/9*(bit+1)]
		m := load(t, p, input, npu.DefaultSystem(), npu.ECCSECDED)
		m.Run(r.cycle - 1)
		m.FlipCheck(r.addr>>3, bit)
		if st := m.Run(clean.Cycle() + 100); st != npu.Done || !bytes.Equal(m.Mem.SRAM, clean.Mem.SRAM) {
			t.Errorf("check bit %d: %v", bit, st)
		}
		m = load(t, p, input, npu.DefaultSystem(), npu.ECCSECDED)
		m.Run(r.cycle - 1)
		m.FlipCheck(r.addr>>3, bit)
		m.FlipRAM(r.addr&^7, bit)
		if st := m.Run(clean.Cycle() + 100); st != npu.ECCFault {
			t.Errorf("check bit %d together with a data bit: %v, want an ECC fault", bit, st)
		}
	}
}

// TestTokenWithoutLanes writes a token of the output stage whose lane count an upset has
// cleared, at the start of the shared buffer. With an error somewhere else in it the first
// word stays as it is.
func TestTokenWithoutLanes(t *testing.T) {
	const activate = 4 // the last stage of the output pipeline
	p := velaProgram(t, isa.U55x32, "ops/conv_3x3")
	for _, ecc := range []npu.ECC{npu.ECCParity, npu.ECCSECDED} {
		m := load(t, p, goldenInput(t, "ops/conv_3x3"), npu.DefaultSystem(), ecc)
		for m.S.CC.Run != 0 && (m.S.AO.Valid[activate] == 0 || m.S.AO.Pass != 0) {
			m.Step()
		}
		m.FlipRAM(m.Spec.SHRAMBytes()-1, 3)
		m.S.AO.N[activate], m.S.AO.Addr[activate] = 0, 0
		word, stores := m.S.RAM.Mem[:8], 0
		before := bytes.Clone(word)
		m.Probe.Access = func(_, bytes, _ int, write bool) {
			if write && bytes == 0 {
				stores++
			}
		}
		for m.Step(); m.S.CC.Run != 0 && m.S.AO.Pass != 0; {
			m.Step()
		}
		if stores != 1 || !bytes.Equal(word, before) || m.S.RAM.SynLive != 1 {
			t.Errorf("ECC %d: %d stores of no bytes, word 0 was %x and is %x, %d words with errors", ecc, stores, before, word, m.S.RAM.SynLive)
		}
	}
}
