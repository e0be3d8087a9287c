package report

import (
	"fmt"
	"slices"
	"strconv"

	"upset/stats"
	"upset/stats/result"
)

// evidenceSections are the checks of the tool and what faults leave behind.
func evidenceSections(e *result.Evidence) []section {
	s := section{heading: "Confidence in the tool", note: "Checks of the simulator on this very network, for the qualification of software tools (ISO 26262-8, clause 11). " +
		"Faults are injected twice: as in the campaign, and from cycle 0 to the end without any shortcut. Upper limits are one-sided at 95 %."}
	if e == nil {
		s.note = "No checks were made in this run (--evidence 0)."
		return []section{s}
	}
	if e.Short() {
		s.note += fmt.Sprintf(" The time for them (--evidence-time) ended before all of the %s faults asked for were repeated: what was reached stands below, with the limits that it gives.", count(e.Asked))
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
	for _, b := range e.Gates {
		t.add(fmt.Sprintf("%s beside its gates: clocks, and %s flips in both", b.Block, count(b.Flips)), count(b.Clocks+b.DisturbedClocks), count(b.Differences), "")
		if b.Differences > 0 {
			t.rows[len(t.rows)-1][2].class = stats.NotMet
		}
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
	s.note = fmt.Sprintf("Upsets whose own inference ends right, followed through up to %s more inferences of the inputs in another order on the machine as they left it. "+
		"Masked upsets must do no harm; persisting ones do, or are not settled: nothing that they left was gone. The upper limit is one-sided at 95 %%.", count(r.Later))
	t := &table{columns: columns("upset", ">followed", ">did harm", ">upper limit", ">wrong output", ">not settled")}
	for _, x := range []struct {
		name string
		c    result.ResidueCount
	}{{"masked, something left behind", r.Masked}, {"persisting", r.Latent}} {
		limit := percent(x.c.Upper, up)
		if x.c.N == 0 {
			limit = ""
		}
		t.add(x.name, count(x.c.N), count(x.c.Harmed), limit, count(x.c.Output), count(x.c.Unsettled))
	}
	if r.Masked.Harmed > 0 {
		t.rows[0][2].class = stats.NotMet
		s.lines = append(s.lines, "The first one that did harm: "+r.Example)
	}
	t.add("masked, nothing left behind", count(r.Clean), "", "", "", "")
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

// residueCSV lists the upsets that were followed.
func residueCSV(r result.Residue) csvTable {
	t := csvTable{header: []string{"table", "name", "n", "harmed", "output", "unsettled", "upper"}}
	for _, x := range []struct {
		name string
		c    result.ResidueCount
	}{{"masked", r.Masked}, {"latent", r.Latent}} {
		t.add("residue", fields{
			"name": x.name, "n": strconv.Itoa(x.c.N), "harmed": strconv.Itoa(x.c.Harmed), "output": strconv.Itoa(x.c.Output), "unsettled": strconv.Itoa(x.c.Unsettled), "upper": number(x.c.Upper),
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
	for _, b := range e.Gates {
		row("gates_"+b.Block, b.Clocks+b.DisturbedClocks, b.Differences)
	}
}
