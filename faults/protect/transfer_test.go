package protect

import (
	"context"
	"testing"

	"upset/faults/campaign"
	"upset/npu"
)

// A design is chosen on each network, in both units, and judged on all of them.
func TestTransferJudgesEveryDesignEverywhere(t *testing.T) {
	var cases []TransferCase
	for _, name := range []string{"fashion-tiny", "fashion-nano"} {
		e := tinyEngine(t, name, 4, npu.ECCSECDED)
		c := TransferCase{Name: name, Engine: e, Choose: baseCampaign(t, e, 3000)}
		if c.Judge = c.Choose; name == "fashion-tiny" {
			cases = append(cases, c)
			continue
		}
		dir := t.TempDir()
		if _, err := campaign.Run(context.Background(), e, campaign.Spec{Injections: 3000, Seed: 6}, dir, campaign.RunOptions{}); err != nil {
			t.Fatal(err)
		}
		var err error
		if c.Judge, err = campaign.Load(dir); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	list, err := Transfer(context.Background(), cases, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 4 {
		t.Fatalf("%d designs: want one for each network and unit", len(list))
	}
	found := 0
	for i, x := range list {
		if len(x.On) != 1 || x.On[0] != cases[i%2].Name || x.Unit != []string{UnitBlockClass, UnitRegister}[i/2] {
			t.Errorf("design %d is for %v in units of %s", i, x.On, x.Unit)
		}
		if !x.Found {
			continue
		}
		found++
		if len(x.Judged) != 2 || x.Judged[0].Name != "fashion-tiny" || x.AreaOverhead <= 0 || x.Judged[0].Design != x.Design {
			t.Fatalf("%+v", x)
		}
	}
	if found < 2 {
		t.Fatalf("%d designs found", found)
	}
	// Judged by its own records a design meets the target that it was chosen for; the
	// other network has another seed and need not.
	if own := list[0].Judged[0]; !list[0].Found || own.Result != campaign.GatePass {
		t.Errorf("%v judged by the records that chose it: %+v", list[0].On, own)
	}
}
