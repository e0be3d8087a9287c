package golden

import (
	"context"
	"errors"
	"testing"

	"upset/faults"
	"upset/models/nettest"
	"upset/npu/isa"
)

// The fault-free runs end when the context does, also in the middle of a run.
func TestFaultFreeRunsEndWithTheContext(t *testing.T) {
	p, inputs := nettest.Shipped(t, "fashion-tiny", isa.Configs[2]), nettest.Inputs(t, "fashion-tiny", 2)
	for calls := range 3 {
		ctx := &impatient{Context: context.Background(), left: calls}
		if _, err := New(ctx, p, inputs, faults.Options{}, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("ended at look %d: %v", calls, err)
		}
	}
	if _, err := New(context.Background(), p, inputs, faults.Options{}, nil); err != nil {
		t.Error(err)
	}
}

// impatient is a context that ends after some looks at it.
type impatient struct {
	context.Context
	left int
}

// Err counts the looks.
func (c *impatient) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}
