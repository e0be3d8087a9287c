package protect

import (
	"context"
	"math"
	"slices"
	"testing"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/mechanism"
	"upset/npu"
	"upset/stats"
	"upset/stats/result"
)

func TestAlarmNamesItsMechanism(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 2, npu.ECCSECDED)
	c, s := protected(t, e, 2500, []mechanism.Choice{
		{Block: "cc", Kind: mechanism.Duplicate}, {Block: "mac", Kind: mechanism.Parity}, {Block: "ao", Kind: mechanism.ParityAlways},
		{Block: mechanism.Home(mechanism.Residue), Kind: mechanism.Residue},
	})
	named := map[string]int{}
	for _, r := range s.Records {
		if r.Outcome != faults.Detected {
			if r.Alarm != 0 {
				t.Errorf("%s by %d", r.Outcome, r.Alarm)
			}
			continue
		}
		if r.End < r.Site.Cycle {
			t.Errorf("alarm at cycle %d, upset at %d", r.End, r.Site.Cycle)
		}
		named[mechanism.Kind(r.Alarm).String()]++
		want := mechanism.None
		if p, err := e.Table().Place(r.Site.ID); err == nil {
			want = map[string]mechanism.Kind{"cc": mechanism.Duplicate, "mac": mechanism.Parity, "ao": mechanism.ParityAlways, "traversal": mechanism.Residue}[p.Register.Block]
		}
		if got := mechanism.Kind(r.Alarm); want != mechanism.None && got != want && got != mechanism.Residue {
			t.Errorf("%s: alarm of %s", e.Table().Name(r.Site.ID), got)
		}
	}
	for _, k := range []mechanism.Kind{mechanism.Duplicate, mechanism.Parity, mechanism.ParityAlways, mechanism.Residue} {
		l, ok := latencyOf(c.Latencies, k.String())
		if n := named[k.String()]; n == 0 || !ok || l.Alarms != n || l.Own || l.Maximum < l.Median {
			t.Errorf("%s: %d alarms, latency %+v", k, n, l)
		}
	}
	// Parity that is checked at every clock sees an upset before the next one; a
	// comparator sees what leaves the block.
	if l, _ := latencyOf(c.Latencies, "parity-always"); l.Maximum != 0 {
		t.Errorf("parity-always: %+v", l)
	}
	if l, _ := latencyOf(c.Latencies, "duplicate"); l.Maximum == 0 {
		t.Errorf("duplicate: %+v", l)
	}
}

func latencyOf(list []result.Latency, name string) (result.Latency, bool) {
	for _, l := range list {
		if l.Mechanism == name {
			return l, true
		}
	}
	return result.Latency{}, false
}

