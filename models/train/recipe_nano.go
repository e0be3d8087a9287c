package train

import "upset/models/train/nets"

// FashionNano is the smallest network: 4 × 4 pictures, one convolution and one
// dense layer, so short that every upset of an inference can be tried. Its three
// classes group the labels: clothes, footwear and bag.
func FashionNano() *Recipe {
	return &Recipe{
		Name:        "fashion-nano",
		Description: "Three-class classifier of 4 × 4 Fashion-MNIST pictures, int8",
		Seed:        1, Shrink: 7,
		Classes: [10]uint8{0, 0, 0, 0, 0, 1, 0, 1, 2, 1},
		Stages:  []Stage{{Out: 3, Window: nets.Window{K: 2, Stride: 2}}},
		Samples: 60000, Epochs: 4, Batch: 64, Rate: 0.02,
		Calibration: 1000,
	}
}
