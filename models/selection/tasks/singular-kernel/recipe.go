package kernel

import (
	"embed"
	"math"

	"upset/models/selection/artefacts"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
	"upset/models/tflite"
	"upset/models/train/cells"
	"upset/models/train/data"
	"upset/models/train/nets"
)

//go:embed data
var stored embed.FS

// Files are the networks and pools.
var Files = artefacts.Store{Task: "singular-kernel", Stored: stored, Make: recipe}

// Sizes of the classifier (our choice).
const (
	prototypes = 256
	pool       = 160
	wrong      = 0.3 // share of the prototypes' labels that are drawn anew among the others
	exponent   = 4   // α of the kernel ‖x−x'‖^−α
	flat       = 1   // α of a kernel that is nearly a majority vote
)

// unit is the form of a picture of unit length: pixels from 0 to a half.
var unit = nets.Quant{Scale: 1.0 / 512, ZeroPoint: -128}

// normal brings a picture to unit length.
func normal(x []float64) []float64 {
	size, y := kit.Norm(x), make([]float64, len(x))
	for k, v := range x {
		y[k] = v / max(size, 1e-9)
	}
	return y
}

// span is an int8 form for values from 0 to most.
func span(most float64) cells.Form {
	return cells.Form{Type: tflite.Int8, Scale: float32(most / 255), Zero: math.MinInt8}
}

// memory is the prototypes with their labels and the quantisation of distances.
type memory struct {
	x       [][]float64
	labels  []int
	squares float64 // largest squared distance
	inverse float64 // largest inverse distance but for a few, which saturate
}

// saturated is the share of inverse distances, each the largest one of a sample, that
// saturate (our choice).
const saturated = 0.1

// calibrate finds the ranges from samples.
func (m *memory) calibrate(samples [][]float64) {
	var nearest []float64
	for _, s := range samples {
		least := math.Inf(1)
		for _, x := range m.x {
			d := kit.SquaredDistance(s, x)
			m.squares, least = max(m.squares, d), min(least, d)
		}
		nearest = append(nearest, 1/math.Sqrt(max(least, 1e-9)))
	}
	m.inverse = kit.Quantile(nearest, 1-saturated)
}

// distances adds the squared distances of unit vectors, 2 − 2·x·x', as one layer.
func (m *memory) distances(n *cells.Net) cells.Value {
	x := n.Input(cells.Form{Type: tflite.Int8, Scale: unit.Scale, Zero: unit.ZeroPoint}, data.DigitsSize)
	var weights, biases []float64
	for _, p := range m.x {
		for _, v := range p {
			weights = append(weights, -2*v)
		}
		biases = append(biases, 2)
	}
	return n.Dense(x, weights, biases, span(m.squares))
}

// votes is the classifier sign of Σ y·‖x−x'‖^−α: the inverse root of the squared
// distances is the power −1, and each squaring doubles the exponent. A layer of the
// prototypes' labels sums the votes of each class.
func (m *memory) votes(alpha int) ([]byte, error) {
	n := cells.New()
	power, most := n.InverseRoot(m.distances(n), span(m.inverse)), m.inverse
	for a := 1; a < alpha; a *= 2 {
		most *= most
		power = n.Mul(power, power, span(most))
	}
	labels := make([]float64, digits.Classes*len(m.x))
	for i, l := range m.labels {
		labels[l*len(m.x)+i] = 1
	}
	// A class seldom gets more than some votes of the largest weight.
	const together = 4
	top := together * most
	if alpha == flat {
		top = float64(len(m.x)) / digits.Classes * most
	}
	return n.Model("votes of a singular kernel", n.Dense(power, labels, nil, span(top)))
}

// nearest gives the squared distances alone.
func (m *memory) nearest() ([]byte, error) {
	n := cells.New()
	return n.Model("squared distances of prototypes", m.distances(n))
}

// recipe draws prototypes, of which some have wrong labels, and builds three networks of
// them. Nothing is trained.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 0)
	all, err := digits.Shuffled(rng)
	if err != nil {
		return nil, err
	}
	for i := range all.X {
		all.X[i] = normal(all.X[i])
	}
	m := &memory{x: all.X[:prototypes], labels: all.Labels[:prototypes]}
	digits.Mislabel(m.labels, wrong, rng)
	rest := digits.Part(all, prototypes, pool)
	m.calibrate(digits.Part(all, prototypes+pool, digits.Calibration).X)
	files := map[string][]byte{"rows.bin": digits.Rows(rest.X, unit), "truth.bin": data.Labels(rest.Labels), "labels.bin": data.Labels(m.labels)}
	for name, write := range map[string]func() ([]byte, error){
		"kernel":   func() ([]byte, error) { return m.votes(exponent) },
		"majority": func() ([]byte, error) { return m.votes(flat) },
		"nearest":  m.nearest,
	} {
		if files[name+".tflite"], err = write(); err != nil {
			return nil, err
		}
	}
	return files, nil
}
