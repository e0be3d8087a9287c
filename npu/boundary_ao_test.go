package npu_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// aoCheck compares the output stage with the model of its page in one machine.
type aoCheck struct {
	b        *npu.Boundary
	model    *aoModel
	other    *npu.Machine // as the machine before the output stage is evaluated
	in, out  []uint64
	was, now aoRegisters
	err      error
}

func newAOCheck(m *npu.Machine) *aoCheck {
	b := npu.OutputBoundary(m.Config)
	return &aoCheck{
		b: b, model: newAOModel(b, m.Spec.ElementUnits), in: make([]uint64, b.InputWords()), out: make([]uint64, b.OutputWords()),
		other: npu.New(m.Config, m.Sys, m.ECC, &isa.Memory{}),
	}
}

func aoRegistersOf(f *npu.Flops) aoRegisters { return aoRegisters{f.AO, f.AOScale, f.Trav.AO} }

// tooWide names the first signal whose words hold bits beyond its width.
func tooWide(list []npu.Signal, words []uint64) string {
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

// before evaluates the model where the output stage is due.
func (k *aoCheck) before(m *npu.Machine, garbage *rand.Rand) {
	const rounds = 3 // in which outputs and answers settle
	k.other.Load(&m.S)
	k.other.Events = m.Events
	k.was = aoRegistersOf(&m.S.Flops)
	for i := range k.in {
		k.in[i] = garbage.Uint64() // what is not filled in shows
	}
	k.b.Sample(k.other, 0, k.in)
	for range rounds {
		k.b.Answer(k.other, k.out, k.in)
		k.now = k.model.clock(k.was, k.in, k.out)
	}
	settled := slices.Clone(k.in)
	k.b.Answer(k.other, k.out, k.in)
	switch {
	case !slices.Equal(settled, k.in):
		k.err = fmt.Errorf("the answers do not settle in %d rounds", rounds)
	case k.other.S.Flops != m.S.Flops || k.other.Events != m.Events:
		k.err = fmt.Errorf("taking the inputs changes the machine")
	case tooWide(k.b.Inputs, k.in) != "":
		k.err = fmt.Errorf("input %s", tooWide(k.b.Inputs, k.in))
	case tooWide(k.b.Outputs, k.out) != "":
		k.err = fmt.Errorf("output %s", tooWide(k.b.Outputs, k.out))
	}
}

// after compares the machine, in which the output stage was evaluated, with the model.
func (k *aoCheck) after(m *npu.Machine) {
	if k.err != nil {
		return
	}
	f := &k.other.S.Flops
	f.AO, f.AOScale, f.Trav.AO = k.now.A, k.now.R, k.now.T
	k.b.Apply(k.other, k.out)
	switch is := aoRegistersOf(&m.S.Flops); {
	case is != k.now:
		k.err = fmt.Errorf("registers\n%+v\nthe page says\n%+v\nbefore\n%+v", is, k.now, k.was)
	case *f != m.S.Flops:
		k.err = fmt.Errorf("registers outside differ: %+v, the page says %+v", m.S.SB, f.SB)
	case k.other.S.RAM != m.S.RAM:
		k.err = fmt.Errorf("the shared buffer differs")
	case k.other.Events != m.Events:
		k.err = fmt.Errorf("the tallies are %v, the page says %v", m.Events, k.other.Events)
	}
}

// run compares every clock of a machine and returns how many there were.
func (k *aoCheck) run(t *testing.T, name string, m *npu.Machine, limit uint64, disturb func()) (clocks int) {
	t.Helper()
	garbage := rand.New(rand.NewPCG(7, limit))
	for m.Cycle() < limit && m.S.CC.Run != 0 {
		if disturb != nil {
			disturb()
		}
		clocks++
		if m.StepTo(k.b) {
			k.before(m, garbage)
			k.b.Evaluate(m, k.in)
			k.after(m)
			m.StepOn(k.b)
		}
		if k.err != nil {
			t.Fatalf("%s, cycle %d: %v", name, m.Cycle(), k.err)
		}
	}
	return clocks
}

// aoStreams are operations of every kind on every configuration.
func aoStreams(t *testing.T) (list []orderRun) {
	want := 3
	if full() {
		want = 100
	}
	for i, c := range isa.Configs {
		for k, n := range []string{"ops/conv_3x3", "ops/conv_3x3_int16", "ops/add_diff", "ops/sub_rev", "ops/add_pow2", "ops/mul_int16", "ops/avgpool_3x3_same", "ops/softmax_int8", "ops/tanh_int16_gen"} {
			list = append(list, orderRun{fmt.Sprint(c, " ", n), velaProgram(t, c, n), goldenInput(t, n), npu.DefaultSystem(), npu.ECC((i + k) % 3), orderEvents[0]})
		}
		for found, seed := 0, uint64(300); found < want; seed++ {
			p, input, what, ok := randomStream(c, seed)
			if !ok {
				continue
			}
			found++
			list = append(list, orderRun{fmt.Sprint(c, " random ", seed, " ", what), p, input, npu.DefaultSystem(), npu.ECC(found % 3), orderEvents[1]})
		}
	}
	return list
}

// aoFlips flips a bit now and then: half of the time of the output stage, else of any
// register, sometimes of the shared buffer.
func aoFlips(t *testing.T, m *npu.Machine, r *rand.Rand, every uint64) func() {
	tab := netlist.New(m.Config, m.ECC)
	regs := tab.Select(netlist.Filter{NoSRAM: true})
	var own []*netlist.Register
	for _, x := range regs {
		if strings.HasPrefix(x.Name, "ao.") || strings.HasPrefix(x.Name, "traversal.ao") {
			own = append(own, x)
		}
	}
	return func() {
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
	}
}

// TestOutputStageFollowsItsPage compares the output stage in every clock with a model of
// docs/blocks/output-stage.md that sees only the inputs of the boundary: registers, RAM,
// tallies and what becomes of the rest of the machine are the same. So they are while
// flips come down.
func TestOutputStageFollowsItsPage(t *testing.T) {
	const limit, every = 2000, 7 // cycles of a run and between flips (our choice)
	clocks, ended := 0, map[npu.Status]int{}
	for i, o := range aoStreams(t) {
		m := o.start(t)
		clocks += newAOCheck(m).run(t, o.name, m, limit, nil)
		for round := range 2 {
			m, r := o.start(t), rand.New(rand.NewPCG(uint64(i), uint64(round)))
			m.Run(r.Uint64N(limit))
			clocks += newAOCheck(m).run(t, o.name+" with flips", m, m.Cycle()+limit/2, aoFlips(t, m, r, every))
			ended[m.Status()]++
		}
	}
	t.Logf("%d clocks; runs with flips end with %v", clocks, ended)
}

// TestOutputStageFromAnyRegisters compares single clocks from random values of the
// registers of the block, of the flags that it reads and of the settings.
func TestOutputStageFromAnyRegisters(t *testing.T) {
	clocks, worked := 0, 0
	for i, o := range aoStreams(t) {
		m := o.start(t)
		m.Run(3000)
		k := newAOCheck(m)
		r, garbage, s := rand.New(rand.NewPCG(uint64(i), 5)), rand.New(rand.NewPCG(uint64(i), 6)), m.S
		for range 400 {
			m.S = s
			cc, in := &m.S.CC, 1+r.IntN(4)
			for _, v := range []any{&m.S.AO, &m.S.AOScale, &m.S.Trav.AO, &m.S.SB} {
				fillRandom(reflect.ValueOf(v).Elem(), r, in)
			}
			m.S.SB.Wait = s.SB.Wait
			if r.IntN(4) != 0 {
				m.S.AO.Pass, m.S.Trav.AO.On = uint8(r.IntN(7)), 1
			}
			if r.IntN(2) == 0 {
				for b := range cc.Bank {
					for k, x := range isa.Table {
						if r.IntN(2) == 0 {
							cc.Bank[b][k] = r.Uint32() >> r.IntN(32) & x.Mask
						}
					}
					cc.OpCode[b], cc.OpParam[b] = uint8(r.IntN(8)), uint8(r.IntN(64)>>r.IntN(7))
					if r.IntN(2) == 0 {
						cc.OpCode[b], cc.OpParam[b] = uint8(isa.OpElementwise&7), uint8(r.IntN(isa.LastElementwise+2))
					}
					cc.IFMW[b], cc.IFMH[b] = r.Uint32()&(1<<19-1)>>r.IntN(20), r.Uint32()&(1<<19-1)>>r.IntN(20)
				}
			}
			cc.Run = 1
			m.Touched()
			active := m.Events[npu.EvAOActive]
			if m.StepTo(k.b) {
				k.before(m, garbage)
				k.b.Evaluate(m, k.in)
				k.after(m)
				m.StepOn(k.b)
			}
			if k.err != nil {
				t.Fatalf("%s: %v", o.name, k.err)
			}
			clocks, worked = clocks+1, worked+int(m.Events[npu.EvAOActive]-active)
		}
	}
	if t.Logf("%d clocks, the stage works in %d", clocks, worked); worked < clocks/2 {
		t.Error("the stage seldom works")
	}
}

// fillRandom gives one in so many fields of a part of the state a value of its width.
func fillRandom(v reflect.Value, r *rand.Rand, in int) {
	for i := range v.NumField() {
		width, err := strconv.Atoi(strings.Split(v.Type().Field(i).Tag.Get("npu"), ",")[0])
		if err != nil {
			continue // not a register
		}
		set := func(x reflect.Value) {
			if r.IntN(in) == 0 {
				x.SetUint(r.Uint64() >> (64 - width) >> (r.IntN(3) / 2 * r.IntN(width)))
			}
		}
		if f := v.Field(i); f.Kind() == reflect.Array {
			for e := range f.Len() {
				set(f.Index(e))
			}
		} else {
			set(f)
		}
	}
}

// pageTable reads the rows of numbers of a page that begin with an indented label.
func pageTable(t *testing.T, row string, base int) (list []int64) {
	text, err := os.ReadFile("../docs/blocks/output-stage-lanes.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(row).FindAllStringSubmatch(string(text), -1) {
		for _, f := range strings.Fields(m[1]) {
			v, err := strconv.ParseInt(f, base, 64)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, v)
		}
	}
	return list
}