// Where the NPU goes on to the end of the inference before an alarm acts, an upset
// does what it does without the mechanism; its alarm is no help against a wrong output
// or a foreign write.
func TestAlarmThatActsTooLateIsNoHelp(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 2, npu.ECCSECDED)
	d, err := mechanism.New(e.Table(), Everywhere(mechanism.Parity), mechanism.DefaultCells(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Delay(mechanism.MaxAlarmLatency + 1); err == nil {
		t.Error("an alarm latency without bound is accepted")
	}
	digest := d.Digest()
	if err := d.Delay(e.Watchdog()); err != nil || d.Digest() == digest {
		t.Fatal("the latency is in no digest: ", err)
	}
	base := baseCampaign(t, e, 6000)
	w, err := e.Worker()
	if err != nil {
		t.Fatal(err)
	}
	g := Guard(d)
	seen := map[faults.Outcome]int{}
	for _, bare := range base.Records {
		if bare.Outcome == faults.Masked || !d.Protects(bare.Site.ID) {
			continue
		}
		r, err := w.Inject(int(bare.Input), bare.Site, g)
		if err != nil {
			t.Fatal(err)
		}
		want := bare.Outcome
		switch want {
		case faults.Latent, faults.DUEDetected, faults.DUEHang:
			want = faults.Detected
		}
		seen[want]++
		if want == faults.Detected && r.Outcome == faults.StrayWrite && r.Cause == faults.CauseAlarm {
			continue // it wrote to a foreign place before the NPU would have stopped
		}
		if r.Outcome != want || want == faults.SDCCritical && (r.Output != bare.Output || r.End != bare.End) {
			t.Errorf("%s: %+v, without the mechanism %+v", e.Table().Name(bare.Site.ID), r, bare)
		}
	}
	if seen[faults.SDCCritical] < 5 || seen[faults.StrayWrite] < 2 || seen[faults.Detected] < 20 {
		t.Errorf("%v: too few to say anything", seen)
	}
}

// The plain machine, with all mechanisms running from cycle 0, agrees with the fast
// one, whatever the latency of the alarm.
func TestStandingMechanismsAgree(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 3, npu.ECCSECDED)
	some := []mechanism.Choice{
		{Block: "cc", Kind: mechanism.Triplicate}, {Block: "dma", Kind: mechanism.Parity}, {Block: "traversal", Kind: mechanism.Duplicate},
		{Block: "wd", Kind: mechanism.Duplicate}, {Block: "mac", Kind: mechanism.Parity}, {Block: "ao", Kind: mechanism.HardenLight},
		{Block: "mac", Kind: mechanism.Checksum}, {Block: "wd", Kind: mechanism.StreamCRC}, {Block: "traversal", Kind: mechanism.Residue},
	}
	for name, choices := range map[string][]mechanism.Choice{"mixed": some, "lockstep": Everywhere(mechanism.Lockstep)} {
		for _, latency := range []uint64{0, 60} {
			d, err := mechanism.New(e.Table(), choices, mechanism.DefaultCells(), 3)
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Delay(latency); err != nil {
				t.Fatal(err)
			}
			list, err := Validate(context.Background(), e, d, 7, 60, 2, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			outcomes := map[faults.Outcome]int{}
			for i := range list {
				if x := &list[i]; !x.Same() {
					t.Errorf("%s, latency %d: %s@%d: fast %+v, plain %+v", name, latency, d.Name(x.Site.ID), x.Site.Cycle, x.Fast, x.Plain)
				}
				outcomes[list[i].Plain.Outcome]++
			}
			t.Logf("%s, latency %d: %v", name, latency, outcomes)
		}
	}
}

func TestReportsAfterTheDeadlineViolate(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 2, npu.ECCSECDED)
	_, s := protected(t, e, 4000, []mechanism.Choice{{Block: "wd", Kind: mechanism.Duplicate}, {Block: "ao", Kind: mechanism.Duplicate}})
	free, err := s.Campaign(campaign.Question{})
	if err != nil {
		t.Fatal(err)
	}
	const clock, cycles, reaction = 500e6, 60, 40
	q := campaign.Question{Deadline: campaign.Deadline{ClockHz: clock, FTTI: cycles / clock, Reaction: reaction}}
	c, err := s.Campaign(q)
	if err != nil {
		t.Fatal(err)
	}
	want := map[faults.Outcome]int{}
	total := 0
	for _, r := range s.Records {
		n := r.End - r.Site.Cycle
		switch r.Outcome {
		case faults.Detected:
			n += reaction
		case faults.DUEDetected, faults.DUEHang:
		default:
			continue
		}
		if n > cycles {
			want[r.Outcome]++
			total++
		}
	}
	if want[faults.DUEDetected] == 0 || want[faults.DUEHang] == 0 || want[faults.Detected] == 0 {
		t.Fatalf("late reports %v: too few kinds", want)
	}
	o, f := c.Outcomes, free.Outcomes
	if f.Overdue != 0 || o.Overdue != total || o.Total() != c.Injections || f.DUEHang-o.DUEHang != want[faults.DUEHang] ||
		f.DUEDetected-o.DUEDetected != want[faults.DUEDetected] || f.Detected-o.Detected != want[faults.Detected] {
		t.Errorf("with a deadline %+v, without %+v, late ones %v", o, f, want)
	}
	if v := o.Violating(stats.ViolationCritical, true, true) - f.Violating(stats.ViolationCritical, true, true); v != total {
		t.Errorf("%d more violations, %d reports are late", v, total)
	}
	if c.FIT.Violating.Estimate <= free.FIT.Violating.Estimate || c.SPFM.Any.Lower >= free.SPFM.Any.Lower {
		t.Errorf("rates %+v with a deadline, %+v without", c.FIT, free.FIT)
	}
	if !slices.ContainsFunc(c.Warnings, func(w result.Warning) bool { return w.Code == "overdue" }) {
		t.Error("late reports without a warning")
	}
	overdue := 0
	for _, l := range c.Latencies {
		overdue += l.Overdue
		if math.Abs(l.MedianSeconds*clock-float64(l.Median)) > 1e-6 {
			t.Errorf("%+v", l)
		}
	}
	if a := c.Assumptions; overdue != total || a.ClockHz != clock || a.FTTISeconds != q.Deadline.FTTI || a.AlarmLatency != reaction {
		t.Errorf("%d late reports, assumptions %+v", overdue, a)
	}
	for _, d := range []campaign.Deadline{{FTTI: 1}, {ClockHz: -1}, {ClockHz: math.Inf(1)}, {ClockHz: 1, FTTI: math.NaN()}} {
		if _, err := s.Campaign(campaign.Question{Deadline: d}); err == nil {
			t.Errorf("%+v is accepted", d)
		}
	}
}

