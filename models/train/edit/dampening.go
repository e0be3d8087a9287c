package edit

import (
	"encoding/binary"
	"fmt"
	"math"

	"upset/models/tflite"
	"upset/models/train/data"
	"upset/models/train/nets"
)

// Settings of the dampening. Foster et al., "Fast Machine Unlearning Without
// Retraining Through Selective Synaptic Dampening" (AAAI 2024), use a selection
// of 10; with ten balanced classes the information of the class to be forgotten
// is at most ten times that of all data, which contain it, so a selection of 10
// changes nothing and ours is 5. The other numbers are our choice. Training is
// short: after 20 epochs nearly all training digits are certain, the gradients of a
// few hard ones make up the information, and a selection of 5 leaves up to 84 % of
// the forgotten class.
const (
	dampEpochs    = 6
	dampSelection = 5
	dampStrength  = 1
	dampEach      = 100 // training digits of a class
	dampForget    = 60  // rows of the pool with the forgotten class
	dampRetain    = 240 // and without
)

// dampening trains a classifier, makes it forget the class that has the number
// of the seed, and keeps both networks.
func dampening(seed uint64, _ *data.Source) (map[string][]byte, error) {
	if seed >= classes {
		return nil, fmt.Errorf("synaptic-dampening: there is no class %d; use a smaller seed", seed)
	}
	rng, forgotten := data.Rand(seed, 0), int(seed)
	all, err := digits(rng)
	if err != nil {
		return nil, err
	}
	var known, forget, pool []int
	var count [classes]int
	room := [2]int{dampRetain, dampForget}
	for i, label := range all.Labels {
		kind := 0
		if label == forgotten {
			kind = 1
		}
		switch {
		case count[label] < dampEach:
			count[label]++
			known = append(known, i)
			if kind == 1 {
				forget = append(forget, i)
			}
		case room[kind] > 0:
			room[kind]--
			pool = append(pool, i)
		}
	}
	training, rows := take(all, known), take(all, pool)
	g := classifier(training, dampEpochs, rng)
	original, err := g.Export(training.X, nets.Options{Description: "digits, before unlearning", Input: &pixel})
	if err != nil {
		return nil, err
	}
	dampen(g, training, take(all, forget), dampSelection, dampStrength)
	unlearned, err := requantise(original, g, "digits, after unlearning")
	if err != nil {
		return nil, err
	}
	return map[string][]byte{
		"original.tflite": original, "unlearned.tflite": unlearned,
		"rows.bin": pack(rows.X, pixel), "truth.bin": data.Labels(rows.Labels), "forgotten.bin": {byte(forgotten)},
	}, nil
}

// dampen multiplies every parameter whose Fisher information on the samples to
// be forgotten exceeds selection times that on all by strength times the inverse
// ratio, at most 1. It returns the number of parameters selected.
func dampen(g *nets.Graph, all, forget *data.Samples, selection, strength float64) int {
	whole := g.Fisher(all.X, nets.CrossEntropy(all.Labels))
	part := g.Fisher(forget.X, nets.CrossEntropy(forget.Labels))
	selected := 0
	for k, p := range g.Params() {
		for i := range p.Value {
			if part[k][i] > selection*whole[k][i] {
				p.Value[i] *= min(1, strength*whole[k][i]/part[k][i])
				selected++
			}
		}
	}
	return selected
}

// requantise writes the parameters of a graph into its exported file, with the
// scales that the file has.
func requantise(model []byte, g *nets.Graph, description string) ([]byte, error) {
	m, err := tflite.Parse(model)
	if err != nil {
		return nil, err
	}
	m.Description = description
	for i := range m.Subgraphs[0].Tensors {
		t := &m.Subgraphs[0].Tensors[i]
		var n nets.Node
		var kind string
		if k, _ := fmt.Sscanf(t.Name, "node%d/%s", &n, &kind); k != 2 || (kind != "weights" && kind != "bias") {
			continue
		}
		values, limit := g.Weight(n).Value, 127.0
		width := 1
		if kind == "bias" {
			values, limit, width = g.Bias(n).Value, math.MaxInt32, 4
		}
		if len(t.Data) != width*len(values) || len(values)%len(t.Quant.Scale) != 0 {
			return nil, fmt.Errorf("tensor %s has %d bytes for %d values; export the same graph", t.Name, len(t.Data), len(values))
		}
		t.Data = make([]byte, len(t.Data))
		each := len(values) / len(t.Quant.Scale)
		for j, v := range values {
			c := max(-limit, min(limit, math.Round(v/float64(t.Quant.Scale[j/each]))))
			if width == 1 {
				t.Data[j] = byte(int8(c))
			} else {
				binary.LittleEndian.PutUint32(t.Data[4*j:], uint32(int32(c)))
			}
		}
	}
	return m.Marshal()
}
