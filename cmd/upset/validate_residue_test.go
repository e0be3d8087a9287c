package main

import (
	"encoding/json"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"upset/faults/residue"
	"upset/stats/result"
)

// Masked faults do no harm in any later inference, on networks where some once did: in the
// second inference behind the fault, or in a later one. (dma.cmdleft.20@15172 of the first
// is one of them.)
func TestMaskedFaultsHarmNoLaterInference(t *testing.T) {
	shared := shared(t, "zoo", "user")
	if testing.Short() {
		t.Skip("some seconds of plain runs")
	}
	for _, x := range []struct {
		model, npu, seed string
		samples          int
	}{{"ei-sensor", "u55-128", "1", 60}, {"tensorflow-hello_world_int8", "u55-256", "7", 1000}} {
		o := mustRun(t, codeDone, "validate", "residue", filepath.Join(shared, x.model+".tflite"), "--npu", x.npu, "--seed", x.seed,
			"--samples", strconv.Itoa(x.samples), "--workers", "2", "--format", "json")
		var r result.Residue
		if err := json.Unmarshal([]byte(o.out), &r); err != nil {
			t.Fatal(err)
		}
		if r.Masked.N < x.samples || r.Masked.Harmed != 0 || r.Latent.Harmed == 0 || r.Latent.Harmed+r.Latent.Unsettled < r.Latent.N || r.Later != residue.Later {
			t.Errorf("%s: %+v", x.model, r)
		}
	}
}

// The comparison can fail: where the host is assumed to reload the NPU but does not, it
// finds harm and says so.
func TestValidateResidueFindsHarm(t *testing.T) {
	o := mustRun(t, codeFailed, "validate", "residue", tiny, "--inputs", fewInputs(t), "--samples", "200", "--assume-reload", "--format", "json")
	var r result.Residue
	if err := json.Unmarshal([]byte(o.out), &r); err != nil {
		t.Fatal(err)
	}
	if r.Masked.Harmed == 0 || r.Example == "" {
		t.Errorf("%+v", r)
	}
}

// Every fault model can be compared with plain runs, those that leave the SRAM out, too.
func TestValidateEngineUnderEveryFaultModel(t *testing.T) {
	for _, m := range []string{"seu", "pair", "mcu:28nm", "set", "intermittent:50", "stuck-at-0", "stuck-at-1"} {
		o := mustRun(t, codeDone, "validate", "engine", tiny, "--inputs", fewInputs(t), "--samples", "40", "--fault", m, "--assume-reload", "--format", "json")
		var r result.ValidateEngine
		if err := json.Unmarshal([]byte(o.out), &r); err != nil {
			t.Fatal(err)
		}
		if r.Samples != 40 || r.Differences != 0 {
			t.Errorf("%s: %+v", m, r)
		}
	}
}

// The checks of the tool take their share of the time and no more, but 20 seconds at least;
// time that one leaves serves those behind it.
func TestAllowance(t *testing.T) {
	if a := allow(time.Now(), 1); a != nil || a.enough(4) != nil {
		t.Error("a share of 1 sets a limit")
	}
	for _, x := range []struct{ took, least, most time.Duration }{
		{time.Second, 19 * time.Second, 20 * time.Second},
		{time.Hour, 19 * time.Minute, 21 * time.Minute},
	} {
		a := allow(time.Now().Add(-x.took), 0.25)
		if left := time.Until(a.end); left < x.least || left > x.most {
			t.Errorf("%v after %v", left, x.took)
		}
		if a.enough(4)() {
			t.Errorf("enough at once after %v", x.took)
		}
	}
	if a := (&allowance{time.Now().Add(-time.Second)}); !a.enough(2)() {
		t.Error("never enough when the time is over")
	}
}