// Every alarm of a proof is true, false or other, by what the same upset does without
// the mechanisms.
func TestTrueAndFalseAlarms(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 3, npu.ECCSECDED)
	s := baseCampaign(t, e, 5000)
	o := Options{Dir: t.TempDir(), Workers: 2}
	p, err := Run(context.Background(), e, s, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Alarms) != 1 || len(p.Latencies) == 0 {
		t.Fatalf("alarms %+v, latencies %+v", p.Alarms, p.Latencies)
	}
	a := p.Alarms[0]
	if a.Alarms == 0 || a.Repeated != a.Alarms || a.True+a.False+a.Other != a.Alarms || a.True == 0 || a.False == 0 {
		t.Errorf("%+v", a)
	}
	alarms, detected := 0, 0.0
	for _, l := range p.Latencies {
		if !l.Own {
			alarms += l.Alarms
		}
	}
	if alarms != a.Alarms {
		t.Errorf("%d alarms have a latency, %d were sorted", alarms, a.Alarms)
	}
	// The rates of the three sorts add up to that of all alarms.
	b := engineBench{e, o.normal(s.Spec, e.Table(), len(s.Records)), o.Dir}
	last := p.Proof.Attempts[len(p.Proof.Attempts)-1]
	proof, err := campaign.Load(b.proofDir(len(p.Proof.Attempts), last.Seed))
	if err != nil {
		t.Fatal(err)
	}
	c, err := proof.Campaign(campaign.Question{})
	if err != nil {
		t.Fatal(err)
	}
	rate := stats.Scenarios()[0]
	for _, x := range c.Strata {
		lambda := rate.Flop
		if x.SRAM {
			lambda = rate.SRAM
		}
		detected += lambda * x.Bits * float64(x.Detected) / float64(x.N)
	}
	if sum := a.FITTrue.Estimate + a.FITFalse.Estimate + a.FITOther.Estimate; math.Abs(sum-detected) > 1e-9 {
		t.Errorf("rates %v, %v, %v: the sum is not that of all alarms, %v", a.FITTrue, a.FITFalse, a.FITOther, detected)
	}
	w, err := e.Worker()
	if err != nil {
		t.Fatal(err)
	}
	harm := 0
	for _, r := range proof.Records {
		if r.Outcome != faults.Detected || int(r.Site.ID) >= e.Table().Bits() {
			continue
		}
		bare, err := w.Inject(int(r.Input), r.Site, nil)
		if err != nil {
			t.Fatal(err)
		}
		if bare.Outcome != faults.DUEHang && harmful(bare.Outcome) {
			harm++
		}
	}
	if harm != a.True {
		t.Errorf("%d alarms are true, %d of the upsets do harm without the mechanisms", a.True, harm)
	}
}

// A sample of the alarms gives rates that agree with those of all of them.
func TestSampleOfAlarms(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 2, npu.ECCSECDED)
	_, s := protected(t, e, 6000, Everywhere(mechanism.ParityAlways))
	sorts := make([]int, len(s.Records))
	all := 0
	for i, r := range s.Records {
		sorts[i] = -1
		if r.Outcome == faults.Detected {
			sorts[i] = i % alarmSorts
			all++
		}
	}
	q := stats.Question{}.Normal(0.95)
	rate := func(every int) (out result.Alarms) {
		taken, err := s.Thinned(every)
		if err != nil {
			t.Fatal(err)
		}
		kept := append([]int(nil), sorts...)
		n := 0
		for i, ok := range taken {
			if !ok {
				kept[i] = -1
			} else {
				n++
			}
		}
		if every > 1 && (n < len(taken)/every || n > len(taken)/every+len(s.Frame.Strata)) {
			t.Errorf("%d of %d records at one in %d", n, len(taken), every)
		}
		countAlarms(&out, s.Records, kept)
		if err := rateAlarms(&out, s, kept, taken, q); err != nil {
			t.Fatal(err)
		}
		return out
	}
	whole, part := rate(1), rate(4)
	if whole.Repeated != all || part.Repeated >= all/3 || part.Repeated < all/5 {
		t.Errorf("%d and %d of %d alarms", whole.Repeated, part.Repeated, all)
	}
	for i, x := range []struct{ whole, part result.Limits }{{whole.FITTrue, part.FITTrue}, {whole.FITFalse, part.FITFalse}, {whole.FITOther, part.FITOther}} {
		if x.part.Lower > x.whole.Upper || x.part.Upper < x.whole.Lower || x.part.Upper-x.part.Lower <= x.whole.Upper-x.whole.Lower || x.whole.Estimate == 0 {
			t.Errorf("sort %d: %+v of all, %+v of a sample", i, x.whole, x.part)
		}
	}
}
