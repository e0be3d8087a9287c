package report

import (
	"fmt"
	"strconv"

	"upset/stats"
	"upset/stats/result"
)

// softwareDocument shows what measures of the host give.
func softwareDocument(r result.Software) document {
	d := document{
		title:    "Software measures: " + r.Model + " on " + r.NPU,
		subtitle: fmt.Sprintf("sequences of %s, %s; RAM code %s; watchdog %s", plural(r.Frames, "inference"), plural(r.Inputs, "sequence"), r.ECC, yesNo(r.Watchdog)),
	}
	d.sections = append(d.sections, softwareVerdict(r), softwareTable(r), softwareProof(r))
	d.sections = append(d.sections, warningSection(r.Warnings)...)
	d.sections = append(d.sections, commandSection(r.Command)...)
	fold(&d)
	return d
}

// softwareVerdict says what the chosen combination costs and leaves.
func softwareVerdict(r result.Software) section {
	s := section{heading: "Verdict with software measures", verdict: r.Verdict, banner: sentence(r.Statement)}
	s.pairs = []pair{{"target", r.Target + ", scenario " + r.Scenario + ", budget " + significant(r.BudgetFIT, nearest) + " FIT, violation " + r.Violation + ", criterion " + r.Criterion}}
	if r.Chosen == "" {
		s.pairs = append(s.pairs, pair{"chosen", "none: no combination comes near the target"})
		return s
	}
	chosen := "chosen"
	if !r.Meets {
		chosen = "nearest"
	}
	s.pairs = append(s.pairs,
		pair{chosen, measuresText(r.Chosen)},
		pair{"cost", "time x " + significant(r.Time, nearest) + ", energy proxy x " + significant(r.Energy, nearest) + ", no logic"},
		pair{"residual", limitsText(r.FITViolating) + " FIT"},
		pair{"SPFM over flops", metricText(r.SPFM)},
		pair{"reported (availability)", limitsText(r.FITDUE) + " FIT: stops of the NPU and differences that the host finds"})
	if r.Lacking != "" {
		s.pairs = append(s.pairs, pair{"lacks", r.Lacking})
	}
	return s
}

// measuresText names the measures in words.
func measuresText(names string) string {
	if names == "none" {
		return "none: the NPU as it is"
	}
	return names
}

// stageWords are the stages of a combination.
var stageWords = map[string]string{"screened": "screened", "measured": "measured", "not_tried": "not tried", "impossible": "impossible"}

// softwareTable lists the combinations, the quickest first.
func softwareTable(r result.Software) section {
	s := section{
		heading: "Combinations, each simulated by a campaign of its own",
		note:    "reset: before every run. twice: every inference runs twice and the host compares. moved: the second run at other addresses. knownN: a known input before every N frames. retry: what the NPU has stopped runs once more.",
		table:   &table{columns: columns("measures", ">time", ">energy", ">injections", ">per inference", ">residual FIT", ">SPFM over flops", ">wrong", ">persisting", ">stray", ">hang", ">stop", ">found", "result")},
	}
	for _, c := range r.Combinations {
		if c.Injections == 0 {
			s.lines = append(s.lines, c.Measures+": "+stageWords[c.Stage]+" ("+c.Reason+")")
			continue
		}
		o := c.Outcomes
		s.table.add(c.Measures, significant(c.Time, nearest), significant(c.Energy, nearest), count(c.Injections), perInference(c), limitsText(c.FITViolating), metricText(c.SPFM),
			strconv.Itoa(o.SDC()), strconv.Itoa(o.Latent), strconv.Itoa(o.StrayWrite), strconv.Itoa(o.DUEHang), strconv.Itoa(o.DUEDetected), strconv.Itoa(o.Detected), verdictWord(c.Result))
		s.table.rows[len(s.table.rows)-1][13].class = c.Result
	}
	return s
}

// perInference is the residual per inference in terms of the plain one.
func perInference(c result.SoftwareCombination) string {
	if c.PerInference == 0 {
		return "-"
	}
	return "x " + significant(c.PerInference, nearest)
}

// softwareProof shows the proofs.
func softwareProof(r result.Software) section {
	s := section{heading: "Proof by injection, fresh seed"}
	if len(r.Proof.Attempts) == 0 {
		s.note = "No proof was run: the figures above chose among combinations and prove none."
		return s
	}
	s.verdict, s.banner = stats.NotShown, "DOES NOT HOLD"
	if r.Proof.Holds {
		s.verdict, s.banner = stats.Met, "HOLDS"
	}
	s.note = sentence(begun(len(r.Proof.Ledger))) + "."
	s.table = &table{columns: columns("measures", ">seed", ">injections", ">violations", ">confidence", ">power", ">upper FIT", ">lower SPFM", "holds")}
	for _, a := range r.Proof.Attempts {
		s.table.add(a.Design, strconv.FormatUint(a.Seed, 10), count(a.Injections), count(a.Violations), metricPercent(a.Confidence, nearest)+" %",
			percent(a.Power, nearest), significant(a.FITUpper, up), metricPercent(a.SPFMLower, down)+" %", yesNo(a.Holds))
	}
	return s
}

// softwareCSV has a row for each combination and each proof.
func softwareCSV(r result.Software) csvTable {
	t := csvTable{header: []string{"table", "measures", "stage", "time", "energy", "per_inference", "cycles", "injections", "fit", "fit_lower", "fit_upper", "spfm", "spfm_lower", "spfm_upper",
		"sdc", "persisting", "stray_write", "due_hang", "due_detected", "detected", "result"}}
	for _, c := range r.Combinations {
		o := c.Outcomes
		t.add("combination", fields{
			"measures": c.Measures, "stage": c.Stage, "time": number(c.Time), "energy": number(c.Energy), "per_inference": number(c.PerInference), "cycles": strconv.FormatInt(c.Cycles, 10), "injections": strconv.Itoa(c.Injections),
			"fit": number(c.FITViolating.Estimate), "fit_lower": number(c.FITViolating.Lower), "fit_upper": number(c.FITViolating.Upper),
			"spfm": number(c.SPFM.Estimate), "spfm_lower": number(c.SPFM.Lower), "spfm_upper": number(c.SPFM.Upper),
			"sdc": strconv.Itoa(o.SDC()), "persisting": strconv.Itoa(o.Latent), "stray_write": strconv.Itoa(o.StrayWrite), "due_hang": strconv.Itoa(o.DUEHang),
			"due_detected": strconv.Itoa(o.DUEDetected), "detected": strconv.Itoa(o.Detected), "result": c.Result,
		})
	}
	for _, a := range r.Proof.Attempts {
		t.add("proof", fields{
			"measures": a.Design, "injections": strconv.Itoa(a.Injections), "fit": number(a.FITExpected), "fit_upper": number(a.FITUpper), "spfm_lower": number(a.SPFMLower), "result": yesNo(a.Holds),
		})
	}
	return t
}
