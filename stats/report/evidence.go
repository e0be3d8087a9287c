package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"upset/stats"
	"upset/stats/result"
)

// inputsSection says what can be known of how well the inputs represent the use.
func inputsSection(c result.Campaign) section {
	s := section{heading: "Representativeness of the inputs", pageOnly: true}
	s.pairs = []pair{{"inputs", count(c.Inputs)}}
	switch {
	case c.Assumptions.InputsAre == stats.InputsSample:
		s.note = "The intervals are for the population that the inputs were drawn from. That they were drawn at random is an assumption of use."
	default:
		s.note = "The intervals are for exactly these inputs: they do not say what other inputs would show. --inputs-are sample gives intervals for the population that they were drawn from."
	}
	if c.DesignEffect > 0 {
		s.pairs = append(s.pairs, pair{"design effect", significant(c.DesignEffect, nearest) + ": so many times the injections that independent inputs would need"})
	}
	x := c.InputSpread
	if x == nil {
		s.note += " With a single input nothing can be said about how much the result depends on it."
		return s
	}
	total := 0.0
	for _, in := range x.Inputs {
		total += in.Expected
	}
	if total < leastExpected*float64(len(x.Inputs)) {
		s.pairs = append(s.pairs, pair{"all alike", fmt.Sprintf("cannot say: %.1f violations for each input are too few, %g are needed", total/float64(len(x.Inputs)), leastExpected)})
		return s
	}
	verdict := "no difference between inputs is shown"
	if x.P < 0.05 {
		verdict = "the consequence of an upset depends on the input"
	}
	s.pairs = append(s.pairs, pair{"all alike", "P = " + significant(x.P, nearest) + ": " + verdict})
	order := make([]int, len(x.Inputs))
	for i := range order {
		order[i] = i
	}
	apart := func(i int) float64 {
		in := x.Inputs[i]
		return math.Abs(float64(in.Violating)-in.Expected) / math.Sqrt(max(in.Expected, 1e-9))
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(apart(j), apart(i)) })
	s.table = &table{columns: columns(">input", ">violating", ">expected if alike", ">ratio")}
	for _, i := range order[:min(len(order), mostInputs)] {
		in := x.Inputs[i]
		s.table.add(strconv.Itoa(i), count(in.Violating), fmt.Sprintf("%.1f", in.Expected), fmt.Sprintf("%.2f", float64(in.Violating)/max(in.Expected, 1e-9)))
	}
	if n := len(x.Inputs); n > mostInputs {
		s.note += fmt.Sprintf(" The %d of %d inputs that differ most are shown; JSON holds all.", mostInputs, n)
	}
	return s
}

// mostInputs is the number of inputs in the table (our choice). leastExpected is the mean
// number of violations that the test takes (the usual rule for chi-squared).
const (
	mostInputs    = 12
	leastExpected = 5.0
)

// evidenceSections are the checks of the tool and what faults leave behind.
func evidenceSections(e *result.Evidence) []section {
	s := section{heading: "Confidence in the tool", note: "Checks of the simulator on this very network, for the qualification of software tools (ISO 26262-8, clause 11). " +
		"Faults are injected twice: as in the campaign, and from cycle 0 to the end without any shortcut. Upper limits are one-sided at 95 %."}
	if e == nil {
		s.note = "No checks were made in this run (--evidence 0)."
		return []section{s}
	}
	t := &table{columns: columns("check", ">cases", ">differences", ">upper limit")}
	t.add("fault-free output against the functional machine, byte for byte", count(e.FaultFree), "0", "")
	row := func(name string, r result.Repeat) {
		t.add(name, count(r.Samples), count(r.Differences), percent(r.Upper, up))
		if r.Differences > 0 {
			t.rows[len(t.rows)-1][2].class = stats.NotMet
		}
	}
	row(fmt.Sprintf("faults injected twice, unprotected (%s never simulated by the fast engine)", count(e.Plain.Pruned)), e.Plain)
	if e.Protected != nil {
		row(fmt.Sprintf("faults injected twice, with the chosen protection (%s never simulated)", count(e.Protected.Pruned)), *e.Protected)
	}
	s.table = t
	build := section{pageOnly: true, pairs: []pair{{"tool", e.Tool}, {"command stream and data", e.Model}, {"table of sites", e.Table}}}
	return []section{s, build, residueSection(e.Residue)}
}

