package mixture

import (
	"embed"
	"math"
	"math/rand/v2"

	"upset/models/selection/artefacts"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
	"upset/models/train/data"
	"upset/models/train/nets"
)

//go:embed data
var stored embed.FS

// Files are the trained encoder, the pool and the errors of classifiers.
var Files = artefacts.Store{Task: "mixture-projection", Stored: stored, Make: recipe}

// Sizes of the sources (our choice).
const (
	sources  = 3
	perPart  = 180 // samples of a source
	revealed = 20  // of them, whose features are seen
	wanted   = 40  // samples of the target whose features are seen
	test     = 500
	steps    = 12 // of the grid of mixtures
	repeats  = 3  // trainings of a mixture, whose mean counts
)

// classes and noise of the sources (our choice): none has all classes, and one has wrong
// labels.
var (
	classes = [sources][]int{{0, 1, 2, 3, 4}, {5, 6, 7, 8, 9}, {0, 1, 2}}
	noise   = [sources]float64{0, 0, 0.5}
)

// sizes are the numbers of samples of the pilots and of the mixture that is chosen.
var sizes = [3]int{60, 120, 180}

// grid are all mixtures in twelfths with a part of each source.
func grid() (list [][]float64) {
	for a := 1; a < steps; a++ {
		for b := 1; a+b < steps; b++ {
			list = append(list, []float64{float64(a) / steps, float64(b) / steps, float64(steps-a-b) / steps})
		}
	}
	return list
}

// isPilot tells which mixtures of the grid are tried: every seventh one.
func isPilot(k int) bool { return k%7 == 0 }

// mixed are n samples of the sources in the shares of a mixture.
func mixed(parts []*data.Samples, p []float64, n int, rng *rand.Rand) *data.Samples {
	out := &data.Samples{}
	for s, v := range p {
		part := digits.Take(parts[s], rng.Perm(perPart)[:int(math.Round(v*float64(n)))])
		out.X, out.Labels = append(out.X, part.X...), append(out.Labels, part.Labels...)
	}
	return out
}

// wrong is the share of test samples that a classifier of a mixture gets wrong.
func wrong(s, test *data.Samples, rng *rand.Rand) float64 {
	g := nets.New(nets.Shape{H: 1, W: 1, C: data.DigitsSize})
	g.Dense(0, digits.Classes, nets.Linear, rng)
	g.Fit(s.X, nets.CrossEntropy(s.Labels), nets.Schedule{Epochs: 20, Batch: 10, Rate: 1e-2}, rng)
	return 1 - kit.Share(kit.Every(len(test.X)), func(i int) bool { return kit.Argmax(g.Forward(test.X[i])) == test.Labels[i] })
}

// errorForm stores shares.
const errorForm = 255

// recipe trains an encoder without labels, deals digits into sources, and measures the
// error of classifiers of pilot mixtures at two sizes and of all mixtures at the third.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 0)
	all, err := digits.Shuffled(rng)
	if err != nil {
		return nil, err
	}
	held, target, rest := digits.Part(all, 0, test), digits.Part(all, test, wanted), digits.Part(all, test+wanted, len(all.X)-test-wanted)
	encoder, err := digits.Encoder(rest.X[:800], 32, 16, 10, rng).Export(rest.X[:digits.Calibration], nets.Options{Description: "features of a digit", Input: &digits.Fine})
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{"encoder.tflite": encoder}
	var parts []*data.Samples
	pool := &data.Samples{}
	for s := range sources {
		part := &data.Samples{}
		order := rng.Perm(len(rest.X))
		for _, i := range order {
			for _, k := range classes[s] {
				if rest.Labels[i] == k && len(part.X) < perPart {
					part.X, part.Labels = append(part.X, rest.X[i]), append(part.Labels, k)
				}
			}
		}
		pool.X, pool.Labels = append(pool.X, part.X[:revealed]...), append(pool.Labels, part.Labels[:revealed]...)
		for i := range part.Labels {
			if rng.Float64() < noise[s] {
				part.Labels[i] = rng.IntN(digits.Classes)
			}
		}
		parts = append(parts, part)
	}
	files["rows.bin"] = digits.Rows(append(pool.X, target.X...), digits.Fine)
	files["truth.bin"] = data.Labels(append(pool.Labels, target.Labels...))
	for k, p := range grid() {
		for at, n := range sizes {
			e := 0.0
			if at == len(sizes)-1 || isPilot(k) {
				for r := range repeats {
					own := data.Rand(seed, uint64(10+r))
					e += wrong(mixed(parts, p, n, own), held, own) / repeats
				}
			}
			files["errors.bin"] = append(files["errors.bin"], byte(math.Round(errorForm*e)))
		}
	}
	return files, nil
}
