package report

import (
	"upset/stats"
	"upset/stats/result"
)

// decidesSections are the tables of what a verdict hangs on.
func decidesSections(p result.Protect) (out []section) {
	if len(p.Inputs) > 0 {
		t := &table{columns: columns("cell or mechanism", ">area", ">rate ratio", "source")}
		for _, in := range p.Inputs {
			ratio := "simulated"
			if in.Ratio != nil {
				ratio = rangeText(*in.Ratio)
			}
			t.add(in.Name, rangeText(in.Area), ratio, in.Source)
		}
		out = append(out, section{heading: "Declared cells and mechanisms", table: t,
			note: "Area is that of a cell over a plain flop, or a factor of a mechanism's formula; the ratio is the rate of upsets over that of a plain flop. Of a range the worst end decides. --cells changes them."})
	}
	if len(p.BreakEven) > 0 {
		t := &table{columns: columns("input", ">value", ">lost below", ">lost above", "unit", "note")}
		show := func(x *float64) string {
			if x == nil {
				return "never"
			}
			return significant(*x, nearest)
		}
		for _, b := range p.BreakEven {
			t.add(b.Input, significant(b.Value, nearest), show(b.Below), show(b.Above), b.Unit, b.Note)
		}
		out = append(out, section{heading: "Break-even", table: t,
			note: "The value of one input, all others unchanged, at which the verdict on the chosen design is lost: by calculation on the records of the campaign, for pairs on the proof."})
	}
	if len(p.Inventories) > 0 {
		t := readingColumns("inventory", ">flops")
		for _, x := range p.Inventories {
			addReading(t, []string{x.Name, bitsText(x.FlopBits)}, x.Unprotected, x.Chosen)
		}
		out = append(out, section{heading: "Other inventories", table: t, note: "SPFM is a ratio: what stands in its denominator decides with the rest. By calculation on the records of the campaign; the first line is the inventory of the verdict."})
	}
	if len(p.Credits) > 0 {
		t := readingColumns("without")
		for _, x := range p.Credits {
			addReading(t, []string{x.Without}, x.Unprotected, x.Chosen)
		}
		out = append(out, section{heading: "Without credit of the NPU's own detectors", table: t,
			note: "What only this detector reports violates. The last line credits none, as if every address answered and no status were read. By calculation on the records of the campaign."})
	}
	if m := p.Multiple; m != nil {
		out = append(out, section{heading: "Upsets of two neighbouring flops", pairs: []pair{
			{"declared share", percent(m.Share, nearest) + " of upset events"},
			{"injected", count(m.Events) + " events beside the design: " + count(m.Violating) + " violate, " + count(m.Alarms) + " raise an alarm"},
			{"residual if all were such", limitsText(m.FIT) + " FIT; without the design " + limitsText(m.FITUnprotected) + " FIT"},
		}})
	}
	if len(p.DUEFront) > 0 {
		t := &table{columns: columns(">added logic", ">DUE FIT", ">residual FIT", ">SPFM over flops", "verdict", "design")}
		for _, x := range p.DUEFront {
			t.add(overheadText(x.AreaOverhead, x.AreaOverheadRange), limitsText(x.FITDUE), limitsText(x.FITViolating), metricText(x.SPFM), byCalculation(x.Result), x.Design)
		}
		note := "The cheapest design for a falling limit on reported errors. Detection turns wrong results into stops; correction and hardening do not."
		if x := p.Available; x != nil {
			note += " The cheapest that reports no more than the unprotected machine adds " + overheadText(x.AreaOverhead, x.AreaOverheadRange) + "."
		}
		out = append(out, section{heading: "Area against reported errors", table: t, note: note})
	}
	return out
}

func readingColumns(first ...string) *table {
	return &table{columns: append(columns(first...), columns(">SPFM unprotected", "verdict", ">residual FIT, chosen", ">SPFM, chosen", "verdict")...)}
}

func addReading(t *table, first []string, bare, chosen result.Alternative) {
	t.add(append(first, metricText(bare.SPFM), verdictWord(bare.Result), limitsText(chosen.FITViolating), metricText(chosen.SPFM), verdictWord(chosen.Result))...)
	row := t.rows[len(t.rows)-1]
	row[len(row)-4].class, row[len(row)-1].class = bare.Result, chosen.Result
}

// byCalculation names the result of a design that nobody has put to a proof.
func byCalculation(r string) string {
	if r == stats.Met {
		return "met by calculation"
	}
	return verdictWord(r)
}

// ledgerSection lists every proof of the folder.
func ledgerSection(p result.Protect) []section {
	if len(p.Proof.Ledger) == 0 {
		return nil
	}
	t := &table{columns: columns(">number", "asked", ">attempt", ">confidence", ">injections", ">violations", ">upper FIT", ">lower SPFM", "state", "design")}
	for _, x := range p.Proof.Ledger {
		upper, lower := "", ""
		if x.FITUpper > 0 {
			upper, lower = significant(x.FITUpper, up), metricPercent(x.SPFMLower, down)+" %"
		}
		t.add(count(x.Number), x.Asked, count(x.Attempt), metricPercent(x.Confidence, nearest)+" %", count(x.Injections), count(x.Violations), upper, lower, x.State, x.Design)
	}
	return []section{{heading: "Every proof of this folder", table: t,
		note: "Whatever was asked, and whether it held or not: each further proof has half of the error that is left, so that all together keep the promised confidence."}}
}
