package npu

// Work returns the multiplications of the last step and the weights that the
// decoder emitted in it.
func (m *Machine) Work() (macs, weights int) { return m.work.macs, m.work.weights }

// External is the number of stores to external memory in the journal.
func (j *Journal) External() int {
	n := 0
	for i := range min(j.n, len(j.store)) {
		if j.store[i].External {
			n++
		}
	}
	return n
}
