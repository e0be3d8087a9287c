package train

import (
	"fmt"
	"math/rand/v2"
)

// seedStream is the second word of every PCG seed (our choice).
const seedStream = 0x7570736574 // "upset"

// warmUp is the share of all steps during which the learning rate rises (our
// choice).
const warmUp = 0.1

// Progress hears about the end of every epoch.
type Progress func(epoch int, loss float64)

// Fit trains a network on prepared pictures. The result depends on the recipe
// and the pictures only.
func (r *Recipe) Fit(set *Images, progress Progress) (*Network, error) {
	set = set.Head(r.Samples)
	if r.Batch < 1 || set.Len() < r.Batch {
		return nil, fmt.Errorf("recipe %s: %d pictures do not fill one batch of %d", r.Name, set.Len(), r.Batch)
	}
	rng := rand.New(rand.NewPCG(r.Seed, seedStream))
	net, err := r.Build(set.Height, set.Width, rng)
	if err != nil {
		return nil, err
	}
	optimiser := NewAdam(net.Params(), r.Decay)
	order := make([]int, set.Len())
	for i := range order {
		order[i] = i
	}
	x := NewTensor(1, set.Height, set.Width, r.Batch)
	grad := NewTensor(r.ClassCount(), 1, 1, r.Batch)
	perEpoch := set.Len() / r.Batch
	step, steps := 0, perEpoch*r.Epochs
	for epoch := 0; epoch < r.Epochs; epoch++ {
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		var loss float64
		for b := 0; b < perEpoch; b++ {
			labels := fillBatch(x, set, order[b*r.Batch:(b+1)*r.Batch], r.Augment, rng)
			loss += CrossEntropy(net.Forward(x, true), labels, r.Smoothing, grad)
			net.Backward(grad)
			optimiser.Step(r.Rate * schedule(step, steps))
			step++
		}
		if progress != nil {
			progress(epoch, loss/float64(perEpoch))
		}
	}
	return net, nil
}

// schedule returns the learning rate at a step relative to its peak: a linear
// rise, then a linear fall to zero.
func schedule(step, steps int) float64 {
	at := (float64(step) + 1) / float64(steps)
	if at < warmUp {
		return at / warmUp
	}
	return (1 - at) / (1 - warmUp)
}

// Accuracy returns the share of prepared pictures whose class has the largest
// logit.
func (n *Network) Accuracy(set *Images) float64 {
	right := 0
	eachBatch(set, 100, func(x *Tensor, labels []uint8) {
		logits := n.Forward(x, false)
		for i, label := range labels {
			if Argmax(logits, i) == int(label) {
				right++
			}
		}
	})
	return float64(right) / float64(set.Len())
}
