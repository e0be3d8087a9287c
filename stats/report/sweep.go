package report

import (
	"strconv"

	"upset/stats/result"
)

// sweepDocument shows a row for each question.
func sweepDocument(s result.Sweep) document {
	d := document{title: "Sweep"}
	t := &table{columns: columns("model", "NPU", "criterion", "raw rates", ">FIT per flop", ">budget, FIT", "violation", ">residual FIT", ">SPFM", "verdict", "protection", ">area")}
	for _, r := range s.Rows {
		protection, area := "", ""
		if k := r.Protection; k != nil {
			protection, area = k.Options+": target not shown", overheadText(k.AreaOverhead, k.AreaOverheadRange)
			if k.Meets {
				protection = k.Options + ": proven"
			}
		}
		t.add(r.Model, r.NPU, r.Criterion, r.Scenario, significant(r.LambdaFlop, nearest), significant(r.BudgetFIT, nearest), r.Violation,
			limitsText(r.Residual), limitsText(r.SPFM), verdictWord(r.Verdict), protection, area)
		t.rows[len(t.rows)-1][9].class = r.Verdict
	}
	note := ""
	if len(s.Rows) > 0 {
		note = "Target " + s.Rows[0].Target + "; one-sided limits, each at " + significant(100*s.Rows[0].Confidence, nearest) + " %. The verdict is on the NPU without protection."
	}
	d.sections = append(d.sections, section{heading: "Verdicts", note: note, table: t})
	d.sections = append(d.sections, warningSection(s.Warnings)...)
	d.sections = append(d.sections, commandSection(s.Command)...)
	return d
}

// sweepCSV lists the rows.
func sweepCSV(s result.Sweep) csvTable {
	t := csvTable{header: []string{
		"table", "model", "npu", "criterion", "scenario", "lambda_flop", "lambda_sram", "budget_fit", "violation", "target", "confidence", "injections",
		"residual_fit", "residual_fit_lower", "residual_fit_upper", "spfm", "spfm_lower", "spfm_upper", "verdict",
		"protection", "meets", "area_overhead", "area_overhead_low", "area_overhead_high", "fit_upper", "folder", "result_digest",
	}}
	for _, r := range s.Rows {
		f := fields{
			"model": r.Model, "npu": r.NPU, "criterion": r.Criterion, "scenario": r.Scenario, "lambda_flop": number(r.LambdaFlop), "lambda_sram": number(r.LambdaSRAM),
			"budget_fit": number(r.BudgetFIT), "violation": r.Violation, "target": r.Target, "confidence": number(r.Confidence), "injections": strconv.Itoa(r.Injections),
			"residual_fit": number(r.Residual.Estimate), "residual_fit_lower": number(r.Residual.Lower), "residual_fit_upper": number(r.Residual.Upper),
			"spfm": number(r.SPFM.Estimate), "spfm_lower": number(r.SPFM.Lower), "spfm_upper": number(r.SPFM.Upper), "verdict": r.Verdict,
			"folder": r.Folder, "result_digest": r.Digest,
		}
		if k := r.Protection; k != nil {
			f["protection"], f["meets"], f["area_overhead"], f["fit_upper"] = k.Options, strconv.FormatBool(k.Meets), number(k.AreaOverhead), number(k.FITUpper)
			f.span(k.AreaOverheadRange)
		}
		t.add("row", f)
	}
	return t
}
