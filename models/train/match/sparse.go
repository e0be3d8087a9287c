package match

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"

	"upset/models/train/data"
	"upset/models/train/nets"
)

// Sizes of the sparse autoencoder (our choice): three times as many units as
// there are features, of which eight are active.
const (
	sparseUnits     = 96
	sparseActive    = 8
	sparsePool      = 300
	sparseExemplars = 10
)

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
	wd, b := make([]float64, sparseUnits*hidden), make([]float64, hidden)
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
		direction, size := a.wd.Value[u*hidden:(u+1)*hidden], 0.0
		for _, v := range direction {
			size += float64(v * v)
		}
		for j := range direction {
			direction[j] /= math.Sqrt(size)
		}
	}
}

// encode returns all units after ReLU with those beyond the largest set to 0.
func (a *autoencoder) encode(h []float64) []float64 {
	z, order := make([]float64, sparseUnits), make([]int, sparseUnits)
	for u := range z {
		order[u], z[u] = u, a.be.Value[u]
		for j, v := range h {
			z[u] += float64(a.we.Value[u*hidden+j] * (v - a.b.Value[j]))
		}
		z[u] = max(0, z[u])
	}
	slices.SortStableFunc(order, func(x, y int) int {
		if z[x] == z[y] {
			return 0
		} else if z[x] > z[y] {
			return -1
		}
		return 1
	})
	for _, u := range order[sparseActive:] {
		z[u] = 0
	}
	return z
}

// backward adds the gradients of half the squared error of one sample.
func (a *autoencoder) backward(h []float64) {
	z, miss := a.encode(h), make([]float64, hidden)
	for j, v := range h {
		miss[j] = a.b.Value[j] - v
	}
	for u, v := range z {
		for j := range miss {
			miss[j] += float64(v * a.wd.Value[u*hidden+j])
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
			a.wd.Grad[u*hidden+j] += float64(e * v)
			slope += float64(e * a.wd.Value[u*hidden+j])
		}
		a.be.Grad[u] += slope
		for j := range miss {
			a.we.Grad[u*hidden+j] += float64(slope * (h[j] - a.b.Value[j]))
			a.b.Grad[j] -= float64(slope * a.we.Value[u*hidden+j])
		}
	}
}

// fit trains the autoencoder.
func (a *autoencoder) fit(features [][]float64, rng *rand.Rand) {
	const epochs, batch, rate = 40, 20, 3e-3 // our choice
	optimiser := nets.NewAdam([]*nets.Param{a.we, a.be, a.wd, a.b})
	for epoch := range epochs {
		order := rng.Perm(len(features))
		for at := 0; at < len(order); at += batch {
			part := order[at:min(at+batch, len(order))]
			for _, i := range part {
				a.backward(features[i])
			}
			optimiser.Step(rate*(1-0.95*float64(epoch)/epochs), len(part))
			a.normalise()
		}
	}
}

// sparse trains a classifier and an autoencoder of its hidden units, and exports
// the hidden units z of the autoencoder together with what each exceeds the
// prototype of a class by.
func sparse(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 0)
	known, rest, err := digits(rng)
	if err != nil {
		return nil, err
	}
	g, tap, _ := classifier(known, rng)
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

	class := int(seed) % classes
	prototype, centre := make([]float64, sparseUnits), make([]float64, hidden)
	for _, x := range ofClass(rest, class, sparsePool, sparseExemplars).X {
		h := feature(x)
		for j, v := range h {
			centre[j] += v / sparseExemplars
		}
		for u, v := range a.encode(h) {
			prototype[u] += v / sparseExemplars
		}
	}
	files := map[string][]byte{"rows.bin": rows(rest.X[:sparsePool], pixel), "truth.bin": data.Labels(rest.Labels[:sparsePool])}
	for _, v := range slices.Concat(a.b.Value, a.wd.Value) {
		files["decoder.bin"] = binary.LittleEndian.AppendUint32(files["decoder.bin"], math.Float32bits(float32(v)))
	}
	if files["target.json"], err = json.Marshal(map[string]any{"class": class, "prototype": prototype, "centre": centre}); err != nil {
		return nil, err
	}
	plain := a.network(g, tap, nil, rng)
	if files["hidden.tflite"], err = plain.Export(known.X[:calibration], nets.Options{Description: "hidden units of a classifier", Input: &pixel}); err != nil {
		return nil, err
	}
	whole := a.network(g, tap, prototype, rng)
	files["sparse.tflite"], err = whole.Export(known.X[:calibration], nets.Options{Description: "sparse autoencoder of hidden units", Input: &pixel})
	return files, err
}

// network copies the hidden layer and, where there is a prototype t, adds the
// encoder z and ReLU(z − t). From the latter follow min(z, t) and max(z, t).
func (a *autoencoder) network(from *nets.Graph, tap nets.Node, prototype []float64, rng *rand.Rand) *nets.Graph {
	g := nets.New(from.Shape(0))
	h := g.Dense(0, hidden, nets.Relu, rng)
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
			bias -= float64(a.we.Value[u*hidden+j] * b)
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
