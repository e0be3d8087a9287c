package campaign

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/faults"
	"upset/stats"
	"upset/stats/result"
)

// samplings are the specs that the metamorphic tests go through.
var samplings = map[string]func(*Spec){
	"stratified": nil,
	"uniform":    func(s *Spec) { s.Sampling = SamplingUniform },
	"adaptive":   func(s *Spec) { s.Sampling = SamplingAdaptive },
	"margin":     func(s *Spec) { s.Injections, s.Margin = 0, 0.006 },
	"relative":   func(s *Spec) { s.Injections, s.Relative, s.Sampling = 0, 0.2, SamplingAdaptive },
}

// without is a result as JSON, without wall time.
func without(t *testing.T, c *result.Campaign) string {
	t.Helper()
	d := *c
	d.Seconds, d.Rate = result.Seconds{}, result.Rate{}
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The result is the same for any number of workers, and for a run that is
// cancelled at random points, loses the end of its log and is resumed.
func TestSameResult(t *testing.T) {
	for name, change := range samplings {
		t.Run(name, func(t *testing.T) {
			spec := toySpec(change)
			want := without(t, newToy().must(t, spec, t.TempDir(), 1))
			for workers := 2; workers <= 3; workers++ {
				if got := without(t, newToy().must(t, spec, t.TempDir(), workers)); got != want {
					t.Fatalf("%d workers:\n%s\nwant\n%s", workers, got, want)
				}
			}
			rng := rand.New(rand.NewPCG(3, 4))
			dir := t.TempDir()
			for cut := 0; ; cut++ {
				ctx, cancel := context.WithCancel(context.Background())
				m := newToy()
				m.cancel, m.after = cancel, 1+rng.Int64N(500)
				c, err := m.run(t, ctx, spec, dir, 1+cut%3, nil)
				cancel()
				if err == nil {
					if got := without(t, c); got != want {
						t.Fatalf("resumed %d times:\n%s\nwant\n%s", cut, got, want)
					}
					if cut == 0 {
						t.Error("the campaign was never interrupted")
					}
					break
				}
				if !errors.Is(err, ErrInterrupted) || !errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
				if c == nil || c.Warnings[0].Code != "provisional" {
					t.Fatalf("an interrupted campaign gives %+v", c)
				}
				if cut < 4 {
					tear(t, filepath.Join(dir, LogName), rng.IntN(200))
				}
			}
			// A complete campaign is not run again.
			m := newToy()
			if got := without(t, m.must(t, spec, dir, 2)); got != want || m.count.Load() != 0 {
				t.Errorf("a complete campaign was run again: %d injections", m.count.Load())
			}
		})
	}
}

// tear cuts bytes off the end of a file and adds some that mean nothing.
func tear(t *testing.T, name string, n int) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	b = append(b[:max(0, len(b)-n)], frameRecords, 48, 0, 0, 0, 1, 2)
	if err := os.WriteFile(name, b, 0o666); err != nil {
		t.Fatal(err)
	}
}

// The estimates come out at the exact truth, which the toy lets us enumerate.
func TestEstimatesMatchTruth(t *testing.T) {
	m := newToy()
	violating := func(o faults.Outcome) bool {
		return o == faults.SDCTolerable || o == faults.SDCCritical || o == faults.Latent || o == faults.StrayWrite
	}
	crit := func(o faults.Outcome) bool { return o == faults.SDCCritical }
	due := func(o faults.Outcome) bool { return o == faults.DUEDetected || o == faults.DUEHang }
	for name, change := range samplings {
		t.Run(name, func(t *testing.T) {
			outside := 0
			for seed := range uint64(10) {
				spec := toySpec(change)
				spec.Seed = seed
				c := newToy().must(t, spec, t.TempDir(), 2)
				checkSums(t, c)
				check := func(what string, i result.Interval, truth float64) {
					if i.Estimate < i.Low-1e-12 || i.Estimate > i.High+1e-12 {
						t.Errorf("%s: estimate outside its own interval: %+v", what, i)
					}
					if truth < i.Low || truth > i.High {
						outside++
					}
					if i.N > 1000 && math.Abs(i.Estimate-truth) > 0.05 {
						t.Errorf("seed %d: %s is %v, in truth %v", seed, what, i.Estimate, truth)
					}
				}
				check("violating", c.AVF.Violating, m.truth("", violating))
				check("critical", c.AVF.Critical, m.truth("", crit))
				check("due", c.AVF.DUE, m.truth("", due))
				for _, b := range c.Blocks {
					check(b.Block, b.AVFViolating, m.truth(b.Block, violating))
				}
			}
			// 80 intervals of 95 %: more than 12 misses have a chance below 1e-3.
			if outside > 12 {
				t.Errorf("%d of 80 intervals miss the truth", outside)
			}
		})
	}
}

