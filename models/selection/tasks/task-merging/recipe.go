package merging

import (
	"cmp"
	"embed"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"upset/models/selection/artefacts"
	"upset/models/selection/digits"
	"upset/models/train/data"
	"upset/models/train/nets"
)

//go:embed data
var stored embed.FS

// Files are the merged networks and pools.
var Files = artefacts.Store{Task: "task-merging", Stored: stored, Make: recipe}

// Sizes of the samples and of the networks (our choice). Domains are digits as they are,
// turned by a quarter, and turned by a half; the first one is that of the base.
const (
	units    = 48
	training = 900
	domains  = 3
	pool     = 120 // of each domain
)

// mask is which numbers of a task vector stay: all but a share low of the smallest and a
// share high of the largest ones of each layer.
type mask struct{ low, high float64 }

// candidate is a merged network: base + scale·Σ of masked task vectors.
type candidate struct {
	mask
	scale float64
}

// candidates are plain sums of task vectors and then those with masks, with the same
// scales in the same order (the paper masks 85 % and 1 %; the scales are our choice).
var candidates = []candidate{
	{mask{0, 0}, 0.3}, {mask{0, 0}, 0.5}, {mask{0, 0}, 0.7},
	{mask{0.85, 0.01}, 0.3}, {mask{0.85, 0.01}, 0.5}, {mask{0.85, 0.01}, 0.7},
}

// plain is the number of candidates without masks.
const plain = 3

// network is an untrained classifier.
func network(rng *rand.Rand) *nets.Graph {
	return nets.Layers(rng, data.DigitsSize, units, digits.Classes)
}

// apply sets the masked numbers of a task vector to zero and returns how many stay.
func (m mask) apply(vector []float64) (kept int) {
	order := make([]int, len(vector))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(math.Abs(vector[a]), math.Abs(vector[b])) })
	from, to := int(m.low*float64(len(vector))), len(vector)-int(m.high*float64(len(vector)))
	for k, i := range order {
		if k < from || k >= to {
			vector[i] = 0
		} else {
			kept++
		}
	}
	return kept
}

// merge adds masked task vectors to a base.
func (c candidate) merge(base *nets.Graph, tuned []*nets.Graph) *nets.Graph {
	out := network(data.Rand(0, 0))
	for k, p := range out.Params() {
		from := base.Params()[k].Value
		copy(p.Value, from)
		for _, g := range tuned {
			vector := slices.Clone(g.Params()[k].Value)
			for i := range vector {
				vector[i] -= from[i]
			}
			c.apply(vector)
			for i, v := range vector {
				p.Value[i] += float64(c.scale * v)
			}
		}
	}
	return out
}

// turned are samples of a domain.
func turned(s *data.Samples, domain int) *data.Samples {
	out := &data.Samples{Labels: s.Labels}
	for _, x := range s.X {
		out.X = append(out.X, digits.Rotate(x, domain))
	}
	return out
}

// recipe trains a base, tunes it to each of the other domains, and merges.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 0)
	known, rest, err := digits.Split(rng)
	if err != nil {
		return nil, err
	}
	known = digits.Part(known, 0, training)
	base := network(rng)
	base.Fit(known.X, nets.CrossEntropy(known.Labels), nets.Schedule{Epochs: 25, Batch: 20, Rate: 4e-3}, rng)
	var tuned []*nets.Graph
	all := &data.Samples{}
	for d := range domains {
		s := turned(known, d)
		all.X = append(all.X, s.X[:digits.Calibration]...)
		if d == 0 {
			continue
		}
		g := network(rng)
		for k, p := range g.Params() {
			copy(p.Value, base.Params()[k].Value)
		}
		g.Fit(s.X, nets.CrossEntropy(s.Labels), nets.Schedule{Epochs: 6, Batch: 20, Rate: 2e-3}, rng)
		tuned = append(tuned, g)
	}
	files := map[string][]byte{}
	for k, c := range candidates {
		if files[fmt.Sprintf("merged%d.tflite", k)], err = c.merge(base, tuned).Export(all.X, nets.Options{Description: "merged classifier", Input: &digits.Pixel}); err != nil {
			return nil, err
		}
	}
	held := digits.Part(rest, 0, pool)
	for d := range domains {
		files["rows.bin"] = append(files["rows.bin"], digits.Rows(turned(held, d).X, digits.Pixel)...)
		files["truth.bin"] = append(files["truth.bin"], data.Labels(held.Labels)...)
	}
	return files, nil
}
