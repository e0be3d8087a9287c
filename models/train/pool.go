package train

// GlobalPool averages every channel over its whole plane.
type GlobalPool struct {
	In    Shape
	y, dx *Tensor
}

// NewGlobalPool returns the average pool of in.
func NewGlobalPool(in Shape) *GlobalPool { return &GlobalPool{In: in} }

// Params implements Layer.
func (p *GlobalPool) Params() []*Param { return nil }

// Forward implements Layer.
func (p *GlobalPool) Forward(x *Tensor, _ bool) *Tensor {
	p.y = reuse(p.y, Shape{p.In.C, 1, 1}, x.N)
	p.y.Zero()
	factor := 1 / float32(p.In.H*p.In.W)
	p.eachLane(x, func(c int, lane []float32) { axpy(factor, lane, p.y.Channel(c)) })
	return p.y
}

// Backward implements Layer.
func (p *GlobalPool) Backward(dy *Tensor) *Tensor {
	p.dx = reuse(p.dx, p.In, dy.N)
	p.dx.Zero()
	factor := 1 / float32(p.In.H*p.In.W)
	p.eachLane(p.dx, func(c int, lane []float32) { axpy(factor, dy.Channel(c), lane) })
	return p.dx
}

func (p *GlobalPool) eachLane(t *Tensor, f func(c int, lane []float32)) {
	for c := 0; c < t.C; c++ {
		for y := 0; y < t.H; y++ {
			for x := 0; x < t.W; x++ {
				f(c, t.Lane(c, y, x))
			}
		}
	}
}
