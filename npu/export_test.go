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

// Order is the list of blocks as Step evaluates them.
var Order = order

// How two blocks share a register.
const (
	Registered = registered
	Through    = through
	Priority   = priority
)

// Begin opens a clock cycle.
func (m *Machine) Begin() { m.begin() }

// Evaluate runs one block of the list.
func (m *Machine) Evaluate(block int) { order[block].Step(m) }
