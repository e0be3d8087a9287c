package protect

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"upset/faults"
	"upset/faults/campaign"
	"upset/models/driver"
	"upset/npu"
	"upset/npu/isa"
)

// tinyEngine runs the smallest shipped network.
func tinyEngine(t testing.TB, name string, inputs int, ecc npu.ECC) *faults.Engine {
	t.Helper()
	dir := filepath.Join("..", "..", "testdata", "models")
	data, err := os.ReadFile(filepath.Join(dir, name+".tflite"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := driver.Open(data, isa.U55x128)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, name+".inputs", "in_*.bin"))
	if err != nil || len(files) < inputs {
		t.Fatalf("inputs: %v", err)
	}
	var in [][]byte
	for _, f := range files[:inputs] {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		in = append(in, b)
	}
	e, err := faults.New(n.Program(), in, faults.Options{ECC: ecc}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// baseCampaign runs a campaign on the plain machine.
func baseCampaign(t testing.TB, e *faults.Engine, n int) *campaign.Stored {
	t.Helper()
	dir := t.TempDir()
	if _, err := campaign.Run(context.Background(), e, campaign.Spec{Injections: n, Seed: 5}, dir, campaign.RunOptions{}); err != nil {
		t.Fatal(err)
	}
	s, err := campaign.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRunProvesADesign(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 4, npu.ECCSECDED)
	s := baseCampaign(t, e, 5000)
	for _, set := range []string{OptionsPaper, OptionsFull} {
		p, err := Run(context.Background(), e, s, Options{Set: set, Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: area %.3f, %v, searched %d, proof %+v", set, p.AreaOverhead, p.Choice, p.Searched, p.Proof)
		t.Logf("unprotected %+v\nharden %+v\nduplicate %+v\nlockstep %+v", p.Unprotected, p.HardenAll, p.DuplicateAll, p.Lockstep)
		for _, x := range p.Pareto {
			t.Logf("%+v", x)
		}
		for _, w := range p.Warnings {
			t.Logf("%+v", w)
		}
	}
}
