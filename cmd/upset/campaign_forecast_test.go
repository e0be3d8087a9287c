package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"upset/faults"
	"upset/faults/engine"
	"upset/npu"
)

// A short network gets no plan, and the calibration injects what it says.
func TestPlan(t *testing.T) {
	var b bytes.Buffer
	p := &program{stderr: &lockedWriter{w: &b}}
	n, err := openModel(t.Context(), tiny, (&common{}).choice())
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.New(n.Program(), [][]byte{make([]byte, n.InputBytes())}, faults.Options{ECC: npu.ECCSECDED}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.plan(e, time.Second, 2); err != nil || b.Len() > 0 {
		t.Errorf("the plan of a short network: %v, %q", err, b.String())
	}
	k, each, err := calibrate(e)
	if err != nil || k < 1 || k > trials || each <= 0 {
		t.Errorf("calibration: %d injections of %v, %v", k, each, err)
	}
	for _, c := range []struct {
		first        time.Duration
		inputs, side int
		want         string
	}{{time.Second, 8, 2, ""}, {time.Minute, 1, 2, ""}, {time.Minute, 8, 2, "the others take about 84.0 s"}, {10 * time.Minute, 3, 8, "the others take about 4 min"}} {
		b.Reset()
		p.foretell(c.first, c.inputs, c.side)
		if got := b.String(); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%v, %d inputs: %q, want %q", c.first, c.inputs, got, c.want)
		}
	}
}
