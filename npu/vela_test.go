package npu_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
)

// command is one command of a stream with its payload, if it has one.
type command struct {
	words []uint32
	kind  isa.Kind
	index int // register or opcode
}

// split cuts a stream into commands.
func split(t *testing.T, words []uint32) []command {
	t.Helper()
	var list []command
	for i := 0; i < len(words); {
		c := command{}
		c.kind, c.index = isa.Classify(words[i])
		n := 1
		switch c.kind {
		case isa.KindInvalid:
			t.Fatalf("word %d (%#08x) is no command", i, words[i])
		case isa.KindSet2:
			n = 2
		}
		c.words = words[i : i+n : i+n]
		list, i = append(list, c), i+n
	}
	return list
}

// variant returns a program with another stream. Edit maps a command to those
// that take its place.
func variant(t *testing.T, p *network.Program, edit func(c command) []uint32) *network.Program {
	t.Helper()
	v := &network.Program{
		Name: p.Name, Config: p.Config, Flash: p.Flash, ArenaSize: p.ArenaSize, FastSize: p.FastSize, Inputs: p.Inputs, Outputs: p.Outputs,
	}
	for _, c := range split(t, p.Commands) {
		v.Commands = append(v.Commands, edit(c)...)
	}
	return v
}

// noBlockDep sets every BLOCKDEP to zero, as an option of the compiler does.
func noBlockDep(t *testing.T, p *network.Program) *network.Program {
	return variant(t, p, func(c command) []uint32 {
		if c.kind == isa.KindSet && isa.Reg(c.index) == isa.BlockDep {
			return []uint32{c.words[0] & 0xffff}
		}
		return c.words
	})
}

// serial waits for everything before and after each operation.
func serial(t *testing.T, p *network.Program) *network.Program {
	var wait isa.Stream
	wait.Op(isa.OpKernelWait, 0)
	wait.Op(isa.OpDMAWait, 0)
	return variant(t, p, func(c command) []uint32 {
		if c.kind == isa.KindOp {
			return append(append([]uint32(nil), wait.Words...), c.words...)
		}
		return c.words
	})
}

// spilled moves everything that DMA brings to the arena, and the weights and
// scales read from there, to a fast memory of its own: region 2.
func spilled(t *testing.T, p *network.Program) *network.Program {
	v := variant(t, p, func(c command) []uint32 {
		if c.kind == isa.KindSet && c.words[0]>>16 == 1 {
			switch isa.Reg(c.index) {
			case isa.DMA0DstRegion, isa.WeightRegion, isa.ScaleRegion:
				return []uint32{c.words[0]&0xffff | 2<<16}
			}
		}
		return c.words
	})
	v.FastSize = p.ArenaSize
	return v
}

// shuffled brings the SET commands between two operations into another order. Of
// two that write one register the later one stays behind.
func shuffled(t *testing.T, p *network.Program) *network.Program {
	r := rand.New(rand.NewPCG(uint64(p.Config), 19))
	var group []command
	return variant(t, p, func(c command) []uint32 {
		if c.kind != isa.KindOp {
			for i := range group {
				if group[i].index == c.index && group[i].kind == c.kind {
					group[i] = c
					return nil
				}
			}
			group = append(group, c)
			return nil
		}
		r.Shuffle(len(group), func(i, j int) { group[i], group[j] = group[j], group[i] })
		var words []uint32
		for _, g := range group {
			words = append(words, g.words...)
		}
		group = group[:0]
		return append(words, c.words...)
	})
}

// repeated writes all registers that were ever written again before every
// operation: a compiler need not leave out what stays the same.
func repeated(t *testing.T, p *network.Program) *network.Program {
	latest := map[[2]int][]uint32{}
	var order [][2]int
	return variant(t, p, func(c command) []uint32 {
		if c.kind != isa.KindOp {
			key := [2]int{int(c.kind), c.index}
			if _, ok := latest[key]; !ok {
				order = append(order, key)
			}
			latest[key] = c.words
			return nil
		}
		var words []uint32
		for _, key := range order {
			words = append(words, latest[key]...)
		}
		return append(words, c.words...)
	})
}

// TestStreamVariants rewrites Vela's streams as other options or versions of a
// compiler would write them. The outputs stay the same on both machines; without
// overlap of operations a run does not get faster.
func TestStreamVariants(t *testing.T) {
	variants := []struct {
		name   string
		make   func(*testing.T, *network.Program) *network.Program
		slower bool
	}{
		{"block dependency 0", noBlockDep, true},
		{"waits everywhere", serial, true},
		{"fast scratch memory", spilled, false},
		{"other order", shuffled, false},
		{"nothing left out", repeated, true},
	}
	names := []string{"kws_ref_model", "ops/softmax_int8", "ops/leaky_relu_diff", "ops/tconv_2x2_s2_valid"}
	if full() {
		names = append(names, "vww_96_int8", "pretrainedResnet_quant", "ad01_int8", "seanet_conv9_int16", "ops/tanh_int16_gen")
	}
	for _, c := range isa.Configs {
		for _, name := range names {
			p, input := velaProgram(t, c, name), goldenInput(t, name)
			plain := load(t, p, input, npu.DefaultSystem(), npu.ECCNone)
			if st := plain.Run(50_000_000); st != npu.Done {
				t.Fatal(st)
			}
			want := p.ReadOutputs(plain.Mem)
			for _, v := range variants {
				t.Run(c.String()+"/"+name+"/"+v.name, func(t *testing.T) {
					got, cycles := compareMachines(t, v.make(t, p), input)
					if !bytes.Equal(got, want) {
						t.Errorf("the output differs: %s", diff(got, want))
					}
					if v.slower && cycles < plain.Cycle() {
						t.Errorf("%d cycles, %d with the stream as it is", cycles, plain.Cycle())
					}
				})
			}
		}
	}
}