// checkSums tests the identities of a result.
func checkSums(t *testing.T, c *result.Campaign) {
	t.Helper()
	if c.Outcomes.Total() != c.Injections || c.Simulated+c.Cached+c.Pruned != c.Injections {
		t.Errorf("outcomes %d, simulated %d, pruned %d do not sum to %d", c.Outcomes.Total(), c.Simulated, c.Pruned, c.Injections)
	}
	var weight, bits float64
	n := 0
	for _, s := range c.Strata {
		weight += s.Weight
		bits += s.Bits
		n += s.N
		if s.N != s.Total() {
			t.Errorf("stratum %s %s %s: n is %d, outcomes sum to %d", s.Block, s.Class, s.Phase, s.N, s.Total())
		}
	}
	if math.Abs(weight-1) > 1e-9 || n != c.Injections {
		t.Errorf("strata: weights sum to %v, samples to %d", weight, n)
	}
	n = 0
	for _, b := range c.Blocks {
		n += b.N
		bits -= b.Bits
	}
	if n != c.Injections || math.Abs(bits) > 1e-6 {
		t.Errorf("blocks: samples sum to %d of %d, bits differ by %v", n, c.Injections, bits)
	}
	n = 0
	weight = 0
	for _, h := range c.Heat.Cells {
		n += h.AVF.N
		weight += h.Weight
	}
	if n != c.Injections || weight > 1+1e-9 {
		t.Errorf("heat: samples sum to %d of %d, weights to %v", n, c.Injections, weight)
	}
}

// The toy's exact rates, and what its verdict says about them.
func TestRates(t *testing.T) {
	c := newToy().must(t, toySpec(func(s *Spec) { s.Injections = 20000 }), t.TempDir(), 2)
	q := Question{}.normal(toySpec(nil))
	const bits = 64 + 16 + 256 + 32
	if want := bits*q.Scenario.Flop + 512*q.Scenario.SRAM; math.Abs(c.FIT.Raw-want) > 1e-12 {
		t.Errorf("raw %v FIT, want %v", c.FIT.Raw, want)
	}
	violating := (16+(16+1))*q.Scenario.Flop + 8*q.Scenario.SRAM
	if f := c.FIT.Violating; f.Lower > violating || f.Upper < violating || math.Abs(f.Estimate-violating) > 0.1*violating {
		t.Errorf("violating %+v FIT, in truth %v", f, violating)
	}
	if f, want := c.FIT.DUE.Estimate, 4*q.Scenario.Flop; math.Abs(f-want) > 0.3*want {
		t.Errorf("due %v FIT, in truth %v", f, want)
	}
	if got, want := c.SPFM.Any.Estimate, 1-33.0/bits; math.Abs(got-want) > 0.02 {
		t.Errorf("spfm %v over flops, in truth %v", got, want)
	}
	// 0.0023 FIT is far below the budget, but SPFM is far below 99 %.
	if c.Verdict != stats.NotMet {
		t.Errorf("verdict %s", c.Verdict)
	}
	if want := len(stats.Scenarios()) * len(stats.Budgets()) * 2 * 2; len(c.Verdicts) != want {
		t.Errorf("%d verdicts, want %d", len(c.Verdicts), want)
	}
	if !strings.Contains(without(t, c), `"code":"proven"`) {
		t.Error("the proven stratum is not mentioned")
	}
}

