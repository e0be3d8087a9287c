package faults

import "upset/npu"

// Begin returns a machine of its own at cycle 0 of the inference of an input: the
// start of a fault-free run.
func (e *Engine) Begin(input int) (*npu.Machine, error) {
	m, err := e.machine(e.golds[input].Input)
	if err != nil {
		return nil, err
	}
	e.program.Start(m)
	return m, nil
}
