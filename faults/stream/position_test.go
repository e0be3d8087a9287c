package stream_test

import (
	"bytes"
	"slices"
	"testing"

	"upset/faults/stream"
	"upset/models/nettest"
	"upset/models/network"
	"upset/npu"
	"upset/npu/cone"
	"upset/npu/isa"
)

// The stream is read as the parser reads it: what an operation is said to be configured with
// is what stands in its bank when the plain machine begins it, and the word that is executed
// next is its own.
func TestOperationsAreThoseOfTheMachine(t *testing.T) {
	for _, c := range isa.Configs {
		p := nettest.LongCopy(t, c, 512)
		f := stream.New(p)
		if len(f.Ops) != len(p.Operations) {
			t.Fatalf("%v: %d operations, the compiler made %d", c, len(f.Ops), len(p.Operations))
		}
		mem := new(isa.Memory)
		if err := p.Load(mem, make([]byte, p.InputBytes())); err != nil {
			t.Fatal(err)
		}
		m := npu.New(c, npu.DefaultSystem(), npu.ECCNone, mem)
		var before npu.Flops
		next, kernels := 0, 0
		m.Probe.Note = func(n npu.Note) {
			if n.Kind == npu.NoteRetire || next >= len(f.Ops) {
				return
			}
			o, cc := &f.Ops[next], &m.S.CC
			bank := n.Bank
			if o.DMA {
				bank = int(cc.Cur & 3)
			} else if isa.Opcode(cc.OpCode[bank]) != o.Setup.Op&7 || uint32(cc.OpParam[bank]) != o.Setup.Param&0x3f {
				t.Errorf("%v: operation %d runs as %d, parameter %d", c, next, cc.OpCode[bank], cc.OpParam[bank])
			}
			if cc.Bank[bank] != o.Setup.Registers {
				for r := range o.Setup.Registers {
					if cc.Bank[bank][r] != o.Setup.Registers[r] {
						t.Errorf("%v: operation %d: register %d holds %#x, want %#x", c, next, r, cc.Bank[bank][r], o.Setup.Registers[r])
					}
				}
			}
			if o.DMA != (n.Kind == npu.NoteDMAStart) || o.Word != p.Operations[next].Word || o.Kernel != kernels {
				t.Errorf("%v: operation %d at word %d, copy %t, behind %d kernels", c, next, o.Word, o.DMA, o.Kernel)
			}
			if w := f.Where(&before); w != o.Word {
				t.Errorf("%v: operation %d begins from word %d, the parser is said to be at %d", c, next, o.Word, w)
			}
			if next++; !o.DMA {
				kernels++
			}
		}
		p.Start(m)
		for last := 0; m.S.CC.Run != 0; m.Step() {
			before = m.S.Flops
			w := f.Where(&before)
			if w < last || w > len(p.Commands) {
				t.Fatalf("%v: from word %d to %d", c, last, w)
			}
			last = w
		}
		if next != len(f.Ops) {
			t.Errorf("%v: %d of %d operations were begun", c, next, len(f.Ops))
		}
	}
}

// What is said to be under way is what an observer has seen to begin and not yet to end, and
// the next is the first that it has not seen.
func TestUnder(t *testing.T) {
	most, copies := 0, 0
	for _, r := range few(t) {
		for k := range r.moments {
			s := &r.moments[k].state.Flops
			var want []int
			first := len(r.f.Ops)
			for i := len(r.f.Ops) - 1; i >= 0; i-- {
				// The note of a clock carries the cycle before it.
				begun := r.begun[i] < s.Bus.Cycle && (i > 0 || r.begun[i] != 0 || s.Bus.Cycle > 0)
				ended := r.ended[i] != 0 && r.ended[i] < s.Bus.Cycle
				if r.f.Ops[i].DMA {
					ended = r.ended[i] != 0 && r.ended[i] <= s.Bus.Cycle
				}
				switch {
				case !begun:
					first = i
				case !ended:
					want = append(want, i)
				}
			}
			got, next := r.f.Under(s)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) || next != first {
				t.Fatalf("%s at %d: %v under way and %d next, seen %v and %d", r.p.Name, s.Bus.Cycle, got, next, want, first)
			}
			most = max(most, len(want))
			for _, i := range want {
				if r.f.Ops[i].DMA {
					copies++
				}
			}
		}
	}
	if most < 2 || copies == 0 {
		t.Errorf("at most %d operations at once, %d times a copy: too little is shown", most, copies)
	}
}

