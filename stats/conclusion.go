package stats

import "strings"

// MetricDUE is the rate of detected stops against an availability budget, in FIT.
const MetricDUE = "due"

// MetricFITPulses is the residual of upsets and of pulses in logic together, in FIT. The pulses
// are those in blocks whose gates were measured.
const MetricFITPulses = "fit_pulses"

// Faults that a conclusion is about.
const (
	FaultsTransient = "transient faults only"
	FaultsBoth      = "transient and permanent faults"
	// FaultsFlops leaves out the gates between flops, whose permanent rate is
	// declared as none; FaultsGates takes them as not assessed.
	FaultsFlops = "transient faults, and permanent faults of flops only"
	// FaultsSomeGates where those of some blocks were measured.
	FaultsSomeGates = "transient faults, and permanent faults of flops and of gates of blocks that have gates; permanent faults of other gates not assessed"
	FaultsGates     = "transient faults, and permanent faults of flops; permanent faults of the gates between them not assessed"
)

// Decided is a metric that takes part in a verdict.
type Decided struct {
	Metric string // one of the Metric constants
	Limits Limits // zero where it is not assessed
	Target float64
	Result string // met, not_met, not_shown or not_assessed
}

// Scope is what a conclusion is about.
type Scope struct {
	// Target is the integrity level, such as "asil-d".
	Target string
	// Faults is one of the Faults constants.
	Faults string
	// Violation is the definition of a violation.
	Violation string
	// Pulses says that a rate of pulses in logic is declared.
	Pulses bool
}

// metricWords name metrics in a sentence.
var metricWords = map[string]string{
	MetricFIT: "transient residual", MetricSPFM: "transient SPFM", MetricSPFMPermanent: "permanent SPFM",
	MetricLFM: "LFM", MetricPMHF: "PMHF", MetricDUE: "DUE budget", MetricFITPulses: "residual with pulses in logic",
}

// MetricWord names a metric in a sentence.
func MetricWord(metric string) string {
	if w := metricWords[metric]; w != "" {
		return w
	}
	return metric
}

// Conclude joins all metrics that take part in a verdict. The result is met only where
// every one is; a metric that is not assessed is not shown. The sentence says what was
// shown, and no more.
func Conclude(s Scope, decided []Decided) (result, sentence string) {
	var results []string
	named := map[string][]string{}
	for _, d := range decided {
		results = append(results, d.Result)
		named[d.Result] = append(named[d.Result], MetricWord(d.Metric))
	}
	result = Both(results...)
	level := strings.ToUpper(strings.ReplaceAll(s.Target, "-", " "))
	faults := s.Faults
	if s.Pulses {
		faults += ", with pulses in logic of blocks that have gates, those of others not assessed"
	}
	if s.Violation == ViolationCritical {
		faults += ", tolerable wrong outputs not counted"
	}
	if result == Met {
		return result, "hardware-metric targets of " + level + " met under the listed assumptions, " + faults
	}
	words := "not shown to be met"
	if result == NotMet {
		words = "not met"
	}
	var parts []string
	for _, r := range []struct{ result, word string }{{NotMet, "not met"}, {NotShown, "not shown"}, {NotAssessed, "not assessed"}, {Met, "met"}} {
		if list := named[r.result]; len(list) > 0 {
			parts = append(parts, r.word+": "+strings.Join(list, ", "))
		}
	}
	sentence = "hardware-metric targets of " + level + " " + words + ", " + faults
	if len(parts) > 0 {
		sentence += " (" + strings.Join(parts, "; ") + ")"
	}
	return result, sentence
}
