package netlist

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"upset/npu"
	"upset/npu/isa"
)

// scene is a moment of a fault-free run, and where the run is some cycles later.
type scene struct {
	m          *npu.Machine
	state, end npu.State
	mem, after []byte
	ahead      uint64
	restore    func(m *npu.Machine) // undoes the flip before a clock, in a machine that does not read the bit; nil in the real one
}

// show flips a bit at the moment of the scene and reports whether anything but
// the bit itself is different at the end: then some part of the machine has read
// the bit. It also reports whether the bit was written meanwhile.
func (s *scene) show(t *testing.T, tab *Table, id SiteID) (read, written bool) {
	m := s.m
	m.Load(&s.state)
	copy(m.Mem.SRAM, s.mem)
	if _, _, err := tab.Flip(m, id); err != nil {
		t.Fatal(err)
	}
	if s.restore != nil {
		s.restore(m)
	}
	m.Run(s.state.Bus.Cycle + s.ahead)
	sameMem := bytes.Equal(m.Mem.SRAM, s.after)
	if sameMem && m.S == s.end {
		return false, true
	}
	if _, _, err := tab.Flip(m, id); err != nil {
		t.Fatal(err)
	}
	return !sameMem || m.S != s.end, false
}

var sceneNetworks = []string{
	"ops/conv_3x3", "ops/dw_3x3", "ops/softmax_int8", "ops/avgpool_3x3_same", "ops/sub_diff", "ops/add_bcast", "ops/maxpool_3x3_int16",
	"ops/conv_3x3_int16", "ops/resize_nn_2x", "ops/fc_sparse", "ops/leaky_relu_int16", "ops/conv_3x3_dil2", "ops/conv_9x9", "ops/mean_hw", "kws_ref_model", "micro_speech_quantized",
}

// rare are moments that random cycles seldom hit.
var rare = []func(s *npu.State) bool{
	func(s *npu.State) bool { return s.DMA.AXI[0].ARValid != 0 },
	func(s *npu.State) bool { return s.DMA.AXI[1].ARValid != 0 },
	func(s *npu.State) bool { return s.DMA.AXI[0].RCount > 0 },
	func(s *npu.State) bool { return s.DMA.AXI[1].RCount > 0 },
	func(s *npu.State) bool { return s.DMA.AXI[1].RdCount > 2 },
	func(s *npu.State) bool { return s.DMA.AXI[0].WValid != 0 },
	func(s *npu.State) bool { return s.DMA.AXI[0].WrCount > 0 },
	func(s *npu.State) bool { return s.DMA.IFM.Req.On != 0 && s.DMA.IFM.Left > 1 },
	func(s *npu.State) bool { return s.DMA.IFM.Req.On != 0 && s.DMA.IFM.Req.X > 0 },
	func(s *npu.State) bool { return s.DMA.IFM.Req.On != 0 && s.DMA.IFM.Req.B > 0 },
	func(s *npu.State) bool { return s.DMA.IFM.Place.B > 0 },
	func(s *npu.State) bool { return s.DMA.M2M.On != 0 && s.DMA.M2M.Cnt > 0 },
	func(s *npu.State) bool { return s.DMA.M2M.On != 0 && s.DMA.M2M.Internal != 0 },
	func(s *npu.State) bool { return s.WD.State == 1 },
	func(s *npu.State) bool { return s.WD.PendWN > 0 && s.WD.PendZN > 0 },
	func(s *npu.State) bool { return s.WD.ValN > 8 && s.WD.ZeroN > 2 },
	func(s *npu.State) bool { return s.MAC.WrOn != 0 },
	func(s *npu.State) bool { return s.MAC.WrOn != 0 && s.MAC.WrDone&1 != 0 },
	func(s *npu.State) bool { return s.MAC.Valid[4] != 0 && s.MAC.Flags[4]>>6 != 0 },
	func(s *npu.State) bool { return s.MAC.Valid[0]&s.MAC.Valid[1]&s.MAC.Valid[2] != 0 },
	func(s *npu.State) bool { return s.MAC.Valid[2] != 0 && s.MAC.Flags[2]&5 == 1 },
	func(s *npu.State) bool { return s.AO.Valid[1] != 0 && s.AO.Pass == 0 },
	func(s *npu.State) bool { return s.AO.Valid[2] != 0 },
	func(s *npu.State) bool { return s.AO.Valid[3] != 0 },
	func(s *npu.State) bool { return s.AO.Valid[4] != 0 },
	func(s *npu.State) bool { return s.AO.Tail != 0 },
	func(s *npu.State) bool { return s.AOScale.On != 0 && s.AOScale.N >= 8 },
	func(s *npu.State) bool { return s.AOScale.Drain != 0 },
	func(s *npu.State) bool { return s.SB.WrBytes > 0 },
	func(s *npu.State) bool { return s.CC.OpValid[2] != 0 && s.Trav.IFM.Bank == 2 },
	func(s *npu.State) bool { return s.CC.OpValid[3] != 0 && s.Trav.IFM.Bank == 3 },
	func(s *npu.State) bool { return s.CC.OpValid[2] != 0 && s.Trav.AO.Bank == 2 && s.Trav.AO.On != 0 },
	func(s *npu.State) bool { return s.CC.OpValid[3] != 0 && s.Trav.AO.Bank == 3 && s.Trav.AO.On != 0 },
	func(s *npu.State) bool { return s.Trav.WD.On != 0 && s.Trav.WD.OX > 0 },
	func(s *npu.State) bool { return s.CC.Parse == 1 },
	func(s *npu.State) bool { return s.WD.Ctl == 1 },
}

