package faults

import (
	"upset/faults/criterion"
	"upset/npu"
)

// Options define an experiment besides its program and inputs.
type Options struct {
	ECC          npu.ECC
	System       npu.System
	Criterion    criterion.Criterion
	NoWatchdog   bool  // a hang is still ended, but nothing reports it
	AssumeReload bool  // the NPU is reset and reloaded between inferences
	Checkpoints  int   // per inference; 0 chooses from memory and number of inputs
	Memory       int   // bytes for the fault-free runs; 0 is DefaultMemory, at least MinMemory
	Model        Model // what a fault is; the zero value is a single upset
	Cache        Cache
	Engine       Switches
}

// Switches turn parts of the fast engine off. Records do not depend on them, only
// the paths and the time that they take.
type Switches struct {
	NoPruning   bool
	NoEarlyExit bool
	NoHandOff   bool
	NoHangProof bool
}

// AllOff leaves nothing but checkpoints.
var AllOff = Switches{true, true, true, true}

// Cache says how outcomes are remembered: a machine that differs from the fault-free
// run in the same bits at the same point has the same end. Records do not depend on
// it; how many of them are looked up depends on the order of the work.
type Cache struct {
	Entries int // states that are kept, 0 for none
	Verify  int // of the states found again, one in so many is simulated as well; 0 for none
}

// Memory of an engine (our choice): the most that is asked for where the options say
// nothing, and the least that can be asked for.
const (
	DefaultMemory = 1 << 30
	MinMemory     = 256 << 20
)
