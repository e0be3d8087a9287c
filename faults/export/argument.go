package export

import "upset/stats/result"

// dependent lists initiators of dependent failures with what the tool says of each. It
// says nothing where it knows nothing: the last column is the user's.
func dependent(s Safety) sheet {
	x := sheet{
		name:   sheetDependent,
		note:   "Initiators of dependent failures between what is protected and what protects it. The tool simulates some; the others are yours to argue.",
		header: []string{"initiator", "what could fail together", "what the tool does", "your measure"},
		widths: []float64{30, 44, 60, 40},
	}
	pairs := "not injected: declare a share with --pairs"
	if s.Protect != nil && s.Protect.Multiple != nil {
		pairs = "injected beside every mechanism, at the declared share; part of the verdict"
	}
	for _, r := range [][]any{
		{"one particle, two neighbouring flops", "two bits of one parity group; a flop and its copy", pairs},
		{"one particle, several cells of the RAM", "two bits of one code word", "injected with --fault mcu:…, with the declared interleaving; not part of the verdict"},
		{"shared checker", "an upset of the checker hides or raises an alarm", "upsets of the mechanisms' own flops are injected, self-test of checkers is counted in the area"},
		{"shared voter or comparator", "logic of a voter without a flop", "upsets of voter outputs enter the rate; permanent faults of it are not simulated"},
		{"shared clock", "a lost or doubled edge in a block and in its checker", "not simulated"},
		{"shared reset", "both copies reset at once", "not simulated"},
		{"shared supply, temperature, ageing", "both copies fail in the same way", "not simulated; lock-step is delayed by the declared number of cycles against events of one moment"},
		{"shared configuration", "one wrong register steers a block and its copy alike", "upsets of configuration registers are injected; copies take their configuration from the same registers unless these are protected themselves"},
		{"shared memory and bus", "wrong data reach both copies", "outside the IP: an assumption of use"},
		{"shared software", "the driver takes a wrong result for right", "the host is simulated without faults: an assumption of use"},
	} {
		x.rows = append(x.rows, append(r, ""))
	}
	return x
}

// assumptions are those that the verdict rests on.
func assumptions(s Safety) sheet {
	x := sheet{
		name:   sheetAssumptions,
		note:   "The results hold under these assumptions of use. Confirm each, or the verdict does not apply.",
		header: []string{"assumption", "value in this result", "confirmed by"},
		widths: []float64{60, 60, 30},
	}
	a := s.Campaign.Assumptions
	if s.Protect != nil {
		a = s.Protect.Assumptions
	}
	for _, l := range Assumptions(a) {
		x.rows = append(x.rows, []any{l[0], l[1], ""})
	}
	return x
}

// Assumptions are the assumptions of use of a result, each with its value.
func Assumptions(a result.Assumptions) (list [][2]string) {
	add := func(what, value string) { list = append(list, [2]string{what, value}) }
	watchdog := "none: a hang counts as violating"
	if a.Watchdog {
		watchdog = number(float64(a.WatchdogCycles)) + " cycles"
	}
	add("a watchdog outside the NPU ends an inference that takes longer, and the host notices", watchdog)
	add("detectors of the NPU that are believed; their status is read after every inference", orNone(a.Credit))
	add("an alarm of a mechanism stops the NPU, and its result is not used", number(float64(a.AlarmLatency))+" cycles from alarm to stop")
	if a.AssumeReload {
		add("weights, commands and state are loaded anew before every inference", "declared")
	} else {
		add("nothing is loaded anew between inferences; what a fault leaves behind is followed", number(float64(a.Followed))+" inferences at most")
	}
	add("memory, bus and host outside the NPU are protected by themselves", "not part of the rates")
	add("code of the shared buffer", a.ECC)
	add("raw rates per bit are those of the target's process and place", a.Scenario+": "+number(a.LambdaFlop)+" FIT per flop, "+number(a.LambdaSRAM)+" FIT per SRAM bit")
	add("the NPU computes this share of the time", number(a.Duty))
	add("the network, its inputs and their distribution are those of the product", "intervals are for inputs: "+orNone(a.InputsAre))
	add("inventory of registers", a.Inventory)
	add("what counts as a violation", a.Violation+", criterion "+a.Criterion)
	if a.PermanentFITPer100kGE == 0 {
		add("permanent faults", "not assessed")
	} else {
		add("permanent faults", number(a.PermanentFITPer100kGE)+" FIT for 100,000 gate equivalents")
	}
	if a.PulseFITPerKGE == 0 {
		add("pulses in logic", "not assessed")
	} else {
		add("pulses in logic", number(a.PulseFITPerKGE)+" FIT for 1,000 gate equivalents")
	}
	return list
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
