package result

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// promised lists the keys that machine readers may rely on. It may only grow.
var promised = map[string]struct {
	v    any
	keys string
}{
	"assess":    {Assess{}, "campaign protect"},
	"run":       {Run{}, "npu model cycles macs operations pmu outputs state_digest"},
	"operation": {RunOperation{}, "index name kind cycles macs"},
	"output":    {Output{}, "name shape type sha256"},
	"sites": {
		Sites{Model: "m", Cycles: 1, TotalSites: 1},
		"npu flops sram_bits area_ge blocks cycles total_sites",
	},
	"sites block": {SitesBlock{}, "block flops sram_bits area_ge registers"},
	"campaign": {
		Campaign{}, "npu model spec_digest result_digest seed injections simulated cached pruned to_end seconds rate outcomes " +
			"strata blocks avf fit verdicts verdict duty warnings",
	},
	"seconds":  {Seconds{}, "golden plan inject total"},
	"rate":     {Rate{}, "resolved simulated"},
	"outcomes": {Outcomes{}, "masked latent sdc_tolerable sdc_critical stray_write due_detected due_hang detected corrected"},
	"stratum": {
		Stratum{}, "block class phase weight n masked latent sdc_tolerable sdc_critical stray_write due_detected due_hang " +
			"detected corrected",
	},
	"block":    {BlockAVF{}, "block avf_sdc avf_critical"},
	"interval": {Interval{}, "estimate low high"},
	"fit":      {CampaignFIT{}, "violating critical due"},
	"limits":   {Limits{}, "estimate lower upper"},
	"verdict":  {Verdict{}, "scenario lambda_flop budget_fit violation metric estimate lower upper result"},
	"protect": {
		Protect{}, "npu model target scenario violation criterion budget_fit meets confidence area_overhead area_overhead_with_ram " +
			"fit_violating spfm choice unprotected lockstep harden_all duplicate_all pareto proof",
	},
	"choice":      {Choice{}, "block mechanism area_ge"},
	"alternative": {Alternative{}, "meets"},
	"proof":       {Proof{}, "injections attempts fit_upper power holds"},
	"validate":    {ValidateEngine{}, "samples differences by_block by_class by_path simulated pruned plain_cycles"},
}

func TestPromisedKeys(t *testing.T) {
	for name, p := range promised {
		text, err := json.Marshal(p.v)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got map[string]any
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for key := range strings.FieldsSeq(p.keys) {
			if _, ok := got[key]; !ok {
				t.Errorf("%s lacks the key %q: %s", name, key, text)
			}
		}
	}
}

// distinct has another count in every class, so that sums tell them apart.
var distinct = Outcomes{
	Masked: 1, Latent: 2, SDCTolerable: 4, SDCCritical: 8, StrayWrite: 16,
	DUEDetected: 32, DUEHang: 64, Detected: 128, Corrected: 256,
}

func TestOutcomeSums(t *testing.T) {
	if got := distinct.Total(); got != 511 {
		t.Errorf("Total = %d, want 511", got)
	}
	if got := distinct.SDC(); got != 12 {
		t.Errorf("SDC = %d, want 12", got)
	}
	if a, b := distinct.DUE(true), distinct.DUE(false); a != 96 || b != 32 {
		t.Errorf("DUE = %d and %d, want 96 and 32", a, b)
	}
	// Every class is added: doubling must double each field.
	sum := reflect.ValueOf(distinct.Add(distinct))
	for i := range sum.NumField() {
		if got, want := sum.Field(i).Int(), 2*reflect.ValueOf(distinct).Field(i).Int(); got != want {
			t.Errorf("%s adds to %d, want %d", sum.Type().Field(i).Name, got, want)
		}
	}
}

func TestViolating(t *testing.T) {
	for _, c := range []struct {
		violation        string
		watchdog, reload bool
		want             int
	}{
		{"any", true, false, 2 + 4 + 8 + 16},
		{"critical", true, false, 2 + 8 + 16},
		{"any", true, true, 4 + 8 + 16},
		{"any", false, false, 2 + 4 + 8 + 16 + 64},
		{"critical", false, true, 8 + 16 + 64},
	} {
		if got := distinct.Violating(c.violation, c.watchdog, c.reload); got != c.want {
			t.Errorf("%+v counts %d", c, got)
		}
	}
}

func TestBound(t *testing.T) {
	for _, c := range []struct {
		i    Interval
		want bool
	}{
		{Interval{High: 0.1}, true},
		{Interval{}, false},
		{Interval{Estimate: 1, Low: 0.9, High: 1}, true},
		{Interval{Estimate: 1, Low: 1, High: 1}, false},
		{Interval{Estimate: 0.1, Low: 0.05, High: 0.2}, false},
	} {
		if got := c.i.Bound(); got != c.want {
			t.Errorf("%+v is a bound: %v", c.i, got)
		}
	}
	if !(Limits{Upper: 1}).Bound() || (Limits{Estimate: 1, Upper: 2}).Bound() || (Limits{}).Bound() {
		t.Error("Limits.Bound is wrong")
	}
}
