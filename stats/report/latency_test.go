package report

import (
	"bytes"
	"strings"
	"testing"

	"upset/stats/result"
)

// The report of a protection tells how soon each mechanism reports and which alarms
// are true, names the clock, the interval and the reaction, and says so where they are
// not declared.
func TestReportOfLatencies(t *testing.T) {
	p := sampleProtect()
	p.Assumptions = result.Assumptions{Target: "asil-d", Scenario: "fidelity", Duty: 1, Confidence: 0.95}
	p.Latencies = []result.Latency{
		{Mechanism: "parity", Alarms: 150, Median: 0, Maximum: 12},
		{Mechanism: "weight-crc", Alarms: 7, Median: 812, Maximum: 20_480, AfterEnd: 2, AfterEndShare: 0.25},
		{Mechanism: "watchdog", Own: true, Alarms: 3, Median: 11_400, Maximum: 12_100},
	}
	p.Alarms = []result.Alarms{{
		Alarms: 157, Repeated: 157, True: 14, False: 129, Other: 14, FITTrue: result.Limits{Estimate: 0.0044, Lower: 0.0026, Upper: 0.007},
		ByMechanism: []result.AlarmCount{{Mechanism: "parity", True: 10, False: 126, Other: 14}, {Mechanism: "weight-crc", True: 4, False: 3}},
	}}
	undeclared := textOf(t, p, FormatText)
	for _, want := range []string{
		"DETECTION LATENCY", "parity", "weight-crc", "20,480", "25 %", "watchdog (no mechanism)", "not asked", "is not declared",
		"TRUE AND FALSE ALARMS", "0.0044 [0.0026, 0.007]", "129",
		"clock", "assumed to be longer than detection and reaction together", "assumed to stop the NPU before its next clock",
	} {
		if !strings.Contains(undeclared, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	p.Assumptions.ClockHz, p.Assumptions.FTTISeconds, p.Assumptions.AlarmLatency = 500e6, 20e-6, 3
	p.Latencies[2].Overdue, p.Latencies[2].MedianSeconds, p.Latencies[2].MaximumSeconds = 3, 22.8e-6, 24.2e-6
	declared := textOf(t, p, FormatText)
	for _, want := range []string{"5e+08 Hz", "20 us (10000 cycles)", "later than 20 us after the upset violates", "11,400 (22.8 us)", "3 cycles, for which the NPU goes on"} {
		if !strings.Contains(declared, want) {
			t.Errorf("with a clock the report does not say %q", want)
		}
	}
	if strings.Contains(declared, "not asked") {
		t.Error("the report says that lateness was not asked, beside a declared interval")
	}
	table := textOf(t, p, FormatCSV)
	for _, want := range []string{"latency,,,weight-crc", "maximum_cycles,20480", "alarms,,,parity"} {
		if !strings.Contains(table, want) {
			t.Errorf("the CSV lacks %q", want)
		}
	}
}

func textOf(t *testing.T, v any, format string) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, format, v); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
