package qualify

import "upset/stats/result"

// useCases are the uses that a safety argument makes of the tool.
var useCases = []result.QualifyUseCase{
	{ID: "U1", Text: "estimate the rate of violations by soft errors of a network on an NPU configuration", Command: "upset campaign run"},
	{ID: "U2", Text: "judge an unprotected or protected NPU against hardware-metric targets (residual rate, SPFM; with permanent rates also LFM and PMHF)", Command: "upset assess, upset protect"},
	{ID: "U3", Text: "choose the registers that are to be protected, and by which mechanism", Command: "upset protect"},
	{ID: "U4", Text: "hold a new version of a network or design against a baseline", Command: "upset gate"},
	{ID: "U5", Text: "explain a single fault", Command: "upset inject"},
}

// malfunctions are ways in which the tool could go wrong. Each names the checks that would
// notice; where none does, it says so.
var malfunctions = []result.Malfunction{
	{ID: "M1", UseCases: []string{"U1", "U2", "U3", "U5"}, Text: "the machine computes something else than the network", Effect: "faults act on another computation: every rate is wrong, in either direction", Checks: []string{"K1", "K2"}, Beside: "every campaign compares the fault-free output of each input on two machines"},
	{ID: "M2", UseCases: []string{"U1", "U2", "U3", "U5"}, Text: "a shortcut of the engine changes an outcome", Effect: "harmful faults are counted as masked", Checks: []string{"E1", "E2", "T2"}, Beside: "assess repeats faults of the very job without shortcuts (--evidence)"},
	{ID: "M3", UseCases: []string{"U1", "U2"}, Text: "a fault that harms a later inference counts as masked", Effect: "residual rate too low", Checks: []string{"E3", "T1"}, Beside: "assess follows masked faults of the very job"},
	{ID: "M4", UseCases: []string{"U1", "U2", "U3"}, Text: "a block reacts to a flipped bit in another way than its registers and gates do", Effect: "rates of that block are wrong", Checks: []string{"E4"}, Beside: "for the blocks that have gates; the others rest on one implementation"},
	{ID: "M5", UseCases: []string{"U1", "U2", "U3"}, Text: "registers are missing from the inventory or are not those of the device", Effect: "rates and areas are wrong in proportion", Checks: nil, Beside: "not noticed by any check: the inventory is a model of public descriptions; give the real one with --inventory"},
	{ID: "M6", UseCases: []string{"U1", "U2", "U4"}, Text: "intervals or limits hold less often than they say", Effect: "a target counts as met that is not", Checks: []string{"S1", "S2"}},
	{ID: "M7", UseCases: []string{"U2", "U3"}, Text: "a protection mechanism detects in the simulation what it would not detect", Effect: "residual rate too low", Checks: []string{"E2", "K3"}, Beside: "the proof campaign simulates the chosen design on new faults"},
	{ID: "M8", UseCases: []string{"U3"}, Text: "the search chooses a design that is dearer than needed", Effect: "cost, not safety", Checks: nil, Beside: "the result states its gap to a lower bound"},
	{ID: "M9", UseCases: []string{"U4"}, Text: "a regression passes without evidence", Effect: "a worse version is released", Checks: []string{"S3"}},
	{ID: "M10", UseCases: []string{"U1", "U2", "U3", "U4"}, Text: "records are lost, doubled or changed between injection and result", Effect: "estimates do not belong to the faults that were drawn", Checks: []string{"R1", "R2", "R3"}},
	{ID: "M11", UseCases: []string{"U1", "U2"}, Text: "the ground truth itself is wrong", Effect: "checks T2 and S1 compare with nothing", Checks: []string{"T1", "T3"}},
	{ID: "M12", UseCases: []string{"U2"}, Text: "a declared input (rate, cell, target, share of pairs) is wrong", Effect: "verdict on another question", Checks: nil, Beside: "not noticed: every verdict prints its inputs and where it would be lost"},
}

// anomalies are known deviations with their effect on results; DEVIATIONS.md holds all.
var anomalies = []result.Anomaly{
	{ID: "A1", Text: "the machine is written from public descriptions; Arm's RTL was never seen", Effect: "registers that the device has and the machine lacks are not counted, and the reverse", Remedy: "compare with the inventory of the real design (--inventory); read rates as those of the model"},
	{ID: "A2", Text: "address generators and the command parser have no gates beside them", Effect: "their reaction to flips rests on one implementation", Remedy: "treat rates of cc and of the address registers of dma and ao as less sure; docs/gates.md names what is covered"},
	{ID: "A3", Text: "logic between registers is not struck unless a rate for it is declared", Effect: "pulses in logic are not part of the rate by default; the report says not assessed", Remedy: "declare --set-fit-per-kge; docs/set.md"},
	{ID: "A4", Text: "cell factors and raw rates of the defaults are recalled from literature", Effect: "the verdict depends on them; each has a break-even line", Remedy: "declare the values of your library and process (--cells, --flop-fit, --sram-fit)"},
	{ID: "A5", Text: "cycle counts differ from a board where memories differ from the system file", Effect: "time-dependent masking and duty change", Remedy: "give the board's memories with --system; docs/silicon.md"},
	{ID: "A6", Text: "operators that run on the host are computed without faults", Effect: "faults of the CPU are not part of the rate", Remedy: "assess the CPU by itself"},
}
