package report

import (
	"fmt"
	"strconv"

	"upset/stats/result"
)

// decisionDocument shows a campaign on a selection task.
func decisionDocument(r result.Decision) document {
	d := document{title: fmt.Sprintf("Selection under faults: %s on %s", r.Task, r.NPU)}
	pairs := []pair{
		{"task", r.Title},
		{"family", r.Family + ", judged by its " + r.Metric},
		{"exposure", r.Exposure + map[string]string{
			"transient": ": a flop is inverted in one inference of the pool", "persistent": ": a bit of the program in memory is inverted for all inferences",
		}[r.Exposure]},
		{"injections", fmt.Sprintf("%s, seed %d, %s per second", count(r.Injections), r.Seed, significant(r.Rate, nearest))},
		{"consequential", "consequence above " + significant(r.Epsilon, nearest)},
		{"result", r.ResultDigest},
	}
	for _, s := range r.Scorers {
		pairs = append(pairs, pair{"scorer " + s.Name, fmt.Sprintf("%s cycles, %s inferences of a pool of %s, %s of them struck", count(s.Cycles), count(s.Executed), count(s.Rows), count(s.Struck))})
	}
	d.sections = append(d.sections, section{heading: "Campaign", pairs: pairs})
	t := &table{columns: columns("block", ">faults", ">output changed", ">label changed", ">decision changed", ">consequential", ">DUE")}
	for _, s := range append([]result.DecisionShares{r.Whole}, r.Blocks...) {
		t.add(s.Block, count(s.Visible.N), intervalText(s.Visible), intervalText(s.Label), intervalText(s.Changed), intervalText(s.Consequential), intervalText(s.DUE))
	}
	d.sections = append(d.sections, section{
		heading: "Shares of the faults", table: t,
		note: fmt.Sprintf("Two-sided %s %% intervals; <= marks an upper bound: none was seen. Mean over changed decisions: distance %s, consequence %s.",
			significant(100*r.Confidence, nearest), significant(r.MeanDistance, nearest), significant(r.MeanConsequence, nearest)),
	})
	d.sections = append(d.sections, warningSection(r.Warnings)...)
	d.sections = append(d.sections, commandSection(r.Command)...)
	return d
}

// decisionCSV lists the shares.
func decisionCSV(r result.Decision) csvTable {
	t := csvTable{header: []string{"table", "block", "faults", "event", "failures", "estimate", "lower", "upper"}}
	for _, s := range append([]result.DecisionShares{r.Whole}, r.Blocks...) {
		for _, x := range []struct {
			event string
			i     result.Interval
		}{{"visible", s.Visible}, {"label", s.Label}, {"changed", s.Changed}, {"consequential", s.Consequential}, {"due", s.DUE}} {
			t.add("share", fields{"block": s.Block, "faults": strconv.Itoa(x.i.N), "event": x.event, "failures": strconv.Itoa(x.i.Failures),
				"estimate": number(x.i.Estimate), "lower": number(x.i.Low), "upper": number(x.i.High)})
		}
	}
	return t
}
