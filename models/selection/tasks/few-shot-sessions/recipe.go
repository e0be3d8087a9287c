package sessions

import (
	"embed"
	"slices"

	"upset/models/selection/artefacts"
	"upset/models/selection/digits"
	"upset/models/train/data"
	"upset/models/train/nets"
)

//go:embed data
var stored embed.FS

// Files are the trained networks and pools.
var Files = artefacts.Store{Task: "few-shot-sessions", Stored: stored, Make: recipe}

// Sizes of the sessions (our choice): classes of the first one and of each of the later
// ones, pictures of a new class, and the pool by class.
const (
	baseClasses  = 6
	laterClasses = 2
	shots        = 5
	training     = 500
	pool         = 10
	narrow       = 8 // channels of the first convolution
)

// backbone trains a classifier of the base classes and returns its convolutions, scaled so
// that no number of a token exceeds tokenMost on the pictures.
func backbone(s *data.Samples, seed uint64) *nets.Graph {
	rng := data.Rand(seed, 1)
	shape := nets.Shape{H: digits.Side, W: digits.Side, C: 1}
	g := nets.New(shape)
	a := g.Conv(0, 3, 1, narrow, true, nets.Relu, rng)
	b := g.Conv(a, 3, 2, depth, true, nets.Relu, rng)
	g.Dense(b, classes, nets.Linear, rng)
	g.Fit(s.X, nets.CrossEntropy(s.Labels), nets.Schedule{Epochs: 6, Batch: 10, Rate: 4e-3}, rng)
	most := 0.0
	for _, x := range s.X {
		g.Forward(x)
		most = max(most, slices.Max(g.Value(b)))
	}
	half := nets.New(shape)
	half.Conv(half.Conv(0, 3, 1, narrow, true, nets.Relu, rng), 3, 2, depth, true, nets.Relu, rng)
	for k, n := range []nets.Node{a, b} {
		by := []float64{1, tokenMost / most}[k]
		copy(half.Weight(n).Value, scaled(g.Weight(n).Value, by))
		copy(half.Bias(n).Value, scaled(g.Bias(n).Value, by))
	}
	return half
}

// maps are what the exported backbone makes of pictures, cut into tokens.
func maps(backbone []byte, s *data.Samples) ([]picture, error) {
	scores, err := digits.Scores(backbone, s.X, digits.Pixel)
	if err != nil {
		return nil, err
	}
	var list []picture
	for i, v := range scores {
		list = append(list, picture{cut(v), s.Labels[i]})
	}
	return list, nil
}

// cut splits a map into its tokens.
func cut(v []float64) (x [][]float64) {
	for t := range tokens {
		x = append(x, v[t*width:(t+1)*width])
	}
	return x
}

// of are pictures of some classes, at most n of each.
func of(s *data.Samples, some []int, n int) *data.Samples {
	out := &data.Samples{}
	for _, k := range some {
		part := digits.OfClass(s, k, 0, n)
		out.X, out.Labels = append(out.X, part.X...), append(out.Labels, part.Labels...)
	}
	return out
}

// kept are the mean maps of a class that stay of what has been learnt (the paper keeps
// one; our maps are smaller, and so are their differences).
const kept = 8

// averages are mean maps of every kept-th picture of each class.
func averages(list []picture) []picture {
	sums, counts, seen := map[[2]int]*picture{}, map[[2]int]float64{}, map[int]int{}
	var keys [][2]int
	for _, p := range list {
		key := [2]int{p.class, seen[p.class] % kept}
		if seen[p.class]++; sums[key] == nil {
			sums[key] = &picture{cut(make([]float64, tokens*width)), p.class}
			keys = append(keys, key)
		}
		counts[key]++
		for t, x := range p.x {
			for j, v := range x {
				sums[key].x[t][j] += v
			}
		}
	}
	var out []picture
	for _, key := range keys {
		for _, x := range sums[key].x {
			for j := range x {
				x[j] /= counts[key]
			}
		}
		out = append(out, *sums[key])
	}
	return out
}

// recipe trains the backbone and the first session on many pictures of six classes, and
// the two later sessions on five pictures of each of two new ones.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 0)
	known, rest, err := digits.Split(rng)
	if err != nil {
		return nil, err
	}
	order := rng.Perm(classes)
	base := of(known, order[:baseClasses], training/baseClasses)
	files := map[string][]byte{"order.bin": data.Labels(order)}
	if files["backbone.tflite"], err = backbone(base, seed).Export(base.X, nets.Options{Description: "map of a picture", Input: &digits.Pixel}); err != nil {
		return nil, err
	}
	first, err := maps(files["backbone.tflite"], base)
	if err != nil {
		return nil, err
	}
	all := of(rest, order, pool)
	held, err := maps(files["backbone.tflite"], all)
	if err != nil {
		return nil, err
	}
	labels := func(m *model, among []int) []byte {
		var list []int
		for _, p := range held {
			list = append(list, m.class(p.x, among))
		}
		return data.Labels(list)
	}
	files["rows.bin"], files["truth.bin"] = digits.Rows(all.X, digits.Pixel), data.Labels(all.Labels)
	for _, name := range []string{"step", "plain"} {
		m := newModel(data.Rand(seed, 2))
		m.first(first, data.Rand(seed, 3))
		files["before.bin"] = labels(m, order[:baseClasses])
		old, seen := averages(first), []picture{}
		for at := baseClasses; at < classes; at += laterClasses {
			novel, err := maps(files["backbone.tflite"], of(known, order[at:at+laterClasses], shots))
			if err != nil {
				return nil, err
			}
			m.later(old, append(novel, averages(seen)...), name == "step")
			seen = append(seen, novel...)
		}
		if name == "plain" {
			files["plain.bin"] = labels(m, order)
		} else if files["step.tflite"], err = m.step(append(first[:100:100], seen...)); err != nil {
			return nil, err
		}
	}
	return files, nil
}
