package cone_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"upset/models/network"
	"upset/npu/cone"
	"upset/npu/functional"
	"upset/npu/isa"
)

// full reports whether the long versions of the tests were asked for.
func full() bool { return os.Getenv("UPSET_FULL") == "1" }

// shared returns a path in the data folder beside the project, skipping the test
// where that folder is absent.
func shared(t testing.TB, elem ...string) string {
	t.Helper()
	root := filepath.Join("..", "..", "..", "shared")
	if _, err := os.Stat(root); os.IsNotExist(err) {
		t.Skip("the data folder ../shared is absent")
	}
	return filepath.Join(append([]string{root}, elem...)...)
}

func mustRead(t testing.TB, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func programs(t testing.TB, file string, c isa.Config) []*network.Program {
	t.Helper()
	n, err := network.Open(mustRead(t, file), c)
	if err != nil {
		t.Fatal(err)
	}
	return n.Programs()
}

// stream is what a test runs: commands over a memory that holds the input.
type stream struct {
	config   isa.Config
	commands []uint32
	bases    [8]uint32
	mem      isa.Memory
}

func (s *stream) fresh() *isa.Memory {
	return &isa.Memory{SRAM: slices.Clone(s.mem.SRAM), Flash: s.mem.Flash}
}

func newStream(t testing.TB, p *network.Program, r *rand.Rand) *stream {
	t.Helper()
	s := &stream{config: p.Config, commands: p.Commands, bases: p.Bases()}
	in := make([]byte, p.InputBytes())
	for i := range in {
		in[i] = byte(r.Uint32())
	}
	if err := p.Load(&s.mem, in); err != nil {
		t.Fatal(err)
	}
	return s
}

// sample is one set of differences before an operation: bits that flip.
type sample struct {
	from  int
	addrs []uint32
	bits  []byte
}

// draw makes up differences: single bits or bytes, and bursts, anywhere in SRAM
// or in what an operation is about to read.
func draw(r *rand.Rand, ops []cone.Op, size int) (s sample) {
	s.from = r.IntN(len(ops))
	near := ops[s.from].Reads
	if r.IntN(4) == 0 {
		near = []cone.Range{{Lo: isa.SRAMBase, Hi: isa.SRAMBase + uint32(size)}}
	}
	if len(near) == 0 {
		return s
	}
	n := 1
	if r.IntN(3) == 0 {
		n = 1 + r.IntN(12)
	}
	if r.IntN(12) == 0 {
		n = 1 + r.IntN(3000)
	}
	in := near[r.IntN(len(near))]
	in.Hi = min(in.Hi, isa.SRAMBase+uint32(size))
	if in.Hi <= in.Lo {
		return s
	}
	start, burst := in.Lo+r.Uint32N(in.Hi-in.Lo), r.IntN(2) == 0
	for i := range n {
		a := in.Lo + r.Uint32N(in.Hi-in.Lo)
		if burst {
			a = in.Lo + (start-in.Lo+uint32(i))%(in.Hi-in.Lo)
		}
		if !slices.Contains(s.addrs[max(0, len(s.addrs)-64):], a) {
			s.addrs, s.bits = append(s.addrs, a), append(s.bits, byte(1+r.IntN(255)))
		}
	}
	return s
}

// outcome counts what came of the samples of a stream.
type outcome struct{ exact, refused, masked, opaque int }

// compare draws differences and checks that Propagate leaves what the functional
// machine leaves, byte for byte of the whole SRAM.
func (s *stream) compare(t *testing.T, r *rand.Rand, samples int) (done outcome) {
	t.Helper()
	p, err := cone.New(s.config, s.commands, s.bases, &s.mem)
	if err != nil {
		t.Fatal(err)
	}
	golden := s.fresh()
	trace, err := p.Record(golden)
	if err != nil {
		t.Fatal(err)
	}
	again, run, size := s.fresh(), p.Runner(), len(s.mem.SRAM)
	check := func(m *functional.Machine, before *isa.Memory, from int, c sample) {
		altered := &isa.Memory{SRAM: slices.Clone(before.SRAM), Flash: before.Flash}
		for i, a := range c.addrs {
			altered.SRAM[a-isa.SRAMBase] ^= c.bits[i]
		}
		var diff []cone.Byte
		for _, a := range c.addrs {
			if v := altered.SRAM[a-isa.SRAMBase]; v != before.SRAM[a-isa.SRAMBase] {
				diff = append(diff, cone.Byte{Addr: a, Value: v})
			}
		}
		left, _, err := run.Propagate(trace, from, diff)
		if errors.Is(err, cone.ErrClock) {
			done.refused++
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		word := 0
		if from > 0 {
			word = m.Word + 1
		}
		o := functional.New(s.config, altered, s.bases)
		o.Registers, o.Weights = m.Registers, m.Weights
		o.SetLUT(m.LUT())
		if err := o.RunFrom(s.commands, word); err != nil {
			t.Fatalf("from operation %d: the oracle stops: %v", from, err)
		}
		done.exact++
		if len(left) == 0 {
			done.masked++
		}
		got := slices.Clone(golden.SRAM)
		for _, b := range left {
			if got[b.Addr-isa.SRAMBase] == b.Value {
				t.Fatalf("from operation %d: %#08x is given as a difference and is none", from, b.Addr)
			}
			got[b.Addr-isa.SRAMBase] = b.Value
		}
		for i := range got {
			if got[i] != altered.SRAM[i] {
				t.Fatalf("from operation %d (%v) with %d bytes: byte %#x is %#02x, want %#02x (recorded %#02x)",
					from, p.Ops()[from].Kind, len(diff), i, got[i], altered.SRAM[i], golden.SRAM[i])
			}
		}
	}
	var list []sample
	for range samples {
		list = append(list, draw(r, p.Ops(), size))
	}
	m := functional.New(s.config, again, s.bases)
	at := func(op int) {
		for _, c := range list {
			if c.from == op {
				check(m, again, op, c)
			}
		}
	}
	at(0)
	m.AfterOp = func(i int, _ isa.Opcode, _ *isa.Decoded) { at(i + 1) }
	if err := m.Run(s.commands); err != nil {
		t.Fatal(err)
	}
	for i := range p.Ops() {
		if ok, reason := trace.Exact(i); !ok {
			done.opaque++
			t.Logf("operation %d (%v) is refused: %s", i, p.Ops()[i].Kind, reason)
		}
	}
	if done.opaque == 0 {
		s.dense(t, p, golden)
	}
	if trace.Known() {
		s.recompute(t, p, trace)
	}
	return done
}

// dense checks a dense inference against the recorded one.
func (s *stream) dense(t *testing.T, p *cone.Program, golden *isa.Memory) {
	t.Helper()
	mem := s.fresh()
	macs, err := p.Runner().Dense(mem)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(mem.SRAM, golden.SRAM) || macs != p.MACs() {
		t.Errorf("a dense inference leaves other bytes or counts %d MACs, not %d", macs, p.MACs())
	}
}

// recompute holds a trace that is made again against the recorded one, with all of its sums
// and tables.
func (s *stream) recompute(t *testing.T, p *cone.Program, recorded *cone.Trace) {
	t.Helper()
	again, err := p.Recompute(s.fresh())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again, recorded) {
		t.Error("the trace that is made again is another one")
	}
}

// compareFiles does so for files on every configuration, in the short version on
// one configuration each.
func compareFiles(t *testing.T, files func(c isa.Config) []string, samples int) {
	var all outcome
	for k, c := range isa.Configs {
		for i, file := range files(c) {
			large := strings.Contains(file, "mobilenet")
			if !full() && ((i+k)%len(isa.Configs) != 0 || large) {
				continue
			}
			n := samples
			if full() {
				n *= 5
			}
			if large {
				n = 10
			}
			t.Run(c.String()+"/"+filepath.Base(file), func(t *testing.T) {
				r := rand.New(rand.NewPCG(uint64(k), uint64(i)))
				defer cone.Vectors(i%2 == 0)()
				for _, p := range programs(t, file, c) {
					done := newStream(t, p, r).compare(t, r, n)
					all.exact += done.exact
					all.refused += done.refused
					all.masked += done.masked
					if done.opaque > 0 {
						t.Errorf("%d operations are refused", done.opaque)
					}
				}
			})
		}
	}
	t.Logf("%d samples exact (%d leave nothing), %d refused", all.exact, all.masked, all.refused)
	if all.exact < 4*all.refused || all.masked == all.exact {
		t.Errorf("%d samples exact (%d leave nothing), %d refused: too few are followed", all.exact, all.masked, all.refused)
	}
}

func glob(t *testing.T, patterns ...string) []string {
	t.Helper()
	var list []string
	for _, pattern := range patterns {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("no files in %s: %v", pattern, err)
		}
		list = append(list, found...)
	}
	return list
}

// TestVelaStreams follows differences through the streams that Vela compiled.
func TestVelaStreams(t *testing.T) {
	root := shared(t, "vela")
	compareFiles(t, func(c isa.Config) []string {
		dir := filepath.Join(root, "ethos-"+c.String())
		return glob(t, filepath.Join(dir, "*.tflite"), filepath.Join(dir, "ops", "*.tflite"))
	}, 8)
}

// TestCompiledStreams does so for those of our own compiler.
func TestCompiledStreams(t *testing.T) {
	root := shared(t, "models")
	compareFiles(t, func(isa.Config) []string {
		return glob(t, filepath.Join(root, "*.tflite"), filepath.Join(root, "ops", "*.tflite"))
	}, 8)
}
