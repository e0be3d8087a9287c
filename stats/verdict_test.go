package stats

import (
	"math"
	"testing"
)

func TestScenarios(t *testing.T) {
	want := map[string][2]float64{
		"fidelity": {7.5e-5, 66e-6}, "li": {2.05e-5, 20e-6}, "finfet": {6e-6, 6e-6},
		"planar90": {4.84e-4, 484e-6}, "conservative": {1e-3, 1e-3},
	}
	for _, s := range Scenarios() {
		w, ok := want[s.Name]
		if !ok || math.Abs(s.Flop-w[0]) > 1e-18 || math.Abs(s.SRAM-w[1]) > 1e-18 || s.Source == "" {
			t.Errorf("scenario %+v, want %v", s, w)
		}
		delete(want, s.Name)
	}
	if len(want) > 0 || Scenarios()[0].Name != "fidelity" || Budgets()[0] != 0.2 {
		t.Errorf("missing %v, first scenario %s", want, Scenarios()[0].Name)
	}
	if _, err := ScenarioByName("nope"); err == nil {
		t.Error("unknown scenario accepted")
	}
	// Unprotected shared buffers of 48 and 16 KiB at 66 FIT/Mb.
	near(t, "48 KiB", 393216*66e-6, 26, 0.1)
	near(t, "16 KiB", 131072*66e-6, 8.7, 0.1)
}

func TestISOMetrics(t *testing.T) {
	near(t, "SPFM", SPFM(1, 2, 300), 0.99, 1e-12)
	near(t, "SPFM of nothing", SPFM(0, 0, 0), 1, 0)
	near(t, "LFM", LFM(10, 50, 50, 200), 0.9, 1e-12)
	// 1000 FIT × 100 FIT over 10,000 h: ½ · 1e5 · 1e-9 · 1e4 = 0.5 FIT.
	near(t, "PMHF", PMHF(1, 2, 1000*100, 1e4), 3.5, 1e-12)
	d, err := ASILByName("ASIL-D")
	if err != nil || d.SPFM != 0.99 || d.LFM != 0.90 || d.PMHF != 10 {
		t.Errorf("ASIL D = %+v, %v", d, err)
	}
	c, err := ASILByName("asil-c")
	if err != nil || c.SPFM != 0.97 || c.LFM != 0.80 || c.PMHF != 100 {
		t.Errorf("ASIL C = %+v, %v", c, err)
	}
	if _, err := ASILByName("asil-e"); err == nil {
		t.Error("unknown target accepted")
	}
}

func TestLimitsDecide(t *testing.T) {
	for _, c := range []struct {
		lower, upper, budget float64
		want                 string
	}{
		{0.1, 0.19, 0.2, Met},
		{0.1, 0.2, 0.2, Met},
		{0.19, 0.21, 0.2, NotShown},
		{0.2, 0.21, 0.2, NotShown},
		{0.21, 0.3, 0.2, NotMet},
	} {
		if got := AtMost(c.lower, c.upper, c.budget); got != c.want {
			t.Errorf("AtMost(%v) = %s", c, got)
		}
		if got := AtLeast(-c.upper, -c.lower, -c.budget); got != c.want {
			t.Errorf("AtLeast of the mirror of %v = %s", c, got)
		}
	}
	for _, c := range []struct {
		in   []string
		want string
	}{
		{[]string{Met, Met}, Met},
		{[]string{Met, NotShown}, NotShown},
		{[]string{NotShown, NotMet}, NotMet},
		{[]string{NotMet, Met}, NotMet},
		{nil, NotShown},
		{[]string{""}, NotShown},
	} {
		if got := Both(c.in...); got != c.want {
			t.Errorf("Both(%v) = %s, want %s", c.in, got, c.want)
		}
	}
}

// question is the default question of the command line.
func question(t *testing.T) Question {
	t.Helper()
	d, err := ASILByName("asil-d")
	if err != nil {
		t.Fatal(err)
	}
	return Question{
		Target: d, Scenario: Scenarios()[0], BudgetFIT: 0.2, Violation: ViolationAny,
		Duty: 1, Confidence: 0.95,
	}
}

func TestJudge(t *testing.T) {
	q := question(t)
	// 40,000 flops: raw 3 FIT, 10 % AVF → 0.3 FIT; SPFM 90 %.
	exposures := []Exposure{{Bits: 40000, N: 10000, Any: 1000, Critical: 40}}
	pair, err := Judge(exposures, q)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "fit", pair[0].Estimate, 0.3, 1e-9)
	near(t, "spfm", pair[1].Estimate, 0.9, 1e-9)
	if pair[0].Result != NotMet || pair[1].Result != NotMet || pair[0].Cell != NotMet {
		t.Errorf("verdicts %+v, want not met", pair)
	}
	// Critical only: 0.012 FIT within the budget, SPFM 99.6 %.
	q.Violation = ViolationCritical
	pair, err = Judge(exposures, q)
	if err != nil {
		t.Fatal(err)
	}
	if pair[0].Result != Met || pair[1].Result != Met || pair[1].Cell != Met {
		t.Errorf("verdicts %+v, want met", pair)
	}
	// FIT within, SPFM straddling: both decide.
	q.Scenario = Scenario{Name: ScenarioCustom, Flop: 1e-9, SRAM: 1e-9}
	exposures[0].Critical = 95
	pair, err = Judge(exposures, q)
	if err != nil {
		t.Fatal(err)
	}
	if pair[0].Result != Met || pair[1].Result != NotShown || pair[0].Cell != NotShown {
		t.Errorf("verdicts %+v, want met, not shown", pair)
	}
}