// residueSection tells what masked faults do later.
func residueSection(r *result.Residue) section {
	s := section{heading: "State left behind"}
	if r == nil {
		s.note = "Not followed: it takes two inputs, and a machine that is not reloaded between inferences."
		return s
	}
	s.note = fmt.Sprintf("Upsets whose own inference ends right, followed through %s more inferences of other inputs on the machine as they left it. "+
		"Masked upsets must do no harm; latent ones are those that do. The upper limit is one-sided at 95 %%.", count(r.Later))
	t := &table{columns: columns("upset", ">followed", ">did harm", ">upper limit", ">wrong output")}
	for _, x := range []struct {
		name string
		c    result.ResidueCount
	}{{"masked, something left behind", r.Masked}, {"latent", r.Latent}} {
		limit := percent(x.c.Upper, up)
		if x.c.N == 0 {
			limit = ""
		}
		t.add(x.name, count(x.c.N), count(x.c.Harmed), limit, count(x.c.Output))
	}
	if r.Masked.Harmed > 0 {
		t.rows[0][2].class = stats.NotMet
		s.lines = append(s.lines, "The first one that did harm: "+r.Example)
	}
	t.add("masked, nothing left behind", count(r.Clean), "", "", "")
	s.table = t
	return s
}

// residueDocument shows the comparison by itself.
func residueDocument(r result.Residue) document {
	d := document{
		title:    "What masked faults leave behind: " + r.Model + " on " + r.NPU,
		subtitle: count(r.Drawn) + " upsets drawn, seed " + strconv.FormatUint(r.Seed, 10),
	}
	s := residueSection(&r)
	s.heading = ""
	d.sections = append([]section{s}, warningSection(r.Warnings)...)
	return d
}

// missionSection names the networks that a protection is for.
func missionSection(p result.Protect) []section {
	if len(p.Networks) == 0 {
		return nil
	}
	note := "Every network must meet the target on the protected machine."
	if p.Mission == "mix" {
		note = "The networks together, by their shares of the operating time, must meet the target on the protected machine."
	}
	t := &table{columns: columns("network", ">share of the time", "campaign")}
	for _, n := range p.Networks {
		share := ""
		if n.Share > 0 {
			share = percent(n.Share, nearest)
		}
		t.add(n.Model, share, n.Campaign)
	}
	return []section{{heading: "Networks", note: note, table: t}}
}

// networkNames is the list of networks for a title.
func networkNames(p result.Protect) string {
	if len(p.Networks) == 0 {
		return p.Model
	}
	var names []string
	for _, n := range p.Networks {
		names = append(names, n.Model)
	}
	return strings.Join(names, ", ")
}

// residueCSV lists the upsets that were followed.
func residueCSV(r result.Residue) csvTable {
	t := csvTable{header: []string{"table", "name", "n", "harmed", "output", "upper"}}
	for _, x := range []struct {
		name string
		c    result.ResidueCount
	}{{"masked", r.Masked}, {"latent", r.Latent}} {
		t.add("residue", fields{
			"name": x.name, "n": strconv.Itoa(x.c.N), "harmed": strconv.Itoa(x.c.Harmed), "output": strconv.Itoa(x.c.Output), "upper": number(x.c.Upper),
		})
	}
	t.add("residue", fields{"name": "clean", "n": strconv.Itoa(r.Clean)})
	return t
}

// addEvidence adds the checks of the tool.
func (t *csvTable) addEvidence(e *result.Evidence) {
	for _, name := range []string{"name", "n", "differences"} {
		if !slices.Contains(t.header, name) {
			t.header = append(t.header, name)
		}
	}
	row := func(name string, n, differences int) {
		t.add("evidence", fields{"name": name, "n": strconv.Itoa(n), "differences": strconv.Itoa(differences)})
	}
	row("fault_free", e.FaultFree, 0)
	row("plain", e.Plain.Samples, e.Plain.Differences)
	if e.Protected != nil {
		row("protected", e.Protected.Samples, e.Protected.Differences)
	}
	if e.Residue != nil {
		row("residue", e.Residue.Masked.N, e.Residue.Masked.Harmed)
	}
}