// A campaign over part of the machine never shows that the whole is safe.
func TestPartialNeverMet(t *testing.T) {
	m := newToy()
	for i := range m.groups {
		m.groups[i].Excluded = m.groups[i].Block != "pmu"
	}
	spec := toySpec(func(s *Spec) { s.Only = []string{"pmu*"} })
	c := m.must(t, spec, t.TempDir(), 1)
	if c.FIT.Violating.Upper != 0 || c.Verdict != stats.NotShown {
		t.Errorf("verdict %s with %+v FIT of the part", c.Verdict, c.FIT.Violating)
	}
	layer := toySpec(func(s *Spec) { s.Layers = []int{4} })
	c = newToy().must(t, layer, t.TempDir(), 1)
	for _, s := range c.Strata {
		if s.Phase != "all" && s.Phase != "layer 4" {
			t.Errorf("stratum in %s", s.Phase)
		}
	}
	for _, v := range c.Verdicts {
		if v.Result == stats.Met && v.Metric == stats.MetricSPFM {
			t.Errorf("one layer of five shows %+v", v)
		}
	}
}

func TestStoppingOnPrecision(t *testing.T) {
	for _, tc := range []struct {
		name    string
		change  func(*Spec)
		reached bool
	}{
		{"wide", func(s *Spec) { s.Injections, s.Margin = 0, 0.1 }, true},
		{"narrow", func(s *Spec) { s.Injections, s.Margin = 0, 0.02 }, true},
		{"relative", func(s *Spec) { s.Injections, s.Relative = 50_000, 0.2 }, true},
		{"capped", func(s *Spec) { s.Injections, s.Margin = 200, 0.001 }, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			spec := toySpec(tc.change)
			c := newToy().must(t, spec, t.TempDir(), 2)
			half := math.Max(c.AVF.Critical.High-c.AVF.Critical.Estimate, c.AVF.Critical.Estimate-c.AVF.Critical.Low)
			limit := spec.Margin
			if spec.Relative > 0 {
				limit = spec.Relative * c.AVF.Critical.Estimate
			}
			if (half <= limit) != tc.reached {
				t.Errorf("half-width %v after %d injections in %d rounds, asked for %v", half, c.Injections, c.Rounds, limit)
			}
			if strings.Contains(without(t, c), "margin_not_reached") == tc.reached {
				t.Error("the warning about the precision is wrong")
			}
		})
	}
}

// A machine that fails stops the campaign with one error that names the site.
func TestFailingMachine(t *testing.T) {
	m := newToy()
	m.fail = 700
	dir := t.TempDir()
	_, err := m.run(t, context.Background(), toySpec(nil), dir, 3, nil)
	if err == nil || !strings.Contains(err.Error(), "broken machine") || !strings.Contains(err.Error(), "cycle") {
		t.Fatalf("error %v", err)
	}
	st, err := Status(dir)
	if err != nil || st.Complete || st.Done < 500 {
		t.Fatalf("status %+v, %v", st, err)
	}
}

// Progress grows, ends at the total, and carries an estimate early.
func TestProgress(t *testing.T) {
	var seen []Progress
	spec := toySpec(func(s *Spec) { s.Injections = 8000 })
	c, err := newToy().run(t, context.Background(), spec, t.TempDir(), 2, func(p Progress) { seen = append(seen, p) })
	if err != nil {
		t.Fatal(err)
	}
	last := seen[len(seen)-1]
	if last.Done != 8000 || last.Cap != 8000 || last.Round != 3 || last.FITViolating != c.FIT.Violating {
		t.Errorf("last progress %+v, result %+v", last, c.FIT.Violating)
	}
	early := 0
	for i, p := range seen {
		if i > 0 && p.Done < seen[i-1].Done {
			t.Errorf("progress falls from %d to %d", seen[i-1].Done, p.Done)
		}
		if p.Estimated && p.Done < 2000 {
			early++
		}
	}
	if early == 0 {
		t.Error("no estimate within the first round")
	}
}
