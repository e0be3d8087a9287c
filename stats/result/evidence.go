package result

// Evidence is what an assessment itself adds to the confidence in the tool.
type Evidence struct {
	// Tool is the build: version, revision and compiler as far as the binary knows them.
	Tool string `json:"tool"`
	// Model and Table are digests of the network file and of the site table.
	Model string `json:"model_digest"`
	Table string `json:"table_digest"`
	// FaultFree counts the inputs whose fault-free output is, byte for byte, that of
	// the functional machine.
	FaultFree int `json:"fault_free"`
	// Asked is the number of faults of each check that was asked for. Where the time for
	// them ended first, a check has fewer.
	Asked int `json:"asked"`
	// Plain are faults injected twice into the unprotected machine: on the fast engine,
	// and from cycle 0 to the end without any shortcut. Protected are the same on the
	// machine with the chosen protection.
	Plain     Repeat  `json:"plain"`
	Protected *Repeat `json:"protected,omitempty"`
	// Residue follows masked faults into later inferences; absent with a single input.
	Residue *Residue `json:"residue,omitempty"`
	// Gates are the blocks that were written a second time, beside their gates on this
	// network.
	Gates []GatesBlock `json:"gates,omitempty"`
}

// Short reports that the time ended before a check had all faults that were asked for.
func (e *Evidence) Short() bool {
	return e.Plain.Samples < e.Asked || e.Protected != nil && e.Protected.Samples < e.Asked
}

// GatesDifferences counts what differs between blocks and their gates.
func (e *Evidence) GatesDifferences() int {
	n := 0
	for i := range e.Gates {
		n += e.Gates[i].Differences
	}
	return n
}

// Repeat counts faults that were injected twice.
type Repeat struct {
	Samples     int `json:"n"`
	Pruned      int `json:"pruned"`
	Differences int `json:"differences"`
	// Upper is the one-sided 95 % limit of the share of differences.
	Upper float64 `json:"upper"`
}

// Residue tells what becomes of faults that do not show in their own inference.
type Residue struct {
	Model string `json:"model"`
	NPU   string `json:"npu"`
	Seed  uint64 `json:"seed"`
	// Later is the number of inferences that follow at most, with the inputs in turn.
	Later int `json:"later"`
	Drawn int `json:"drawn"`
	// Clean are masked upsets that left nothing behind; they are not run on.
	Clean  int          `json:"clean"`
	Masked ResidueCount `json:"masked"` // that left something behind
	Latent ResidueCount `json:"latent"`
	// Example is a masked upset that did harm.
	Example  string    `json:"example,omitempty"`
	Warnings []Warning `json:"warnings,omitempty"`
}

// ResidueCount are the upsets of one outcome of the first inference.
type ResidueCount struct {
	// N upsets were followed, Harmed is the number of those after which a later
	// inference went wrong, Output of those where its output was.
	N      int `json:"n"`
	Harmed int `json:"harmed"`
	Output int `json:"output"`
	// Unsettled is the number of those whose trace was neither gone nor harmful within
	// the inferences that the classification follows; they count as latent.
	Unsettled int `json:"unsettled"`
	// Upper is the one-sided 95 % limit of the share that harmed.
	Upper float64 `json:"upper"`
}
