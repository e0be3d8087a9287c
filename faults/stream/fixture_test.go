package stream_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/faults/stream"
	"upset/models/nettest"
	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
)

// moment is the plain machine at one clock of a run without a fault.
type moment struct {
	state npu.State
	sram  []byte
}

// run is a run of a program on the plain machine with what an observer saw of it.
type run struct {
	p       *network.Program
	f       *stream.Stream
	inputs  [2][]byte
	ends    [2]uint64 // cycles of both inferences
	left    [2][]byte // the SRAM behind each
	moments []moment
	begun   []uint64 // per operation of the stream: the clock in which it was begun
	ended   []uint64 // the clock in which it retired; of a copy, behind which nothing of it was under way
}

// record steps two inferences on the plain machine, one behind the other, and keeps the first
// one at every so many clocks.
func record(t *testing.T, p *network.Program, every uint64) *run {
	t.Helper()
	r := &run{p: p, f: stream.New(p)}
	rng := rand.New(rand.NewPCG(41, uint64(p.Config)))
	for i := range r.inputs {
		r.inputs[i] = make([]byte, p.InputBytes())
		for k := range r.inputs[i] {
			r.inputs[i][k] = byte(rng.Uint32())
		}
	}
	mem := new(isa.Memory)
	if err := p.Load(mem, r.inputs[0]); err != nil {
		t.Fatal(err)
	}
	m := npu.New(p.Config, npu.DefaultSystem(), npu.ECCNone, mem)
	r.begun, r.ended = make([]uint64, len(r.f.Ops)), make([]uint64, len(r.f.Ops))
	m.Probe.Note = r.observe
	p.Start(m)
	for m.S.CC.Run != 0 {
		if m.Cycle()%every == 0 {
			r.moments = append(r.moments, moment{m.S, bytes.Clone(mem.SRAM)})
		}
		m.Step()
		copying := -1
		r.f.Note(&m.S.DMA)
		for i, o := range r.f.Ops {
			if o.DMA && r.begun[i] != 0 && r.ended[i] == 0 {
				copying = i
			}
		}
		if copying >= 0 && m.S.DMA.M2M.On == 0 && m.S.CC.DMAOut == 0 {
			r.ended[copying] = m.Cycle()
		}
		if m.Cycle() > 1<<22 {
			t.Fatal("the program does not end")
		}
	}
	m.Probe.Note = nil
	r.f.Begins, r.f.Cycles = []uint64{0}, m.Cycle()
	r.ends[0], r.left[0] = m.Cycle(), bytes.Clone(mem.SRAM)
	r.again(m)
	r.ends[1], r.left[1] = m.Cycle(), bytes.Clone(mem.SRAM)
	return r
}

// observe notes that an operation begins or retires. Those of a kind do so in the order of
// the stream.
func (r *run) observe(n npu.Note) {
	list, dma := r.begun, n.Kind == npu.NoteDMAStart
	if n.Kind == npu.NoteRetire {
		list = r.ended
	}
	for i, o := range r.f.Ops {
		if o.DMA == dma && list[i] == 0 {
			list[i] = n.Cycle
			return
		}
		if dma && o.DMA && r.ended[i] == 0 { // one copy follows the other
			r.ended[i] = n.Cycle
		}
	}
}

// again runs the second inference on a machine that has done the first.
func (r *run) again(m *npu.Machine) npu.Status {
	m.S.Bus.Resume(m.Cycle())
	r.p.Renew(m.Mem, r.inputs[1])
	r.p.Start(m)
	return m.Run(4 * (m.Cycle() + 10_000))
}

// machine is one of its own at a moment.
func (r *run) machine(k int) *npu.Machine {
	mem := &isa.Memory{SRAM: bytes.Clone(r.moments[k].sram), Flash: r.p.FlashImage()}
	m := npu.New(r.p.Config, npu.DefaultSystem(), npu.ECCNone, mem)
	m.S = r.moments[k].state
	m.Touched()
	return m
}

// at is the number of the moment of a machine.
func (r *run) at(cycle uint64) int {
	k, ok := slices.BinarySearchFunc(r.moments, cycle, func(x moment, c uint64) int { return int(x.state.Bus.Cycle) - int(c) })
	if !ok {
		return -1
	}
	return k
}

// finish runs a machine to the end of the first inference and reports whether it came there
// at the right clock.
func (r *run) finish(m *npu.Machine) (inTime bool) {
	return m.Run(2*r.ends[0]+10_000) == npu.Done && m.Cycle() == r.ends[0]
}

// same reports whether a machine that is run to the end of two inferences leaves, both times,
// what the plain machine leaves without a fault, at the same clock.
func (r *run) same(m *npu.Machine) bool {
	if !r.finish(m) || !bytes.Equal(m.Mem.SRAM, r.left[0]) {
		return false
	}
	return r.again(m) == npu.Done && m.Cycle() == r.ends[1] && bytes.Equal(m.Mem.SRAM, r.left[1])
}

// few are short runs: with depthwise operations, with copies, and plain ones.
func few(t *testing.T) []*run {
	t.Helper()
	return []*run{
		record(t, nettest.Shipped(t, "fashion-nano", isa.U55x64), 16),
		record(t, nettest.LongCopy(t, isa.U55x256, 1024), 16),
	}
}

// withoutSetup is what controls the machine, without the configuration that waits.
func withoutSetup(f *npu.Flops) npu.Flops {
	c := npu.Canonical(f)
	c.DropValues()
	c.CC.Bank, c.CC.OpCode, c.CC.OpParam = [4]isa.Registers{}, [4]uint8{}, [4]uint8{}
	return c
}
