package selection

import (
	"fmt"

	"upset/models/network"
	"upset/models/reference"
	"upset/models/tflite"
	"upset/npu/isa"
)

// Scorer is a network that a rule may ask, with the pool of rows that it scores.
// Networks have int8 or int16 outputs, each with one scale.
type Scorer struct {
	Name  string
	Model []byte   // TensorFlow Lite file
	Rows  [][]byte // input bytes of each row of the pool; none where the rule makes all inputs

	// State names the tensors that stay in the arena from one inference to the
	// next: what Output gives is read as Input, and the host does not touch it.
	// See [Ask.Step].
	State []Carry
	// Initial are the bytes of all state inputs before the first step, in the
	// order of State; none for zeros of their scale.
	Initial []byte
}

// Carry joins an output of a network to the input that it is in the next step,
// by their positions in the network. Both have the same size, type and scale.
type Carry struct{ Output, Input int }

// Net is a compiled scorer: what is needed to run it, split its outputs and put
// its inputs together.
type Net struct {
	Program *network.Program
	outputs []Table // without rows
	carries []Carry
	initial []byte
	size    int // bytes of the state
}

// Open compiles the network of a scorer. What the NPU does not execute runs on
// the host.
func (s *Scorer) Open(cfg isa.Config) (*Net, error) {
	n, err := network.Open(s.Model, cfg)
	if err != nil {
		return nil, fmt.Errorf("scorer %s: %w", s.Name, err)
	}
	p, err := n.Whole(1)
	if err != nil {
		return nil, fmt.Errorf("scorer %s: %w", s.Name, err)
	}
	return s.bind(p, n.Inputs, n.Outputs)
}

// MACs counts the multiply-accumulates of a network of dense layers.
func (s *Scorer) MACs() (int, error) {
	m, err := tflite.Parse(s.Model)
	if err != nil {
		return 0, fmt.Errorf("scorer %s: %w", s.Name, err)
	}
	n := 0
	for _, op := range m.Subgraphs[0].Operators {
		if op.Code == tflite.OpFullyConnected {
			n += len(m.Subgraphs[0].Tensors[op.Inputs[1]].Data)
		}
	}
	return n, nil
}

// bind checks the outputs and the state of a network.
func (s *Scorer) bind(p *network.Program, inputs, outputs []network.Binding) (*Net, error) {
	n := &Net{Program: p, carries: s.State}
	for i, o := range outputs {
		if o.Type != tflite.Int8 && o.Type != tflite.Int16 || len(o.Quant.Scale) != 1 || len(o.Quant.ZeroPoint) != 1 {
			return nil, fmt.Errorf("scorer %s: output %d must be int8 or int16 with one scale", s.Name, i)
		}
		t := Table{Scale: float64(o.Quant.Scale[0]), ZeroPoint: int(o.Quant.ZeroPoint[0]), Width: o.Size, Wide: o.Type == tflite.Int16}
		if t.Wide {
			t.Width /= 2
		}
		n.outputs = append(n.outputs, t)
	}
	if len(n.outputs) == 0 {
		return nil, fmt.Errorf("scorer %s: the network has no output", s.Name)
	}
	taken := map[int]bool{}
	for _, c := range s.State {
		if c.Output < 0 || c.Output >= len(outputs) || c.Input < 0 || c.Input >= len(inputs) || taken[c.Input] {
			return nil, fmt.Errorf("scorer %s: state from output %d to input %d; each input can be state once", s.Name, c.Output, c.Input)
		}
		taken[c.Input] = true
		from, to := outputs[c.Output], inputs[c.Input]
		if from.Size != to.Size || from.Type != to.Type || len(to.Quant.Scale) != 1 || len(to.Quant.ZeroPoint) != 1 || to.Quant.Scale[0] != from.Quant.Scale[0] || to.Quant.ZeroPoint[0] != from.Quant.ZeroPoint[0] {
			return nil, fmt.Errorf("scorer %s: state from output %d to input %d: they must have one size, type and scale", s.Name, c.Output, c.Input)
		}
		zero := []byte{byte(to.Quant.ZeroPoint[0])}
		if to.Type == tflite.Int16 {
			zero = []byte{byte(to.Quant.ZeroPoint[0]), byte(to.Quant.ZeroPoint[0] >> 8)}
		}
		for at := 0; at < to.Size; at += len(zero) {
			n.initial = append(n.initial, zero...)
		}
		n.size += to.Size
	}
	if s.Initial != nil {
		if len(s.Initial) != n.size {
			return nil, fmt.Errorf("scorer %s: %d bytes of initial state, the network has %d", s.Name, len(s.Initial), n.size)
		}
		n.initial = s.Initial
	}
	return n, nil
}

