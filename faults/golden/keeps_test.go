package golden

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"upset/faults"
	"upset/models/nettest"
	"upset/models/network"
	"upset/models/tflite"
	"upset/npu"
	"upset/npu/cone"
	"upset/npu/isa"
)

// remembering is a shipped network whose stream first copies what it kept to an output, and
// then its input to where it keeps it: each inference gives the input of the one before. It
// returns the places of what is kept and of the output, in SRAM.
func remembering(t *testing.T, c isa.Config) (p *network.Program, kept, out int) {
	t.Helper()
	from := nettest.Shipped(t, "fashion-tiny", c)
	p = &network.Program{Name: "remembering", Config: c, Inputs: from.Inputs, Constants: from.Constants, Flash: from.Flash}
	n := (from.Inputs[0].Size + 15) &^ 15
	kept = (from.ArenaSize + 15) &^ 15
	out = kept + n
	p.ArenaSize = out + n
	p.Outputs = append(slices.Clone(from.Outputs), network.Binding{Name: "before", Type: tflite.Int8, Shape: []int{1, from.Inputs[0].Size}, Offset: out, Size: from.Inputs[0].Size})
	var s isa.Stream
	for _, move := range [][2]int{{kept, out}, {from.Inputs[0].Offset, kept}} {
		s.Set(isa.DMA0SrcRegion, 1)
		s.Set(isa.DMA0Src, uint32(move[0]))
		s.Set(isa.DMA0DstRegion, 1)
		s.Set(isa.DMA0Dst, uint32(move[1]))
		s.Set(isa.DMA0Len, uint32(from.Inputs[0].Size))
		p.Operations = append(p.Operations, network.OpInfo{Name: "copy", Kind: "dma", SourceOp: -1, Word: len(s.Words)})
		s.Op(isa.OpDMAStart, 0)
		s.Op(isa.OpDMAWait, 0)
	}
	for _, o := range from.Operations {
		o.Word += len(s.Words)
		p.Operations = append(p.Operations, o)
	}
	p.Commands = slices.Concat(s.Words, from.Commands)
	return p, kept, out
}

