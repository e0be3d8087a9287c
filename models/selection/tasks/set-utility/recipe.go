package utility

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
var Files = artefacts.Store{Task: "set-utility", Stored: stored, Make: recipe}

// Sizes of the task (our choice).
const (
	utilityItems    = 100 // of a set
	utilityTraining = 300
	utilityPool     = 40
	utilityUnits    = 16
	utilityEpochs   = 30
	utilityStream   = 4
	utilityRange    = 4 // of coordinates, to either side
	utilityOffset   = 4 // score at which a point is as likely chosen as not
)

// utilityInput is the quantisation of coordinates.
var utilityInput = nets.Quant{Scale: utilityRange / 128.0, ZeroPoint: 0}

// pointSet draws points around a random centre, on the grid of the input codes,
// and marks those that are closest to the mean of the set.
func pointSet(rng *rand.Rand) (x, chosen []float64) {
	at := [2]float64{float64(3*rng.Float64()) - 1.5, float64(3*rng.Float64()) - 1.5}
	width := 0.4 + float64(0.5*rng.Float64())
	points := make([][]float64, utilityItems)
	centre := make([]float64, 2)
	for i := range points {
		for k := range 2 {
			v := at[k] + float64(width*rng.NormFloat64())
			code := max(-128, min(127, math.Round(v/float64(utilityInput.Scale))))
			points[i] = append(points[i], code*float64(utilityInput.Scale))
			centre[k] += points[i][k] / utilityItems
		}
		x = append(x, points[i]...)
	}
	near := make([]float64, utilityItems)
	for i, p := range points {
		near[i] = -kit.SquaredDistance(p, centre)
	}
	chosen = make([]float64, utilityItems)
	for _, i := range kit.TopK(near, utilityChosen) {
		chosen[i] = 1
	}
	return x, chosen
}

// utilityGraph scores the points of a set, each by itself or, with background,
// also by the mean and the largest of the features of all points.
func utilityGraph(background bool, rng *rand.Rand) *nets.Graph {
	g := nets.New(nets.Shape{H: utilityItems, W: 1, C: 2})
	dense := func(x nets.Node, out int, act nets.Act) nets.Node { return g.Conv(x, 1, 1, out, false, act, rng) }
	features := dense(0, utilityUnits, nets.Relu)
	own := dense(features, utilityUnits, nets.Linear)
	if background {
		all := g.Concat(g.AvgPool(features, utilityItems, 1), g.MaxPool(features, utilityItems, 1))
		own = g.Add(own, dense(all, utilityUnits, nets.Linear))
	}
	score := dense(dense(dense(own, utilityUnits, nets.Relu), utilityUnits, nets.Relu), 1, nets.Relu)
	g.Bias(score).Value[0] = utilityOffset
	return g
}

// recipe trains a network to choose the points at the middle of a set, and half as
// long one that does not know the set and soon learns all it can.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, utilityStream)
	var sets, targets [][]float64
	for range utilityTraining {
		x, chosen := pointSet(rng)
		sets, targets = append(sets, x), append(targets, chosen)
	}
	var pool [][]float64
	var list [][]byte
	for range utilityPool {
		x, _ := pointSet(rng)
		pool = append(pool, x)
		list = append(list, nets.Row(x, utilityInput))
	}
	loss := func(i int, output, grad []float64) float64 {
		sum := 0.0
		for j, v := range output {
			p := kit.Logistic(v - utilityOffset)
			grad[j] = p - targets[i][j]
			sum -= math.Log(max(1e-300, 1-math.Abs(grad[j])))
		}
		return sum
	}
	out := map[string][]byte{"rows.bin": data.Join(list)}
	for k, name := range []string{"background", "alone"} {
		g := utilityGraph(k == 0, rng)
		g.Fit(sets, loss, nets.Schedule{Epochs: utilityEpochs / (k + 1), Batch: 2, Rate: 4e-3}, rng)
		var err error
		if out[name+".tflite"], err = g.Export(sets, nets.Options{Description: "utility of the points of a set, " + name, Input: &utilityInput}); err != nil {
			return nil, err
		}
		if k > 0 {
			continue
		}
		for _, x := range pool {
			out["float.bin"] = append(out["float.bin"], data.Labels(kit.TopK(g.Forward(x), utilityChosen))...)
		}
	}
	return out, nil
}
