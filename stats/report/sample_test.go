package report

import (
	"testing"

	"upset/stats"
	"upset/stats/result"
)

// sampleStrata are plausible counts of a small network: made by hand, not
// measured. Every class of outcome appears, and a block without any failure.
func sampleStrata() []result.Stratum {
	stratum := func(block, class, phase string, bits float64, o result.Outcomes) result.Stratum {
		return result.Stratum{Block: block, Class: class, Phase: phase, Bits: bits, N: o.Total(), Outcomes: o}
	}
	strata := []result.Stratum{
		stratum("cc", "config", "0 conv", 6200, result.Outcomes{Masked: 905, SDCTolerable: 48, SDCCritical: 12, StrayWrite: 3, DUEDetected: 20, DUEHang: 12}),
		stratum("cc", "control", "0 conv", 800, result.Outcomes{Masked: 240, SDCTolerable: 22, SDCCritical: 9, DUEHang: 29}),
		stratum("dma", "address", "1 depthwise", 2900, result.Outcomes{Masked: 700, Latent: 1, SDCTolerable: 60, SDCCritical: 14, StrayWrite: 9, DUEDetected: 110, DUEHang: 6}),
		stratum("wd", "datapath", "0 conv", 3100, result.Outcomes{Masked: 640, SDCTolerable: 92, SDCCritical: 38, DUEDetected: 30}),
		stratum("mac", "accumulator", "0 conv", 9000, result.Outcomes{Masked: 1260, SDCTolerable: 228, SDCCritical: 12}),
		stratum("mac", "operand", "1 depthwise", 6100, result.Outcomes{Masked: 980, SDCTolerable: 20}),
		stratum("ao", "scale", "2 fully connected", 2600, result.Outcomes{Masked: 458, SDCTolerable: 37, SDCCritical: 5}),
		stratum("shram", "control", "2 fully connected", 420, result.Outcomes{Masked: 300}),
		stratum("shram", "cells", "all", 196608, result.Outcomes{Corrected: 500}),
	}
	strata[len(strata)-1].SRAM = true
	strata[len(strata)-1].Exact = true
	var bits float64
	for _, s := range strata {
		bits += s.Bits
	}
	for i := range strata {
		strata[i].Weight = strata[i].Bits / bits
	}
	return strata
}

// sampleAssumptions are the default inputs of a verdict.
func sampleAssumptions() result.Assumptions {
	return result.Assumptions{
		Target: "asil-d", Scenario: "fidelity", LambdaFlop: 7.5e-5, LambdaSRAM: 6.6e-5, BudgetFIT: 0.2, Violation: "any",
		Criterion: "auto (top-1)", Watchdog: true, WatchdogCycles: 410422, ECC: "secded", Inventory: "built-in",
		Flops: 31120, SRAMBits: 196608, Duty: 1, Confidence: 0.95,
	}
}

