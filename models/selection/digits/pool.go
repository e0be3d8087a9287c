package digits

import (
	"fmt"
	"math/rand/v2"

	"upset/models/selection"
	"upset/models/selection/artefacts"
	"upset/models/selection/kit"
	"upset/models/train/data"
	"upset/models/train/nets"
)

// Sizes of the comparison with random sets (our choice).
const (
	randomSets   = 40
	randomStream = 100
)

// Pool is what tasks know of their digits besides the scores: the pictures, which are
// the inputs of the scorer, and held-out ones, with their classes.
type Pool struct {
	Seed        uint64
	Rows, Test  [][]float64
	Truth, Want []int
}

// Open loads the scorer of a task and its pool.
func Open(files *artefacts.Store, scorer string, seed uint64) (*selection.Workload, *Pool, error) {
	f, err := files.Open(seed)
	if err != nil {
		return nil, nil, err
	}
	s, err := f.Scorer(scorer, "rows.bin")
	if err != nil {
		return nil, nil, err
	}
	held, err := f.Scorer(scorer, "test.bin")
	if err != nil {
		return nil, nil, err
	}
	p := &Pool{Seed: seed, Rows: kit.Pictures(s.Rows), Test: kit.Pictures(held.Rows)}
	if p.Truth, err = f.Labels("truth.bin"); err != nil {
		return nil, nil, err
	}
	if p.Want, err = f.Labels("test-truth.bin"); err != nil {
		return nil, nil, err
	}
	if len(p.Truth) != len(p.Rows) || len(p.Want) != len(p.Test) {
		return nil, nil, fmt.Errorf("task %s: as many classes as rows are needed; build the data anew", files.Task)
	}
	return &selection.Workload{Scorers: []selection.Scorer{s}}, p, nil
}

// Files are those that Open reads.
func Files(scorer string, model []byte, pool, test *data.Samples) map[string][]byte {
	return map[string][]byte{
		scorer + ".tflite": model,
		"rows.bin":         Rows(pool.X, Fine), "truth.bin": data.Labels(pool.Labels),
		"test.bin": Rows(test.X, Fine), "test-truth.bin": data.Labels(test.Labels),
	}
}

// Accuracy is that of the nearest-neighbour classifier of the held-out pictures that
// knows the classes of the picked rows alone.
func (p *Pool) Accuracy(picks []int) float64 {
	var known [][]float64
	for _, i := range picks {
		known = append(known, p.Rows[i])
	}
	right := 0
	for k, x := range p.Test {
		if near := kit.Nearest(x, known); near >= 0 && p.Truth[picks[near]] == p.Want[k] {
			right++
		}
	}
	return float64(right) / float64(max(1, len(p.Test)))
}

// Random draws sets of k rows, the same ones for every decision.
func (p *Pool) Random(k int) [][]int {
	rng := rand.New(rand.NewPCG(p.Seed, randomStream))
	sets := make([][]int, randomSets)
	for i := range sets {
		sets[i] = rng.Perm(len(p.Rows))[:min(k, len(p.Rows))]
	}
	return sets
}

// MeanOf is the mean of a figure over sets.
func MeanOf(sets [][]int, figure func(set []int) float64) float64 {
	sum := 0.0
	for _, s := range sets {
		sum += figure(s)
	}
	return sum / float64(max(1, len(sets)))
}

// Table runs the pool of the only scorer.
func (p *Pool) Table(task string, ask *selection.Ask) (*selection.Table, error) {
	if !ask.Fits(1, len(p.Rows)) {
		return nil, fmt.Errorf("%s: it needs one network for %d rows", task, len(p.Rows))
	}
	t, err := ask.Table(0)
	if err == nil && t.Width < 1 {
		err = fmt.Errorf("%s: the network gives no numbers", task)
	}
	return &t, err
}

// Encoder trains an autoencoder without labels and returns its first half.
func Encoder(x [][]float64, hidden, code, epochs int, rng *rand.Rand) *nets.Graph {
	shape := nets.Shape{H: 1, W: 1, C: len(x[0])}
	g := nets.New(shape)
	a := g.Dense(0, hidden, nets.Relu, rng)
	b := g.Dense(a, code, nets.Linear, rng)
	g.Dense(g.Dense(b, hidden, nets.Relu, rng), len(x[0]), nets.Linear, rng)
	g.Fit(x, nets.SquaredError(x), nets.Schedule{Epochs: epochs, Batch: 20, Rate: 3e-3}, rng)
	half := nets.New(shape)
	half.Dense(half.Dense(0, hidden, nets.Relu, rng), code, nets.Linear, rng)
	for _, n := range []nets.Node{a, b} {
		copy(half.Weight(n).Value, g.Weight(n).Value)
		copy(half.Bias(n).Value, g.Bias(n).Value)
	}
	return half
}

// Sizes of the tasks that choose among digits by the codes of an encoder (our choice).
const (
	encoderTraining = 1000
	encoderPool     = 300
	encoderTest     = 400
	encoderHidden   = 32
	encoderCode     = 16
	encoderEpochs   = 80
	encoderSamples  = 300 // that set its quantisation
)

// Encoded trains an encoder without labels on some digits, and gives the files that Open
// reads, with a pool and held-out pictures of others.
func Encoded(rng *rand.Rand) (map[string][]byte, error) {
	all, err := Shuffled(rng)
	if err != nil {
		return nil, err
	}
	training := Part(all, 0, encoderTraining)
	g := Encoder(training.X, encoderHidden, encoderCode, encoderEpochs, rng)
	model, err := g.Export(training.X[:encoderSamples], nets.Options{Description: "encoder of digits", Input: &Fine})
	if err != nil {
		return nil, err
	}
	pool := Part(all, encoderTraining, encoderPool)
	return Files("encoder", model, pool, Part(all, encoderTraining+encoderPool, encoderTest)), nil
}
