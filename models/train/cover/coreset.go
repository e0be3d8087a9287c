package cover

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"upset/models/reference"
	"upset/models/selection/kit"
	"upset/models/tflite"
	"upset/models/train/data"
	"upset/models/train/nets"
)

// Sizes of the task (our choice).
const (
	coresetTeacher = 400 // digits that the teacher knows, before its bias
	coresetPool    = 200
	coresetTest    = 400
	coresetHidden  = 48
	coresetRounds  = 5  // of labels, the first ones drawn at random
	coresetLabels  = 10 // of a round
	coresetRandom  = 5  // students of random labels
	coresetEpochs  = 60
	coresetClasses = 10
	coresetShare   = 0.5 // of the distilled head in the prediction
	coresetStream  = 2
)

// biased trains a teacher that has seen few digits of the upper five classes.
func biased(s *data.Samples, rng *rand.Rand) *nets.Graph {
	seen := &data.Samples{}
	for i, x := range s.X {
		if s.Labels[i] < coresetClasses/2 || i%8 == 0 {
			seen.X, seen.Labels = append(seen.X, x), append(seen.Labels, s.Labels[i])
		}
	}
	g := nets.New(nets.Shape{H: 1, W: 1, C: len(s.X[0])})
	g.Dense(g.Dense(0, 16, nets.Relu, rng), coresetClasses, nets.Linear, rng)
	g.Fit(seen.X, nets.CrossEntropy(seen.Labels), nets.Schedule{Epochs: 20, Batch: 20, Rate: 3e-3}, rng)
	return g
}

// active is the state of active learning on one pool.
type active struct {
	pool *data.Samples
	soft [][]float64 // of the teacher
	rng  *rand.Rand
}

// student trains a network with a head for the labels that are known and one for
// the teacher's probabilities (ActiveKD with two heads).
func (a *active) student(labelled []int) ([]byte, error) {
	known := make([]bool, len(a.pool.X))
	for _, i := range labelled {
		known[i] = true
	}
	g := nets.New(nets.Shape{H: 1, W: 1, C: len(a.pool.X[0])})
	g.Dense(g.Dense(0, coresetHidden, nets.Relu, a.rng), 2*coresetClasses, nets.Linear, a.rng)
	loss := func(i int, output, grad []float64) float64 {
		nets.Softmax(output[coresetClasses:], grad[coresetClasses:])
		for j, q := range a.soft[i] {
			grad[coresetClasses+j] -= q
		}
		clear(grad[:coresetClasses])
		if known[i] {
			nets.Softmax(output[:coresetClasses], grad[:coresetClasses])
			grad[a.pool.Labels[i]]--
		}
		return 0
	}
	g.Fit(a.pool.X, loss, nets.Schedule{Epochs: coresetEpochs, Batch: 20, Rate: 3e-3}, a.rng)
	return g.Export(a.pool.X, nets.Options{Description: "student of digits with two heads", Input: &input})
}

// probabilities are those that the int8 student gives to the pool.
func (a *active) probabilities(model []byte) ([][]float64, error) {
	m, err := tflite.Parse(model)
	if err != nil {
		return nil, err
	}
	in, err := reference.New(m)
	if err != nil {
		return nil, err
	}
	q := m.Subgraphs[0].Tensors[m.Subgraphs[0].Outputs[0]].Quant
	var all [][]float64
	for _, x := range a.pool.X {
		out, err := in.Invoke([][]byte{nets.Row(x, input)})
		if err != nil {
			return nil, err
		}
		logits := make([]float64, len(out[0]))
		for j, b := range out[0] {
			logits[j] = float64(q.Scale[0]) * float64(int(int8(b))-int(q.ZeroPoint[0]))
		}
		all = append(all, kit.Mixture(kit.Softmax(logits[:coresetClasses]), kit.Softmax(logits[coresetClasses:]), coresetShare))
	}
	return all, nil
}

// coreset runs active learning with a biased teacher. It keeps the student of the
// last round of acquisition with the rows labelled by then, the student of all
// labels, and students of as many random labels.
func coreset(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, coresetStream)
	all, err := shuffled(rng)
	if err != nil {
		return nil, err
	}
	teacher := biased(part(all, 0, coresetTeacher), rng)
	a := &active{pool: part(all, coresetTeacher, coresetPool), rng: rng}
	for _, x := range a.pool.X {
		p := make([]float64, coresetClasses)
		nets.Softmax(teacher.Forward(x), p)
		a.soft = append(a.soft, p)
	}
	labelled := rng.Perm(coresetPool)[:coresetLabels]
	var before []int
	var student []byte
	for range coresetRounds - 1 {
		if student, err = a.student(labelled); err != nil {
			return nil, err
		}
		p, err := a.probabilities(student)
		if err != nil {
			return nil, err
		}
		before = labelled
		labelled = append(labelled[:len(labelled):len(labelled)], kit.KCentre(p, labelled, coresetLabels)...)
	}
	out := files("student", student, a.pool, part(all, coresetTeacher+coresetPool, coresetTest))
	if out["final.tflite"], err = a.student(labelled); err != nil {
		return nil, err
	}
	for k := range coresetRandom {
		if out[fmt.Sprintf("random%d.tflite", k)], err = a.student(rng.Perm(coresetPool)[:len(labelled)]); err != nil {
			return nil, err
		}
	}
	out["labelled.json"], err = json.Marshal(map[string][]int{"before": before, "after": labelled})
	return out, err
}
