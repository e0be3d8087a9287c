package verdicts

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"upset/faults/provenance"
)

// File is where the results stand.
const File = "docs/verdicts.json"

// Results are the verdicts of a study.
type Results struct {
	provenance.Made
	Seed     uint64     `json:"seed"`
	Verdicts []Verdict  `json:"verdicts"` // of the product's default
	Methods  Comparison `json:"methods"`
}

// Comparison is that of several methods on the machines of [Compared], the default
// first.
type Comparison struct {
	provenance.Made
	Lists []Other `json:"lists"`
	// Stopped counts as [Direct] does, with campaigns that stop on their precision.
	Stopped Count `json:"stopped"`
}

// Other is what a method says.
type Other struct {
	Method
	Verdicts []Verdict `json:"verdicts"`
}

// Read reads the results of a study.
func Read(file string) (r Results, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}

// Targets (our choice): the upper limit of the rate of false claims may exceed the
// accepted error by a point; four in five machines whose best design lies at half
// the budget are shown to meet it.
const (
	mostFalse = 1 - Confidence + 0.01
	leastMet  = 0.8
)

// shownLevels are the levels at which "shown at X %" is compared with the truth.
var shownLevels = []float64{0.5, 0.8, 0.9, 0.95}

func holds(yes bool) string {
	if yes {
		return "holds"
	}
	return "**fails**"
}

// Page is the part of docs/validation.md about verdicts.
func Page(r Results) (string, error) {
	var b strings.Builder
	b.WriteString(introduction(r))
	list := r.Verdicts
	any := func(Verdict) bool { return true }
	kind := func(k string) func(Verdict) bool { return func(v Verdict) bool { return v.Kind == k } }
	rows := []struct {
		name  string
		among func(Verdict) bool
	}{
		{"all machines", any},
		{"best design within 5 % of the budget", kind(Near)},
		{"of these, best design beyond the budget", func(v Verdict) bool { return v.Kind == Near && v.Best > 1 }},
		{"best design at half the budget", kind(Half)},
		{"best design anywhere from 0.05 to 3 budgets", kind(Wide)},
		{"mechanisms leak 2 %", func(v Verdict) bool { return v.Leaks > 0 }},
		{"adaptive campaigns", func(v Verdict) bool { return v.Adapted }},
		{"option set paper", func(v Verdict) bool { return v.Set == "paper" }},
		{"option set full", func(v Verdict) bool { return v.Set == "full" }},
		{"last design put to a proof was beyond the target", func(v Verdict) bool { return v.True > 1 }},
	}
	b.WriteString("| among | machines | \"met\" | false \"met\" | false, upper limit at 95 % | |\n|---|---:|---:|---:|---:|---|\n")
	for i, row := range rows {
		met, err := count(list, row.among, func(v Verdict) bool { return v.Met })
		if err != nil {
			return "", err
		}
		wrong, err := count(list, row.among, Verdict.False)
		if err != nil {
			return "", err
		}
		verdict := ""
		if i < 2 {
			verdict = holds(wrong.Upper <= mostFalse)
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %.2f %% | %s |\n", row.name, met.Of, met.N, wrong.N, 100*wrong.Upper, verdict)
	}
	met, err := count(list, kind(Half), func(v Verdict) bool { return v.Met })
	if err != nil {
		return "", err
	}
	share := float64(met.N) / float64(max(1, met.Of))
	fmt.Fprintf(&b, "\nWith the best design at half the budget, %d of %d machines (%.1f %%) are shown to meet it; at least %.0f %% are asked for: %s.\n",
		met.N, met.Of, 100*share, 100*leastMet, holds(share >= leastMet))
	direct, err := count(list, func(v Verdict) bool { return v.Kind == Near && v.Best > 1 }, func(v Verdict) bool { return v.Direct })
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&b, "\nThe search hardly ever puts a design beyond the target to a proof. A campaign put on the best design without asking it, where that lies up to 5 %% beyond the budget, claims \"met\" in %d of %d cases, upper limit %.2f %%: %s.\n",
		direct.N, direct.Of, 100*direct.Upper, holds(direct.Upper <= mostFalse))
	b.WriteString("\n*Shown at X %* is the largest confidence at which the proofs meet the target. Where the last design is truly beyond the target, it may be at least X in 1 − X of the cases:\n\n| X | cases | shown at X or more | share | allowed |\n|---:|---:|---:|---:|---:|\n")
	for _, level := range shownLevels {
		c, err := count(list, func(v Verdict) bool { return v.True > 1 }, func(v Verdict) bool { return v.Shown >= level })
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "| %.0f %% | %d | %d | %.2f %% | %.0f %% |\n", 100*level, c.Of, c.N, 100*float64(c.N)/float64(max(1, c.Of)), 100*(1-level))
	}
	if len(r.Methods.Lists) == 0 {
		return b.String(), nil
	}
	others, err := methods(r.Methods)
	return b.String() + others, err
}

func introduction(r Results) string {
	return fmt.Sprintf(`
## Verdicts on machines of known truth

    go run ./faults/verdicts/generate -machines %d

%s

%d machines, each the site table of U55-32 with a known probability of violation for every group of registers and each of
%d phases; the RAM has no code, so that no design can bring the residual below a floor. The budget is set so that the best
design of the option set lies near it, at half of it, or anywhere. A campaign of %d injections, search, plan, proofs and
judgement are those of upset assess at a confidence of %.0f %%; only outcomes are drawn instead of simulated. In a third of the
machines mechanisms let %.0f %% of the violations through that they should stop, which the search does not know. The ratio of
hardened cells is one of %v. The seed, %d, was set before the first run.

`, len(r.Verdicts), r.Made.Line(), len(r.Verdicts), phases, Injections, 100*Confidence, 100*leak, hardened, r.Seed)
}
