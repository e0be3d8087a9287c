package report

import (
	"fmt"
	"strconv"
	"strings"

	"upset/stats"
	"upset/stats/result"
)

// verifyWord is the printed result of a check and its colour.
func verifyWord(r string) (word, class string) {
	switch r {
	case result.VerifyPass:
		return "pass", stats.Met
	case result.VerifyFail:
		return "FAIL", stats.NotMet
	}
	return "not done", stats.NotShown
}

// verifyDocument says what was checked of a stored campaign.
func verifyDocument(v result.Verify) document {
	verdict, banner := stats.Met, "VERIFIED: every check was done and passed"
	switch {
	case v.Failed():
		verdict, banner = stats.NotMet, "DIFFERS: what is stored is not what its records and the machine give"
	case !v.Verified:
		verdict, banner = stats.NotShown, "INCOMPLETE: nothing differs, but not every check could be done"
	}
	d := document{
		title:    "Verification of a stored campaign",
		subtitle: fmt.Sprintf("%s on %s, %s injections, seed %s", v.Model, v.NPU, count(v.Injections), strconv.FormatUint(v.Seed, 10)),
	}
	head := section{verdict: verdict, banner: banner, pairs: []pair{{"campaign", v.Campaign}}}
	if v.PackSHA256 != "" {
		head.pairs = append(head.pairs, pair{"SHA-256", v.PackSHA256}, pair{"packed by", v.PackedBy})
	}
	head.pairs = append(head.pairs, pair{"spec", v.SpecDigest}, pair{"result", v.ResultDigest},
		pair{"injected by", strings.Join(v.Builds, "; ")}, pair{"checked by", v.Tool})
	t := &table{columns: columns("check", "", ">n", "", "measured")}
	checks := section{heading: "Checks", table: t}
	for _, c := range v.Checks {
		word, class := verifyWord(c.Result)
		t.add(c.ID, c.Name, count(c.Cases), word, c.Measured)
		t.rows[len(t.rows)-1][3].class = class
		if c.Reason != "" {
			checks.lines = append(checks.lines, c.ID+": "+c.Reason)
		}
	}
	d.sections = append(d.sections, head, checks)
	if len(v.NeverDone) > 0 {
		d.sections = append(d.sections, section{heading: "Not part of this", lines: v.NeverDone})
	}
	return d
}

// verifyCSV lists the checks.
func verifyCSV(v result.Verify) csvTable {
	t := csvTable{header: []string{"table", "id", "name", "result", "n", "measured", "reason"}}
	for _, c := range v.Checks {
		t.add("check", fields{"id": c.ID, "name": c.Name, "result": c.Result, "n": strconv.Itoa(c.Cases), "measured": c.Measured, "reason": c.Reason})
	}
	return t
}
