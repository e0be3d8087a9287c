package mechanism

import (
	"os"
	"path/filepath"
	"testing"

	"upset/models/driver"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// begin returns a machine at the start of an inference of a shipped network.
func begin(t testing.TB, model string, c isa.Config) *npu.Machine {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "models", model+".tflite"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := driver.Open(data, c)
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
	m := npu.New(p.Config, npu.DefaultSystem(), npu.ECCNone, mem)
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
// stores what it would store if the run had begun there.
func TestCheckersAreQuiet(t *testing.T) {
	models, err := filepath.Glob(filepath.Join("..", "..", "testdata", "models", "*.tflite"))
	if err != nil || len(models) == 0 {
		t.Fatal("no models", err)
	}
	for _, path := range models {
		model := filepath.Base(path)
		model = model[:len(model)-len(".tflite")]
		for _, c := range isa.Configs {
			compiled := Compile(begin(t, model, c), Jobs{Begins: []uint64{0}, Limits: []uint64{testLimit}})
			compiled.Follow(begin(t, model, c))
			if len(compiled.Streams) == 0 {
				t.Errorf("%s on %s: no streams of weights", model, c)
			}
			m := begin(t, model, c)
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
		}
	}
}
