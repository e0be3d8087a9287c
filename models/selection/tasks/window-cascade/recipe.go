package window

import (
	"embed"
	"encoding/json"
	"fmt"

	"upset/models/selection/artefacts"
	"upset/models/selection/digits"
	"upset/models/train"
	"upset/models/train/data"
	"upset/models/train/nets"
)

//go:embed data
var stored embed.FS

// Files are the trained networks and pools.
var Files = artefacts.Store{Task: "window-cascade", Stored: stored, Make: recipe}

// Sizes of the cascade (our choice): pictures of 14×14 so that pools are small.
const (
	windowSide       = 14
	windowSmall      = 8
	windowBig        = 96
	windowTraining   = 8000
	windowValidation = 2000
	windowPool       = 800
)

// thumbnails halves pictures by the mean of 2×2 pixels.
func thumbnails(set *train.Images, from, n int) *data.Samples {
	s := &data.Samples{}
	for i := from; i < from+n; i++ {
		p := set.Picture(i)
		x := make([]float64, windowSide*windowSide)
		for k := range x {
			at := 2*(k/windowSide)*set.Width + 2*(k%windowSide)
			sum := int(p[at]) + int(p[at+1]) + int(p[at+set.Width]) + int(p[at+set.Width+1])
			x[k] = float64((sum+2)/4) / 255
		}
		s.X, s.Labels = append(s.X, x), append(s.Labels, int(set.Labels[i]))
	}
	return s
}

// recipe trains a small and a large classifier on the same pictures. Every seed
// has its own training pictures, validation pictures and pool; beyond the sixth seed the
// training pictures come again, and beyond the twelfth the pools, for other networks.
func recipe(seed uint64, s *data.Source) (map[string][]byte, error) {
	training, test, err := s.Fashion()
	if err != nil {
		return nil, err
	}
	part := windowTraining + windowValidation
	if training.Len() < part || test.Len() < windowPool {
		return nil, fmt.Errorf("window-cascade: %d pictures to train with and %d to test", training.Len(), test.Len())
	}
	at := int((seed-1)%uint64(training.Len()/part)) * part
	known := thumbnails(training, at, windowTraining)
	held := thumbnails(training, at+windowTraining, windowValidation)
	pool := thumbnails(test, int((seed-1)%uint64(test.Len()/windowPool))*windowPool, windowPool)
	files := map[string][]byte{"truth.bin": data.Labels(pool.Labels)}
	input := &nets.Quant{Scale: 1.0 / 255, ZeroPoint: -128}
	validation := map[string][]float64{}
	for i, stage := range []struct {
		name  string
		units int
	}{{"small", windowSmall}, {"big", windowBig}} {
		rng := data.Rand(seed, uint64(i))
		g := nets.New(nets.Shape{H: windowSide, W: windowSide, C: 1})
		g.Dense(g.Dense(0, stage.units, nets.Relu, rng), windowClasses, nets.Linear, rng)
		g.Fit(known.X, nets.CrossEntropy(known.Labels), nets.Schedule{Epochs: 6, Batch: 32, Rate: 2e-3}, rng)
		if files[stage.name+".tflite"], err = g.Export(known.X[:500], nets.Options{Description: "early exit, " + stage.name, Input: input}); err != nil {
			return nil, err
		}
		p := make([]float64, windowClasses)
		for _, x := range held.X {
			nets.Softmax(g.Forward(x), p)
			top := 0.0
			for _, v := range p {
				top = max(top, v)
			}
			validation[stage.name] = append(validation[stage.name], top)
		}
	}
	files["rows.bin"] = digits.Rows(pool.X, *input)
	files["validation.json"], err = json.Marshal(validation)
	return files, err
}
