package kcentre

import (
	"embed"
	"encoding/json"
	"fmt"
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
var Files = artefacts.Store{Task: "probability-kcentre", Stored: stored, Make: recipe}

// Sizes of the task (our choice).
const (
	coresetTeacher = 400 // digits that the teacher knows, before its bias
	coresetPool    = 200
	coresetTest    = 400
	coresetHidden  = 48
	coresetRounds  = 5 // of labels, the first ones drawn at random
	coresetEpochs  = 60
	coresetStream  = 2
)

// biased trains a teacher that has seen few digits of the upper five classes.
func biased(s *data.Samples, rng *rand.Rand) *nets.Graph {
	seen := &data.Samples{}
	for i, x := range s.X {
		if s.Labels[i] < digits.Classes/2 || i%8 == 0 {
			seen.X, seen.Labels = append(seen.X, x), append(seen.Labels, s.Labels[i])
		}
	}
	g := nets.Layers(rng, len(s.X[0]), 16, digits.Classes)
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
	g := nets.Layers(a.rng, len(a.pool.X[0]), coresetHidden, 2*digits.Classes)
	loss := func(i int, output, grad []float64) float64 {
		nets.Softmax(output[digits.Classes:], grad[digits.Classes:])
		for j, q := range a.soft[i] {
			grad[digits.Classes+j] -= q
		}
		clear(grad[:digits.Classes])
		if known[i] {
			nets.Softmax(output[:digits.Classes], grad[:digits.Classes])
			grad[a.pool.Labels[i]]--
		}
		return 0
	}
	g.Fit(a.pool.X, loss, nets.Schedule{Epochs: coresetEpochs, Batch: 20, Rate: 3e-3}, a.rng)
	return g.Export(a.pool.X, nets.Options{Description: "student of digits with two heads", Input: &digits.Fine})
}

// probabilities are those that the int8 student gives to the pool.
func (a *active) probabilities(model []byte) ([][]float64, error) {
	all, err := digits.Scores(model, a.pool.X, digits.Fine)
	for i, logits := range all {
		all[i] = mixture(logits)
	}
	return all, err
}

// recipe runs active learning with a biased teacher. It keeps the student of the
// last round of acquisition with the rows labelled by then, the student of all
// labels, and students of as many random labels.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, coresetStream)
	all, err := digits.Shuffled(rng)
	if err != nil {
		return nil, err
	}
	teacher := biased(digits.Part(all, 0, coresetTeacher), rng)
	a := &active{pool: digits.Part(all, coresetTeacher, coresetPool), rng: rng}
	for _, x := range a.pool.X {
		p := make([]float64, digits.Classes)
		nets.Softmax(teacher.Forward(x), p)
		a.soft = append(a.soft, p)
	}
	labelled := rng.Perm(coresetPool)[:coresetPicks]
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
		labelled = append(labelled[:len(labelled):len(labelled)], kit.KCentre(p, labelled, coresetPicks)...)
	}
	out := digits.Files("student", student, a.pool, digits.Part(all, coresetTeacher+coresetPool, coresetTest))
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
