package engine

import (
	"math/rand/v2"
	"slices"
	"testing"

	"upset/faults"
	"upset/models/nettest"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// A copy to the lookup tables that is too long leaves wrong tables. An operation that
// has read them cannot be done over without a clock, though nobody reads them after
// it. (The upset is one that the engine once got wrong.)
func TestTablesReadBeforeTheHandOff(t *testing.T) {
	p := nettest.SharedProgram(t, "kws_ref_model", isa.U55x256)
	in := make([]byte, p.InputBytes())
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range in {
		in[i] = byte(rng.Uint32())
	}
	e, err := New(p, [][]byte{in}, faults.Options{ECC: npu.ECCSECDED}, nil)
	if err != nil {
		t.Fatal(err)
	}
	at := queued(t, e)
	w := worker(t, e)
	reached := 0
	for _, r := range e.Table().Select(netlist.Filter{Only: []string{"dma.cmdfifo*"}}) {
		for b := range r.Bits() {
			s := faults.Site{ID: r.First + netlist.SiteID(b), Cycle: at}
			fast, err := w.Inject(0, s, nil)
			if err != nil {
				t.Fatal(err)
			}
			if fast.Path.Pruned() || fast.Path == faults.PathStopped || b&3 != 0 {
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

// queued finds the first cycle at which the command queue holds the length of a copy to
// the tables, its payload included.
func queued(t *testing.T, e *Engine) uint64 {
	t.Helper()
	const internal = 1 << 8 // region mode of the destination: the shared buffer
	length := -1
	for _, o := range e.Stream.Ops {
		if !o.DMA || o.Setup.Registers[isa.DMA0DstRegion]&internal == 0 {
			continue
		}
		sets := e.Stream.Sets[isa.DMA0Len]
		if k, _ := slices.BinarySearch(sets, o.Word); k > 0 {
			length = sets[k-1]
		}
		break
	}
	if length < 0 {
		t.Fatal("no copy to the tables")
	}
	m, err := e.Begin(0)
	if err != nil {
		t.Fatal(err)
	}
	for m.S.CC.Run != 0 {
		first := int(m.S.CC.Offset / 8)
		if length/2 >= first && (length+1)/2 < first+int(m.S.DMA.CmdCnt) {
			return m.Cycle()
		}
		m.Step()
	}
	t.Fatal("the length of the copy is never queued")
	return 0
}
