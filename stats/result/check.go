package result

// Check says where the operators of a network would run.
type Check struct {
	NPU   string `json:"npu"`
	Model string `json:"model"`
	// Format is what the file is, in words.
	Format string `json:"format"`
	// Runs says that the network can run on this configuration.
	Runs bool `json:"runs"`
	// Compiled says that the file holds command streams for the NPU.
	Compiled bool `json:"compiled"`
	// OnNPU, OnHost and Refused count the operators.
	OnNPU     int             `json:"on_npu"`
	OnHost    int             `json:"on_host"`
	Refused   int             `json:"refused"`
	Operators []CheckOperator `json:"operators"`
	Problems  []CheckProblem  `json:"problems"`
	Advice    []CheckAdvice   `json:"advice"`
	// Memory is what the part on the NPU needs of the memories of the system, where known.
	Memory  []CheckMemory `json:"memory,omitempty"`
	Command string        `json:"command,omitempty"`
}

// CheckOperator is one operator of the graph.
type CheckOperator struct {
	Index  int    `json:"index"`
	Name   string `json:"name"`
	Output string `json:"output"`
	// Place is "npu", "host", "refused" or, where the result is known before the
	// inference, "nobody".
	Place  string `json:"place"`
	Reason string `json:"reason,omitempty"`
	Remedy string `json:"remedy,omitempty"`
}

// CheckProblem is what is wrong with the file as a whole.
type CheckProblem struct {
	Reason string `json:"reason"`
	Remedy string `json:"remedy"`
	// Lines are lines of a program that belong to the remedy.
	Lines []string `json:"lines"`
}

// CheckAdvice is what can be done about operators that have the same trouble.
type CheckAdvice struct {
	// Where names the operators, for example "operators 2 to 5 (TILE)".
	Where     string `json:"where"`
	Operators []int  `json:"operators"`
	Place     string `json:"place"`
	Remedy    string `json:"remedy"`
}

// CheckMemory is what lies in one of the memories of the system.
type CheckMemory struct {
	// Memory is "sram", "flash" or "dram".
	Memory string `json:"memory"`
	Holds  string `json:"holds"`
	Bytes  int    `json:"bytes"`
	// About says that the bytes are an estimate, since nothing is compiled yet.
	About bool `json:"about"`
	Size  int  `json:"size"`
	Fits  bool `json:"fits"`
}
