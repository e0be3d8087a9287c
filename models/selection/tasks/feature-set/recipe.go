package features

import (
	"embed"
	"math"
	"math/rand/v2"

	"upset/models/selection/artefacts"
	"upset/models/selection/kit"
	"upset/models/train/data"
	"upset/models/train/nets"
)

//go:embed data
var stored embed.FS

// Files are the trained networks and pools.
var Files = artefacts.Store{Task: "feature-set", Stored: stored, Make: recipe}

// Settings of the training (our choice).
const (
	clickLatent   = clickRow - 1 // numbers of an embedding, without the linear weight
	clickTraining = 12000
	clickTest     = 600
)

// Settings of the search for features (Lyu et al., "Optimizing Feature Set for
// Click-Through Rate Prediction", WWW 2023, with our sizes): the temperature of
// the gates grows from 1 to featureTau, and every open gate costs featurePenalty.
const (
	featureEpochs  = 12
	featureTau     = 100.0
	featureStart   = 0.5
	featurePenalty = 2e-4
	featureRate    = 5e-3
	featureBatch   = 64
	featureRetrain = 4
)

// clicks are impressions, with the number of their feature in every field.
type clicks struct {
	features [][]int
	clicked  []int
	chance   []float64
}

// drawClicks draws impressions from a model of linear and pairwise effects.
func drawClicks(n int, rng *rand.Rand) *clicks {
	var linear, first, second [clickRelevant * clickValues]float64
	for i := range linear {
		linear[i], first[i], second[i] = rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()
	}
	c := &clicks{}
	for range n {
		var f []int
		logit, a, b := -1.0, 0.0, 0.0
		for field := range clickFields {
			v := field*clickValues + rng.IntN(clickValues)
			f = append(f, v)
			if field < clickRelevant {
				logit += linear[v] + float64(a*first[v]) + float64(b*second[v])
				a, b = a+first[v], b+second[v]
			}
		}
		clicked, chance := 0, kit.Logistic(logit)
		if rng.Float64() < chance {
			clicked = 1
		}
		c.features, c.clicked, c.chance = append(c.features, f), append(c.clicked, clicked), append(c.chance, chance)
	}
	return c
}

// machine is a factorisation machine (Rendle, ICDM 2010) with a gate for every
// feature.
type machine struct {
	embedding, gate, bias *nets.Param
	tau                   float64 // 0: the gates are fixed
	fixed                 []float64
}

func newMachine(rng *rand.Rand) *machine {
	n := clickFields * clickValues
	m := &machine{embedding: nets.NewParam(n * clickRow), gate: nets.NewParam(n), bias: nets.NewParam(1)}
	for i := range m.embedding.Value {
		m.embedding.Value[i] = 0.1 * rng.NormFloat64()
	}
	for i := range m.gate.Value {
		m.gate.Value[i] = featureStart
	}
	return m
}

// open returns the gate of a feature and its derivative.
func (m *machine) open(f int) (g, slope float64) {
	if m.tau == 0 {
		return m.fixed[f], 0
	}
	s := kit.Logistic(m.tau * m.gate.Value[f])
	return s / kit.Logistic(featureStart), m.tau * s * (1 - s) / kit.Logistic(featureStart)
}

// learn adds the gradients of one impression.
func (m *machine) learn(features []int, clicked int) {
	var sum [clickRow]float64
	gates, slopes := make([]float64, len(features)), make([]float64, len(features))
	logit := m.bias.Value[0]
	for k, f := range features {
		gates[k], slopes[k] = m.open(f)
		for d, e := range m.embedding.Value[f*clickRow : (f+1)*clickRow] {
			v := gates[k] * e
			sum[d] += v
			if d < clickLatent {
				logit -= float64(v*v) / 2
			}
		}
	}
	for d, v := range sum {
		if d < clickLatent {
			logit += float64(v*v) / 2
		} else {
			logit += v
		}
	}
	miss := kit.Logistic(logit) - float64(clicked)
	m.bias.Grad[0] += miss
	for k, f := range features {
		for d := range clickRow {
			e := m.embedding.Value[f*clickRow+d]
			by := 1.0 // derivative of the logit by the gated number
			if d < clickLatent {
				by = sum[d] - gates[k]*e
			}
			m.embedding.Grad[f*clickRow+d] += float64(miss * by * gates[k])
			m.gate.Grad[f] += float64(miss * by * e * slopes[k])
		}
	}
}