// Wide reports whether the first output holds int16 numbers.
func (n *Net) Wide() bool { return n.outputs[0].Wide }

// split cuts the concatenated outputs of an inference into tables of one row.
func (n *Net) split(output []byte) Answer {
	a := Answer{Outputs: make([]Table, len(n.outputs))}
	for i, t := range n.outputs {
		t.Data = output[:t.Bytes():t.Bytes()]
		output = output[t.Bytes():]
		a.Outputs[i] = t
	}
	return a
}

// compose puts the inputs of a step in the order of the network: those that are
// state from state, all others from given.
func (n *Net) compose(given, state []byte) ([]byte, error) {
	var input []byte
	for i, b := range n.Program.Inputs {
		from := &given
		for k, c := range n.carries {
			if c.Input == i {
				part := state[n.place(k):]
				from = &part
			}
		}
		if len(*from) < b.Size {
			return nil, fmt.Errorf("an input of too few bytes: the network takes %d besides its state of %d", n.Program.InputBytes()-n.size, n.size)
		}
		input = append(input, (*from)[:b.Size]...)
		*from = (*from)[b.Size:]
	}
	if len(given) > 0 {
		return nil, fmt.Errorf("an input of %d bytes too many: the network takes %d besides its state of %d", len(given), n.Program.InputBytes()-n.size, n.size)
	}
	return input, nil
}

// place is where carry k begins in the state.
func (n *Net) place(k int) int {
	at := 0
	for _, c := range n.carries[:k] {
		at += n.outputs[c.Output].Bytes()
	}
	return at
}

// carry returns the state that an inference leaves.
func (n *Net) carry(a *Answer) []byte {
	state := make([]byte, 0, n.size)
	for _, c := range n.carries {
		state = append(state, a.Outputs[c.Output].Data...)
	}
	return state
}

// reference scores the pool with the reference kernels: the first output.
func (s *Scorer) reference() (Table, error) {
	m, err := tflite.Parse(s.Model)
	if err != nil {
		return Table{}, err
	}
	in, err := reference.New(m)
	if err != nil {
		return Table{}, err
	}
	g := &m.Subgraphs[0]
	bindings := func(ids []int) []network.Binding {
		list := make([]network.Binding, len(ids))
		for i, id := range ids {
			t := &g.Tensors[id]
			size := 1
			for _, d := range t.Shape {
				size *= d
			}
			if t.Type == tflite.Int16 {
				size *= 2
			}
			list[i] = network.Binding{Type: t.Type, Quant: t.Quant, Size: size}
		}
		return list
	}
	inputs := bindings(g.Inputs)
	n, err := s.bind(nil, inputs, bindings(g.Outputs))
	if err != nil {
		return Table{}, err
	}
	t := n.outputs[0]
	for i, row := range s.Rows {
		parts := make([][]byte, len(inputs))
		for k, b := range inputs {
			if len(row) < b.Size {
				return t, fmt.Errorf("row %d: %d bytes are too few", i, len(s.Rows[i]))
			}
			parts[k], row = row[:b.Size], row[b.Size:]
		}
		out, err := in.Invoke(parts)
		if err != nil {
			return t, fmt.Errorf("row %d: %w", i, err)
		}
		t.Data = append(t.Data, out[0]...)
	}
	return t, nil
}
