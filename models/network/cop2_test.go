package network

import (
	"bytes"
	"path/filepath"
	"testing"

	"upset/models/container"
	"upset/models/tflite"
	"upset/npu/isa"
)

// velaPayload is the payload of the first NPU operator of a compiled network.
func velaPayload(t testing.TB, name string) (*tflite.Model, *tflite.Tensor) {
	t.Helper()
	m := readModel(t, filepath.Join(shared(t), "vela51", filepath.FromSlash(name)+"_vela.tflite"))
	tensor := &m.Subgraphs[0].Tensors[npuOp(m).Inputs[container.InputCommands]]
	tensor.Data = bytes.Clone(tensor.Data)
	return m, tensor
}

// TestCOP2Separate checks that inputs and outputs with address spaces of their own
// overlap neither the arena nor each other.
func TestCOP2Separate(t *testing.T) {
	m, _ := velaPayload(t, "sepio-u55-128/kws_ref_model")
	n, err := FromVela(m, isa.U55x128)
	if err != nil {
		t.Fatal(err)
	}
	p := n.Programs()[0]
	in, out, bases := p.Inputs[0], p.Outputs[0], p.Bases()
	if in.Offset < 22192 || out.Offset < in.Offset+in.Size || out.Offset+out.Size > p.ArenaSize {
		t.Errorf("input at %d (%d bytes), output at %d (%d bytes) of an arena of %d bytes", in.Offset, in.Size, out.Offset, out.Size, p.ArenaSize)
	}
	if bases[3] != bases[1]+uint32(in.Offset) || bases[4] != bases[1]+uint32(out.Offset) {
		t.Errorf("regions at %#x", bases)
	}
}