// epoch passes once over the impressions.
func (m *machine) epoch(c *clicks, n int, adam *nets.Adam, rng *rand.Rand) {
	order := rng.Perm(n)
	for at := 0; at < n; at += featureBatch {
		batch := order[at:min(at+featureBatch, n)]
		for _, i := range batch {
			m.learn(c.features[i], c.clicked[i])
		}
		if m.tau > 0 {
			for f, v := range m.gate.Value {
				s := kit.Logistic(m.tau * v)
				m.gate.Grad[f] += float64(len(batch)) * featurePenalty * m.tau * s * (1 - s)
			}
		}
		adam.Step(featureRate, len(batch))
	}
}

// retrain trains weights further with fixed gates.
func (m *machine) retrain(embedding []float64, bias float64, gates []float64, c *clicks, rng *rand.Rand) {
	m.tau, m.fixed = 0, gates
	copy(m.embedding.Value, embedding)
	m.bias.Value[0] = bias
	adam := nets.NewAdam([]*nets.Param{m.embedding, m.bias})
	for range featureRetrain {
		m.epoch(c, clickTraining, adam, rng)
	}
}

// search finds the gates that stay open, and returns the weights after the first
// epoch too.
func search(c *clicks, rng *rand.Rand) (m *machine, embedding []float64, bias float64, gates []float64) {
	m = newMachine(rng)
	adam := nets.NewAdam([]*nets.Param{m.embedding, m.gate, m.bias})
	for e := range featureEpochs {
		m.tau = math.Pow(featureTau, float64(e)/(featureEpochs-1))
		m.epoch(c, clickTraining, adam, rng)
		if e == 0 {
			embedding, bias = append(embedding, m.embedding.Value...), m.bias.Value[0]
		}
	}
	for _, v := range m.gate.Value {
		g := 0.0
		if v > 0 {
			g = 1
		}
		gates = append(gates, g)
	}
	return m, embedding, bias, gates
}

// quant is the quantisation of the numbers of all features.
func (m *machine) quant() nets.Quant {
	largest := 0.0
	for _, v := range m.embedding.Value {
		largest = max(largest, math.Abs(v))
	}
	return nets.Quant{Scale: float32(largest / 127)}
}

// export writes the network of a machine.
func (m *machine) export(c *clicks, what string) (model []byte, err error) {
	q := m.quant()
	g := nets.New(nets.Shape{H: clickFields, W: 1, C: clickRow})
	rng := data.Rand(0, 0) // drawn weights are all overwritten
	set := func(n nets.Node, f func(i int) float64) nets.Node {
		for i := range g.Weight(n).Value {
			g.Weight(n).Value[i] = f(i)
		}
		return n
	}
	latent := func(i int, v float64) float64 {
		if i%clickRow == clickLatent {
			return 0
		}
		return v
	}
	sum := set(g.Dense(0, clickRow, nets.Linear, rng), func(i int) float64 {
		if i%(clickFields*clickRow)%clickRow == i/(clickFields*clickRow) {
			return 1
		}
		return 0
	})
	linear := set(g.Dense(sum, 1, nets.Linear, rng), func(i int) float64 { return 1 - latent(i, 1) })
	g.Bias(linear).Value[0] = m.bias.Value[0]
	whole := set(g.Dense(g.Mul(sum, sum), 1, nets.Linear, rng), func(i int) float64 { return latent(i, 0.5) })
	parts := set(g.Dense(g.Mul(0, 0), 1, nets.Linear, rng), func(i int) float64 { return latent(i, -0.5) })
	g.Add(g.Add(linear, whole), parts)
	var x [][]float64
	for _, f := range c.features[:1000] {
		var row []float64
		for _, v := range f {
			for _, e := range m.embedding.Value[v*clickRow : (v+1)*clickRow] {
				row = append(row, e*m.fixed[v])
			}
		}
		x = append(x, row)
	}
	return g.Export(x, nets.Options{Description: "clicks, " + what, Input: &q})
}

