package train

// Tensor holds one activation for a whole batch, channel first and sample
// last: element (c, y, x) of all N samples lies in one run of N numbers, so
// every layer is a sum of long vectors whatever its stride or border.
type Tensor struct {
	C, H, W, N int
	Data       []float32
}

// NewTensor returns a zero tensor.
func NewTensor(c, h, w, n int) *Tensor {
	return &Tensor{c, h, w, n, make([]float32, c*h*w*n)}
}

// Lane returns the N samples of element (c, y, x).
func (t *Tensor) Lane(c, y, x int) []float32 {
	at := ((c*t.H+y)*t.W + x) * t.N
	return t.Data[at : at+t.N : at+t.N]
}

// Channel returns all elements of channel c.
func (t *Tensor) Channel(c int) []float32 {
	n := t.H * t.W * t.N
	return t.Data[c*n : (c+1)*n : (c+1)*n]
}

// Zero clears the tensor.
func (t *Tensor) Zero() { clear(t.Data) }

// Shape is the size of one sample of an activation.
type Shape struct{ C, H, W int }

// reuse returns t where it already has the wanted size, else a new tensor.
func reuse(t *Tensor, s Shape, n int) *Tensor {
	if t != nil && t.C == s.C && t.H == s.H && t.W == s.W && t.N == n {
		return t
	}
	return NewTensor(s.C, s.H, s.W, n)
}
