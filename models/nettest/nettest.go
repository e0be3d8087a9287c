// Package nettest opens networks for tests: those of the tree, and those of the data
// folder beside it, without which tests are skipped.
package nettest

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"upset/models/network"
	"upset/models/tflite"
	"upset/npu"
	"upset/npu/isa"
)

// Root is the folder of the tree.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = up
	}
}

// Shipped opens a network of testdata/models as a single program.
func Shipped(t testing.TB, name string, c isa.Config) *network.Program {
	t.Helper()
	return open(t, filepath.Join(Root(t), "testdata", "models", name+".tflite"), c).Program()
}

// Inputs are the first n inputs that lie beside a network of testdata/models.
func Inputs(t testing.TB, name string, n int) (out [][]byte) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(Root(t), "testdata", "models", name+".inputs", "in_*.bin"))
	if err != nil || len(files) < n {
		t.Fatalf("inputs of %s: %d, %v", name, len(files), err)
	}
	for _, f := range files[:n] {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

// Shared opens a file of the data folder.
func Shared(t testing.TB, file string, c isa.Config) *network.Network {
	t.Helper()
	root := filepath.Join(Root(t), "..", "shared")
	if _, err := os.Stat(root); os.IsNotExist(err) {
		t.Skip("the data folder ../shared is absent")
	}
	return open(t, filepath.Join(root, filepath.FromSlash(file)), c)
}

// SharedProgram opens a model of the data folder that is one program.
func SharedProgram(t testing.TB, name string, c isa.Config) *network.Program {
	t.Helper()
	return Shared(t, "models/"+name+".tflite", c).Program()
}

func open(t testing.TB, file string, c isa.Config) *network.Network {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	n, err := network.Open(data, c)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// LongCopy is a shipped network whose stream first starts a copy of so many bytes from flash
// to memory that nothing else touches, and waits for it only at the end. What is copied is a
// second output.
func LongCopy(t testing.TB, c isa.Config, bytes int) *network.Program {
	t.Helper()
	from := Shipped(t, "fashion-tiny", c)
	p := &network.Program{Name: "a long copy", Config: c, Inputs: from.Inputs, Constants: from.Constants}
	for p.Flash = from.Flash; len(p.Flash)%16 != 0; {
		p.Flash = append(p.Flash, 0)
	}
	src, dst := len(p.Flash), (from.ArenaSize+15)&^15
	for k := range bytes {
		p.Flash = append(p.Flash, byte(k*7+k>>8))
	}
	p.ArenaSize = dst + bytes
	copied := network.Binding{Name: "copied", Type: tflite.Int8, Shape: []int{1, bytes}, Offset: dst, Size: bytes}
	p.Outputs = append(slices.Clone(from.Outputs), copied)
	var s isa.Stream
	s.Set(isa.DMA0SrcRegion, 0)
	s.Set(isa.DMA0Src, uint32(src))
	s.Set(isa.DMA0DstRegion, 1)
	s.Set(isa.DMA0Dst, uint32(dst))
	s.Set(isa.DMA0Len, uint32(bytes))
	s.Op(isa.OpDMAStart, 0)
	words := s.Words
	p.Operations = append([]network.OpInfo{{Name: "copy", Kind: "dma", SourceOp: -1, Word: len(words) - 1}}, from.Operations...)
	for i := range p.Operations[1:] {
		p.Operations[i+1].Word += len(words)
	}
	var wait isa.Stream
	wait.Op(isa.OpDMAWait, 0)
	end := len(from.Commands) - 1 // its STOP
	p.Commands = slices.Concat(words, from.Commands[:end], wait.Words, from.Commands[end:])
	return p
}

// OnePort bounds the accesses to a bank of the shared buffer to one in a clock, where a bank
// holds consecutive bytes: units meet often.
func OnePort() npu.System {
	sys := npu.DefaultSystem()
	sys.Limits.SharedPorts, sys.Limits.SharedPlacement = 1, 2
	return sys
}

// Random returns inputs of random bytes and one of zeros.
func Random(p *network.Program, n int) (out [][]byte) {
	rng := rand.New(rand.NewPCG(11, uint64(p.Config)))
	for i := range n {
		in := make([]byte, p.InputBytes())
		for k := range in {
			in[k] = byte(i * int(rng.Uint32()))
		}
		out = append(out, in)
	}
	return out
}
