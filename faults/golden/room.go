package golden

import (
	"unsafe"

	"upset/faults"
)

// Shares of that memory (our choice): five eighths for checkpoints, an eighth for traces,
// a sixteenth for later inferences, a tenth for milestones. The rest is for what is recorded once, for the workers and for
// the garbage that waits to be collected.
func (e *Runs) pointRoom() int { return e.memory() / 8 * 5 / e.inputs }
func (e *Runs) traceRoom() int { return e.memory() / 8 }
func (e *Runs) chainRoom() int { return e.memory() / 16 }
func (e *Runs) mostMilestones() int {
	return min(maxMilestones, e.memory()/10/int(unsafe.Sizeof(milestone{})))
}

// Memory is what the fault-free runs and the workers keep within, in bytes.
func (e *Runs) Memory() int { return e.memory() }

func (e *Runs) memory() int {
	if e.options.Memory == 0 {
		return faults.DefaultMemory
	}
	return max(faults.MinMemory, e.options.Memory)
}