// interval is the stratified AVF of some strata.
func interval(t *testing.T, strata []result.Stratum, failures func(result.Outcomes) int) result.Interval {
	t.Helper()
	var sample []stats.Stratum
	var bits float64
	for _, s := range strata {
		bits += s.Bits
	}
	for _, s := range strata {
		sample = append(sample, stats.Stratum{Weight: s.Bits / bits, N: s.N, Failures: failures(s.Outcomes), Exact: s.Exact})
	}
	total, err := stats.CombineTwoSided(sample, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	return result.Interval{Estimate: total.Estimate, Low: total.Lower, High: total.Upper, Failures: total.Failures, N: total.N}
}

// Counts of the four rows of every AVF table.
var (
	countViolating = func(o result.Outcomes) int { return o.Violating("any", true, false) }
	countSDC       = func(o result.Outcomes) int { return o.SDC() }
	countCritical  = func(o result.Outcomes) int { return o.SDCCritical }
	countDUE       = func(o result.Outcomes) int { return o.DUE(true) }
)

// limits converts a total.
func limits(t *testing.T, total stats.Total, err error) result.Limits {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return result.Limits{Estimate: total.Estimate, Lower: total.Lower, Upper: total.Upper}
}

// exposures converts strata.
func exposures(strata []result.Stratum) []stats.Exposure {
	var out []stats.Exposure
	for _, s := range strata {
		out = append(out, stats.Exposure{
			Bits: s.Bits, SRAM: s.SRAM, N: s.N, Exact: s.Exact,
			Any: s.Violating("any", true, false), Critical: s.Violating("critical", true, false),
		})
	}
	return out
}

// sampleCampaign computes a whole result from the sample counts.
func sampleCampaign(t *testing.T) result.Campaign {
	t.Helper()
	strata := sampleStrata()
	a := sampleAssumptions()
	c := result.Campaign{
		NPU: "u55-128", Model: "kws.tflite", SpecDigest: "5f0e1c2d", ResultDigest: "a94c1d07", Seed: 1,
		Rounds: 2, Sampling: "stratified", Inputs: 8, Cycles: 200211, Strata: strata, Confidence: 0.95, Duty: 1, Assumptions: a,
		Seconds: result.Seconds{Golden: 0.8, Plan: 0.1, Inject: 41.2, Total: 42.1}, Rate: result.Rate{Resolved: 168, Simulated: 74},
		Warnings: []result.Warning{{Code: "default_inputs", Message: "no inputs were given: 8 seeded random ones were used; give --inputs"}},
		Command:  "upset assess kws.tflite --npu u55-128 --seed 1",
	}
	byBlock := map[string][]result.Stratum{}
	var blocks []string
	for _, s := range strata {
		c.Outcomes = c.Outcomes.Add(s.Outcomes)
		if s.SRAM {
			continue
		}
		if byBlock[s.Block] == nil {
			blocks = append(blocks, s.Block)
		}
		byBlock[s.Block] = append(byBlock[s.Block], s)
	}
	c.Injections = c.Outcomes.Total()
	c.Pruned, c.Cached = 3300, 120
	c.Simulated = c.Injections - c.Pruned - c.Cached
	c.ToEnd = 410
	c.Heat.Blocks = blocks
	c.Heat.Layers = []result.Layer{{Index: 0, Name: "conv", Cycles: 90112}, {Index: 1, Name: "depthwise separable", Cycles: 61000}, {Index: 2, Name: "fully connected", Cycles: 49099}}
	rates := stats.Rates{Flop: a.LambdaFlop, SRAM: a.LambdaSRAM, Duty: 1}
	for i, name := range blocks {
		list := byBlock[name]
		b := result.BlockAVF{
			Block: name, AVFViolating: interval(t, list, countViolating), AVFSDC: interval(t, list, countSDC),
			AVFCritical: interval(t, list, countCritical), AVFDUE: interval(t, list, countDUE),
		}
		for _, s := range list {
			b.Bits += s.Bits
			b.N += s.N
			b.Outcomes = b.Outcomes.Add(s.Outcomes)
		}
		fit, err := stats.ResidualFIT(exposures(list), rates, "any", false, a.Confidence)
		b.FITViolating = limits(t, fit, err)
		c.Blocks = append(c.Blocks, b)
		for layer := range c.Heat.Layers {
			if (i+layer)%5 != 4 {
				cell := interval(t, list[:1], func(o result.Outcomes) int { return countViolating(o) * (3 - layer) / 3 })
				c.Heat.Cells = append(c.Heat.Cells, result.HeatCell{Block: i, Layer: layer, Weight: b.Bits / 31120 / 3, AVF: cell, Critical: cell})
			}
		}
	}
	judgeSample(t, &c, strata, rates)
	return c
}

// judgeSample fills in totals and verdicts.
func judgeSample(t *testing.T, c *result.Campaign, strata []result.Stratum, rates stats.Rates) {
	t.Helper()
	a := c.Assumptions
	c.AVF = result.AVF{
		SDC: interval(t, strata, countSDC), Critical: interval(t, strata, countCritical),
		Violating: interval(t, strata, countViolating), DUE: interval(t, strata, countDUE),
	}
	all := exposures(strata)
	c.FIT.Raw = stats.RawFIT(all, rates, false)
	fit, err := stats.ResidualFIT(all, rates, "any", false, 0.95)
	c.FIT.Violating = limits(t, fit, err)
	fit, err = stats.ResidualFIT(all, rates, "critical", false, 0.95)
	c.FIT.Critical = limits(t, fit, err)
	spfm, err := stats.MeasuredSPFM(all, rates, "any", true, 0.95)
	c.SPFM.Any = limits(t, spfm, err)
	spfm, err = stats.MeasuredSPFM(all, rates, "critical", true, 0.95)
	c.SPFM.Critical = limits(t, spfm, err)
	scenario, err := stats.ScenarioByName("fidelity")
	if err != nil {
		t.Fatal(err)
	}
	asil, err := stats.ASILByName(a.Target)
	if err != nil {
		t.Fatal(err)
	}
	verdicts, verdict, err := stats.JudgeMatrix(all, stats.Question{
		Target: asil, Scenario: scenario, BudgetFIT: 0.2, Violation: "any", Duty: 1, Confidence: 0.95,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range verdicts {
		// The two types convert as long as their fields stay the same.
		c.Verdicts = append(c.Verdicts, result.Verdict(v))
	}
	c.Verdict = verdict
	var decided []stats.Decided
	for _, v := range c.Verdicts {
		if v.Default {
			decided = append(decided, stats.Decided{Metric: v.Metric, Limits: stats.Limits{Estimate: v.Estimate, Lower: v.Lower, Upper: v.Upper}, Target: v.Target, Result: v.Result})
		}
	}
	c.Statement, c.Decided = concluded(decided)
}

// concluded is the statement on transients with what it is made of.
func concluded(list []stats.Decided) (sentence string, out []result.Decided) {
	_, sentence = stats.Conclude(stats.Scope{Target: "asil-d", Faults: stats.FaultsTransient, Violation: "any"}, list)
	for _, d := range list {
		v := result.Limits(d.Limits)
		out = append(out, result.Decided{Metric: d.Metric, Value: &v, Target: d.Target, Result: d.Result})
	}
	return sentence, out
}

// sampleEvidence has a difference and a masked upset that did harm.
func sampleEvidence() *result.Evidence {
	return &result.Evidence{
		Tool: "upset v1.2.3, revision 0123, go1.26", Model: "00ff", Table: "11ee", FaultFree: 8,
		Plain:     result.Repeat{Samples: 100, Pruned: 31, Upper: 0.0295},
		Protected: &result.Repeat{Samples: 100, Pruned: 12, Differences: 1, Upper: 0.0466},
		Residue: &result.Residue{
			Model: "kws.tflite", NPU: "u55-128", Seed: 7, Later: 2, Drawn: 900, Clean: 300,
			Masked: result.ResidueCount{N: 200, Harmed: 1, Output: 1, Upper: 0.0235}, Latent: result.ResidueCount{N: 50, Harmed: 50, Output: 21, Upper: 1},
			Example: "cc.k@17, inputs 0 [1 2]: [sdc_critical masked]",
		},
	}
}

func fit(estimate, lower, upper float64) result.Limits {
	return result.Limits{Estimate: estimate, Lower: lower, Upper: upper}
}

// sampleSeveral is a protection for two networks.
func sampleSeveral() result.Protect {
	p := sampleProtect()
	p.Model, p.Mission, p.HardenedRatio = "", "mix", 0.1
	right := fit(0.0009, 0.0004, 0.0017)
	protected, total := fit(0.004, 0.0029, 0.0052), fit(0.0165, 0.0122, 0.0219)
	p.Pulses = &result.LogicPulses{
		FITPerKGE: 0.05, Unprotected: fit(0.0061, 0.0048, 0.0075), TotalUnprotected: fit(0.269, 0.256, 0.287),
		Protected: &protected, Total: &total, CheckBitsRight: &right, AtOutputs: 0.0212, Unmeasured: 6.55, NotCovered: []string{"cc", "dma", "sb", "pmu"},
		Blocks: []result.LogicPulseBlock{
			{Block: "weight_decoder", GE: 64788, Captured: result.Interval{Estimate: 0.0197, Low: 0.0193, High: 0.0201}, N: 3000, Violating: 61, FIT: fit(0.0013, 0.001, 0.0016), ProtectedN: 3000, RemainingFIT: &result.Limits{Upper: 0.00008}},
			{Block: "mac_array", GE: 181203, Captured: result.Interval{Estimate: 0.0295, Low: 0.0293, High: 0.0298}, N: 3000, Violating: 54, FIT: fit(0.0048, 0.0037, 0.0061), ProtectedN: 3000, Remaining: 45, RemainingRight: 10, RemainingFIT: &protected},
		},
	}
	p.Statement, p.Decided = concluded([]stats.Decided{
		{Metric: stats.MetricFIT, Limits: stats.Limits{Estimate: 0.0125, Lower: 0.008, Upper: 0.0189}, Target: 0.2, Result: stats.Met},
		{Metric: stats.MetricSPFM, Limits: stats.Limits{Estimate: 0.9947, Lower: 0.9919, Upper: 0.9966}, Target: 0.99, Result: stats.Met},
		{Metric: stats.MetricFITPulses, Limits: stats.Limits(total), Target: 0.2, Result: stats.Met},
	})
	p.Networks = []result.ProtectNetwork{{Model: "kws", Campaign: "aa", Share: 0.7}, {Model: "vww", Campaign: "bb", Share: 0.3}}
	return p
}

// sampleProtect is a plausible protection, made by hand.
func sampleProtect() result.Protect {
	statement, decided := concluded([]stats.Decided{
		{Metric: stats.MetricFIT, Limits: stats.Limits{Estimate: 0.0125, Lower: 0.008, Upper: 0.0189}, Target: 0.2, Result: stats.Met},
		{Metric: stats.MetricSPFM, Limits: stats.Limits{Estimate: 0.9947, Lower: 0.9919, Upper: 0.9966}, Target: 0.99, Result: stats.Met},
	})
	return result.Protect{
		Verdict: stats.Met, Statement: statement, Decided: decided,
		NPU: "u55-128", Model: "kws.tflite", Target: "asil-d", Scenario: "fidelity", Violation: "any", Criterion: "auto (top-1)",
		BudgetFIT: 0.2, Options: "paper", Meets: true, Confidence: 0.95, AreaOverhead: 0.243, AreaOverheadWithRAM: 0.121, AreaGE: 151300,
		AreaOverheadRange: result.Range{Low: 0.221, High: 0.263}, AreaOverheadWithRAMRange: result.Range{Low: 0.104, High: 0.1394},
		Libraries: []result.LibraryArea{
			{Library: "OSU018", AreaGE: 124000.4, LogicGE: 561086, AreaOverhead: 0.221, AreaOverheadWithRAM: 0.104},
			{Library: "SG13G2", AreaGE: 176000, LogicGE: 669202, AreaOverhead: 0.263, AreaOverheadWithRAM: 0.1394},
		},
		FITViolating: fit(0.0125, 0.008, 0.0189), FITDUE: fit(0.21, 0.18, 0.24), SPFM: fit(0.9947, 0.9919, 0.9966),
		Choice: []result.Choice{
			{Block: "cc", Mechanism: "harden", Flops: 7000, AreaGE: 45500, Overhead: 0.073, OverheadRange: result.Range{Low: 0.0641, High: 0.0802}, FITBefore: fit(0.046, 0.037, 0.057), FITAfter: fit(0.0000092, 0.000007, 0.00002)},
			{Block: "wd", Mechanism: "duplicate", Flops: 3100, AreaGE: 58200, Overhead: 0.0935, FITBefore: fit(0.0378, 0.032, 0.0443), FITAfter: fit(0.00038, 0.0003, 0.0005), FITDUE: fit(0.1, 0.09, 0.11)},
			{Block: "mac", Group: "accumulator", Mechanism: "harden", Flops: 9000, AreaGE: 47600, Overhead: 0.0765, FITBefore: fit(0.108, 0.097, 0.12), FITAfter: fit(0.00002, 0.00001, 0.00003)},
			{Block: "shram", Mechanism: "none", Flops: 420, FITBefore: fit(0, 0, 0.000314), FITAfter: fit(0, 0, 0.000314)},
		},
		Unprotected:  result.Alternative{Result: "not_met", FITViolating: fit(0.263, 0.25, 0.28), SPFM: fit(0.887, 0.881, 0.893), FITDUE: fit(0.06, 0.05, 0.07)},
		Lockstep:     result.Alternative{Meets: true, Result: "met", AreaOverhead: 1.018, AreaOverheadWithRAM: 0.52, AreaOverheadRange: result.Range{Low: 1.0177, High: 1.0183}, AreaOverheadWithRAMRange: result.Range{Low: 0.5, High: 0.53}, FITViolating: fit(0.0026, 0.002, 0.0031), SPFM: fit(0.9989, 0.9987, 0.9991), FITDUE: fit(4.4, 4.3, 4.5)},
		HardenAll:    result.Alternative{Meets: true, Result: "met", AreaOverhead: 0.36, AreaOverheadWithRAM: 0.18, FITViolating: fit(0.00005, 0.00004, 0.00006), SPFM: fit(0.9999, 0.9999, 1)},
		DuplicateAll: result.Alternative{Result: "not_shown", AreaOverhead: 1.04, AreaOverheadWithRAM: 0.53, FITViolating: fit(0.0026, 0.002, 0.31), SPFM: fit(0.991, 0.988, 0.9931), FITDUE: fit(4.6, 4.5, 4.7)},
		Pareto: []result.ParetoPoint{
			{FITViolating: fit(0.263, 0.25, 0.28), SPFM: fit(0.887, 0.881, 0.893), Design: "none"},
			{AreaOverhead: 0.0765, AreaOverheadRange: result.Range{Low: 0.07, High: 0.08}, FITViolating: fit(0.155, 0.14, 0.17), SPFM: fit(0.93, 0.92, 0.94), Design: "mac.accumulator:harden"},
			{AreaOverhead: 0.1495, FITViolating: fit(0.109, 0.1, 0.12), SPFM: fit(0.953, 0.95, 0.957), Design: "cc:harden mac.accumulator:harden"},
			{AreaOverhead: 0.243, FITViolating: fit(0.0125, 0.008, 0.0189), SPFM: fit(0.9947, 0.9919, 0.9966), Meets: true, Design: "cc:harden wd:duplicate mac.accumulator:harden"},
			{AreaOverhead: 0.36, FITViolating: fit(0.00005, 0.00004, 0.00006), SPFM: fit(0.9999, 0.9999, 1), Meets: true, Design: "harden all"},
		},
		Searched: 6561, Optimal: true,
		Proof: result.Proof{
			Injections: 26200, FITUpper: 0.0189, SPFMLower: 0.9919, Power: 0.91, Holds: true,
			Attempts: []result.Attempt{
				{Design: "cc:harden mac.accumulator:harden", Seed: 77, Injections: 9800, Violations: 131, AreaOverhead: 0.2, Confidence: 0.975, Power: 0.9, FITExpected: 0.024, FITUpper: 0.0391, SPFMLower: 0.983},
				{Design: "cc:harden wd:duplicate mac.accumulator:harden", Seed: 78, Injections: 16400, Violations: 88, AreaOverhead: 0.243, AreaOverheadRange: result.Range{Low: 0.221, High: 0.263}, Confidence: 0.9875, Power: 0.91, FITExpected: 0.0125, FITUpper: 0.0189, SPFMLower: 0.9919, Holds: true},
			},
		},
		Assumptions: sampleAssumptions(),
		Command:     "upset protect kws-u55-128 --options paper",
	}
}

// sampleRun is a plausible inference.
func sampleRun() result.Run {
	top, active, written, ratio := 3, int64(200211), int64(8000), 0.968
	return result.Run{
		NPU: "u55-128", Model: "kws.tflite", Cycles: 200211, MACs: 2660000, Input: "zero", StateDigest: "77aa01",
		Operations: []result.RunOperation{
			{Index: 0, Name: "conv", Kind: "conv", Cycles: 90112, MACs: 1300000, Utilisation: 0.1127, ReadBytes: map[string]int64{"m1": 2048, "m0": 490}, WriteBytes: map[string]int64{"m0": 8000}},
			{Index: 1, Name: "softmax, on the host", Kind: "cpu", Cycles: 0},
		},
		PMU: map[string]int64{"npu_active": 200211, "mac_active": 150000},
		Reading: &result.Reading{
			Name: "board", ReadBy: "board",
			Counters: []result.Counter{
				{Name: "npu_idle", Reading: 635},
				{Name: "npu_active", Reading: 206830, Ours: &active, Ratio: &ratio},
				{Name: "axi0_wr_data_beat_written", Reading: 7990, Ours: &written, Differs: true},
			},
			Explanations: []result.Explanation{{Name: "weight_bound", Counter: "npu_active", Operations: 1, Difference: 6619, AtMost: 256, Meaning: "a cycle for each beat"}},
			Operations: []result.Suspect{{
				Index: 0, Name: "conv", Kind: "conv", Cycles: 90112, Written: 8000, Needed: map[string]float64{"npu_active": 0.0735, "axi0_wr_data_beat_written": -12.5},
				Room: map[string]int64{"npu_active": 256}, Points: []string{"weight_bound"},
			}},
		},
		Outputs: []result.Output{{Name: "Identity", Shape: []int{1, 12}, Type: "int8", SHA256: "00ff", Top1: &top}},
		Command: "upset run kws.tflite",
	}
}

// sampleSites is a small inventory.
func sampleSites() result.Sites {
	return result.Sites{
		NPU: "u55-128", Model: "kws.tflite", Flops: 31120, SRAMBits: 196608, AreaGE: 622000.4, Cycles: 200211, TotalSites: 45592849608,
		Blocks: []result.SitesBlock{
			{Block: "cc", Flops: 7000, AreaGE: 61000, FlopAreaGE: 45500, Registers: []result.SitesRegister{{Name: "bank", Class: "config", Width: 32, Instances: 200, Bits: 6400}}},
			{Block: "shram", Flops: 420, SRAMBits: 196608, AreaGE: 9000, Registers: []result.SitesRegister{{Name: "cells", Class: "cells", Width: 128, Instances: 1536, Bits: 196608, SRAM: true}}},
		},
	}
}

// sampleCompare compares two campaigns.
func sampleCompare() result.Compare {
	i := func(failures, n int, estimate, low, high float64) result.Interval {
		return result.Interval{Estimate: estimate, Low: low, High: high, Failures: failures, N: n}
	}
	return result.Compare{
		Campaigns: []result.CompareCampaign{
			{Name: "base", NPU: "u55-128", Model: "kws.tflite", ResultDigest: "a94c", Injections: 6000, AVF: result.AVF{Violating: i(600, 6000, 0.1, 0.092, 0.108), Critical: i(90, 6000, 0.015, 0.012, 0.018)}, FITViolating: result.Limits{Estimate: 0.26, Lower: 0.25, Upper: 0.28}, BudgetFIT: 0.2, Verdict: "not_met"},
			{Name: "pruned", NPU: "u55-128", Model: "kws-small.tflite", ResultDigest: "b771", Injections: 6000, AVF: result.AVF{Violating: i(0, 6000, 0, 0, 0.0006)}, FITViolating: result.Limits{Upper: 0.0015}, BudgetFIT: 0.2, Verdict: "met"},
		},
		Pairs: []result.ComparePair{{
			A: 0, B: 1, Paired: 5400,
			Blocks: []result.CompareBlock{
				{Block: "cc", A: i(40, 800, 0.05, 0.04, 0.07), B: i(38, 800, 0.0475, 0.03, 0.06), OnlyA: 5, OnlyB: 3, P: 0.7266, PHolm: 0.7266, Sign: "~"},
				{Block: "mac", A: i(300, 2000, 0.15, 0.13, 0.17), B: i(0, 2000, 0, 0, 0.0018), OnlyA: 300, P: 1e-90, PHolm: 2e-90, Sign: "-"},
			},
			Total: result.CompareBlock{Block: "all", A: i(600, 6000, 0.1, 0.092, 0.108), B: i(38, 6000, 0.006, 0.004, 0.009), OnlyA: 570, OnlyB: 8, P: 1e-99, PHolm: 1e-99, Sign: "-"},
		}},
		Confidence: 0.95,
	}
}