func TestJudgeSRAMNeverDecidesSPFM(t *testing.T) {
	q := question(t)
	// SRAM corrected by ECC would raise the metric of both to 99.9 %.
	exposures := []Exposure{{Bits: 1000, N: 1000, Any: 500}, {Bits: 1e6, SRAM: true, Exact: true}}
	pair, err := Judge(exposures, q)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "spfm", pair[1].Estimate, 0.5, 1e-12)
	with, err := MeasuredSPFM(exposures, Rates{Flop: 7.5e-5, SRAM: 66e-6, Duty: 1}, ViolationAny, false, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	if with.Lower < 0.99 {
		t.Errorf("metric with SRAM %+v, want above 99 %%", with)
	}
	// SRAM does count in the rate.
	exposures[1] = Exposure{Bits: 1e6, SRAM: true, N: 1000, Any: 1000}
	pair, err = Judge(exposures, q)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "fit", pair[0].Estimate, 66+0.0375, 1e-9)
	// Without flops nothing is known of the metric.
	pair, err = Judge(exposures[1:], q)
	if err != nil {
		t.Fatal(err)
	}
	if pair[1].Result != NotShown {
		t.Errorf("metric without flops: %+v, want not shown", pair[1])
	}
}

func TestDutyAndHardening(t *testing.T) {
	exposures := []Exposure{{Bits: 1e5, N: 1000, Any: 100}, {Bits: 1e5, N: 1000, Any: 100, Scale: 0.25}}
	got, err := ResidualFIT(exposures, Rates{Flop: 1e-4, Duty: 0.5}, ViolationAny, false, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "residual", got.Estimate, 0.5*(1+0.25), 1e-12)
	near(t, "raw", RawFIT(exposures, Rates{Flop: 1e-4, Duty: 0.5}, false), 5*(1+0.25), 1e-12)
	for _, bad := range []Rates{{Flop: 1, Duty: 0}, {Flop: -1, Duty: 1}, {Flop: 1, Duty: 1.1}, {Flop: math.NaN(), Duty: 1}} {
		if _, err := ResidualFIT(exposures, bad, ViolationAny, false, 0.95); err == nil {
			t.Errorf("rates %+v accepted", bad)
		}
	}
	if _, err := ResidualFIT(exposures, Rates{Flop: 1, Duty: 1}, "some", false, 0.95); err == nil {
		t.Error("unknown violation accepted")
	}
}

func TestJudgeMatrix(t *testing.T) {
	q := question(t)
	exposures := []Exposure{{Bits: 40000, N: 10000, Any: 1000, Critical: 40}}
	verdicts, result, err := JudgeMatrix(exposures, q)
	if err != nil {
		t.Fatal(err)
	}
	// 5 scenarios × 2 budgets × 2 violations × 2 metrics.
	if len(verdicts) != 40 || result != NotMet {
		t.Fatalf("%d verdicts, %s", len(verdicts), result)
	}
	seen := map[[4]any]bool{}
	defaults := 0
	for _, v := range verdicts {
		seen[[4]any{v.Scenario, v.BudgetFIT, v.Violation, v.Metric}] = true
		if v.Default {
			defaults++
			if v.Scenario != "fidelity" || v.BudgetFIT != 0.2 || v.Violation != ViolationAny {
				t.Errorf("default cell %+v", v)
			}
		}
	}
	if len(seen) != 40 || defaults != 2 {
		t.Errorf("%d distinct cells, %d default rows", len(seen), defaults)
	}
	q.Scenario, q.BudgetFIT = Scenario{Name: ScenarioCustom, Flop: 3e-5, SRAM: 1e-5}, 1
	verdicts, _, err = JudgeMatrix(exposures, q)
	if err != nil || len(verdicts) != 6*3*2*2 || !verdicts[0].Default {
		t.Errorf("custom matrix: %d verdicts, %v", len(verdicts), err)
	}
	if _, _, err := JudgeMatrix(nil, q); err == nil {
		t.Error("verdict without a sample")
	}
	q.BudgetFIT = 0
	if _, err := Judge(exposures, q); err == nil {
		t.Error("zero budget accepted")
	}
}

func TestPairedTests(t *testing.T) {
	for _, c := range []struct {
		a, b int
		want float64
	}{
		// R: binom.test(2, 12), binom.test(1, 6), binom.test(0, 5).
		{2, 10, 0.03857422}, {5, 1, 0.21875}, {0, 5, 0.0625}, {0, 0, 1}, {7, 7, 1},
	} {
		got, err := McNemar(c.a, c.b)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "McNemar", got, c.want, 1e-7)
	}
	// Fisher's tea tasting: 3 of 4 against 1 of 4 gives 0.4857.
	p, err := Fisher(3, 4, 1, 4)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "tea", p, 0.4857143, 1e-6)
	if p, err = Fisher(5, 100, 5, 100); err != nil || math.Abs(p-1) > 1e-9 {
		t.Errorf("Fisher of equals = %v, %v", p, err)
	}
	adjusted := Holm([]float64{0.01, 0.04, 0.03, 0.005})
	for i, want := range []float64{0.03, 0.06, 0.06, 0.02} {
		near(t, "Holm", adjusted[i], want, 1e-12)
	}
	if _, err := McNemar(-1, 0); err == nil {
		t.Error("negative count accepted")
	}
	if _, err := Fisher(2, 1, 0, 1); err == nil {
		t.Error("more failures than trials accepted")
	}
}
