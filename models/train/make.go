package train

import "fmt"

// Result is a trained network in all its forms.
type Result struct {
	Model  []byte // the TensorFlow Lite file
	Layers []Quantised
	Float  *Network
}

// Make trains, quantises and exports the network of a recipe from the training
// part of Fashion-MNIST, as LoadFashion returns it.
func (r *Recipe) Make(training *Images, progress Progress) (*Result, error) {
	set, err := r.Prepare(training.Head(r.Samples))
	if err != nil {
		return nil, err
	}
	net, err := r.Fit(set, progress)
	if err != nil {
		return nil, err
	}
	folded, err := net.Fold(set.Head(r.Calibration))
	if err != nil {
		return nil, fmt.Errorf("recipe %s: %w", r.Name, err)
	}
	layers, err := Quantise(folded)
	if err != nil {
		return nil, fmt.Errorf("recipe %s: %w", r.Name, err)
	}
	model, err := r.Export(layers)
	if err != nil {
		return nil, err
	}
	raw, err := model.Marshal()
	if err != nil {
		return nil, fmt.Errorf("recipe %s: %w", r.Name, err)
	}
	return &Result{Model: raw, Layers: layers, Float: net}, nil
}

// InputTensor returns the raw int8 input tensor of a prepared picture: grey
// level minus 128, as InputQuant says.
func InputTensor(picture []byte) []byte {
	out := make([]byte, len(picture))
	for i, v := range picture {
		out[i] = v ^ 0x80
	}
	return out
}