// An inference behind others is what the plain machine makes of it, one after the other,
// where data reach from one to the next; they are told from all that do not.
func TestWhatIsKept(t *testing.T) {
	p, kept, out := remembering(t, isa.U55x64)
	inputs := nettest.Random(p, 3)
	for n := 1; n <= 3; n += 2 {
		e, err := New(t.Context(), p, inputs[3-n:], faults.Options{Checkpoints: 16}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !e.Inherits.KeepsData() {
			t.Fatal("nothing is said to be kept")
		}
		size := p.Inputs[0].Size
		for a := range p.ArenaSize {
			want := a >= kept && a < kept+size
			if got := e.Inherits.Reads([]cone.Byte{{Addr: isa.SRAMBase + uint32(a)}}); got != want {
				t.Fatalf("byte %d of SRAM: inherited %t, want %t", a, got, want)
			}
		}
		m, err := e.Begin(0)
		if err != nil {
			t.Fatal(err)
		}
		m.Run(e.Watchdog())
		before := e.Golden(0).Input
		for k := 1; k <= faults.MaxFollowed+1; k++ {
			l, err := e.Later(0, k)
			if err != nil {
				t.Fatal(err)
			}
			if n > 1 && !bytes.Equal(l.Input, e.Golden(k%n).Input) {
				t.Errorf("%d inputs: inference %d has another input than number %d", n, k, k%n)
			}
			if g := e.Golden(0); n == 1 && !bytes.Equal(l.Input, [][]byte{g.Input, g.Next}[k%2]) {
				t.Errorf("one input: inference %d does not take turns with the complement", k)
			}
			Again(m, p, l.Input, e.Cycles())
			m.Run(e.Cycles() + e.Watchdog())
			if now := p.ReadOutputs(m.Mem); !bytes.Equal(now, l.Output) || !bytes.Equal(now[len(now)-size:], before) {
				t.Fatalf("%d inputs: inference %d gives another output, or not the input before", n, k)
			}
			before = l.Input
		}
		// What is settled comes to the right output, and what is not, to a wrong one.
		rng := rand.New(rand.NewPCG(4, 8))
		hit := map[bool]int{}
		for range 60 {
			at := rng.IntN(p.ArenaSize)
			if rng.IntN(2) == 0 {
				at = kept + rng.IntN(size)
			}
			if at >= p.Inputs[0].Offset && at < p.Inputs[0].Offset+size {
				continue // the host writes it
			}
			g := e.Golden(0)
			g.Points[g.End].Restore(m)
			Again(m, p, g.second.Input, e.Cycles())
			m.Mem.SRAM[at] ^= 1 << rng.IntN(8)
			ok, err := e.Settled(m, 0, 1)
			if err != nil {
				t.Fatal(err)
			}
			m.Run(e.Cycles() + e.Watchdog())
			if right := bytes.Equal(p.ReadOutputs(m.Mem), g.second.Output); right != ok {
				t.Errorf("byte %d, kept from %d and given at %d: settled %t, output right %t", at, kept, out, ok, right)
			}
			hit[ok]++
		}
		if hit[true] < 5 || hit[false] < 5 {
			t.Errorf("settled: %v: too little is shown", hit)
		}
	}
}

// Jobs begin where the plain machine starts them; what the host takes over is told from what
// it does not; a watchdog leaves every job twice its own time.
func TestJobsOfThePlainMachine(t *testing.T) {
	n := nettest.Shared(t, "models/hello_world_int8.tflite", isa.U55x32)
	p, err := n.Guarded(3, network.Measures{}, make([]byte, n.InputBytes()))
	if err != nil {
		t.Fatal(err)
	}
	e, err := New(t.Context(), p, [][]byte{bytes.Repeat([]byte{7}, p.InputBytes())}, faults.Options{Checkpoints: 16}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if e.Single() || len(e.Begins()) != len(p.Jobs) || len(p.Jobs) != 3 {
		t.Fatalf("%d jobs, %d begin", len(p.Jobs), len(e.Begins()))
	}
	m, err := e.Begin(0)
	if err != nil {
		t.Fatal(err)
	}
	host := m.Host
	begins, taken, other := []uint64{0}, 0, 0
	m.Host = func(m *npu.Machine) bool {
		k := p.Job(m.Mem) + 1
		want := e.Golden(0).Handed[k]
		if got := e.Handed(m.Mem, k); got != want {
			t.Errorf("before job %d the host takes over something else", k)
		}
		for a := range m.Mem.SRAM {
			m.Mem.SRAM[a] ^= 4
			reads := slices.ContainsFunc(p.HostReads(k), func(r network.Range) bool { return cone.Range(r).Contains(isa.SRAMBase + uint32(a)) })
			if changed := e.Handed(m.Mem, k) != want; changed != reads {
				t.Fatalf("byte %d before job %d: the host reads it %t, a change is seen %t", a, k, reads, changed)
			}
			m.Mem.SRAM[a] ^= 4
			if reads {
				taken++
			} else {
				other++
			}
		}
		more := host(m)
		if more {
			begins = append(begins, m.Cycle())
		}
		return more
	}
	m.Run(e.Watchdog() * 3)
	if !slices.Equal(begins, e.Begins()) || taken == 0 || other == 0 {
		t.Errorf("jobs begin at %v, seen at %v; %d bytes are taken over", e.Begins(), begins, taken)
	}
	longest := uint64(0)
	for k := range p.Jobs {
		end := e.Cycles()
		if k+1 < len(begins) {
			end = begins[k+1]
		}
		if e.Found(k) != begins[k] || e.WatchdogOf(k) <= 2*(end-begins[k]) {
			t.Errorf("job %d is found at %d, its watchdog is %d of %d cycles", k, e.Found(k), e.WatchdogOf(k), end-begins[k])
		}
		longest = max(longest, e.WatchdogOf(k))
	}
	if e.Found(len(p.Jobs)) != e.Cycles() || e.Watchdog() != longest {
		t.Errorf("the end is found at %d, the longest watchdog is %d", e.Found(len(p.Jobs)), e.Watchdog())
	}
}

// What is kept of single inputs is what was used last, as much as there is room for; it is
// made once, by whoever comes first.
func TestRecentIsTheLastUsed(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 8))
	for range 50 {
		r := new(recent[string])
		golds := make([]Run, 8)
		var order []*Run // the last used is the last
		room, size := 100+rng.IntN(400), 0
		for range 200 {
			g := &golds[rng.IntN(len(golds))]
			held := slices.Contains(order, g)
			switch rng.IntN(5) {
			case 0:
				n := 1 + rng.IntN(120)
				r.sized(n)
				size = max(size, n)
			case 1:
				if held {
					continue // what is made is not kept twice
				}
				n := 1 + rng.IntN(120)
				r.Keep(g, "kept", n, room)
				size = max(size, n)
				order = append(order, g)
			default:
				k := r.take(g, room)
				made := false
				k.once.Do(func() { k.value, made = "made", true })
				if made == held || k.value == "" || k.gold != g {
					t.Fatalf("made %t, though held %t, as %q", made, held, k.value)
				}
				order = append(slices.DeleteFunc(order, func(x *Run) bool { return x == g }), g)
			}
			most := max(1, room/max(1, size))
			if len(r.kept) > len(order) {
				t.Fatalf("%d are kept of %d", len(r.kept), len(order))
			}
			// Room is made when something comes: until then a growing size drops nothing.
			if len(r.kept) < min(len(order), most) {
				t.Fatalf("%d are kept, there is room for %d of %d", len(r.kept), most, len(order))
			}
			order = order[len(order)-len(r.kept):]
			for i, k := range r.kept {
				if k.gold != order[i] {
					t.Fatalf("place %d holds another input than the one used then", i)
				}
			}
		}
	}
}

