package faults

import "fmt"

// Path says how the engine came to a record. It is not part of what the machine
// did: other settings of the engine give another path and the same record.
type Path uint8

// Paths.
const (
	PathEnd       Path = iota // simulated to the end of the inference
	PathStopped               // simulated until the NPU stopped by itself
	PathConverged             // simulated until only what is dead differed from the fault-free run
	PathShifted               // the same, but against the fault-free run at another cycle
	PathHandOff               // simulated until only memory differed, then without a clock
	PathHang                  // simulated until a state was its own successor
	PathDead                  // not simulated: the bit is overwritten before it is read
	PathObserver              // not simulated: nothing depends on the register
	PathCode                  // not simulated: the code of the RAM corrects the bit
	PathMechanism             // not simulated: an added mechanism settles it
	PathCached                // simulated until a state that an earlier run had passed
	PathUncaught              // not simulated: the flop does not load when the pulse comes
	PathValues                // simulated until only values that wait in the datapath and memory differed, then without a clock
	NumPaths
)

var pathNames = [NumPaths]string{
	"end", "stopped", "converged", "time shift", "hand-off", "hang proof", "dead", "observer", "ram code", "mechanism", "cached", "not captured", "values",
}

// String names the path.
func (p Path) String() string {
	if p < NumPaths {
		return pathNames[p]
	}
	return fmt.Sprintf("path %d", uint8(p))
}

// Pruned reports whether the record was found without simulating a clock.
func (p Path) Pruned() bool { return p >= PathDead && p != PathCached && p != PathValues }
