package faults

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"upset/models/driver"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// A copy to the lookup tables that is too long leaves wrong tables. An operation that
// has read them cannot be done over without a clock, though nobody reads them after
// it. (The upset is one that the engine once got wrong.)
func TestTablesReadBeforeTheHandOff(t *testing.T) {
	root := filepath.Join("..", "..", "shared")
	if _, err := os.Stat(root); os.IsNotExist(err) {
		t.Skip("the data folder ../shared is absent")
	}
	data, err := os.ReadFile(filepath.Join(root, "models", "kws_ref_model.tflite"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := driver.Open(data, isa.U55x256)
	if err != nil {
		t.Fatal(err)
	}
	in := make([]byte, n.Program().InputBytes())
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range in {
		in[i] = byte(rng.Uint32())
	}
	e, err := New(n.Program(), [][]byte{in}, Options{ECC: npu.ECCSECDED}, nil)
	if err != nil {
		t.Fatal(err)
	}
	// The command queue holds the length of the copy from cycle 44,354 on; the
	// bits of its upper word are lengths of other commands.
	w := worker(t, e)
	reached := 0
	for _, r := range e.Table().Select(netlist.Filter{Only: []string{"dma.cmdfifo*"}}) {
		for b := range r.Bits() {
			s := Site{r.First + netlist.SiteID(b), 44354}
			fast, err := w.Inject(0, s, nil)
			if err != nil {
				t.Fatal(err)
			}
			if fast.Path.Pruned() || fast.Path == PathStopped || b&3 != 0 {
				continue
			}
			plain, err := worker(t, e).Plain(0, s)
			if err != nil {
				t.Fatal(err)
			}
			if !fast.Same(plain) {
				t.Errorf("%s: fast %+v, plain %+v", e.Table().Name(s.ID), fast, plain)
			}
			reached++
		}
	}
	if reached < 10 {
		t.Errorf("%d upsets compared", reached)
	}
}
