package recruitment

import (
	"embed"
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
var Files = artefacts.Store{Task: "fair-recruitment", Stored: stored, Make: recipe}

// Sizes of the applications (FairCVtest has seven merits and a face embedding of twenty
// numbers; the sizes of the sets, the shift of a group's faces and the noise are our
// choice).
const (
	merits   = 7
	faces    = 20
	training = 1500
	pool     = 600
	shift    = 0.4 // of every number of the embedding, either way by group
	noise    = 0.05
	penalty  = 0.5 // of one group in the biased scores, whose spread is one
)

// input is the form of an application.
var input = nets.Quant{Scale: 1.0 / 32}

// person is an application: merits and face, the group that shows in the face alone, and
// the score that it deserves.
type person struct {
	x     []float64
	group int
	score float64
}

// draw makes applications whose merits do not depend on the group.
func draw(weights []float64, n int, rng *rand.Rand) []person {
	list := make([]person, n)
	for i := range list {
		p := person{group: rng.IntN(2)}
		for k := range merits {
			v := rng.NormFloat64()
			p.x, p.score = append(p.x, v), p.score+float64(weights[k]*v)
		}
		for range faces {
			p.x = append(p.x, rng.NormFloat64()+shift*float64(2*p.group-1))
		}
		p.score += noise * rng.NormFloat64()
		list[i] = p
	}
	return list
}

// recipe trains a network on biased scores with all that an application shows, and one
// on the same scores with the merits alone.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 0)
	weights := make([]float64, merits)
	for i := range weights {
		weights[i] = 0.5 + rng.Float64()
	}
	size := kit.Norm(weights)
	for i := range weights {
		weights[i] /= size // so that scores have a spread of one
	}
	known, rest := draw(weights, training, rng), draw(weights, pool, rng)
	files := map[string][]byte{}
	for _, name := range []string{"biased", "agnostic"} {
		n := merits + faces
		if name == "agnostic" {
			n = merits
		}
		var x, want, rows [][]float64
		for _, p := range known {
			x, want = append(x, p.x[:n]), append(want, []float64{p.score - penalty*float64(p.group)})
		}
		for _, p := range rest {
			rows = append(rows, p.x[:n])
		}
		g := nets.Layers(rng, n, 40, 20, 1)
		g.Fit(x, nets.SquaredError(want), nets.Schedule{Epochs: 20, Batch: 20, Rate: 4e-3}, rng)
		model, err := g.Export(x[:digits.Calibration], nets.Options{Description: "scores of applications, " + name, Input: &input})
		if err != nil {
			return nil, err
		}
		files[name+".tflite"], files[name+".bin"] = model, digits.Rows(rows, input)
	}
	for _, p := range rest {
		files["groups.bin"] = append(files["groups.bin"], byte(p.group))
		files["scores.bin"] = append(files["scores.bin"], scoreForm.Bytes(p.score)...)
	}
	return files, nil
}
