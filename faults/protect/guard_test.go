package protect

import (
	"context"
	"os"
	"testing"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/npu"
	"upset/stats"
	"upset/stats/result"
)

// protected runs a campaign on a machine with mechanisms.
func protected(t testing.TB, e *engine.Engine, n int, choices []mechanism.Choice) (*result.Campaign, *campaign.Stored) {
	t.Helper()
	d := equipped(t, e, 3, choices)
	spec := campaign.Spec{Injections: n, Seed: 9, Sampling: campaign.SamplingStratified}
	base, err := campaign.NewPlain(e.Table(), spec.For(e))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	c, err := campaign.Run(context.Background(), e, spec, dir, campaign.RunOptions{Population: NewPopulation(base, d)})
	if err != nil {
		t.Fatal(err)
	}
	s, err := campaign.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

// A mechanism that stops every single upset leaves no violation, on the machine
// with the mechanism running and with its own storage upset as well.
func TestMechanismsStopEverything(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 3, npu.ECCSECDED)
	for _, tc := range []struct {
		kind mechanism.Kind
		want func(o result.Outcomes) bool
	}{
		{mechanism.Duplicate, func(o result.Outcomes) bool { return o.Detected > 50 && o.Masked > o.Detected }},
		{mechanism.Parity, func(o result.Outcomes) bool { return o.Detected > 500 && o.Masked > 500 }},
		{mechanism.ParityAlways, func(o result.Outcomes) bool { return o.Detected > 1000 && o.Masked < 200 }},
		{mechanism.ParityInterleaved, func(o result.Outcomes) bool { return o.Detected > 500 && o.Masked > 500 }},
		{mechanism.Lockstep, func(o result.Outcomes) bool { return o.Detected > 50 && o.Masked > o.Detected }},
		{mechanism.Harden, func(o result.Outcomes) bool { return o.Detected == 0 && o.Masked > 1000 }},
	} {
		c, _ := protected(t, e, 3000, Everywhere(tc.kind))
		if v := c.Outcomes.Violating(stats.ViolationAny, false, false); v > 0 || !tc.want(c.Outcomes) {
			t.Errorf("%s: %d violations; outcomes %+v", tc.kind, v, c.Outcomes)
		}
	}
}

// Triplication corrects every upset of a flop, and none of the pulses at the outputs of
// its voters, which are part of the rate: what they do, the unprotected flops do.
func TestVotersArePartOfTheRate(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 3, npu.ECCSECDED)
	c, s := protected(t, e, 6000, Everywhere(mechanism.Triplicate))
	if c.Outcomes.Corrected < 1000 || c.Outcomes.Detected > 0 {
		t.Errorf("outcomes %+v", c.Outcomes)
	}
	d, err := mechanism.New(e.Table(), Everywhere(mechanism.Triplicate), mechanism.DefaultCells(), 3)
	if err != nil {
		t.Fatal(err)
	}
	w, err := e.Worker()
	if err != nil {
		t.Fatal(err)
	}
	harm := 0
	for _, r := range s.Records {
		if _, class := d.Where(r.Site.ID); !harmful(r.Outcome) {
			continue
		} else if harm++; class != "voter" {
			t.Errorf("%s: %s", d.Name(r.Site.ID), r.Outcome)
		}
	}
	if harm < 20 {
		t.Errorf("%d pulses violate: too few to say anything", harm)
	}
	// A declared ratio lets as many of them fade.
	cells := mechanism.DefaultCells()
	cells.Voter = 0.25
	if d, err = mechanism.New(e.Table(), []mechanism.Choice{{Block: "mac", Kind: mechanism.Triplicate}}, cells, 3); err != nil {
		t.Fatal(err)
	}
	g, first, faded := Guard(d), d.Parts()[1].First, 0
	const n = 2000
	for i := range uint64(n) {
		r, err := w.Inject(0, faults.Site{ID: first + 7, Cycle: i % e.Cycles()}, g)
		if err != nil {
			t.Fatal(err)
		}
		if r.Cause == faults.CauseFaded {
			faded++
		}
		if (r.Before == r.After) != (r.Cause == faults.CauseFaded) {
			t.Fatalf("bit %d to %d, cause %s", r.Before, r.After, r.Cause)
		}
	}
	if faded < 1400 || faded > 1600 { // four standard deviations are 77
		t.Errorf("%d of %d pulses fade, want 1500", faded, n)
	}
	// The search knows: what a triplicated flop leaves is the rate of its voter.
	if got := mechanism.DefaultCells().Keep(mechanism.Triplicate); got != 1 || cells.Keep(mechanism.Triplicate) != 0.25 {
		t.Errorf("share that remains %v", got)
	}
}

