package train

import (
	"math"
	"math/rand/v2"
)

// Param is one trained array with its gradient.
type Param struct {
	Value, Grad []float32
	Decay       bool // weight decay applies
}

func newParam(n int, decay bool) *Param {
	return &Param{make([]float32, n), make([]float32, n), decay}
}

// initialise draws from the uniform distribution whose variance is 2/fanIn,
// which keeps the variance of rectified activations level (He et al. 2015).
func (p *Param) initialise(fanIn int, rng *rand.Rand) {
	limit := math.Sqrt(6 / float64(fanIn))
	for i := range p.Value {
		p.Value[i] = float32(limit * (2*rng.Float64() - 1))
	}
}

// Layer is one differentiable step of a network. Forward and Backward return
// tensors that the layer owns and overwrites on the next call. Backward must
// follow the Forward whose gradient it computes, and adds to the gradients of
// the parameters.
type Layer interface {
	Forward(x *Tensor, training bool) *Tensor
	Backward(dy *Tensor) *Tensor
	Params() []*Param
}

// Network is a chain of layers.
type Network struct {
	Input  Shape
	Layers []Layer
}

// Forward runs all layers and returns the logits.
func (n *Network) Forward(x *Tensor, training bool) *Tensor {
	for _, l := range n.Layers {
		x = l.Forward(x, training)
	}
	return x
}

// Backward propagates the gradient of the loss with respect to the logits.
func (n *Network) Backward(dy *Tensor) {
	for i := len(n.Layers) - 1; i >= 0; i-- {
		dy = n.Layers[i].Backward(dy)
	}
}

// Params returns the parameters of all layers in order.
func (n *Network) Params() []*Param {
	var all []*Param
	for _, l := range n.Layers {
		all = append(all, l.Params()...)
	}
	return all
}
