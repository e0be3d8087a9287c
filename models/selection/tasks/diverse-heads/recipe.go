package heads

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

// Files are the trained networks and pools.
var Files = artefacts.Store{Task: "diverse-heads", Stored: stored, Make: recipe}

// Sizes of the samples and of the networks (our choice).
const (
	cue      = 8 // numbers that show one cue
	units    = 16
	training = 500 // labelled samples, and as many without labels
	few      = 12  // rows with labels from the world in which the network is used
	pool     = few + 300
	clear    = 1.0 // size of the first cue in each of its numbers, whose noise is one
	apart    = 0.3 // weight of the disagreement
	faint    = 0.7 // of the second cue, which is harder to learn
)

// input is the form of a sample.
var input = nets.Quant{Scale: 1.0 / 32}

// sample shows two cues, each −1 or 1 along its numbers.
func sample(first, second int, rng *rand.Rand) []float64 {
	x := make([]float64, 2*cue)
	for j := range x {
		x[j] = rng.NormFloat64()
		if j < cue {
			x[j] += clear * float64(2*first-1)
		} else {
			x[j] += faint * float64(2*second-1)
		}
	}
	return x
}

// draw makes samples whose cues agree with a probability; labels are the second cue.
func draw(n int, agree float64, rng *rand.Rand) *data.Samples {
	s := &data.Samples{}
	for range n {
		second := rng.IntN(2)
		first := second
		if rng.Float64() >= agree {
			first = 1 - second
		}
		s.X, s.Labels = append(s.X, sample(first, second, rng)), append(s.Labels, second)
	}
	return s
}

// loss is that of D-BAT (Pagliardini et al., "Agree to Disagree", 2022) for two heads
// that share a trunk: the logistic loss of both on samples with labels, and
// −log(p1(1−p2) + p2(1−p1)) times a weight on those without, which have label −1.
func loss(labels []int, weight float64) nets.Loss {
	return func(i int, z, grad []float64) float64 {
		p, q := kit.Logistic(z[0]), kit.Logistic(z[1])
		if y := float64(labels[i]); y >= 0 {
			grad[0], grad[1] = p-y, q-y
			return -math.Log(max(1e-12, 1-math.Abs(p-y))) - math.Log(max(1e-12, 1-math.Abs(q-y)))
		}
		differ := float64(p*(1-q)) + float64(q*(1-p)) + 1e-6
		grad[0] = -weight * float64((1-2*q)*p) * (1 - p) / differ
		grad[1] = -weight * float64((1-2*p)*q) * (1 - q) / differ
		return -weight * math.Log(differ)
	}
}

// recipe trains two heads that need not differ, two that disagree where the cues do, and
// two that were to disagree where the cues always agree.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 0)
	known, rest := draw(training, 1, rng), draw(pool, 0.5, rng)
	files := map[string][]byte{"rows.bin": digits.Rows(rest.X, input), "truth.bin": data.Labels(rest.Labels)}
	for _, c := range []struct {
		name   string
		weight float64
		agree  float64 // of the samples without labels
	}{{"alike", 0, 0.5}, {"diverse", apart, 0.5}, {"bound", apart, 1}} {
		own := data.Rand(seed, 1)
		x, labels := append([][]float64{}, known.X...), append([]int{}, known.Labels...)
		for _, v := range draw(training, c.agree, own).X {
			x, labels = append(x, v), append(labels, -1)
		}
		g := nets.Layers(own, 2*cue, units, 2)
		g.Fit(x, loss(labels, c.weight), nets.Schedule{Epochs: 30, Batch: 20, Rate: 3e-3}, own)
		model, err := g.Export(x, nets.Options{Description: "two heads, " + c.name, Input: &input})
		if err != nil {
			return nil, err
		}
		files[c.name+".tflite"] = model
	}
	return files, nil
}
