package verdicts

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/mechanism"
	"upset/faults/protect"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats"
	"upset/stats/result"
)

func machine(t *testing.T, kind string, seed uint64) *Machine {
	t.Helper()
	x, err := newMachine(netlist.New(isa.U55x32, npu.ECCNone), kind, seed)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// unprotected is the machine without mechanisms.
func unprotected(int) mechanism.Kind { return mechanism.None }

// TestTruth compares the true rates with those of large campaigns, without and with
// mechanisms.
func TestTruth(t *testing.T) {
	sum, n := 0.0, 0.0
	for seed := range uint64(4) {
		x := machine(t, Wide, 100+seed)
		d, err := x.bestDesign()
		if err != nil {
			t.Fatal(err)
		}
		spec := campaign.Spec{Model: "planted", Seed: seed, Injections: 100_000}
		for k, design := range map[string]*mechanism.Design{"plain": nil, "best": d} {
			kindOf := unprotected
			if design != nil {
				kindOf = design.Kind
			}
			want, _ := x.residual(kindOf)
			s, err := x.campaign(spec, design)
			if err != nil {
				t.Fatal(err)
			}
			c, err := s.Campaign(campaign.Question{Question: x.question()})
			if err != nil {
				t.Fatal(err)
			}
			// The limits lie at about two standard errors.
			got := c.FIT.Violating
			z := (got.Estimate - want) / ((got.Upper - got.Lower) / 4)
			if math.Abs(z) > 4 {
				t.Errorf("seed %d, %s: %v FIT estimated, %v true: %.1f standard errors", seed, k, got, want, z)
			}
			if got.Upper-got.Lower > 0.4*want {
				t.Errorf("seed %d, %s: limits %v are too wide to judge %v", seed, k, got, want)
			}
			sum += z
			n++
		}
	}
	if z := sum / math.Sqrt(n); math.Abs(z) > 4 {
		t.Errorf("the estimates are off by %.1f standard errors together", z)
	}
}

// TestVerdicts keeps the rates of claims within what the page says, on few machines.
func TestVerdicts(t *testing.T) {
	list, err := Examine(context.Background(), Methods()[0], First(24), 2, 7, nil)
	if err != nil {
		t.Fatal(err)
	}
	met := 0
	for i, v := range list {
		if v.False() {
			t.Errorf("machine %d (%s, best design at %.2f): a design at %.2f of the limits was shown to meet them", i, v.Kind, v.Best, v.True)
		}
		if v.Met && (v.Shown < Confidence || v.True == 0) {
			t.Errorf("machine %d: met, but shown at %v, truth %v", i, v.Shown, v.True)
		}
		if v.Kind == Half && v.Met {
			met++
		}
		if (v.Kind == Half) != (v.Best == 0.5) || v.Kind == Near && math.Abs(v.Best-1) > 0.0501 {
			t.Errorf("machine %d of kind %s has its best design at %v", i, v.Kind, v.Best)
		}
	}
	if met < 5 {
		t.Errorf("%d of 8 machines at half the budget were shown to meet it", met)
	}
}

// TestMethods does so with single registers and with campaigns that stop on their precision.
func TestMethods(t *testing.T) {
	for i, m := range Methods()[1:] {
		list, err := Examine(context.Background(), m, First(2), 2, 20264, nil)
		if err != nil {
			t.Fatalf("%s: %v", m, err)
		}
		for _, v := range list {
			if v.False() || v.Kind == Half && !v.Met || v.Kind == Near && v.Met {
				t.Errorf("%s: %+v", m, v)
			}
			if m.Looks != (v.Size != Injections) || v.Size > MostInjections {
				t.Errorf("%s: a campaign of %d injections", m, v.Size)
			}
		}
		if m.Looks && m.Unit == protect.UnitBlockClass {
			c, err := Direct(context.Background(), m, 24, 2, 20264)
			if err != nil || c.Of == 0 || c.N > 1 || c.Upper < 0.2 {
				t.Errorf("%s on best designs beyond the budget: %+v, %v", m, c, err)
			}
		}
		if again := Methods()[i+1].String(); strings.Contains(again, "registers") != (m.Unit == protect.UnitRegister) {
			t.Errorf("%+v is called %s", m, again)
		}
	}
}

// TestClassesWhereRegistersFail: where no design of single registers can be put to a proof,
// or none holds, whole classes are, on all records, as one of the attempts.
func TestClassesWhereRegistersFail(t *testing.T) {
	for number, attempts := range map[uint64]int{8: 1, 2: 2} {
		x := machine(t, Half, 20264+number)
		m := Methods()[1]
		spec := m.spec(x.Seed)
		if x.Adapted {
			spec.Sampling = campaign.SamplingAdaptive
		}
		s, err := x.campaign(spec, nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := protect.RunOn(context.Background(), x, s, protect.Options{Question: x.question(), Set: x.Set, Unit: m.Unit, Cells: x.Cells, NoFront: true})
		if err != nil {
			t.Fatal(err)
		}
		said := slices.ContainsFunc(r.Warnings, func(w result.Warning) bool { return w.Code == "classes" })
		if !r.Meets || r.Unit != protect.UnitBlockClass || !said || len(r.Proof.Attempts) != attempts {
			t.Errorf("machine %d: met: %v, unit %s, attempts %+v, warnings %v", number, r.Meets, r.Unit, r.Proof.Attempts, r.Warnings)
		}
		if list := r.Proof.Attempts; len(list) > 1 && list[len(list)-1].Confidence < list[0].Confidence {
			t.Errorf("machine %d: attempts at %v, then %v", number, list[0].Confidence, list[len(list)-1].Confidence)
		}
	}
}

// TestGivenDesignIsNotSearchedFor: where the proof of a given design fails, nothing is said
// of margins, and of no next design.
func TestGivenDesignIsNotSearchedFor(t *testing.T) {
	x := machine(t, Near, 20264)
	d, err := x.bestDesign()
	if err != nil {
		t.Fatal(err)
	}
	s, err := x.campaign(Methods()[0].spec(x.Seed), nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := protect.JudgeOn(context.Background(), x, s, protect.Options{Question: x.question(), Set: x.Set, Cells: x.Cells, NoFront: true}, d.Choices())
	if err != nil {
		t.Fatal(err)
	}
	failed := false
	for _, w := range r.Warnings {
		failed = failed || w.Code == "proof_failed"
		if w.Code == "margin" || strings.Contains(w.Message, "next design") {
			t.Errorf("a given design: %s", w.Message)
		}
	}
	if !failed || r.Meets {
		t.Errorf("the proof of a design at %.2f of its limits: %+v, met: %v", x.Best, r.Proof, r.Meets)
	}
}

// TestMethodsAreCompared: the page says of a method that claims too much, or too little,
// that it fails.
func TestMethodsAreCompared(t *testing.T) {
	r := Comparison{Lists: []Other{{Method: Methods()[0]}, {Method: Methods()[1]}, {Method: Methods()[2]}}}
	for i := range 120 {
		v := Verdict{Kind: []string{Near, Half, Wide}[i%3], Best: 0.5, Met: i%3 == 1, True: 0.5, Size: 100, Area: 0.1}
		if v.Kind == Near {
			v.Best = 1.02
		}
		r.Lists[0].Verdicts = append(r.Lists[0].Verdicts, v)
		weak, liar := v, v
		weak.Met = v.Met && i%12 == 1 // a quarter
		liar.Area, liar.Met = 0.05, v.Met || i < 60
		if v.Kind == Near {
			liar.True = 1.02
		}
		r.Lists[1].Verdicts = append(r.Lists[1].Verdicts, weak)
		r.Lists[2].Verdicts = append(r.Lists[2].Verdicts, liar)
	}
	for i, want := range []struct{ honest, powerful bool }{{true, false}, {false, true}} {
		c, err := compare(r.Lists[1+i], r.Lists[0].Verdicts)
		if err != nil {
			t.Fatal(err)
		}
		powerful, err := c.powerful()
		if err != nil || powerful != want.powerful || (c.all.Upper <= mostFalse) != want.honest {
			t.Errorf("%s: %+v, powerful: %v, %v", c.Method, c, powerful, err)
		}
	}
	if c, err := compare(r.Lists[2], r.Lists[0].Verdicts); err != nil || c.all.N != 20 || c.met != 40 || math.Abs(c.area-0.05) > 1e-9 || math.Abs(c.areaBase-0.1) > 1e-9 || c.lost != 0 {
		t.Errorf("%+v, %v", c, err)
	}
	r.Lists[1].Verdicts = append(r.Lists[1].Verdicts, Verdict{})
	if _, err := methods(r); err == nil {
		t.Error("another number of machines than the default has passes")
	}
}

// TestFalseClaimIsCounted: a verdict without its limits is found out.
func TestFalseClaimIsCounted(t *testing.T) {
	wrong := 0
	for seed := range uint64(40) {
		x := machine(t, Near, 500+seed)
		if x.Best <= 1 {
			continue
		}
		d, err := x.bestDesign()
		if err != nil {
			t.Fatal(err)
		}
		s, err := x.campaign(campaign.Spec{Model: "planted", Seed: seed, Injections: 2000}, d)
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.Campaign(campaign.Question{Question: x.question()})
		if err != nil {
			t.Fatal(err)
		}
		if (Verdict{Met: c.FIT.Violating.Estimate <= x.Budget, True: x.Best}).False() {
			wrong++
		}
	}
	if wrong < 3 {
		t.Errorf("judged by its estimate alone, only %d designs beyond the budget pass", wrong)
	}
}

func TestOutcomeShares(t *testing.T) {
	x := machine(t, Wide, 3)
	s, err := x.campaign(campaign.Spec{Model: "planted", Seed: 1, Injections: 5000}, nil)
	if err != nil {
		t.Fatal(err)
	}
	n := map[faults.Outcome]int{}
	for _, r := range s.Records {
		n[r.Outcome]++
	}
	if n[faults.SDCCritical] == 0 || n[faults.SDCTolerable] == 0 || n[faults.DUEDetected] == 0 || n[faults.Masked] < 2500 {
		t.Errorf("outcomes %v", n)
	}
}

// TestPage makes the page of the committed results and holds its claims.
func TestPage(t *testing.T) {
	r, err := Read(filepath.Join("..", "..", filepath.FromSlash(File)))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Verdicts) < 600 { // a third of them near the budget: 0 false claims leave 1.5 %
		t.Errorf("%d machines", len(r.Verdicts))
	}
	near, err := count(r.Verdicts, func(v Verdict) bool { return v.Kind == Near }, Verdict.False)
	if err != nil {
		t.Fatal(err)
	}
	if 3*near.Of < len(r.Verdicts)-3 || near.Upper > mostFalse {
		t.Errorf("false claims near the budget: %+v", near)
	}
	if _, err := Page(r); err != nil {
		t.Error(err)
	}
	if c, err := count(nil, Verdict.False, Verdict.False); err != nil || c.Upper != 1 {
		t.Errorf("nothing known: %+v, %v", c, err)
	}
	if limit, _ := stats.AttemptConfidence(Confidence, 1); limit <= Confidence {
		t.Error("attempts share the error")
	}
}

// TestAdaptiveHasNoBias: rounds that follow the failures must not make the mean of the
// estimates smaller than the true rate.
func TestAdaptiveHasNoBias(t *testing.T) {
	x := machine(t, Wide, 104)
	want, _ := x.residual(unprotected)
	const repeats = 400
	var sum, squares, pooled float64
	for seed := range uint64(repeats) {
		s, err := x.campaign(campaign.Spec{Model: "planted", Seed: seed, Injections: 2000, Sampling: campaign.SamplingAdaptive}, nil)
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.Campaign(campaign.Question{Question: x.question()})
		if err != nil {
			t.Fatal(err)
		}
		sum += c.FIT.Violating.Estimate
		squares += c.FIT.Violating.Estimate * c.FIT.Violating.Estimate
		for _, k := range c.Strata {
			r := stats.Scenarios()[0].Flop
			if k.SRAM {
				r = stats.Scenarios()[0].SRAM
			}
			pooled += r * k.Bits * float64(k.Violating(stats.ViolationAny, true, false)) / float64(k.N)
		}
	}
	mean := sum / repeats
	sd := math.Sqrt(squares/repeats - mean*mean)
	// The mean itself is known to a twentieth of a standard error.
	if z := (mean - want) / sd; math.Abs(z) > 0.2 {
		t.Errorf("adaptive campaigns are off by %.2f standard errors: %v, truly %v", z, mean, want)
	}
	if z := (pooled/repeats - want) / sd; z > -0.15 {
		t.Errorf("pooled rounds are off by %.2f standard errors only: this test would not find the bias", z)
	}
}
