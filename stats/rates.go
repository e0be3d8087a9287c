package stats

import (
	"fmt"
	"strings"
)

// Scenario is a named set of raw soft-error rates, in FIT per bit.
// 1 FIT is one failure in 10^9 hours; 1 Mb is 10^6 bits.
type Scenario struct {
	Name string
	Flop float64
	SRAM float64
	// Source says where the rates come from.
	Source string
}

// Names of the raw-rate scenarios.
const (
	ScenarioFIdelity     = "fidelity"
	ScenarioLi           = "li"
	ScenarioFinFET       = "finfet"
	ScenarioPlanar90     = "planar90"
	ScenarioConservative = "conservative"
	// ScenarioCustom is the name under which rates given by hand are reported.
	ScenarioCustom = "custom"
)

// scenarios is the table of raw rates; the first is the default.
var scenarios = [...]Scenario{
	{
		// 600 FIT/MB for flops: FIdelity (He, Balaprakash, Li, MICRO 2020), after
		// Jagannathan et al. SRAM 66 FIT/Mb: Xilinx UG116 v10.9, block RAM, 28 nm
		// planar, real-time.
		Name: ScenarioFIdelity, Flop: 600.0 / 8e6, SRAM: 66e-6,
		Source: "flops 600 FIT/MB (FIdelity, MICRO 2020); SRAM 66 FIT/Mb (UG116, 28 nm)",
	},
	{
		// 20.49 FIT/Mb, extrapolated to 16 nm and used for latches and SRAM: Li et
		// al., SC 2017, after Neale and Sachdev. SRAM 20 FIT/Mb: Xilinx UG116 v10.9,
		// block RAM, 16 nm FinFET, real-time.
		Name: ScenarioLi, Flop: 2.05e-5, SRAM: 20e-6,
		Source: "flops 20.49 FIT/Mb (Li et al., SC 2017); SRAM 20 FIT/Mb (UG116, 16 nm)",
	},
	{
		// 6 FIT/Mb: 16 nm FinFET configuration memory, arXiv 2303.08098. No public
		// flop rate exists at this node; applying the same to flops is our choice.
		Name: ScenarioFinFET, Flop: 6e-6, SRAM: 6e-6,
		Source: "6 FIT/Mb (16 nm FinFET configuration memory, arXiv 2303.08098), also for flops",
	},
	{
		// 484 FIT/Mb: Xilinx UG116 v10.9, block RAM, 90 nm, real-time. Applying it
		// to flops is our choice.
		Name: ScenarioPlanar90, Flop: 4.84e-4, SRAM: 484e-6,
		Source: "484 FIT/Mb (UG116, 90 nm block RAM), also for flops",
	},
	{
		// IEC 61508 reference for embedded RAM, 700 to 1,200 FIT/Mbit; the round
		// middle is our choice, as is applying it to flops.
		Name: ScenarioConservative, Flop: 1e-3, SRAM: 1000e-6,
		Source: "1,000 FIT/Mb (IEC 61508 reference 700 to 1,200 FIT/Mbit), also for flops",
	},
}

// Scenarios are all named raw-rate scenarios, the default first.
func Scenarios() []Scenario { return append([]Scenario(nil), scenarios[:]...) }

// ScenarioByName finds a named scenario.
func ScenarioByName(name string) (Scenario, error) {
	names := make([]string, 0, len(scenarios))
	for _, s := range scenarios {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Scenario{}, fmt.Errorf("unknown raw-rate scenario %q: choose one of %s, or give both rates", name, strings.Join(names, ", "))
}

// Budgets are the FIT budgets of the verdict matrix: the share of an NPU whose
// area is 2 % of a chip (FIdelity, MICRO 2020), and the whole ASIL-D target of
// ISO 26262-5.
var budgets = [...]float64{0.2, 10}

// Budgets are the FIT budgets of the verdict matrix, the default first.
func Budgets() []float64 { return append([]float64(nil), budgets[:]...) }
