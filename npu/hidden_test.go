package npu_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
)

// load prepares a machine with a program and an input.
func load(t testing.TB, p *network.Program, input []byte, sys npu.System, ecc npu.ECC) *npu.Machine {
	t.Helper()
	mem := new(isa.Memory)
	if err := p.Load(mem, input); err != nil {
		t.Fatal(err)
	}
	m := npu.New(p.Config, sys, ecc, mem)
	p.Start(m)
	return m
}

// transplant builds a new machine from nothing but the state and the memory.
func transplant(m *npu.Machine) *npu.Machine {
	mem := &isa.Memory{SRAM: bytes.Clone(m.Mem.SRAM), Flash: m.Mem.Flash}
	n := npu.New(m.Config, m.Sys, m.ECC, mem)
	n.Load(&m.S)
	return n
}

// same compares everything that a machine is.
func same(a, b *npu.Machine) bool {
	return a.S == b.S && bytes.Equal(a.Mem.SRAM, b.Mem.SRAM)
}

// TestNoHiddenState moves state and memory to a new machine at 200 random cycles
// per configuration. Some hundred cycles later, and for a few at the end, both
// machines are the same. Anything that a machine kept outside State would show.
func TestNoHiddenState(t *testing.T) {
	networks := []struct {
		name   string
		copies int
	}{{"kws_ref_model", 140}, {"ops/sub_diff", 20}, {"ops/conv_9x9", 20}, {"ops/softmax_int8", 20}}
	for i, c := range isa.Configs {
		t.Run(c.String(), func(t *testing.T) {
			for j, n := range networks {
				p, input := velaProgram(t, c, n.name), goldenInput(t, n.name)
				fresh := func() *npu.Machine { return load(t, p, input, npu.DefaultSystem(), npu.ECC(i%3)) }
				end := fresh()
				if st := end.Run(50_000_000); st != npu.Done {
					t.Fatal(st)
				}
				rng := rand.New(rand.NewPCG(uint64(i), uint64(j)))
				at := make([]uint64, n.copies)
				for k := range at {
					at[k] = rng.Uint64N(end.Cycle())
				}
				slices.Sort(at)
				copiesGoOn(t, fresh(), at)
				const toEnd = 4
				copiesEnd(t, fresh(), end, at[:toEnd])
			}
		})
	}
}

// copiesGoOn runs m and, from each of the given cycles on, a copy of it for some
// hundred cycles.
func copiesGoOn(t *testing.T, m *npu.Machine, at []uint64) {
	const ahead = 400
	type pending struct {
		from uint64
		copy *npu.Machine
	}
	var queue []pending
	for len(at) > 0 || len(queue) > 0 {
		for len(queue) > 0 && queue[0].copy.Cycle() == m.Cycle() {
			if !same(queue[0].copy, m) {
				t.Fatalf("copied at cycle %d, the copy differs at cycle %d: %s", queue[0].from, m.Cycle(), queue[0].copy.Describe())
			}
			queue = queue[1:]
		}
		for len(at) > 0 && at[0] == m.Cycle() {
			c := transplant(m)
			c.Run(c.Cycle() + ahead)
			queue = append(queue, pending{at[0], c})
			at = at[1:]
		}
		if m.S.CC.Run == 0 && len(queue) > 0 && queue[0].copy.Cycle() > m.Cycle() {
			t.Fatalf("copied at cycle %d, the copy runs longer than the original", queue[0].from)
		}
		m.Step()
	}
}

// copiesEnd lets copies from the given cycles run to the end.
func copiesEnd(t *testing.T, m, end *npu.Machine, at []uint64) {
	for _, b := range at {
		m.Run(b)
		c := transplant(m)
		if st := c.Run(end.Cycle() + 100); st != npu.Done || !same(c, end) {
			t.Errorf("copied at cycle %d, the copy ends differently: %s", b, c.Describe())
		}
	}
}
