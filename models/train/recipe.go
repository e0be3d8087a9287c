package train

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"upset/models/train/nets"
)

// Stage is one convolution with batch normalisation and rectifier.
type Stage struct {
	Depthwise bool
	Out       int // output channels; a depthwise stage keeps its input's
	Window    nets.Window
}

// Recipe is everything that decides a network's bytes, apart from the data.
type Recipe struct {
	Name        string
	Description string
	Seed        uint64
	Shrink      int       // side of the square of pixels averaged into one input
	Classes     [10]uint8 // class of each label of Fashion-MNIST
	Stages      []Stage
	GlobalPool  bool // average pool over the whole plane before the last layer
	Softmax     bool // end with a softmax

	Samples     int // training pictures used, from the first
	Epochs      int
	Batch       int
	Rate        float64 // peak learning rate
	Decay       float64
	Smoothing   float64
	Augment     Augment
	Calibration int // training pictures that set the activation ranges
}

// ClassCount returns the number of classes.
func (r *Recipe) ClassCount() int {
	n := 0
	for _, c := range r.Classes {
		n = max(n, int(c)+1)
	}
	return n
}

// Prepare turns pictures of the data set into the network's inputs and classes.
func (r *Recipe) Prepare(set *Images) (*Images, error) {
	if r.Shrink < 1 || set.Height%r.Shrink != 0 || set.Width%r.Shrink != 0 {
		return nil, fmt.Errorf("recipe %s: %d × %d pictures do not divide into squares of %d", r.Name, set.Height, set.Width, r.Shrink)
	}
	out := &Images{Height: set.Height / r.Shrink, Width: set.Width / r.Shrink}
	for i := 0; i < set.Len(); i++ {
		if set.Labels[i] >= 10 {
			return nil, fmt.Errorf("recipe %s: picture %d has label %d; Fashion-MNIST has labels 0 to 9", r.Name, i, set.Labels[i])
		}
		out.Pixels = append(out.Pixels, shrink(set.Picture(i), set.Width, r.Shrink)...)
		out.Labels = append(out.Labels, r.Classes[set.Labels[i]])
	}
	return out, nil
}

// shrink averages squares of side k, rounding halves up.
func shrink(picture []byte, width, k int) []byte {
	if k == 1 {
		return picture
	}
	height := len(picture) / width
	out := make([]byte, 0, height/k*width/k)
	for y := 0; y < height; y += k {
		for x := 0; x < width; x += k {
			sum := k * k / 2
			for j := 0; j < k; j++ {
				for _, v := range picture[(y+j)*width+x : (y+j)*width+x+k] {
					sum += int(v)
				}
			}
			out = append(out, byte(sum/(k*k)))
		}
	}
	return out
}

// Build returns the untrained network for pictures of the given size.
func (r *Recipe) Build(height, width int, rng *rand.Rand) (*nets.Net[float32], error) {
	if len(r.Stages) == 0 {
		return nil, errors.New("recipe " + r.Name + ": at least one stage is needed")
	}
	net := nets.NewSingle(nets.Shape{H: height, W: width, C: 1})
	at := nets.Node(0)
	for i, s := range r.Stages {
		in := net.Shape(at)
		if s.Window.K < 1 || s.Window.Stride < 1 || s.Window.Output(in.H) < 1 || s.Window.Output(in.W) < 1 {
			return nil, fmt.Errorf("recipe %s: stage %d: window %+v does not fit %+v", r.Name, i, s.Window, in)
		}
		if s.Depthwise {
			at = net.NormDepthwise(at, s.Window, rng)
		} else {
			at = net.NormConv(at, s.Window, s.Out, rng)
		}
	}
	if r.GlobalPool {
		plane := net.Shape(at)
		at = net.AvgPool(at, plane.H, plane.W)
	}
	net.Dense(at, r.ClassCount(), nets.Linear, rng)
	return net, nil
}
