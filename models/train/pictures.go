package train

import "math/rand/v2"

// Augment says how training pictures are varied.
type Augment struct {
	Shift int  // largest shift in pixels along each axis, zeros move in
	Flip  bool // mirror every second picture, on average, left to right
}

// pixelScale is the real value of one grey level: pixels span 0 to 1.
const pixelScale = 1.0 / 255

// draw copies a picture into x, moved by (dy, dx) and mirrored if asked.
func (m *Images) draw(x []float32, i, dy, dx int, mirror bool) {
	picture := m.Picture(i)
	for r := range m.Height {
		for c := range m.Width {
			fromR, fromC := r-dy, c-dx
			if mirror {
				fromC = m.Width - 1 - fromC
			}
			v := byte(0)
			if fromR >= 0 && fromR < m.Height && fromC >= 0 && fromC < m.Width {
				v = picture[fromR*m.Width+fromC]
			}
			x[r*m.Width+c] = float32(v) * pixelScale
		}
	}
}

// vary draws a picture varied by the random stream.
func (m *Images) vary(x []float32, i int, a Augment, rng *rand.Rand) {
	dy, dx := rng.IntN(2*a.Shift+1)-a.Shift, rng.IntN(2*a.Shift+1)-a.Shift
	m.draw(x, i, dy, dx, a.Flip && rng.IntN(2) == 1)
}

// Inputs returns the pictures as a network takes them, as they are.
func (m *Images) Inputs() [][]float32 {
	all := make([][]float32, m.Len())
	for i := range all {
		all[i] = make([]float32, m.Height*m.Width)
		m.draw(all[i], i, 0, 0, false)
	}
	return all
}

// classes returns the labels as numbers.
func (m *Images) classes() []int {
	all := make([]int, m.Len())
	for i, l := range m.Labels {
		all[i] = int(l)
	}
	return all
}

// InputTensor returns the raw int8 input tensor of a prepared picture: grey level minus
// 128, as InputQuant says.
func InputTensor(picture []byte) []byte {
	out := make([]byte, len(picture))
	for i, v := range picture {
		out[i] = v ^ 0x80
	}
	return out
}
