package protect

import (
	"context"
	"testing"

	"upset/faults/mechanism"
	"upset/npu"
)

// TestMeasure: what is reported, stopped and raised by mistake must be what each
// mechanism is made for, with any number of workers.
func TestMeasure(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 2, npu.ECCSECDED)
	measure := func(k mechanism.Kind, workers int) Coverage {
		c, err := Measure(context.Background(), e, k, mechanism.DefaultCells(), 3, 600, 100, workers)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for k, good := range map[mechanism.Kind]func(c Coverage) bool{
		mechanism.ParityAlways: func(c Coverage) bool { return c.Reported == c.Harmful && c.False == c.Masked && c.OwnAlarms == c.Own },
		// What a comparer has not seen differ when the following ends is no harm under it.
		mechanism.Lockstep: func(c Coverage) bool {
			return c.Reported+c.Stopped == c.Harmful && c.Stopped <= 1 && c.False < c.Masked/2
		},
		mechanism.Triplicate: func(c Coverage) bool { return c.Stopped == c.Harmful && c.False == 0 && c.OwnAlarms == 0 },
		mechanism.Harden:     func(c Coverage) bool { return c.Own == 0 && c.False == 0 && c.Reported == 0 },
		mechanism.Residue:    func(c Coverage) bool { return c.Reported > c.Harmful/2 && c.Harmful > 50 && c.OwnAlarms > 0 },
	} {
		c := measure(k, 2)
		if c.Harmful == 0 || c.Masked == 0 || !good(c) {
			t.Errorf("%+v", c)
		}
		if again := measure(k, 1); again != c {
			t.Errorf("one worker: %+v, two: %+v", again, c)
		}
	}
}
