package compile

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"upset/npu"
	"upset/npu/isa"
)

// clocked runs a program on the cycle-level machine.
func clocked(t testing.TB, p *Program, input []byte) ([]byte, npu.Status) {
	t.Helper()
	at := (len(p.Flash) + 15) &^ 15
	mem := &isa.Memory{SRAM: make([]byte, p.ArenaSize), Flash: make([]byte, at+4*len(p.Commands)+16)}
	copy(mem.Flash, p.Flash)
	for i, w := range p.Commands {
		binary.LittleEndian.PutUint32(mem.Flash[at+4*i:], w)
	}
	for _, v := range p.Variables {
		copy(mem.SRAM[v.Offset:], v.Initial)
	}
	for _, b := range p.Inputs {
		copy(mem.SRAM[b.Offset:], input[:b.Bytes])
		input = input[b.Bytes:]
	}
	m := npu.New(p.Config, npu.DefaultSystem(), npu.ECCNone, mem)
	m.Start(isa.FlashBase+uint32(at), 4*len(p.Commands), [8]uint32{isa.FlashBase, isa.SRAMBase, isa.SRAMBase})
	st := m.Run(20_000_000)
	var out []byte
	for _, b := range p.Outputs {
		out = append(out, mem.SRAM[b.Offset:b.Offset+b.Bytes]...)
	}
	return out, st
}

// Random graphs give the same bytes on the cycle-level machine and on the
// functional one.
func TestRandomGraphsOnTheClock(t *testing.T) {
	count := uint64(120)
	if full() {
		count = 3000
	}
	compared := 0
	for seed := range count {
		m := randomModel(seed + 10_000)
		g := &m.Subgraphs[0]
		p, err := Compile(m, Options{Config: isa.Configs[seed%4]})
		if err != nil {
			continue
		}
		input := make([]byte, g.Tensors[g.Inputs[0]].Bytes())
		r := rand.New(rand.NewPCG(seed, 6))
		for i := range input {
			input[i] = byte(r.Uint32())
		}
		want := execute(t, p, input)
		got, st := clocked(t, p, input)
		if st != npu.Done || !bytes.Equal(got, want) {
			t.Errorf("seed %d on %v: %v, outputs equal: %v", seed+10_000, p.Config, st, bytes.Equal(got, want))
		}
		compared++
	}
	if compared < int(count)*9/10 {
		t.Errorf("only %d of %d graphs were compared", compared, count)
	}
}
