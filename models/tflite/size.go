package tflite

import "fmt"

// MaxTensor bounds the bytes of one tensor, and of all values of a mixed graph,
// so that a damaged model gives an error (our choice).
const MaxTensor = 1 << 30

// Size is the size of a tensor's value in bytes. A shape that is negative or beyond
// MaxTensor is an error; Bytes does not look.
func (t *Tensor) Size() (int, error) {
	n := t.Type.Size()
	for _, d := range t.Shape {
		if d < 0 || d > MaxTensor {
			return 0, fmt.Errorf("tensor %q: shape %v is not usable", t.Name, t.Shape)
		}
		if n *= d; n > MaxTensor {
			return 0, fmt.Errorf("tensor %q: shape %v of %s is beyond %d bytes", t.Name, t.Shape, t.Type, MaxTensor)
		}
	}
	return n, nil
}

// Start is the value of a tensor of n bytes before the first operator: its constant,
// that of a state tensor, or zeros.
func (t *Tensor) Start(n int) []byte {
	switch {
	case t.Data != nil:
		return t.Data
	case t.Variable:
		return t.State()
	}
	return make([]byte, n)
}