// moments draws n random cycles of a run and one for each rare moment in it.
func moments(m *npu.Machine, r *rand.Rand, n int, total uint64) []uint64 {
	seen := make([]int, len(rare))
	at := make([]uint64, len(rare))
	for m.S.CC.Run != 0 {
		m.Step()
		for i, f := range rare {
			if f(&m.S) {
				if seen[i]++; r.IntN(seen[i]) == 0 {
					at[i] = m.Cycle()
				}
			}
		}
	}
	for range n {
		at = append(at, r.Uint64N(total))
	}
	return slices.DeleteFunc(at, func(v uint64) bool { return v == 0 })
}

// scenes takes random and rare moments of each network. Most of them look 60
// cycles ahead, every fourth looks far ahead.
func scenes(t *testing.T, c isa.Config, r *rand.Rand, n int) []*scene {
	var near, far []*scene
	for k, name := range sceneNetworks {
		m := start(t, c, npu.ECCNone, name)
		fresh, mem := m.S, bytes.Clone(m.Mem.SRAM)
		m.Run(10_000_000)
		total := m.Cycle()
		m.Load(&fresh)
		copy(m.Mem.SRAM, mem)
		for i, at := range moments(m, r, n, total) {
			s := &scene{m: m, ahead: 60}
			if (i+k)%4 == 0 {
				s.ahead = 1500
			}
			m.Load(&fresh)
			copy(m.Mem.SRAM, mem)
			m.Run(at)
			s.state, s.mem = m.S, bytes.Clone(m.Mem.SRAM)
			m.Run(m.Cycle() + s.ahead)
			s.end, s.after = m.S, bytes.Clone(m.Mem.SRAM)
			if s.ahead == 60 {
				near = append(near, s)
			} else {
				far = append(far, s)
			}
		}
	}
	r.Shuffle(len(near), func(i, j int) { near[i], near[j] = near[j], near[i] })
	r.Shuffle(len(far), func(i, j int) { far[i], far[j] = far[j], far[i] })
	return append(near, far...)
}