// gateNetwork opens and closes the features of a field: it multiplies their numbers by
// the logistic of their gates. Gates, at the last temperature, and numbers share a
// scale in which a gate of gateWhole is wide open. It returns the input of every field.
func (m *machine) gateNetwork(gates []float64) (model, rows []byte, err error) {
	q := nets.Quant{Scale: gateWhole / 127}
	per := float64(q.Scale) / float64(m.quant().Scale)
	var fields [][]float64
	for f := range clickFields {
		var x []float64
		for v := f * clickValues; v < (f+1)*clickValues; v++ {
			x = append(x, max(-gateWhole, min(gateWhole, featureTau*gates[v])))
			for _, e := range m.embedding.Value[v*clickRow : (v+1)*clickRow] {
				x = append(x, e*per)
			}
		}
		fields, rows = append(fields, x), append(rows, nets.Row(x, q)...)
	}
	g := nets.New(nets.Shape{H: clickValues, W: 1, C: gateRow})
	rng := data.Rand(0, 0) // drawn weights are all overwritten
	pick := func(from nets.Node, out int, weight func(o, i int) float64) nets.Node {
		n := g.Conv(from, 1, 1, out, false, nets.Linear, rng)
		w, in := g.Weight(n).Value, g.Shape(from).C
		for k := range w {
			w[k] = weight(k/in, k%in)
		}
		return n
	}
	unit := func(is bool, v float64) float64 {
		if is {
			return v
		}
		return 0
	}
	open := g.Sigmoid(pick(0, clickRow, func(_, i int) float64 { return unit(i == 0, 1) }))
	numbers := pick(0, clickRow, func(o, i int) float64 { return unit(i == o+1, 1) })
	gate := pick(open, 1, func(_, i int) float64 { return unit(i == 0, gateWhole) })
	g.Concat(gate, g.Mul(open, numbers))
	model, err = g.Export(fields, nets.Options{Description: "gates of the features of a field", Input: &q, Output: &q})
	return model, rows, err
}

// recipe searches for the features of a click model and trains it with those and with
// all.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 3)
	c := drawClicks(clickTraining+clickTest, rng)
	m, embedding, bias, gates := search(c, rng)
	open := make([]float64, len(gates))
	for i := range open {
		open[i] = 1
	}
	files := map[string][]byte{"truth.bin": data.Labels(c.clicked[clickTraining:])}
	var err error
	found := append([]float64(nil), m.gate.Value...)
	m.retrain(embedding, bias, gates, c, data.Rand(seed, 30))
	if files["machine.tflite"], err = m.export(c, "selected features"); err != nil {
		return nil, err
	}
	if files["gates.tflite"], files["gates.bin"], err = m.gateNetwork(found); err != nil {
		return nil, err
	}
	m.retrain(embedding, bias, open, c, data.Rand(seed, 30))
	if files["full.tflite"], err = m.export(c, "all features"); err != nil {
		return nil, err
	}
	files["full.bin"] = nets.Row(m.embedding.Value, m.quant())
	for i, f := range c.features[clickTraining:] {
		files["features.bin"] = append(files["features.bin"], data.Labels(f)...)
		files["chance.bin"] = append(files["chance.bin"], byte(math.Round(255*c.chance[clickTraining+i])))
	}
	return files, nil
}
