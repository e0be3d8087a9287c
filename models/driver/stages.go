package driver

import "upset/models/executorch"

// FormName names the form of a compiled file that is no TensorFlow Lite model; it is
// empty for any other.
func FormName(data []byte) string {
	if formOf(data) == formPTE {
		return "ExecuTorch program"
	}
	return ""
}

// Delegates is the number of delegates of an ExecuTorch program; 0 for any other file.
func Delegates(data []byte) int {
	if formOf(data) != formPTE {
		return 0
	}
	p, err := executorch.Parse(data)
	if err != nil {
		return 0
	}
	return len(p.Delegates)
}

// StageName names the operator of a stage, and its first output.
func (n *Network) StageName(i int) (operator, output string) {
	s := &n.Stages[i]
	if n.model == nil || s.Operator < 0 {
		return customCode, ""
	}
	g := &n.model.Subgraphs[0]
	if op := &g.Operators[s.Operator]; len(op.Outputs) > 0 && op.Outputs[0] >= 0 {
		return op.Name(), g.Tensors[op.Outputs[0]].Name
	}
	return g.Operators[s.Operator].Name(), ""
}
