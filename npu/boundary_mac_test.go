package npu_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// macRounds is how often outputs and answers follow each other until they settle.
const macRounds = 3

// wide reports the first signal whose words hold bits beyond its width, or none.
func wide(list []npu.Signal, words []uint64) string {
	at := 0
	for _, s := range list {
		n := (s.Width + 63) / 64
		if rest := s.Width % 64; rest != 0 && words[at+n-1]>>rest != 0 {
			return fmt.Sprintf("%s has %#x, more than %d bits", s.Name, words[at:at+n], s.Width)
		}
		at += n
	}
	return ""
}

// macCheck compares the array with the model of its page in one machine.
type macCheck struct {
	b       *npu.Boundary
	model   *npu.MACModel
	other   *npu.Machine // as the machine before the array is evaluated
	in, out []uint64
	was     npu.MACRegisters
	now     npu.MACRegisters
	err     error
}

func newMACCheck(m *npu.Machine) *macCheck {
	b := npu.MACBoundary(m.Config)
	return &macCheck{
		b: b, model: npu.NewMACModel(m.Config), in: make([]uint64, b.InputWords()), out: make([]uint64, b.OutputWords()),
		other: npu.New(m.Config, m.Sys, m.ECC, &isa.Memory{}),
	}
}

// before evaluates the model where the array is due.
func (k *macCheck) before(m *npu.Machine, garbage *rand.Rand) {
	k.other.Load(&m.S)
	k.other.Events = m.Events
	k.was = npu.MACRegistersOf(&m.S.Flops)
	for i := range k.in {
		k.in[i] = garbage.Uint64() // what is not filled in shows
	}
	k.b.Sample(k.other, 0, k.in)
	for range macRounds {
		k.b.Answer(k.other, k.out, k.in)
		k.now = k.model.Clock(k.was, k.in, k.out)
	}
	settled := slices.Clone(k.in)
	k.b.Answer(k.other, k.out, k.in)
	switch {
	case !slices.Equal(settled, k.in):
		k.err = fmt.Errorf("the answers do not settle in %d rounds", macRounds)
	case k.other.S != m.S || k.other.Events != m.Events:
		k.err = fmt.Errorf("taking the inputs changes the machine")
	case wide(k.b.Inputs, k.in) != "":
		k.err = fmt.Errorf("input %s", wide(k.b.Inputs, k.in))
	case wide(k.b.Outputs, k.out) != "":
		k.err = fmt.Errorf("output %s", wide(k.b.Outputs, k.out))
	}
}

// after compares the machine, in which the array was evaluated, with the model.
func (k *macCheck) after(m *npu.Machine) {
	k.now.Store(&k.other.S.Flops)
	k.b.Apply(k.other, k.out)
	if is := npu.MACRegistersOf(&m.S.Flops); is != k.now {
		k.err = fmt.Errorf("registers\n%+v\nthe page says\n%+v\nbefore\n%+v", is, k.now, k.was)
		return
	}
	if k.other.S.Flops != m.S.Flops {
		k.err = fmt.Errorf("registers outside the array differ: %+v, the page says %+v", m.S.SB, k.other.S.SB)
		return
	}
	if k.other.S.RAM != m.S.RAM {
		k.err = fmt.Errorf("the shared buffer differs")
	}
	if k.other.Events != m.Events {
		k.err = fmt.Errorf("the tallies are %v, the page says %v", m.Events, k.other.Events)
	}
}

// run compares every clock of a machine and returns how many there were.
func (k *macCheck) run(t *testing.T, name string, m *npu.Machine, limit uint64, disturb func()) (clocks int) {
	t.Helper()
	garbage := rand.New(rand.NewPCG(7, limit))
	for m.Cycle() < limit && m.S.CC.Run != 0 {
		if disturb != nil {
			disturb()
		}
		clocks++
		m.StepTo(k.b)
		k.before(m, garbage)
		k.b.Evaluate(m, k.in)
		k.after(m)
		m.StepOn(k.b)
		if k.err != nil {
			t.Fatalf("%s, cycle %d: %v", name, m.Cycle(), k.err)
		}
	}
	return clocks
}

