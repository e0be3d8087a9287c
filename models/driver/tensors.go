package driver

import (
	"fmt"

	"upset/models/tflite"
)

// maxTensor bounds the bytes of one tensor, and of all values of a mixed graph,
// so that a damaged model gives an error (our choice).
const maxTensor = 1 << 30

// tensorBytes is the size of a tensor's value.
func tensorBytes(t *tflite.Tensor) (int, error) {
	n := t.Type.Size()
	for _, d := range t.Shape {
		if d < 0 || d > maxTensor {
			return 0, fmt.Errorf("tensor %q: shape %v is not usable", t.Name, t.Shape)
		}
		if n *= d; n > maxTensor {
			return 0, fmt.Errorf("tensor %q: shape %v of %s is beyond %d bytes", t.Name, t.Shape, t.Type, maxTensor)
		}
	}
	return n, nil
}

// initial is the value of a tensor before the first operator: its constant, that of
// a state tensor, or zero.
func initial(t *tflite.Tensor, n int) []byte {
	switch {
	case t.Data != nil:
		return t.Data
	case t.Variable:
		return t.State()
	}
	return make([]byte, n)
}
