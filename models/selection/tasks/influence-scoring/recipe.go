package scoring

import (
	"embed"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"upset/models/selection/artefacts"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
	"upset/models/train/data"
	"upset/models/train/nets"
)

//go:embed data
var stored embed.FS

// Files are the trained networks and pools.
var Files = artefacts.Store{Task: "influence-scoring", Stored: stored, Make: recipe}

// Sizes of the influence task (our choice).
const (
	influenceCorpus    = 1000 // noisy samples that the main model chooses from
	influenceReference = 200  // clean samples whose loss counts
	influencePool      = 240  // noisy samples scored on the NPU
	influenceStages    = 3
	influenceStep      = 0.02 // rate of the one step that measures an influence; with 0.1 every step harms, whatever the sample
	influenceProbes    = 300  // samples of which it is measured in each stage
	influenceEpochs    = 6    // of the main model by stage
	influenceRate      = 2e-3
	influenceMaxLoss   = 6
	influenceUnits     = 32
)

// features are the inputs of an influence model: the pixels, the label, the main
// model's probabilities and its loss as a share of the largest that is told apart.
func features(g *nets.Graph, s *digits.Noisy) [][]float64 {
	var list [][]float64
	for i, x := range s.X {
		row := make([]float64, data.DigitsSize+2*digits.Classes+1)
		copy(row, x)
		row[data.DigitsSize+s.Labels[i]] = 1
		p := row[data.DigitsSize+digits.Classes:][:digits.Classes]
		nets.Softmax(g.Forward(x), p)
		row[len(row)-1] = min(1, -math.Log(max(p[s.Labels[i]], 1e-300))/influenceMaxLoss)
		list = append(list, row)
	}
	return list
}

// influences measures for each sample by how much one step on it alone lowers
// the mean loss on the reference.
func influences(g *nets.Graph, s, reference *digits.Noisy) []float64 {
	params := g.Params()
	grad := make([]float64, digits.Classes)
	own, other := nets.CrossEntropy(s.Labels), nets.CrossEntropy(reference.Labels)
	loss := func() float64 {
		sum, unused := 0.0, make([]float64, digits.Classes)
		for i, x := range reference.X {
			sum += other(i, g.Forward(x), unused)
		}
		return sum / float64(len(reference.X))
	}
	before := loss()
	list := make([]float64, len(s.X))
	saved := make([][]float64, len(params))
	for k, p := range params {
		clear(p.Grad)
		saved[k] = slices.Clone(p.Value)
	}
	for i, x := range s.X {
		own(i, g.Forward(x), grad)
		g.Backward(grad)
		for _, p := range params {
			for j, d := range p.Grad {
				p.Value[j] -= float64(influenceStep * d)
			}
		}
		list[i] = before - loss()
		for k, p := range params {
			copy(p.Value, saved[k])
			clear(p.Grad)
		}
	}
	return list
}

// influenceModel is trained on probed samples to predict their influence. Its
// predictions get a standard deviation of 1, so that the temperature has the same
// meaning in all stages; few samples with a large influence would else set it.
func influenceModel(g *nets.Graph, probes, reference *digits.Noisy, rng *rand.Rand) (*nets.Graph, [][]float64) {
	x, y := features(g, probes), influences(g, probes, reference)
	band := kit.NewBand(y)
	var targets [][]float64
	for _, v := range y {
		targets = append(targets, []float64{max(-3, min(3, (v-band.Mean)/band.Deviation))})
	}
	m := nets.New(nets.Shape{H: 1, W: 1, C: len(x[0])})
	last := m.Dense(m.Dense(0, influenceUnits, nets.Relu, rng), 1, nets.Linear, rng)
	m.Fit(x, nets.SquaredError(targets), nets.Schedule{Epochs: 30, Batch: 10, Rate: 2e-3}, rng)
	var predictions []float64
	for _, row := range x {
		predictions = append(predictions, m.Forward(row)[0])
	}
	scale := kit.NewBand(predictions).Deviation
	for _, p := range []*nets.Param{m.Weight(last), m.Bias(last)} {
		for i := range p.Value {
			p.Value[i] /= scale
		}
	}
	return m, x
}

// recipe trains a main model in stages on samples that the influence model of
// each stage chooses, and exports the influence models of the first and the last
// stage with the features that they were made for.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 0)
	parts, err := digits.Deal(rng, influenceCorpus, influenceReference, influencePool)
	if err != nil {
		return nil, err
	}
	corpus, reference, pool := parts[0], parts[1], parts[2]
	corpus.Spoil(rng)
	pool.Spoil(rng)
	input := nets.Quant{Scale: 1.0 / 255, ZeroPoint: -128}
	files := map[string][]byte{"given.bin": data.Labels(pool.Labels), "truth.bin": data.Labels(pool.Truth)}
	chosen := corpus.Some(rng.Perm(len(corpus.X))[:int(influenceShare*influenceCorpus)])
	g := digits.Untrained(rng)
	for stage := 1; stage <= influenceStages; stage++ {
		g.Fit(chosen.X, nets.CrossEntropy(chosen.Labels), nets.Schedule{Epochs: influenceEpochs, Batch: 20, Rate: influenceRate}, rng)
		probes := corpus.Some(rng.Perm(len(corpus.X))[:influenceProbes])
		m, x := influenceModel(g, probes, reference, rng)
		if stage == 1 || stage == influenceStages {
			name := fmt.Sprintf("stage%d", stage)
			if files[name+".tflite"], err = m.Export(x, nets.Options{Description: "influence model, " + name, Input: &input}); err != nil {
				return nil, fmt.Errorf("influence-scoring: %s: %w", name, err)
			}
			files[name+".bin"] = digits.Rows(features(g, pool), input)
		}
		scores := kit.Gumbel(len(corpus.X), rng)
		for i, row := range features(g, corpus) {
			scores[i] += m.Forward(row)[0] / influenceTau
		}
		chosen = corpus.Some(kit.TopOfGroups(scores, corpus.Labels, influenceShare))
	}
	var oracle []byte
	for _, v := range influences(g, pool, reference) {
		oracle = binary.LittleEndian.AppendUint32(oracle, math.Float32bits(float32(v)))
	}
	files["influence.bin"] = oracle
	return files, nil
}
