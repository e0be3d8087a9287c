package convergence

import (
	"strings"
	"testing"
	"time"

	"upset/faults"
	"upset/npu"
)

// TestMeasureSpeed checks that the classes account for every injection, and that
// no injection is counted twice among pruned, simulated and run to the end.
func TestMeasureSpeed(t *testing.T) {
	e := tiny(t, faults.Options{ECC: npu.ECCSECDED})
	const n = 600
	s, err := MeasureSpeed(e, "fashion-tiny", time.Millisecond, 1, n, 2)
	if err != nil {
		t.Fatal(err)
	}
	if s.Inference, s.MACs, err = Inference(e.Program(), e.Golden(0).Input); err != nil {
		t.Fatal(err)
	}
	total := s.total()
	if total.Injections != n || total.Pruned == 0 || total.Simulated() == 0 || total.Pruned+total.Simulated() != n {
		t.Errorf("the classes hold %+v of %d injections", total, n)
	}
	for _, f := range s.Efforts {
		if f.ToEnd > f.Simulated() || f.Simulated() > 0 && f.Time <= 0 {
			t.Errorf("%+v does not add up", f)
		}
	}
	if s.MACs <= 0 || s.Inference <= 0 || s.ConeMACs <= 0 {
		t.Errorf("no scale to measure by: %+v", s)
	}
	one, err := MeasureSpeed(e, "fashion-tiny", time.Millisecond, 1, n, 1)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := one.total(), total; a.Pruned != b.Pruned || a.ToEnd != b.ToEnd || one.ConeMACs != s.ConeMACs {
		t.Errorf("one worker counts %+v, two count %+v", a, b)
	}
	var page strings.Builder
	if err := WriteSpeeds(&page, []*Speed{s}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.String(), "| all | 600 |") {
		t.Errorf("the page lacks the total:\n%s", page.String())
	}
}