// Fault-free runs may be used by many at once: traces and later inferences come out the same,
// and each is made once.
func TestRunsServeMany(t *testing.T) {
	p, _, _ := remembering(t, isa.U55x128)
	e, err := New(t.Context(), p, nettest.Random(p, 2), faults.Options{Checkpoints: 8}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]*Later{}
	for i := range 24 {
		all.Go(func() {
			in, k := i%2, 1+i%3
			l, err := e.Later(in, k)
			trace := e.TraceOf(e.Golden(in))
			mu.Lock()
			defer mu.Unlock()
			if err != nil || trace == nil || trace != e.TraceOf(e.Golden(in)) {
				t.Errorf("input %d: trace %t, %v", in, trace != nil, err)
				return
			}
			name := fmt.Sprintf("input %d, inference %d", in, k)
			if old := seen[name]; old != nil && old != l {
				t.Errorf("%s is made twice", name)
			}
			seen[name] = l
		})
	}
	all.Wait()
	for name, l := range seen {
		if len(l.Output) != p.OutputBytes() || l.Points[0].Flops.CC.Run == 0 {
			t.Errorf("%s has %d bytes of output", name, len(l.Output))
		}
	}
}

// Shares of the memory stay within the whole, whatever is asked for, and a run in little of
// it has fewer points that replay all the same.
func TestSharesOfMemory(t *testing.T) {
	for _, n := range []int{0, 1, faults.MinMemory, 3 * faults.MinMemory, faults.DefaultMemory, 1 << 33} {
		for inputs := 1; inputs < 40; inputs += 13 {
			e := &Runs{options: faults.Options{Memory: n}, inputs: inputs}
			used := inputs*e.pointRoom() + e.traceRoom() + e.chainRoom()
			if used > e.Memory() || e.Memory() < faults.MinMemory || n > faults.MinMemory && e.Memory() != n || n == 0 && e.Memory() != faults.DefaultMemory {
				t.Errorf("asked for %d: %d of %d bytes are given to %d inputs", n, used, e.Memory(), inputs)
			}
			if e.pointRoom() <= 0 || e.traceRoom() <= 0 || e.chainRoom() <= 0 || e.mostMilestones() > maxMilestones {
				t.Errorf("asked for %d: a share is empty", n)
			}
		}
	}
}
