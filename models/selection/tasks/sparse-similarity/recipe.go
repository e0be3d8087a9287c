package sparse

import (
	"embed"
	"encoding/json"
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
var Files = artefacts.Store{Task: "sparse-similarity", Stored: stored, Make: recipe}

// sparsePool is the size of the pool (our choice).
const sparsePool = 300

// autoencoder writes features as a sum of few directions: its largest units z of
// We(h − b) + be times the columns of Wd, plus b. Wd is stored by unit.
type autoencoder struct {
	we, be, wd, b *nets.Param
}

func newParam(values []float64) *nets.Param {
	return &nets.Param{Value: values, Grad: make([]float64, len(values))}
}

// newAutoencoder starts with random directions in both halves and the mean
// feature as offset.
func newAutoencoder(features [][]float64, rng *rand.Rand) *autoencoder {
	wd, b := make([]float64, sparseUnits*digits.Hidden), make([]float64, digits.Hidden)
	for i := range wd {
		wd[i] = rng.NormFloat64()
	}
	for _, h := range features {
		for j, v := range h {
			b[j] += v / float64(len(features))
		}
	}
	a := &autoencoder{be: newParam(make([]float64, sparseUnits)), wd: newParam(wd), b: newParam(b)}
	a.normalise()
	a.we = newParam(slices.Clone(wd))
	return a
}

// normalise gives all directions unit length.
func (a *autoencoder) normalise() {
	for u := range sparseUnits {
		direction := a.wd.Value[u*digits.Hidden : (u+1)*digits.Hidden]
		size := kit.Norm(direction)
		for j := range direction {
			direction[j] /= size
		}
	}
}

// encode returns all units after ReLU with those beyond the largest set to 0.
func (a *autoencoder) encode(h []float64) []float64 {
	z := make([]float64, sparseUnits)
	for u := range z {
		z[u] = a.be.Value[u]
		for j, v := range h {
			z[u] += float64(a.we.Value[u*digits.Hidden+j] * (v - a.b.Value[j]))
		}
		z[u] = max(0, z[u])
	}
	for _, u := range kit.Order(z)[sparseActive:] {
		z[u] = 0
	}
	return z
}

// backward adds the gradients of half the squared error of one sample.
func (a *autoencoder) backward(h []float64) {
	z, miss := a.encode(h), make([]float64, digits.Hidden)
	for j, v := range h {
		miss[j] = a.b.Value[j] - v
	}
	for u, v := range z {
		for j := range miss {
			miss[j] += float64(v * a.wd.Value[u*digits.Hidden+j])
		}
	}
	for j, e := range miss {
		a.b.Grad[j] += e
	}
	for u, v := range z {
		if v == 0 {
			continue
		}
		slope := 0.0
		for j, e := range miss {
			a.wd.Grad[u*digits.Hidden+j] += float64(e * v)
			slope += float64(e * a.wd.Value[u*digits.Hidden+j])
		}
		a.be.Grad[u] += slope
		for j := range miss {
			a.we.Grad[u*digits.Hidden+j] += float64(slope * (h[j] - a.b.Value[j]))
			a.b.Grad[j] -= float64(slope * a.we.Value[u*digits.Hidden+j])
		}
	}
}

// fit trains the autoencoder.
func (a *autoencoder) fit(features [][]float64, rng *rand.Rand) {
	const epochs, batch, rate = 40, 20, 3e-3 // our choice
	d := nets.Descent{Epochs: epochs, Batch: batch, Rate: rate, Fall: 0.95, After: a.normalise}
	d.Fit([]*nets.Param{a.we, a.be, a.wd, a.b}, len(features), rng, func(i int) { a.backward(features[i]) })
}

// recipe trains a classifier and an autoencoder of its hidden units, and exports
// the hidden units z of the autoencoder together with what each exceeds the
// prototype of a class by.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 0)
	known, rest, err := digits.Split(rng)
	if err != nil {
		return nil, err
	}
	g, tap, _ := digits.Tapped(known, rng)
	feature := func(x []float64) []float64 {
		g.Forward(x)
		return slices.Clone(g.Value(tap))
	}
	var features [][]float64
	for _, x := range known.X {
		features = append(features, feature(x))
	}
	a := newAutoencoder(features, rng)
	a.fit(features, rng)

	class := int(seed) % digits.Classes
	prototype, centre := make([]float64, sparseUnits), make([]float64, digits.Hidden)
	for _, x := range digits.OfClass(rest, class, sparsePool, sparseExemplars).X {
		h := feature(x)
		for j, v := range h {
			centre[j] += v / sparseExemplars
		}
		for u, v := range a.encode(h) {
			prototype[u] += v / sparseExemplars
		}
	}
	files := map[string][]byte{"rows.bin": digits.Rows(rest.X[:sparsePool], digits.Pixel), "truth.bin": data.Labels(rest.Labels[:sparsePool])}
	files["decoder.bin"] = data.Singles(slices.Concat(a.b.Value, a.wd.Value)...)
	if files["target.json"], err = json.Marshal(map[string]any{"class": class, "prototype": prototype, "centre": centre}); err != nil {
		return nil, err
	}
	plain := a.network(g, tap, nil, rng)
	if files["hidden.tflite"], err = plain.Export(known.X[:digits.Calibration], nets.Options{Description: "hidden units of a classifier", Input: &digits.Pixel}); err != nil {
		return nil, err
	}
	whole := a.network(g, tap, prototype, rng)
	files["sparse.tflite"], err = whole.Export(known.X[:digits.Calibration], nets.Options{Description: "sparse autoencoder of hidden units", Input: &digits.Pixel})
	return files, err
}

// network copies the hidden layer and, where there is a prototype t, adds the
// encoder z and ReLU(z − t). From the latter follow min(z, t) and max(z, t).
func (a *autoencoder) network(from *nets.Graph, tap nets.Node, prototype []float64, rng *rand.Rand) *nets.Graph {
	g := nets.New(from.Shape(0))
	h := g.Dense(0, digits.Hidden, nets.Relu, rng)
	copy(g.Weight(h).Value, from.Weight(tap).Value)
	copy(g.Bias(h).Value, from.Bias(tap).Value)
	if prototype == nil {
		return g
	}
	z := g.Dense(h, sparseUnits, nets.Relu, rng)
	copy(g.Weight(z).Value, a.we.Value)
	for u := range sparseUnits {
		bias := a.be.Value[u]
		for j, b := range a.b.Value {
			bias -= float64(a.we.Value[u*digits.Hidden+j] * b)
		}
		g.Bias(z).Value[u] = bias
	}
	excess := g.Depthwise(z, 1, 1, false, nets.Relu, rng)
	for u, t := range prototype {
		g.Weight(excess).Value[u], g.Bias(excess).Value[u] = 1, -t
	}
	g.Concat(z, excess)
	return g
}
