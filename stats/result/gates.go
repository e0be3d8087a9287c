package result

// ValidateGates is the result of running blocks of the machine beside gates made from
// Verilog that was written a second time.
type ValidateGates struct {
	Models []string     `json:"models"`
	Seed   uint64       `json:"seed"`
	Blocks []GatesBlock `json:"blocks"`
	// Differences are register bits and outputs that differ, in all.
	Differences int `json:"differences"`
	// Examples describe some of them.
	Examples []string  `json:"examples"`
	Warnings []Warning `json:"warnings"`
}

// GatesBlock is a block of a configuration beside its gates.
type GatesBlock struct {
	NPU   string `json:"npu"`
	Block string `json:"block"`
	// Digest identifies the gates.
	Digest string `json:"gates_digest"`
	Gates  int    `json:"gates"`
	Flops  int    `json:"flops"`
	// Clocks were compared without faults, DisturbedClocks with flips.
	Clocks          int `json:"clocks"`
	DisturbedClocks int `json:"disturbed_clocks"`
	// Flips are single register bits inverted in the machine and in the gates. Spread counts
	// those after which another bit or an output of the block differed; Long those that were
	// followed to the limit; Cut those that ended with their run.
	Flips       int `json:"flips"`
	Spread      int `json:"spread"`
	Long        int `json:"long"`
	Cut         int `json:"cut"`
	Differences int `json:"differences"`
}
