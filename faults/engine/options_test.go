package engine

import (
	"math/rand/v2"
	"testing"

	"upset/faults"
	"upset/faults/criterion"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// The engine's records are those of plain runs under every option that changes what a
// record says. Half of the upsets are late in the inference, where what is left behind
// counts, and a third of them in the shared buffer where the fault model knows its cells.
func TestOptionsAgreeWithPlainRuns(t *testing.T) {
	slow := npu.DefaultSystem()
	slow.SRAM, slow.Flash = npu.Timing{BeatInterval: 3, ReadLatency: 70, WriteLatency: 90}, npu.Timing{BeatInterval: 16, ReadLatency: 200, WriteLatency: 64}
	narrow := npu.DefaultSystem()
	narrow.Limits.PortReads, narrow.Limits.PortWrites, narrow.Limits.Kernels = 2, 1, 1
	beside := npu.DefaultSystem()
	beside.Limits.Overlap = npu.MaxLimits().Overlap
	sramOnly, dedicated := npu.DefaultSystem(), npu.DefaultSystem()
	sramOnly.Map, dedicated.Map = npu.DefaultMap(), npu.DefaultMap()
	sramOnly.Map.Constants, sramOnly.Map.Port1, sramOnly.Map.Commands = npu.InSRAM, 0, 0
	dedicated.DRAM = npu.Timing{BeatInterval: 2, ReadLatency: 90, WriteLatency: 40}
	dedicated.Map.DRAM, dedicated.Map.Arena, dedicated.Map.Port1 = npu.Window{Base: 0x60000000, Size: 8 << 20}, npu.InDRAM, 1|1<<1
	model := func(text string) faults.Options {
		m, err := faults.ParseModel(text)
		if err != nil {
			t.Fatal(err)
		}
		return faults.Options{Model: m, ECC: npu.ECCSECDED}
	}
	reload := func(o faults.Options) faults.Options { o.AssumeReload = true; return o }
	for name, o := range map[string]faults.Options{
		"no code":              {},
		"parity":               {ECC: npu.ECCParity},
		"SECDED":               {ECC: npu.ECCSECDED},
		"no code, reload":      {AssumeReload: true},
		"parity, reload":       {AssumeReload: true, ECC: npu.ECCParity},
		"SECDED, reload":       {AssumeReload: true, ECC: npu.ECCSECDED},
		"no watchdog":          {NoWatchdog: true, ECC: npu.ECCSECDED},
		"slow memories":        {System: slow, ECC: npu.ECCSECDED},
		"narrow ports":         {System: narrow, ECC: npu.ECCSECDED},
		"operations overlap":   {System: beside, ECC: npu.ECCSECDED},
		"timing adapters":      {System: adapters()},
		"constants in SRAM":    {System: sramOnly, ECC: npu.ECCSECDED},
		"arena in DRAM":        {System: dedicated},
		"pairs":                model("pair"),
		"pulses":               model("set"),
		"pulses, reload":       reload(model("set")),
		"intermittent":         model("intermittent:40"),
		"cells":                model("mcu:28nm:interleave=1"),
		"cells, reload":        reload(model("mcu:28nm:interleave=1")),
		"cells of a row":       model("mcu:28nm:interleave=2:row"),
		"outcomes remembered":  {ECC: npu.ECCSECDED, Cache: faults.Cache{Entries: 4096, Verify: 4}},
		"few points, reload":   {ECC: npu.ECCSECDED, Checkpoints: 3, AssumeReload: true},
		"one input, no code":   {Checkpoints: 1},
		"tolerance, any point": {Criterion: mustCriterion(t, "tolerance:0.1")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inputs := 3
			if o.Checkpoints == 1 {
				inputs = 1
			}
			compareOptions(t, engine(t, "fashion-tiny", isa.U55x64, inputs, o), 250)
		})
	}
}

func mustCriterion(t *testing.T, text string) criterion.Criterion {
	t.Helper()
	c, err := criterion.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// compareOptions injects upsets fast and plainly.
func compareOptions(t *testing.T, e *Engine, n int) (paths [faults.NumPaths]int) {
	t.Helper()
	ram := e.Table().Select(netlist.Filter{Only: []string{"sb.mem", "sb.bank*", "sb.check*"}})
	flops := e.Table().Select(netlist.Filter{NoSRAM: true})
	rng := rand.New(rand.NewPCG(14, 13))
	fast, plain := worker(t, e), worker(t, e)
	var seen [faults.NumOutcomes]int
	for k := range n {
		list := flops
		if k%3 == 0 && !e.Options().Model.FlopsOnly() && len(ram) > 0 {
			list = ram
		}
		r := list[rng.IntN(len(list))]
		if r.Bits() == 0 {
			continue
		}
		s := faults.Site{ID: r.First + netlist.SiteID(rng.IntN(r.Bits())), Cycle: rng.Uint64N(e.Cycles())}
		if k&1 == 0 {
			s.Cycle = e.Cycles() - 1 - s.Cycle/8
		}
		in := rng.IntN(e.Inputs())
		a, err := fast.Inject(in, s, nil)
		if err != nil {
			t.Fatal(err)
		}
		b, err := plain.Plain(in, s)
		if err != nil {
			t.Fatal(err)
		}
		seen[b.Outcome]++
		paths[a.Path]++
		if !a.Same(b) {
			t.Errorf("%s@%d, input %d: fast %+v, plain %+v", e.Table().Name(s.ID), s.Cycle, in, a, b)
		}
		if (fast.Output() == nil) != (plain.Output() == nil) && a.Path != faults.PathCached {
			t.Errorf("%s@%d, input %d: output kept fast %t, plain %t", e.Table().Name(s.ID), s.Cycle, in, fast.Output() != nil, plain.Output() != nil)
		}
	}
	t.Log(seen)
	return paths
}
