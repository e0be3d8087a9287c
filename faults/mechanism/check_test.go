package mechanism

import (
	"os"
	"path/filepath"
	"testing"

	"upset/models/network"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// begin returns a machine at the start of an inference of a shipped network, in a system.
func begin(t testing.TB, model string, c isa.Config, sys npu.System) *npu.Machine {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "models", model+".tflite"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := network.Open(data, c)
	if err != nil {
		t.Fatal(err)
	}
	p := n.Program()
	size := 0
	for _, b := range p.Inputs {
		size += b.Size
	}
	in := make([]byte, size)
	for i := range in {
		in[i] = byte(i*37 ^ i>>5)
	}
	mem := new(isa.Memory)
	if err := p.Load(mem, in); err != nil {
		t.Fatal(err)
	}
	m := npu.New(p.Config, sys, npu.ECCNone, mem)
	m.WindowLo, m.WindowHi = isa.SRAMBase, isa.SRAMBase+uint32(p.SRAMBytes())
	p.Start(m)
	return m
}

// Limit of the test programs, far above what they take.
const testLimit = 10_000_000

func allCheckers() (list []Choice) {
	for _, k := range append(Checkers(), Watchdog) {
		list = append(list, Choice{Block: k.home(), Kind: k})
	}
	return list
}

// Without a fault no checker ever raises its alarm, and at every cycle a checker
// stores what it would store if the run had begun there. So it is where the MAC array
// waits for banks of the shared buffer, and holds its tokens.
func TestCheckersAreQuiet(t *testing.T) {
	models, err := filepath.Glob(filepath.Join("..", "..", "testdata", "models", "*.tflite"))
	if err != nil || len(models) == 0 {
		t.Fatal("no models", err)
	}
	held := npu.DefaultSystem()
	held.Limits.SharedPorts, held.Limits.SharedPlacement = 1, 2 // units meet often
	var waits npu.Waits
	for _, path := range models {
		model := filepath.Base(path)
		model = model[:len(model)-len(".tflite")]
		for _, c := range isa.Configs {
			quiet(t, model, c, npu.DefaultSystem())
			w := quiet(t, model, c, held)
			waits.Store, waits.Sums, waits.Fetch = waits.Store+w.Store, waits.Sums+w.Sums, waits.Fetch+w.Fetch
		}
	}
	if waits.Store == 0 || waits.Sums == 0 || waits.Fetch == 0 {
		t.Errorf("the array hardly waits: %+v", waits)
	}
}

func quiet(t *testing.T, model string, c isa.Config, sys npu.System) npu.Waits {
	t.Helper()
	compiled := Compile(begin(t, model, c, sys), Jobs{Begins: []uint64{0}, Limits: []uint64{testLimit}})
	compiled.Follow(begin(t, model, c, sys))
	if len(compiled.Streams) == 0 {
		t.Errorf("%s on %s: no streams of weights", model, c)
	}
	m := begin(t, model, c, sys)
	d := design(t, netlist.New(c, npu.ECCNone), allCheckers()...)
	d.Equip(compiled)
	g := d.Guard()
	for _, x := range g.checks {
		x.check.sync(m)
	}
	for m.S.CC.Run != 0 && m.Cycle() < 60_000 {
		if g.Step(m) {
			t.Fatalf("%s on %s: false alarm at cycle %d", model, c, m.Cycle())
		}
		if m.Cycle()%61 != 0 {
			continue
		}
		for _, x := range g.checks {
			if !x.check.agrees(m) {
				t.Fatalf("%s on %s: %T differs from what it is worked out to hold at cycle %d", model, c, x.check, m.Cycle())
			}
		}
	}
	return m.Waits
}
