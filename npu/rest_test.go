package npu_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// restRuns are the streams on which orders are compared, and networks on machines whose
// banks of the shared buffer are counted or whose memories lie behind adapters.
func restRuns(t testing.TB) []orderRun {
	list := orderRuns(t)
	ports := npu.DefaultSystem()
	ports.Limits.SharedPorts = 1
	gates := npu.DefaultSystem()
	gates.SRAM.Adapter = npu.Adapter{Reads: 2, Writes: 2, On: 30, Off: 7, Words: 50}
	overlap := npu.DefaultSystem()
	overlap.Limits.Overlap = 3
	for i, c := range isa.Configs {
		for k, n := range []string{"kws_ref_model", "ops/conv_3x3_int16", "ops/resize_bilinear_2x", "ops/mean_hw", "ops/maxpool_3x3_int16", "ops/conv_1x1_d40", "ops/sub_diff"} {
			sys := []npu.System{npu.DefaultSystem(), ports, gates, overlap}[(i+k)%4]
			list = append(list, orderRun{c.String() + " " + n, velaProgram(t, c, n), goldenInput(t, n), sys, npu.ECC((i + k) % 3), orderEvents[k%2]})
		}
	}
	return list
}

// same compares two machines in all that they hold, their tallies and their memories.
func sameMachines(a, b *npu.Machine) bool {
	return a.S == b.S && a.Events == b.Events && a.Waits == b.Waits && a.Writes == b.Writes && bytes.Equal(a.Mem.SRAM, b.Mem.SRAM)
}

// TestRunIsStep runs streams in stretches of random length beside a machine that steps,
// now and then stepping itself, and strikes both with the same flips between the stretches. What Run leaves out or puts
// off must not show.
func TestRunIsStep(t *testing.T) {
	seeds, most := uint64(2), uint64(60_000)
	if testing.Short() {
		most = 10_000
	}
	if full() {
		seeds, most = 40, 2_000_000
	}
	ends := map[npu.Status]int{}
	runs := restRuns(t)
	var total uint64
	for i := range runs {
		for seed := range seeds {
			ends[stretches(t, &runs[i], rand.New(rand.NewPCG(seed, uint64(i))), most, seed, &total)]++
		}
	}
	t.Logf("%d cycles; runs end with %v", total, ends)
	if ends[npu.Done] == 0 || len(ends) < 4 {
		t.Errorf("runs end with %v", ends)
	}
}

// stretches compares one pair of machines; without flips if seed is 0.
func stretches(t *testing.T, o *orderRun, r *rand.Rand, most, seed uint64, total *uint64) npu.Status {
	t.Helper()
	tab := netlist.New(o.p.Config, o.ecc)
	a, b := o.start(t), o.start(t)
	spread := []uint64{3, 40, 700, 5000}[r.IntN(4)]
	for a.S.CC.Run != 0 && a.Cycle() < most {
		to := a.Cycle() + 1 + r.Uint64N(spread)
		for a.S.CC.Run != 0 && a.Cycle() < to {
			a.Step()
		}
		if r.IntN(4) == 0 && spread < 1000 {
			for b.S.CC.Run != 0 && b.Cycle() < to {
				b.Step()
			}
		} else {
			b.Run(to)
		}
		if !sameMachines(a, b) {
			t.Fatalf("%s, seed %d: Run and Step differ in the %d cycles to %d: %s", o.name, seed, spread, to, differing(a, b, tab))
		}
		if seed > 0 && a.S.CC.Run != 0 && r.IntN(3) == 0 {
			s := r.Uint64()
			for _, m := range []*npu.Machine{a, b} {
				q := rand.New(rand.NewPCG(s, 1))
				if flip(t, m, tab, q); q.IntN(8) == 0 {
					m.FlipRAM(q.IntN(m.Spec.SHRAMBytes()), q.IntN(8))
				}
			}
		}
	}
	*total += a.Cycle()
	return a.Status()
}

// differing names a register that differs.
func differing(a, b *npu.Machine, tab *netlist.Table) string {
	for i := range tab.Registers {
		x := &tab.Registers[i]
		for k := range x.Bits() {
			if id := x.First + netlist.SiteID(k); tab.Read(&a.S, id) != tab.Read(&b.S, id) {
				return tab.Name(id)
			}
		}
	}
	return "tallies or what lies outside the NPU"
}