// macStreams are operations of every kind on every configuration.
func macStreams(t *testing.T) (list []orderRun) {
	want := 6
	if full() {
		want = 60
	}
	for i, c := range isa.Configs {
		for k, n := range []string{"ops/conv_3x3", "ops/conv_3x3_int16", "ops/mean_hw", "ops/maxpool_3x3_int16", "ops/resize_bilinear_2x"} {
			list = append(list, orderRun{fmt.Sprint(c, " ", n), velaProgram(t, c, n), goldenInput(t, n), npu.DefaultSystem(), npu.ECC((i + k) % 3), orderEvents[0]})
		}
		for found, seed := 0, uint64(100); found < want; seed++ {
			p, input, what, ok := randomStream(c, seed)
			if !ok {
				continue
			}
			found++
			list = append(list, orderRun{fmt.Sprint(c, " random ", seed, " ", what), p, input, npu.DefaultSystem(), npu.ECC(found % 3), orderEvents[0]})
		}
	}
	return list
}

// TestMACArrayFollowsItsPage compares the array in every clock with a model of
// docs/blocks/mac-array.md that sees only the inputs of the boundary: registers, RAM,
// tallies and what becomes of the rest of the machine are the same. So they are while
// flips come down, half of them on the registers of the array.
func TestMACArrayFollowsItsPage(t *testing.T) {
	const limit, every = 4000, 7 // cycles of a run and between flips (our choice)
	clocks, ended := 0, map[npu.Status]int{}
	for i, o := range macStreams(t) {
		m := o.start(t)
		clocks += newMACCheck(m).run(t, o.name, m, limit, nil)
		tab := netlist.New(o.p.Config, o.ecc)
		regs := tab.Select(netlist.Filter{NoSRAM: true})
		var own []*netlist.Register
		for _, x := range regs {
			if strings.HasPrefix(x.Name, "mac.") || strings.HasPrefix(x.Name, "traversal.mac") {
				own = append(own, x)
			}
		}
		for round := range 2 {
			m, r := o.start(t), rand.New(rand.NewPCG(uint64(i), uint64(round)))
			m.Run(r.Uint64N(limit))
			end := m.Cycle() + limit/2
			clocks += newMACCheck(m).run(t, o.name+" with flips", m, end, func() {
				if m.Cycle()%every != 0 {
					return
				}
				x := own[r.IntN(len(own))]
				if r.IntN(2) == 0 {
					x = regs[r.IntN(len(regs))]
				}
				if _, _, err := tab.Flip(m, x.First+netlist.SiteID(r.IntN(x.Bits()))); err != nil {
					t.Fatal(err)
				}
				if r.IntN(8) == 0 {
					m.FlipRAM(r.IntN(m.Spec.SHRAMBytes()), r.IntN(8))
				}
			})
			ended[m.Status()]++
		}
	}
	t.Logf("%d clocks; runs with flips end with %v", clocks, ended)
}

