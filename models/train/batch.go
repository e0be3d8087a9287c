package train

import "math/rand/v2"

// Augment says how training pictures are varied.
type Augment struct {
	Shift int  // largest shift in pixels along each axis, zeros move in
	Flip  bool // mirror every second picture, on average, left to right
}

// pixelScale is the real value of one grey level: pixels span 0 to 1.
const pixelScale = 1.0 / 255

// draw copies a picture into sample i of a one-channel tensor, moved by (dy,
// dx) and mirrored if asked.
func draw(x *Tensor, i int, picture []byte, dy, dx int, mirror bool) {
	for r := 0; r < x.H; r++ {
		for c := 0; c < x.W; c++ {
			fromR, fromC := r-dy, c-dx
			if mirror {
				fromC = x.W - 1 - fromC
			}
			v := byte(0)
			if fromR >= 0 && fromR < x.H && fromC >= 0 && fromC < x.W {
				v = picture[fromR*x.W+fromC]
			}
			x.Data[(r*x.W+c)*x.N+i] = float32(v) * pixelScale
		}
	}
}

// fillBatch draws the pictures with the given indices, varied by the random
// stream, and returns their labels. A nil stream draws them unchanged.
func fillBatch(x *Tensor, set *Images, indices []int, a Augment, rng *rand.Rand) []uint8 {
	labels := make([]uint8, len(indices))
	for i, at := range indices {
		var dy, dx int
		var mirror bool
		if rng != nil {
			dy, dx = rng.IntN(2*a.Shift+1)-a.Shift, rng.IntN(2*a.Shift+1)-a.Shift
			mirror = a.Flip && rng.IntN(2) == 1
		}
		draw(x, i, set.Picture(at), dy, dx, mirror)
		labels[i] = set.Labels[at]
	}
	return labels
}

// eachBatch draws the whole set in order, size pictures at a time.
func eachBatch(set *Images, size int, f func(x *Tensor, labels []uint8)) {
	for from := 0; from < set.Len(); from += size {
		indices := make([]int, min(size, set.Len()-from))
		for i := range indices {
			indices[i] = from + i
		}
		x := NewTensor(1, set.Height, set.Width, len(indices))
		f(x, fillBatch(x, set, indices, Augment{}, nil))
	}
}
