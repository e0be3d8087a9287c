package campaign

import (
	"testing"

	"upset/faults"
	"upset/netlist"
)

// contender runs a toy campaign for a comparison.
func contender(t *testing.T, name string, m *toy, change func(*Spec)) Contender {
	t.Helper()
	dir := t.TempDir()
	r := m.must(t, toySpec(change), dir, 2)
	s, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return Contender{name, s, r}
}

func TestComparePaired(t *testing.T) {
	a := contender(t, "a", newToy(), nil)
	same := contender(t, "same", newToy(), nil)
	// Reloading between inferences changes latent faults of the MAC array only.
	reload := contender(t, "reload", newToy(), func(s *Spec) { s.AssumeReload = true })
	c, err := Compare([]Contender{a, same, reload}, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	if p := c.Pairs[0]; p.Paired != 2000 || p.Total.OnlyA+p.Total.OnlyB != 0 || p.Total.Sign != "~" || p.Total.P != 1 {
		t.Errorf("a campaign with itself: %+v", p)
	}
	p := c.Pairs[1]
	if p.Paired < 1900 || p.B != 2 {
		t.Errorf("%d common faults", p.Paired)
	}
	for _, b := range p.Blocks {
		if (b.OnlyA > 0) != (b.Block == "mac") || b.OnlyB != 0 {
			t.Errorf("%s: %d and %d discordant pairs", b.Block, b.OnlyA, b.OnlyB)
		}
		if b.PHolm < b.P {
			t.Errorf("%s: adjusted P %v below %v", b.Block, b.PHolm, b.P)
		}
	}
}

func TestCompareSigns(t *testing.T) {
	a := contender(t, "a", newToy(), func(s *Spec) { s.Injections = 6000 })
	b := contender(t, "b", newToy(), func(s *Spec) { s.Injections = 6000 })
	turn := func(c *Contender) { // every fault of cc violates in this one
		for i, r := range c.Stored.Records {
			if r.Site.ID < netlist.SiteID(1000) {
				c.Stored.Records[i].Outcome = faults.SDCCritical
			}
		}
		var err error
		if c.Result, err = c.Stored.Campaign(Question{}); err != nil {
			t.Fatal(err)
		}
	}
	turn(&b)
	for name, list := range map[string][]Contender{"+": {a, b}, "-": {b, a}} {
		c, err := Compare(list, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range c.Pairs[0].Blocks {
			want := "~"
			if x.Block == "cc" {
				want = name
			}
			if x.Sign != want {
				t.Errorf("%s has the sign %s, want %s: %+v", x.Block, x.Sign, want, x)
			}
		}
	}
	// Another seed has nothing in common: compared unpaired, same conclusion.
	other := contender(t, "other", newToy(), func(s *Spec) { s.Injections, s.Seed = 6000, 99 })
	turn(&other)
	c, err := Compare([]Contender{a, other}, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	if c.Pairs[0].Paired != 0 || c.Warnings[0].Code != "unpaired" {
		t.Errorf("paired %d, warnings %+v", c.Pairs[0].Paired, c.Warnings)
	}
	for _, x := range c.Pairs[0].Blocks {
		if (x.Sign == "+") != (x.Block == "cc") {
			t.Errorf("unpaired %s has the sign %s", x.Block, x.Sign)
		}
	}
	if _, err := Compare([]Contender{a}, 0.95); err == nil {
		t.Error("one campaign is compared")
	}
}
