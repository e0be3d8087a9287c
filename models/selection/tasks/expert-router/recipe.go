package router

import (
	"embed"
	"fmt"
	"math"
	"math/rand/v2"

	"upset/models/selection/artefacts"
	"upset/models/selection/digits"
	"upset/models/train/data"
	"upset/models/train/nets"
)

//go:embed data
var stored embed.FS

// Files are the trained networks and pools.
var Files = artefacts.Store{Task: "expert-router", Stored: stored, Make: recipe}

// Sizes of the mixture: digits in four rotations, one expert for each. The plain
// network has at least as many multiply-accumulates as the router and one expert
// together (24·74 against 8·68 + 16·74; our choice).
const (
	routerUnits   = 16
	routerGate    = 8 // units of the router
	routerPlain   = 24
	routerPool    = 300
	routerBalance = 0.1   // weight of the balance of the load
	routerMemory  = 0.002 // of the running shares of the load
)

// mixture is a router with its experts as one graph for training. Its outputs
// are the router's logits and then those of every expert.
type mixture struct {
	g              *nets.Graph
	scout, gate    nets.Node // the router's layers
	hidden, output []nets.Node
}

func newMixture(rng *rand.Rand) *mixture {
	m := &mixture{g: nets.New(nets.Shape{H: 1, W: 1, C: data.DigitsSize})}
	m.scout = m.g.Dense(0, routerGate, nets.Relu, rng)
	m.gate = m.g.Dense(m.scout, routerExperts, nets.Linear, rng)
	all := []nets.Node{m.gate}
	for range routerExperts {
		h := m.g.Dense(0, routerUnits, nets.Relu, rng)
		o := m.g.Dense(h, digits.Classes, nets.Linear, rng)
		m.hidden, m.output, all = append(m.hidden, h), append(m.output, o), append(all, o)
	}
	m.g.Concat(all...)
	return m
}

// loss is the negative log-likelihood of a mixture of experts (Jacobs et al.,
// "Adaptive Mixtures of Local Experts", 1991) plus the balance E·Σ f·g of the
// load, in which f are the running shares of rows by expert and g the router's
// probabilities (Fedus et al., "Switch Transformers", 2022).
func (m *mixture) loss(labels []int) nets.Loss {
	load := make([]float64, routerExperts)
	for e := range load {
		load[e] = 1.0 / routerExperts
	}
	gate, part := make([]float64, routerExperts), make([]float64, routerExperts)
	p := make([]float64, digits.Classes)
	return func(i int, output, grad []float64) float64 {
		nets.Softmax(output[:routerExperts], gate)
		sum, balance, top := 1e-300, 0.0, 0
		for e := range part {
			nets.Softmax(output[routerExperts+e*digits.Classes:][:digits.Classes], p)
			part[e] = gate[e] * p[labels[i]]
			sum += part[e]
			balance += float64(load[e] * gate[e])
			if gate[e] > gate[top] {
				top = e
			}
			copy(grad[routerExperts+e*digits.Classes:], p)
		}
		for e := range part {
			share := part[e] / sum
			grad[e] = gate[e] - share + float64(routerBalance*routerExperts*gate[e])*(load[e]-balance)
			own := grad[routerExperts+e*digits.Classes:][:digits.Classes]
			own[labels[i]]--
			for c := range own {
				own[c] *= share
			}
			load[e] *= 1 - routerMemory
		}
		load[top] += routerMemory
		return float64(routerBalance*routerExperts*balance) - math.Log(sum)
	}
}

// layers copies layers of a graph to a network by itself.
func layers(g *nets.Graph, units int, list ...nets.Node) *nets.Graph {
	rng := data.Rand(0, 0) // all weights are overwritten
	own := nets.New(g.Shape(0))
	last := nets.Node(0)
	for k, n := range list {
		if k < len(list)-1 {
			last = own.Dense(last, units, nets.Relu, rng)
		} else {
			last = own.Dense(last, g.Shape(n).Size(), nets.Linear, rng)
		}
		copy(own.Weight(last).Value, g.Weight(n).Value)
		copy(own.Bias(last).Value, g.Bias(n).Value)
	}
	return own
}

// recipe trains a mixture of experts and a plain network of the same work on
// digits in four rotations.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 0)
	known, rest, err := digits.Split(rng)
	if err != nil {
		return nil, err
	}
	all, pool := &data.Samples{}, &data.Samples{}
	for i, x := range known.X {
		for q := range routerExperts {
			all.X, all.Labels = append(all.X, digits.Rotate(x, q)), append(all.Labels, known.Labels[i])
		}
	}
	for i, x := range rest.X[:routerPool] {
		pool.X, pool.Labels = append(pool.X, digits.Rotate(x, i%routerExperts)), append(pool.Labels, rest.Labels[i])
	}
	schedule := nets.Schedule{Epochs: 35, Batch: 20, Rate: 4e-3}
	m := newMixture(rng)
	m.g.Fit(all.X, m.loss(all.Labels), schedule, rng)
	plain := nets.New(m.g.Shape(0))
	plain.Dense(plain.Dense(0, routerPlain, nets.Relu, rng), digits.Classes, nets.Linear, rng)
	plain.Fit(all.X, nets.CrossEntropy(all.Labels), schedule, rng)

	files := map[string][]byte{"rows.bin": digits.Rows(pool.X, digits.Pixel), "truth.bin": data.Labels(pool.Labels)}
	networks := map[string]*nets.Graph{"router": layers(m.g, routerGate, m.scout, m.gate), "plain": plain}
	for e := range routerExperts {
		networks[fmt.Sprintf("expert%d", e)] = layers(m.g, routerUnits, m.hidden[e], m.output[e])
	}
	for name, g := range networks {
		if files[name+".tflite"], err = g.Export(all.X[:digits.Calibration], nets.Options{Description: "mixture of experts, " + name, Input: &digits.Pixel}); err != nil {
			return nil, fmt.Errorf("expert-router: %s: %w", name, err)
		}
	}
	return files, nil
}
