package logic

import (
	"testing"

	"upset/faults/mechanism"
	"upset/netlist/cosim"
	"upset/npu"
	"upset/npu/isa"
)

// TestMechanismsBesideALoopSeeUpsets: what stands beside a machine with gates in it raises an alarm
// when its own kind of upset hits the machine, and none without one. So that it sees no stuck gate is not for
// want of looking.
func TestMechanismsBesideALoopSeeUpsets(t *testing.T) {
	c := isa.U55x32
	e := open(t, "fashion-tiny", c, 1)
	for _, x := range []struct {
		choice mechanism.Choice
		block  string
		ready  func(m *npu.Machine) bool
		upset  func(m *npu.Machine)
	}{
		{mechanism.Choice{Block: "wd", Kind: mechanism.StreamCRC}, "weight_decoder", func(m *npu.Machine) bool { return m.S.DMA.WgtCnt > 0 && m.S.WD.Pass() == npu.PassRun },
			func(m *npu.Machine) { m.S.DMA.WgtFIFO[m.S.DMA.WgtHead] ^= 1 << 63 }},
		{mechanism.Choice{Block: "traversal", Kind: mechanism.Residue}, "weight_decoder", func(m *npu.Machine) bool { return m.S.Trav.WD.On != 0 },
			func(m *npu.Machine) { m.S.Trav.WD.OZ ^= 1 }},
		{mechanism.Choice{Block: "traversal", Kind: mechanism.Residue}, "traversal", func(m *npu.Machine) bool { return m.S.Trav.MAC.On != 0 },
			func(m *npu.Machine) { m.S.Trav.MAC.OX ^= 1 }},
		{mechanism.Choice{Block: "wd", Kind: mechanism.ParityAlways}, "weight_decoder", func(m *npu.Machine) bool { return m.S.WD.Pass() == npu.PassRun },
			func(m *npu.Machine) { m.S.WD.Count ^= 1 }},
		{mechanism.Choice{Block: "mac", Kind: mechanism.Checksum}, "weight_decoder", func(m *npu.Machine) bool { return m.Cycle() > 300 && m.S.MAC.Valid[npu.StageAcc] != 0 },
			func(m *npu.Machine) { m.S.MAC.Acc[0] ^= 1 }},
		{mechanism.Choice{Block: "wd", Kind: mechanism.Duplicate}, "weight_decoder", func(m *npu.Machine) bool { return m.S.WD.Pass() == npu.PassRun },
			func(m *npu.Machine) { m.S.WD.Beats ^= 1 }},
		{mechanism.Choice{Block: mechanism.Whole, Kind: mechanism.Lockstep}, "traversal", func(m *npu.Machine) bool { return m.S.Trav.OFM.On != 0 },
			func(m *npu.Machine) { m.S.Trav.OFM.OX ^= 1 }},
	} {
		for _, hit := range []bool{false, true} {
			l, err := cosim.NewLoop(block(t, x.block, c))
			if err != nil {
				t.Fatal(err)
			}
			d, err := mechanism.New(e.Table(), []mechanism.Choice{x.choice}, mechanism.DefaultCells(), 1)
			if err != nil {
				t.Fatal(err)
			}
			m, err := e.Begin(0)
			if err != nil {
				t.Fatal(err)
			}
			if d.Watches() {
				other, err := e.Begin(0)
				if err != nil {
					t.Fatal(err)
				}
				d.Equip(mechanism.Compile(other, mechanism.Jobs{}))
			}
			s, err := d.NewStanding(m)
			if err != nil {
				t.Fatal(err)
			}
			s.Begin(m)
			w := &lane{m: m, beside: []*mechanism.Standing{s}, seen: make([]bool, 1)}
			l.Put(7, m)
			for left := hit; m.S.CC.Run != 0 && m.Cycle() < e.WatchdogOf(0); {
				if left && x.ready(m) {
					x.upset(m)
					l.Put(7, m)
					left = false
				}
				l.Clock(func(int) cosim.Witness { return w })
			}
			if w.seen[0] != hit {
				t.Errorf("%s beside gates of %s, upset %v: alarm %v", d, x.block, hit, w.seen[0])
			}
		}
	}
}
