package train

import (
	"fmt"

	"upset/models/train/nets"
)

// FashionDSCNN is the depthwise-separable classifier of Fashion-MNIST.
func FashionDSCNN() *Recipe {
	same := func(k, stride int) nets.Window { return nets.Window{K: k, Stride: stride, Same: true} }
	return &Recipe{
		Name:        "fashion-dscnn",
		Description: "Depthwise-separable classifier of Fashion-MNIST, int8",
		Seed:        1, Shrink: 1,
		Classes: [10]uint8{0, 1, 2, 3, 4, 5, 6, 7, 8, 9},
		Stages: []Stage{
			{Out: 16, Window: same(3, 2)},
			{Depthwise: true, Window: same(3, 1)}, {Out: 32, Window: same(1, 1)},
			{Depthwise: true, Window: same(3, 2)}, {Out: 64, Window: same(1, 1)},
			{Depthwise: true, Window: same(3, 1)}, {Out: 64, Window: same(1, 1)},
		},
		GlobalPool: true, Softmax: true,
		Samples: 60000, Epochs: 16, Batch: 64, Rate: 0.004, Decay: 0.02,
		Augment: Augment{Shift: 1, Flip: true}, Calibration: 1000,
	}
}

// FashionTiny is the network on 7 × 7 pictures for fast tests. Its four classes
// group the labels: upper wear (T-shirt, pullover, coat, shirt), long wear
// (trouser, dress), footwear (sandal, sneaker, ankle boot) and bag.
func FashionTiny() *Recipe {
	return &Recipe{
		Name:        "fashion-tiny",
		Description: "Four-class classifier of shrunken Fashion-MNIST pictures, int8",
		Seed:        1, Shrink: 4,
		Classes: [10]uint8{0, 1, 0, 1, 0, 2, 0, 2, 3, 2},
		Stages:  []Stage{{Out: 4, Window: nets.Window{K: 3, Stride: 3}}},
		Samples: 60000, Epochs: 8, Batch: 64, Rate: 0.02,
		Calibration: 1000,
	}
}

// Recipes returns the recipes of all networks that the project ships.
func Recipes() []*Recipe { return []*Recipe{FashionDSCNN(), FashionTiny(), FashionNano()} }

// RecipeByName returns the recipe of one network.
func RecipeByName(name string) (*Recipe, error) {
	for _, r := range Recipes() {
		if r.Name == name {
			return r, nil
		}
	}
	return nil, fmt.Errorf("no recipe %q; the recipes are fashion-dscnn, fashion-tiny and fashion-nano", name)
}
