package engine

import (
	"testing"

	"upset/faults"
	"upset/models/nettest"
	"upset/npu/isa"
)

// A hang that is not proven ends at the watchdog to the cycle, though a proof is
// attempted there, which steps the machine.
func TestHangEndsAtWatchdog(t *testing.T) {
	cases := []struct {
		config isa.Config
		site   string
		cycle  uint64
	}{
		{isa.U55x32, "cc.bank0.ofm_height_m1.12", 556},
		{isa.U55x64, "cc.bank0.ofm_width_m1.7", 985},
		{isa.U55x128, "cc.bank0.ofm_width_m1.15", 977},
		{isa.U55x128, "cc.bank0.ofm_height_m1.7", 372},
	}
	for _, tc := range cases {
		p := nettest.SharedProgram(t, "seanet_add0_int16", tc.config)
		e, err := New(p, [][]byte{make([]byte, p.InputBytes())}, faults.Options{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		id, err := e.Table().Parse(tc.site)
		if err != nil {
			t.Fatal(err)
		}
		w := worker(t, e)
		fast, err := w.Inject(0, faults.Site{ID: id, Cycle: tc.cycle}, nil)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := w.Plain(0, faults.Site{ID: id, Cycle: tc.cycle})
		if err != nil {
			t.Fatal(err)
		}
		if plain.Cause != faults.CauseWatchdog || plain.End != e.Watchdog() || !fast.Same(plain) {
			t.Errorf("%s on %v: fast %+v, plain %+v, watchdog %d", tc.site, tc.config, fast, plain, e.Watchdog())
		}
	}
}