// TestMACArrayFromAnyState compares one clock from states in which registers of the
// array, of the banks and of the neighbours hold random bits, so that every value that an
// upset could leave meets every other.
func TestMACArrayFromAnyState(t *testing.T) {
	states := 150
	if full() {
		states = 5000
	}
	var issued, started, stalled, blocks [len(isa.Configs)]int
	for i, c := range isa.Configs {
		r := rand.New(rand.NewPCG(9, uint64(i)))
		n := "ops/conv_3x3"
		ecc := npu.ECC(i % 3)
		m := load(t, velaProgram(t, c, n), goldenInput(t, n), npu.DefaultSystem(), ecc)
		m.Run(3000)
		base := m.S
		k, tab := newMACCheck(m), netlist.New(c, ecc)
		regs := tab.Select(netlist.Filter{NoSRAM: true})
		for range states {
			m.Load(&base)
			for j := range m.S.RAM.Mem[:m.Spec.SHRAMBytes()] {
				m.S.RAM.Mem[j] = byte(r.Uint32())
			}
			scramble(t, m, tab, regs, r)
			k.before(m, r)
			was := m.Events
			k.b.Evaluate(m, k.in)
			k.after(m)
			if k.err != nil {
				t.Fatalf("%s: %v", c, k.err)
			}
			issued[i] += int(m.Events[npu.EvMACActive] - was[npu.EvMACActive])
			started[i] += int(m.S.MAC.Run &^ k.was.MAC.Run)
			stalled[i] += int(k.was.MAC.Valid[2] &^ m.S.MAC.Valid[3])
			blocks[i] += int(k.was.MAC.Run &^ m.S.MAC.Run)
		}
	}
	t.Logf("tokens %v, jobs begun %v and ended %v, stalls %v", issued, started, blocks, stalled)
	for i, c := range isa.Configs {
		if min(issued[i], started[i], stalled[i], blocks[i]) == 0 {
			t.Errorf("%s: tokens %d, jobs begun %d and ended %d, stalls %d: the states do not reach all", c, issued[i], started[i], blocks[i], stalled[i])
		}
	}
}

// scramble fills registers of the array and of what it looks at with random bits. Now and
// then tokens go to the same sums, counters are small, and a step is the last one.
func scramble(t *testing.T, m *npu.Machine, tab *netlist.Table, regs []*netlist.Register, r *rand.Rand) {
	often := 1 + r.IntN(8)
	for _, x := range regs {
		data := strings.HasPrefix(x.Name, "mac.") || strings.HasPrefix(x.Name, "wd.buf")
		if !data && !strings.HasPrefix(x.Name, "traversal.mac") && !strings.HasPrefix(x.Name, "cc.") && !strings.HasPrefix(x.Name, "sb.") &&
			!strings.HasPrefix(x.Name, "wd.full") && !strings.HasPrefix(x.Name, "traversal.ao") || r.IntN(often) > 0 {
			continue
		}
		for s := range x.Bits() {
			if r.IntN(2) == 0 {
				if _, _, err := tab.Flip(m, x.First+netlist.SiteID(s)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	s, f := &m.S.MAC, &m.S.Trav.MAC
	one := func() bool { return r.IntN(3) == 0 }
	if one() {
		s.Valid[2], s.Flags[2] = 1, s.Flags[2]&^4|1
		s.Addr[oneOf(r, 3, 4)] = s.Addr[2]
	}
	if one() {
		f.OY, f.OX, f.OZ, f.IZ, f.KY, f.KX = f.OY&7, f.OX&7, f.OZ&63, f.IZ&63, 0, 0
	}
	if one() {
		s.Step, s.UY, s.UX = uint8(3+4*r.IntN(2)), 31, 63
		m.S.Trav.MACInner = npu.Inner{IO: 56, OU: 124, Tap: 63}
	}
	if one() {
		s.Y0, s.X0 = s.Y0&7, s.X0&7
		m.S.CC.IFMW[f.Bank], m.S.CC.IFMH[f.Bank] = 1+m.S.CC.IFMW[f.Bank]&31, 1+m.S.CC.IFMH[f.Bank]&31
	}
	if one() {
		s.Run, m.S.WD.Full = 1, [2]uint8{1, 1}
	} else if one() {
		s.Run, m.S.SB.IBFull, m.S.SB.ABBusy, m.S.CC.OpValid = 0, [2]uint8{1, 1}, [2]uint8{}, [4]uint8{1, 1, 1, 1}
	}
	if m.ECC == npu.ECCNone || r.IntN(2) == 0 {
		m.S.RAM.Syn, m.S.RAM.SynLive = [isa.MaxSHRAM / 8]uint8{}, 0
	} else {
		for range 40 {
			m.FlipRAM(r.IntN(m.Spec.SHRAMBytes()), r.IntN(8))
		}
	}
	m.Touched()
}
