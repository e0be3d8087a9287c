package filter

import (
	"embed"
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
var Files = artefacts.Store{Task: "query-filter", Stored: stored, Make: recipe}

// Sizes of the networks and samples (our choice).
const (
	victimUnits = 48
	cloneUnits  = 24
	begin       = 60  // queries that the clones know from the start
	pool        = 500 // generated samples
	queries     = 80  // of them that the victim is asked
	test        = 250 // digits on which clone and victim are compared
	drawn       = 8   // random choices of queries to compare with
)

// tuning of a clone (our choice).
var tuning = nets.Schedule{Epochs: 40, Batch: 10, Rate: 4e-3}

// generate draws a sample that owes nothing to the digits: strokes between random points
// of the picture, with a soft edge.
func generate(rng *rand.Rand) []float64 {
	x := make([]float64, data.DigitsSize)
	at := func() (float64, float64) { return 1 + 5*rng.Float64(), 7 * rng.Float64() }
	px, py := at()
	for range 2 + rng.IntN(3) {
		qx, qy := at()
		for i := range x {
			cx, cy := float64(i%digits.Side), float64(i/digits.Side)
			dx, dy := qx-px, qy-py
			s := min(1, max(0, (float64((cx-px)*dx)+float64((cy-py)*dy))/max(1e-9, float64(dx*dx)+float64(dy*dy))))
			d := math.Hypot(cx-px-float64(s*dx), cy-py-float64(s*dy))
			x[i] = max(x[i], min(1, max(0, 1.4-d)))
		}
		px, py = qx, qy
	}
	return x
}

// network is an untrained classifier of one hidden layer.
func network(n int, rng *rand.Rand) *nets.Graph {
	return nets.Layers(rng, data.DigitsSize, n, digits.Classes)
}

// cloned trains a clone on samples with the victim's labels.
func cloned(x [][]float64, labels []int, rng *rand.Rand) *nets.Graph {
	g := network(cloneUnits, rng)
	g.Fit(x, nets.CrossEntropy(labels), tuning, rng)
	return g
}

// agreement is the share of samples to which a clone gives the victim's label.
func agreement(g *nets.Graph, x [][]float64, labels []int) float64 {
	return kit.Share(kit.Every(len(x)), func(i int) bool { return kit.Argmax(g.Forward(x[i])) == labels[i] })
}

// recipe trains a victim on digits and two clones on few of its answers to generated
// samples.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 0)
	known, rest, err := digits.Split(rng)
	if err != nil {
		return nil, err
	}
	victim := network(victimUnits, rng)
	victim.Fit(known.X, nets.CrossEntropy(known.Labels), nets.Schedule{Epochs: 20, Batch: 20, Rate: 4e-3}, rng)
	var x [][]float64
	for range begin + pool {
		x = append(x, quantised(generate(rng)))
	}
	x = append(x, rest.X[:test]...)
	files := map[string][]byte{
		"seeds.bin": digits.Rows(x[:begin], digits.Fine), "rows.bin": digits.Rows(x[begin:begin+pool], digits.Fine),
		"test.bin": digits.Rows(x[begin+pool:], digits.Fine),
	}
	if files["victim.tflite"], err = victim.Export(known.X[:digits.Calibration], nets.Options{Description: "classifier of digits, asked for labels", Input: &digits.Fine}); err != nil {
		return nil, err
	}
	scores, err := digits.Scores(files["victim.tflite"], x, digits.Fine)
	if err != nil {
		return nil, err
	}
	var labels []int
	for _, s := range scores {
		labels = append(labels, kit.Argmax(s))
	}
	files["seed-labels.bin"], files["test-labels.bin"] = data.Labels(labels[:begin]), data.Labels(labels[begin+pool:])
	for k := range 2 {
		g := cloned(x[:begin], labels[:begin], data.Rand(seed, uint64(1+k)))
		if files[fmt.Sprintf("clone%d.tflite", k)], err = g.Export(x[:begin+pool], nets.Options{Description: "clone of a classifier", Input: &digits.Fine}); err != nil {
			return nil, err
		}
	}
	for k := range drawn {
		own := data.Rand(seed, uint64(10+k))
		s, l := append([][]float64{}, x[:begin]...), append([]int{}, labels[:begin]...)
		for _, i := range own.Perm(pool)[:queries] {
			s, l = append(s, x[begin+i]), append(l, labels[begin+i])
		}
		share := agreement(cloned(s, l, data.Rand(seed, cloneStream)), x[begin+pool:], labels[begin+pool:])
		files["drawn.bin"] = append(files["drawn.bin"], byte(math.Round(share*test)))
	}
	return files, nil
}

// cloneStream is that of the generator of the last clone, with any queries.
const cloneStream = 5

// quantised is a sample as the NPU sees it.
func quantised(x []float64) []float64 {
	return digits.Reals([][]byte{nets.Row(x, digits.Fine)}, digits.Fine)[0]
}
