package policy

import (
	"embed"
	"math/rand/v2"

	"upset/models/selection/artefacts"
	"upset/models/selection/kit"
	"upset/models/train/data"
	"upset/models/train/nets"
)

//go:embed data
var stored embed.FS

// Files are the trained networks. Instances are drawn from the seed when they are needed.
var Files = artefacts.Store{Task: "learned-policy", Stored: stored, Make: recipe}

// Streams of the generators of a seed.
const (
	ofTraining = iota
	ofPool
)

// Sizes of the training (our choice).
const (
	shown    = 400  // instances that the teacher plays
	epochs   = 8    // on its choices
	updates  = 150  // of the policy gradient
	problems = 8    // of an update
	rivals   = 4    // plays of each problem, which are compared
	rate     = 2e-3 // of the policy gradient
	pressure = 0.3  // with which the adversary prefers the class with the largest loss
)

// inputForm holds leads of up to four.
var inputForm = nets.Quant{Scale: 1.0 / 32}

// quantised is a state as the NPU sees it.
func quantised(x []float64) []float64 {
	for i, b := range nets.Row(x, inputForm) {
		x[i] = float64(inputForm.Scale) * float64(int8(b))
	}
	return x
}

// turn is a choice that a policy made.
type turn struct {
	state []float64
	arm   int
}

// sampled plays an instance by chances and returns the choices.
func sampled(g *nets.Graph, e *instance, rng *rand.Rand) ([]turn, float64) {
	var list []turn
	h, p := begin(e), make([]float64, arms)
	h.play(func(t int) int {
		x := quantised(h.state(t))
		nets.Softmax(g.Forward(x), p)
		u, arm := rng.Float64(), 0
		for arm < arms-1 && u >= p[arm] {
			u -= p[arm]
			arm++
		}
		list = append(list, turn{x, arm})
		return arm
	})
	return list, h.regret()
}

// imitate trains a policy on the choices of the teacher.
func imitate(g *nets.Graph, rng *rand.Rand) (states [][]float64) {
	var labels []int
	for i := range shown {
		h := begin(draw(i%len(difficulties), rng))
		h.play(func(t int) int {
			arm := h.confident()
			states, labels = append(states, quantised(h.state(t))), append(labels, arm)
			return arm
		})
	}
	g.Fit(states, nets.CrossEntropy(labels), nets.Schedule{Epochs: epochs, Batch: 20, Rate: 1e-2}, rng)
	return states
}

// improve follows the policy gradient: choices of plays with less regret than the other
// plays of the same problem become more likely. The adversary draws the class of a
// problem, and comes to prefer those whose regret is large beside that of uniform pulls.
func improve(g *nets.Graph, rng *rand.Rand) {
	optimiser := nets.NewAdam(g.Params())
	weight := make([]float64, len(difficulties))
	p := make([]float64, arms)
	for step := range updates {
		nets.Softmax(weight, p[:len(weight)])
		chances := append([]float64{}, p[:len(weight)]...)
		n := 0
		for range problems {
			class, u := 0, rng.Float64()
			for class < len(chances)-1 && u >= chances[class] {
				u -= chances[class]
				class++
			}
			e := draw(class, rng)
			var plays [][]turn
			var losses []float64
			for range rivals {
				t, loss := sampled(g, e, rng)
				plays, losses = append(plays, t), append(losses, loss)
			}
			mean := kit.Mean(losses)
			weight[class] += pressure * (mean - uniformRegret[class]) / uniformRegret[class] / problems
			for k, play := range plays {
				for _, t := range play {
					nets.Softmax(g.Forward(t.state), p)
					p[t.arm]--
					for j := range p {
						p[j] *= -(losses[k] - mean) * rivals / (rivals - 1)
					}
					g.Backward(p)
					n++
				}
			}
		}
		optimiser.Step(rate*(1-0.9*float64(step)/updates), n)
	}
}

// uniformRegret is that of uniform pulls by class, the mean of 1,500 instances each: what
// the adversary compares with.
var uniformRegret = []float64{0.30, 0.41, 0.43}

// recipe trains a policy.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, ofTraining)
	g := network(rng)
	states := imitate(g, rng)
	improve(g, rng)
	model, err := g.Export(states[:1000], nets.Options{Description: "policy of pulls", Input: &inputForm})
	return map[string][]byte{"policy.tflite": model}, err
}