// Unprotected registers behave as on the plain machine, and every record of a
// protected one proves its flip or says why there was none.
func TestPartialProtection(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 2, npu.ECCSECDED)
	_, s := protected(t, e, 2500, []mechanism.Choice{{Block: "cc", Kind: mechanism.Duplicate}, {Block: "wd", Kind: mechanism.HardenLight}})
	w, err := e.Worker()
	if err != nil {
		t.Fatal(err)
	}
	plain, held, copies := 0, 0, 0
	for _, r := range s.Records {
		if r.Before == r.After != (r.Cause == faults.CauseHardened) {
			t.Fatalf("site %d: bit %d to %d, cause %s", r.Site.ID, r.Before, r.After, r.Cause)
		}
		if int(r.Site.ID) >= e.Table().Bits() {
			copies++
			continue
		}
		p, err := e.Table().Place(r.Site.ID)
		if err != nil {
			t.Fatal(err)
		}
		switch p.Register.Block {
		case "cc":
			if r.Outcome != faults.Masked && r.Outcome != faults.Detected {
				t.Errorf("%s: outcome %s in a duplicated block", e.Table().Name(r.Site.ID), r.Outcome)
			}
		case "wd":
			if r.Cause == faults.CauseHardened {
				held++
			}
		default:
			plain++
			want, err := w.Inject(int(r.Input), r.Site, nil)
			if err != nil || want != r {
				t.Fatalf("%s: %+v, plain machine %+v: %v", e.Table().Name(r.Site.ID), r, want, err)
			}
		}
	}
	if plain < 100 || held < 100 || copies < 100 {
		t.Errorf("%d plain, %d held, %d added: too few to say anything", plain, held, copies)
	}
}

// On a protected machine too, what makes the engine fast changes no record: a
// checker is a reader, and may see what nothing else reads.
func TestProtectedShortcuts(t *testing.T) {
	fast := engineWith(t, "fashion-tiny", 2, faults.Options{ECC: npu.ECCSECDED})
	slow := engineWith(t, "fashion-tiny", 2, faults.Options{ECC: npu.ECCSECDED, Engine: faults.AllOff})
	n := 200
	if testing.Verbose() && os.Getenv("UPSET_LONG") != "" {
		n = 2000
	}
	for kind := mechanism.HardenLight; ; kind++ {
		if _, err := mechanism.ParseKind(kind.String()); err != nil {
			break
		}
		if kind == mechanism.SECDED || kind == mechanism.Harden {
			continue
		}
		c, a := protected(t, fast, n, Everywhere(kind))
		_, b := protected(t, slow, n, Everywhere(kind))
		if len(a.Records) != len(b.Records) || len(a.Records) < n {
			t.Fatalf("%s: %d and %d records", kind, len(a.Records), len(b.Records))
		}
		shorter := 0
		for i, r := range a.Records {
			if !r.Same(b.Records[i]) {
				t.Errorf("%s: %+v, without shortcuts %+v", kind, r, b.Records[i])
			}
			if r.Path != b.Records[i].Path {
				shorter++
			}
		}
		t.Logf("%s: %+v, %d shorter", kind, c.Outcomes, shorter)
		if shorter < n/100 {
			t.Errorf("%s: only %d of the records were found on another path", kind, shorter)
		}
	}
}
