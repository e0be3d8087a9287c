package campaign

import (
	"encoding/json"

	"upset/models/network"
	"upset/stats/result"
)

// architecture is the digest of a network without its weights: for each layer the
// kinds of its operations and their multiply-accumulates, and the types and shapes of
// inputs and outputs. Names and scales may change with the weights and are left out,
// so are DMA operations, whose number follows the size of the compressed weights.
func architecture(p *network.Program) string {
	type operation struct {
		Layer int
		Kind  string
		MACs  int64
	}
	type tensor struct {
		Type  string
		Shape []int
	}
	var x struct {
		Operations      []operation
		Inputs, Outputs []tensor
	}
	for _, o := range p.Operations {
		if o.Kind == "dma" {
			continue
		}
		// One layer may be split into several operations of a kind.
		if n := len(x.Operations); n > 0 && x.Operations[n-1].Layer == o.Layer && x.Operations[n-1].Kind == o.Kind {
			x.Operations[n-1].MACs += o.MACs
			continue
		}
		x.Operations = append(x.Operations, operation{o.Layer, o.Kind, o.MACs})
	}
	tensors := func(list []network.Binding) (out []tensor) {
		for _, b := range list {
			out = append(out, tensor{b.Type.String(), b.Shape})
		}
		return out
	}
	x.Inputs, x.Outputs = tensors(p.Inputs), tensors(p.Outputs)
	return Digest(x)
}

// identity says what a campaign was about.
func (s *Stored) identity() *result.Identity {
	spec := s.Spec.normal()
	return &result.Identity{
		Format: spec.Format, Architecture: s.Frame.Architecture, Program: spec.Program, Inputs: spec.Inputs,
		Table: spec.Table, System: spec.System, Selection: spec.selection(),
	}
}

// selection writes the filters of a spec, or nothing where there are none.
func (s Spec) selection() string {
	if !s.filtered() {
		return ""
	}
	text, _ := json.Marshal(struct { // plain strings and numbers always marshal
		Sites   string    `json:"sites"`
		Only    []string  `json:"only,omitempty"`
		Classes []string  `json:"classes,omitempty"`
		Layers  []int     `json:"layers,omitempty"`
		Bits    *BitRange `json:"bits,omitempty"`
	}{s.Sites, s.Only, s.Classes, s.Layers, s.Bits})
	return string(text)
}
