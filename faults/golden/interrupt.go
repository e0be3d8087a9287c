package golden

import (
	"context"

	"upset/npu"
)

// attention is the number of cycles, about a tenth of a second, between two looks at
// the context (our choice).
const attention = 1 << 16

// runTo runs to a cycle or the end of the program, unless the context ends.
func runTo(ctx context.Context, m *npu.Machine, cycle uint64) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		stop := min(cycle, m.Cycle()+attention)
		if m.Run(stop) != npu.Timeout || stop == cycle {
			return nil
		}
	}
}
