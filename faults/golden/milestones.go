package golden

import "upset/npu"

// milestone is the issue or retirement of an operation in the fault-free run, with
// the flops after that clock. Control does not depend on the data, so that the
// milestones of one input serve all.
type milestone struct {
	Cycle uint64
	Flops npu.Flops
}

// maxMilestones bounds their memory (our choice): 12 KiB each.
const maxMilestones = 8192
