package cosim

import "upset/npu"

// Machine is the machine of a lane, nil where there is none.
func (l *Loop) Machine(lane int) *npu.Machine { return l.g.lanes[lane].m }
