package report

import (
	"slices"
	"strings"

	"upset/stats"
	"upset/stats/result"
)

// safetySections are what an integrator must make true, and what the evidence does
// not cover. They stand on the page and not in the text.
func safetySections(a result.Assess) []section {
	return []section{
		{heading: "Assumptions of use", pageOnly: true, table: usesTable(a.Campaign), note: "The NPU is taken as a safety element out of context (ISO 26262-10): it was assessed without the vehicle. Whoever " +
			"integrates it must show that these assumptions hold, or assess what follows when they do not."},
		{heading: "Dependent failures", pageOnly: true, table: dependentTable(a.Protect.Choice), note: "What the parts of each redundancy share. A common cause there defeats the mechanism; no rate is given for it."},
		{heading: "Outside the fault model", pageOnly: true, lines: []string{
			"Upsets of flops and of the shared buffer are injected, one at a time. Not covered by any figure on this page:",
			"clock tree, reset, supply and test logic; pulses in logic (see --fault set for pulses that flops capture);",
			"multi-cell upsets, unless the fault model above says so; permanent and intermittent faults;",
			"memory and interconnect outside the NPU: weights, commands and feature maps there are taken as right;",
			"the host, its driver and what it does with an interrupt; several faults in one inference.",
		}},
	}
}

// usesTable lists the assumptions with what was assumed here.
func usesTable(c result.Campaign) *table {
	a := c.Assumptions
	t := &table{columns: columns("subject", "assumed here", "to be shown by the integrator")}
	watchdog := "none: a hang is never noticed and violates"
	if a.Watchdog {
		watchdog = "a hang is ended after " + count(a.WatchdogCycles) + " cycles"
		if a.WatchdogJobs > 0 {
			watchdog = "the watchdog is armed for each of " + count(a.WatchdogJobs) + " streams; a hang of the longest is ended after " + count(a.WatchdogCycles) + " cycles"
		}
	}
	reload := "state stays between inferences; what a fault leaves behind counts when a later inference goes wrong, or when it stays"
	if a.AssumeReload {
		reload = "the NPU is reset and its program loaded again before every inference"
	}
	ftti := "not declared; an inference takes " + count(c.Cycles) + " cycles, and the watchdog has its limit"
	if a.FTTISeconds > 0 {
		ftti = secondsText(a.FTTISeconds) + "; what is reported later violates, and the clock is " + significant(a.ClockHz, nearest) + " Hz"
	}
	t.add("fault-tolerant time", ftti, "the fault-tolerant time interval is no shorter than declared, or longer than detection and reaction together")
	t.add("reaction", "the NPU halts and raises its interrupt; the result is not used", "the host takes the interrupt in time and discards the result")
	t.add("alarm", reactionText(a), "the alarm of every mechanism stops the NPU, and what it would write, as fast as that")
	t.add("safe state", "no result", "the system is safe without the result of an inference, or has another source")
	t.add("watchdog", watchdog, "the watchdog runs from another clock and is tested")
	t.add("duty", percent(a.Duty, nearest)+" of the time computing", "the duty of the mission profile is no higher")
	t.add("memory outside", "no errors", "weights, commands and feature maps outside the NPU are protected by a code or checked")
	t.add("shared buffer", "code: "+a.ECC, "the code is implemented and its errors are counted")
	t.add("between inferences", reload, "the driver does so")
	are := "they represent what the network will see; the intervals hold for these inputs only"
	if a.InputsAre == stats.InputsSample {
		are = "they were drawn at random from what the network will see"
	}
	t.add("inputs", count(c.Inputs)+" inputs", are)
	t.add("raw rates", significant(a.LambdaFlop, nearest)+" FIT per flop, "+significant(a.LambdaSRAM, nearest)+" FIT per SRAM bit", "the rates of the process, the altitude and the voltage are no higher")
	t.add("inventory", a.Inventory, "flops and areas are those of the build")
	return t
}

// sharedBy says what the parts of a mechanism have in common.
var sharedBy = map[string]string{
	"duplicate":     "clock, reset, supply and inputs of both copies; the comparator and its alarm",
	"triplicate":    "clock, reset and supply of the three flops, the data input; the voter's output",
	"lockstep":      "clock, reset, supply, bus and program of both NPUs; the comparator and its alarm",
	"parity":        "clock and load enable of the register and its parity; the data before the generator; the alarm",
	"parity-always": "clock and load enable of the register and its parity; the data before the generator; the alarm",
	"harden":        "no redundancy: the nodes of a cell share well and supply, and one particle can hit two of them",
	"harden-light":  "no redundancy: the nodes of a cell share well and supply, and one particle can hit two of them",
	"secded":        "clock and address of data and check bits; encoder and decoder",
	"watchdog":      "clock and reset, unless the integrator gives it its own; the interrupt",

	"parity-interleaved": "clock and load enable of the register and its parity; the data before the generator; the alarm",
}

// dependentTable lists the mechanisms of a design and what their parts share.
func dependentTable(choice []result.Choice) *table {
	t := &table{columns: columns("mechanism", "where", "shared")}
	var kinds []string
	where := map[string][]string{}
	for _, c := range choice {
		if !slices.Contains(kinds, c.Mechanism) {
			kinds = append(kinds, c.Mechanism)
		}
		name := c.Block
		if c.Group != "" {
			name += "/" + c.Group
		}
		where[c.Mechanism] = append(where[c.Mechanism], name)
	}
	for _, k := range kinds {
		shared := sharedBy[k]
		if shared == "" {
			shared = "clock, reset and supply of the machine and the checker; the alarm"
		}
		t.add(k, strings.Join(where[k], ", "), shared)
	}
	if len(kinds) == 0 {
		t.add("none", "", "")
	}
	return t
}