// TestDeadBits looks for register bits that no part of the machine reads: bits
// that can be flipped at many moments of many programs and nothing but the bit
// itself ever differs. They stand in testdata, bit by bit, with the number of moments; every one
// that is found must be on the list, and every one on the list must be silent. The quick version
// takes a few bits of every register of one configuration and of the list, the long one takes
// all. With -update the long one writes the lists.
func TestDeadBits(t *testing.T) {
	for _, c := range isa.Configs {
		most := 1 << 30
		if os.Getenv("UPSET_FULL") != "1" {
			if c != isa.U55x64 {
				continue
			}
			most = 4
		}
		t.Run(c.String(), func(t *testing.T) {
			tab := New(c, npu.ECCNone)
			r := rand.New(rand.NewPCG(uint64(c), 10))
			list := scenes(t, c, r, 6)
			silent := func(id SiteID) bool { return !anyReads(t, tab, list, id) }
			if *update && most > 1000 {
				writeSilent(t, tab, len(list), silent)
			}
			for _, wrong := range deadBits(t, tab, readSilent(t, tab), silent, r, most) {
				t.Error(wrong)
			}
		})
	}
}

// deadBits compares what is silent with what is listed, over at most so many bits of a
// register and so many of those that are listed of it.
func deadBits(t *testing.T, tab *Table, listed map[SiteID]bool, silent func(SiteID) bool, r *rand.Rand, most int) (wrong []string) {
	for i := range tab.Registers {
		reg := &tab.Registers[i]
		if reg.IsSRAM() {
			continue
		}
		bits := r.Perm(reg.Bits())
		bits = bits[:min(len(bits), most)]
		n := 0
		for b := range reg.Bits() {
			if id := reg.First + SiteID(b); listed[id] && n < most/2+1 {
				bits, n = append(bits, b), n+1
			}
		}
		if n > 0 && reasonForDead(reg.Name) == "" {
			wrong = append(wrong, fmt.Sprintf("bits of %s are listed as silent, and nothing says why", reg.Name))
		}
		for _, b := range bits {
			id := reg.First + SiteID(b)
			switch is := silent(id); {
			case is && !listed[id]:
				wrong = append(wrong, tab.Name(id)+" shows no effect and is not on the list of silent bits")
			case !is && listed[id]:
				wrong = append(wrong, tab.Name(id)+" is listed as silent and shows an effect")
			}
		}
	}
	t.Logf("%s: %d bits are listed as silent", tab.Config, len(listed))
	return wrong
}

// A bit that nobody reads is found: here one of a counter, in a machine in which it is
// put back before every clock.
func TestADeadBitIsFound(t *testing.T) {
	tab := New(isa.U55x64, npu.ECCNone)
	dead, err := tab.Parse("traversal.ifm.oz.4")
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	wrong := deadBits(t, tab, map[SiteID]bool{}, func(id SiteID) bool { return id == dead }, r, 1<<30)
	if len(wrong) != 1 || !strings.HasPrefix(wrong[0], "traversal.ifm.oz.4 shows no effect") {
		t.Errorf("found: %v", wrong)
	}
	// The measurement itself tells a dead bit from a live one.
	list := scenes(t, isa.U55x64, r, 2)
	if !anyReads(t, tab, list, dead) {
		t.Error("the bit is silent although the machine reads it")
	}
	for _, s := range list {
		s.restore = func(m *npu.Machine) { flipSite(t, tab, m, dead) }
	}
	if anyReads(t, tab, list, dead) {
		t.Error("a bit that is put back before the clock shows an effect")
	}
}

func flipSite(t *testing.T, tab *Table, m *npu.Machine, id SiteID) {
	t.Helper()
	if _, _, err := tab.Flip(m, id); err != nil {
		t.Fatal(err)
	}
}

func anyReads(t *testing.T, tab *Table, list []*scene, id SiteID) bool {
	for _, s := range list {
		if read, _ := s.show(t, tab, id); read {
			return true
		}
	}
	return false
}