// An operation under way that is said to have read its inputs does not see what becomes of
// them: it leaves what it leaves without a change, as far as it is concerned.
func TestReads(t *testing.T) {
	passed, seen := 0, 0
	for _, r := range few(t) {
		mem := &isa.Memory{SRAM: make([]byte, isa.SRAMSize), Flash: r.p.FlashImage()}
		c, err := cone.New(r.p.Config, r.p.Commands, r.p.Bases(), mem)
		if err != nil {
			t.Fatal(err)
		}
		ops := c.Ops()
		for k := 0; k < len(r.moments); k += 1 + len(r.moments)/150 {
			s := &r.moments[k].state.Flops
			under, _ := r.f.Under(s)
			for _, op := range under {
				if len(ops[op].Reads) == 0 || r.ended[op] == 0 {
					continue
				}
				m := r.machine(k)
				for _, x := range ops[op].Reads {
					for a := x.Lo; a < x.Hi; a++ {
						m.Mem.SRAM[a-isa.SRAMBase] ^= 0x55
					}
				}
				m.Run(r.ended[op] + 1)
				at := m.Cycle()
				plain := r.machine(k)
				plain.Run(at)
				same := true
				for _, x := range ops[op].Writes {
					lo, hi := x.Lo-isa.SRAMBase, x.Hi-isa.SRAMBase
					same = same && bytes.Equal(m.Mem.SRAM[lo:hi], plain.Mem.SRAM[lo:hi])
				}
				switch {
				case r.f.Reads(s, op) && !same:
					seen++
				case r.f.Reads(s, op):
				case !same && !overlap(ops[op].Reads, ops[op].Writes):
					t.Fatalf("%s at %d: operation %d is said to have read its inputs, and sees them change", r.p.Name, s.Bus.Cycle, op)
				default:
					passed++
				}
			}
		}
	}
	if passed == 0 || seen == 0 {
		t.Errorf("%d times passed, %d times the change is seen: nothing is shown", passed, seen)
	}
}

func overlap(a, b []cone.Range) bool {
	for _, x := range a {
		for _, y := range b {
			if x.Lo < y.Hi && y.Lo < x.Hi {
				return true
			}
		}
	}
	return false
}

// The job under way, taken from the clock, is the one that the host has noted in its memory,
// in the first inference and in one behind it; words lie within the stream of their job.
func TestJobs(t *testing.T) {
	n := nettest.Shared(t, "models/hello_world_int8.tflite", isa.U55x64)
	p, err := n.Guarded(3, network.Measures{}, make([]byte, n.InputBytes()))
	if err != nil {
		t.Fatal(err)
	}
	f := stream.New(p)
	mem := new(isa.Memory)
	if err := p.Load(mem, make([]byte, p.InputBytes())); err != nil {
		t.Fatal(err)
	}
	m := npu.New(p.Config, npu.DefaultSystem(), npu.ECCNone, mem)
	p.Start(m)
	f.Begins = []uint64{0}
	host := m.Host
	first := true
	m.Host = func(m *npu.Machine) bool {
		more := host(m)
		if more && first {
			f.Begins = append(f.Begins, m.Cycle())
		}
		return more
	}
	var job []int // by clock of the first inference
	var states []npu.Flops
	for m.S.CC.Run != 0 {
		job, states = append(job, p.Job(m.Mem)), append(states, m.S.Flops)
		m.Step()
	}
	first, f.Cycles = false, m.Cycle()
	if len(f.Begins) != len(p.Jobs) || len(p.Jobs) < 3 {
		t.Fatalf("%d jobs, %d began", len(p.Jobs), len(f.Begins))
	}
	for c, want := range job {
		s := &states[c]
		if got := f.JobAt(s); got != want {
			t.Fatalf("cycle %d: job %d, the host is at %d", c, got, want)
		}
		j := &p.Jobs[want]
		if w := f.Where(s); w < j.First || w >= j.First+j.Words {
			t.Fatalf("cycle %d: word %d is not among the %d of job %d from %d on", c, w, j.Words, want, j.First)
		}
	}
	m.S.Bus.Resume(m.Cycle())
	p.Renew(mem, make([]byte, p.InputBytes()))
	p.Start(m)
	for m.S.CC.Run != 0 {
		want := p.Job(m.Mem)
		if got := f.JobAt(&m.S.Flops); got != want {
			t.Fatalf("second inference, cycle %d: job %d, the host is at %d", m.Cycle(), got, want)
		}
		for k := range f.Begins {
			s := &states[f.Begins[k]]
			if f.SameJob(m, s) != (k == want) {
				t.Fatalf("in job %d: same as job %d: %t", want, k, f.SameJob(m, s))
			}
		}
		m.Run(m.Cycle() + 37)
	}
	hosts := 0
	for i := range f.Ops {
		if o := &f.Ops[i]; o.Host {
			if kind, x := isa.Classify(p.Commands[o.Word]); o.Job != hosts || kind != isa.KindOp || isa.Opcode(x) != isa.OpStop {
				t.Errorf("the host behind job %d stands at word %d, %#x", o.Job, o.Word, p.Commands[o.Word])
			}
			hosts++
		}
	}
	if hosts != len(p.Jobs) {
		t.Errorf("the host comes in %d times for %d jobs", hosts, len(p.Jobs))
	}
}
