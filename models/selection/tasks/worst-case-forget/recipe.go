package worst

import (
	"embed"
	"encoding/json"
	"fmt"
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
var Files = artefacts.Store{Task: "worst-case-forget", Stored: stored, Make: recipe}

// Settings of the search for a worst-case forget set (our choice; the published
// programs use 2 to 20 steps). The rule takes the last step with the same rate, damping
// and size.
const (
	worstPool   = 250
	worstTest   = 150
	worstUnits  = 24
	worstSteps  = 5
	worstEpochs = 15
	worstRandom = 5 // random sets to compare with
)

// weighted trains a network on samples of which each counts by a weight.
func weighted(s *data.Samples, weight []float64, rng *rand.Rand) *nets.Graph {
	g := nets.Layers(rng, data.DigitsSize, worstUnits, digits.Classes)
	entropy := nets.CrossEntropy(s.Labels)
	g.Fit(s.X, func(i int, output, grad []float64) float64 {
		loss := entropy(i, output, grad)
		for j := range grad {
			grad[j] *= weight[i]
		}
		return weight[i] * loss
	}, nets.Schedule{Epochs: worstEpochs, Batch: 10, Rate: 5e-3}, rng)
	return g
}

// without are the weights of a training that leaves out a set.
func without(n int, set []int) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = 1
	}
	for _, i := range set {
		w[i] = 0
	}
	return w
}

// recipe looks for the set of digits that is hardest to forget. The lower level
// unlearns by training anew with weights 1 − w; the upper level moves w towards
// rows whose loss stays low. Networks trained without the set found, and without
// random ones, show what was forgotten.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 1)
	all, err := digits.Shuffled(rng)
	if err != nil {
		return nil, err
	}
	pool, test := digits.Part(all, 0, worstPool), digits.Part(all, worstPool, worstTest)
	export := func(g *nets.Graph, what string) ([]byte, error) {
		return g.Export(pool.X, nets.Options{Description: "digits, " + what, Input: &digits.Fine})
	}
	files := map[string][]byte{
		"rows.bin": digits.Rows(pool.X, digits.Fine), "truth.bin": data.Labels(pool.Labels),
		"test.bin": digits.Rows(test.X, digits.Fine), "test-truth.bin": data.Labels(test.Labels),
	}
	w := make([]float64, worstPool)
	for i := range w {
		w[i] = float64(worstSize) / worstPool
	}
	var next []float64
	for range worstSteps {
		if next != nil {
			w = next
		}
		keep := make([]float64, worstPool)
		for i, v := range w {
			keep[i] = 1 - v
		}
		if files["unlearned.tflite"], err = export(weighted(pool, keep, rng), "unlearned with weights"); err != nil {
			return nil, err
		}
		logits, err := digits.Scores(files["unlearned.tflite"], pool.X, digits.Fine)
		if err != nil {
			return nil, err
		}
		loss := make([]float64, worstPool)
		for i := range loss {
			loss[i] = -math.Log(kit.Softmax(logits[i])[pool.Labels[i]])
		}
		next = kit.Upper(w, loss, worstRate, worstDamping, worstSize)
	}
	networks := map[string][]int{"whole": nil, "worst": kit.TopK(next, worstSize)}
	order := []string{"whole", "worst"}
	var drawn [][]int
	for k := range worstRandom {
		name := fmt.Sprintf("random%d", k)
		drawn = append(drawn, rng.Perm(worstPool)[:worstSize])
		networks[name], order = drawn[k], append(order, name)
	}
	for _, name := range order {
		g := weighted(pool, without(worstPool, networks[name]), rng)
		if files[name+".tflite"], err = export(g, name); err != nil {
			return nil, err
		}
	}
	files["sets.json"], err = json.Marshal(map[string]any{"weights": w, "worst": networks["worst"], "random": drawn})
	return files, err
}
