package golden

import (
	"testing"

	"upset/faults"
	"upset/models/nettest"
	"upset/npu/isa"
)

// runs makes the fault-free runs of a shipped network.
func runs(t testing.TB, name string, c isa.Config, inputs int, o faults.Options) *Runs {
	t.Helper()
	e, err := New(t.Context(), nettest.Shipped(t, name, c), nettest.Inputs(t, name, inputs), o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}
