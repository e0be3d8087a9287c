package protect

import (
	"context"
	"path/filepath"
	"testing"

	"upset/faults/campaign"
	"upset/npu"
)

// twoNetworks are campaigns on the two shipped networks that are quickest to run.
func twoNetworks(t *testing.T) (tiny, nano Case) {
	t.Helper()
	for name, c := range map[string]*Case{"fashion-tiny": &tiny, "fashion-nano": &nano} {
		e := tinyEngine(t, name, 4, npu.ECCSECDED)
		*c = Case{Engine: e, Stored: baseCampaign(t, e, 5000), Dir: t.TempDir()}
	}
	return tiny, nano
}

// A protection for several networks is no cheaper than for the more demanding one, and
// a mix lies between.
func TestSeveralNetworks(t *testing.T) {
	tiny, nano := twoNetworks(t)
	o := Options{Set: OptionsPaper, NoFront: true}
	area := map[string]float64{}
	for name, c := range map[string]Case{"tiny": tiny, "nano": nano} {
		own := o
		own.Dir = t.TempDir()
		p, err := Run(context.Background(), c.Engine, c.Stored, own)
		if err != nil {
			t.Fatal(err)
		}
		area[name] = p.AreaOverhead
	}
	worst, err := RunSeveral(context.Background(), []Case{tiny, nano}, MissionWorst, o)
	if err != nil {
		t.Fatal(err)
	}
	if !worst.Meets || !worst.Proof.Holds || worst.Mission != MissionWorst || len(worst.Networks) != 2 {
		t.Fatalf("worst case: %+v, %v", worst.Proof, worst.Warnings)
	}
	// Both are proven, so that the sum of injections is that of two campaigns.
	stored := 0
	for _, c := range []Case{tiny, nano} {
		stored += logged(t, c.Dir)
	}
	if stored != worst.Proof.Injections {
		t.Errorf("%d injections are in the logs, %d reported", stored, worst.Proof.Injections)
	}
	tiny.Share, nano.Share = 0.9, 0.1
	tiny.Dir, nano.Dir = t.TempDir(), t.TempDir()
	mix, err := RunSeveral(context.Background(), []Case{tiny, nano}, MissionMix, o)
	if err != nil {
		t.Fatal(err)
	}
	if !mix.Meets || mix.Networks[0].Share != 0.9 {
		t.Fatalf("mix: %+v, %v", mix.Proof, mix.Warnings)
	}
	t.Logf("areas: tiny %.3f, nano %.3f, worst %.3f, mix %.3f", area["tiny"], area["nano"], worst.AreaOverhead, mix.AreaOverhead)
	low, high := min(worst.Unprotected.FITViolating.Estimate, mix.Unprotected.FITViolating.Estimate), worst.Unprotected.FITViolating.Estimate
	if low == high {
		t.Errorf("the mix has the residual of the worst network: %v", high)
	}
}

// logged counts the injections of the proofs below a folder.
func logged(t *testing.T, dir string) (n int) {
	t.Helper()
	for _, d := range glob(t, dir, "proof-*") {
		s, err := campaign.Load(d)
		if err != nil {
			t.Fatal(err)
		}
		n += len(s.Records)
	}
	return n
}

func glob(t *testing.T, dir, pattern string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestSeveralRefuses(t *testing.T) {
	tiny, nano := twoNetworks(t)
	half := tiny
	half.Share = 0.5
	stuck := nano
	copied := *nano.Stored
	copied.Spec.Fault = "stuck-at-1"
	stuck.Stored = &copied
	other := nano
	frame := *nano.Stored.Frame
	frame.NPU = "u55-32"
	moved := *nano.Stored
	moved.Frame = &frame
	other.Stored = &moved
	for name, tc := range map[string]struct {
		cases   []Case
		mission string
	}{
		"one":           {[]Case{tiny}, MissionWorst},
		"mission":       {[]Case{tiny, nano}, "best"},
		"no share":      {[]Case{tiny, nano}, MissionMix},
		"shares":        {[]Case{half, half, half}, MissionMix},
		"fault model":   {[]Case{tiny, stuck}, MissionWorst},
		"configuration": {[]Case{tiny, other}, MissionWorst},
		"too many":      {[]Case{tiny, tiny, tiny, tiny, tiny, tiny, tiny}, MissionWorst},
	} {
		if _, err := RunSeveral(context.Background(), tc.cases, tc.mission, Options{NoProof: true}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
