package dynamics

import (
	"embed"
	"encoding/json"
	"math/rand/v2"

	"upset/models/selection/artefacts"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
	"upset/models/train/data"
)

//go:embed data
var stored embed.FS

// Files are the trained networks and pools.
var Files = artefacts.Store{Task: "token-dynamics", Stored: stored, Make: recipe}

// Sizes of the pools and of the training (our choice).
const (
	training = 600
	pool     = 40
	telling  = 2 // tokens of a sequence that tell its class
	blur     = 0.7
	epochs   = 15
	rate     = 5e-3
)

// sequences are tokens of which a few, at random places, tell the class; the others
// are drawn without regard to it.
type sequences struct {
	tokens  [][][]float64
	matters [][]float64 // by token: 1 where it tells
	labels  []int
}

// draw makes sequences. A telling token is the mark of its class with noise; the marks
// of all classes have one common part, by which they can be told from the others.
func draw(marks [][]float64, n int, rng *rand.Rand) *sequences {
	s := &sequences{}
	for range n {
		label := rng.IntN(kinds)
		tokens, matters := make([][]float64, length), make([]float64, length)
		for _, t := range rng.Perm(length)[:telling] {
			matters[t] = 1
		}
		for t := range tokens {
			tokens[t] = make([]float64, width)
			for j := range tokens[t] {
				tokens[t][j] = rng.NormFloat64()
				if matters[t] > 0 {
					tokens[t][j] = float64(tokens[t][j]*blur) + marks[label][j]
				}
			}
		}
		s.tokens, s.matters, s.labels = append(s.tokens, tokens), append(s.matters, matters), append(s.labels, label)
	}
	return s
}

// newMarks draws the marks of the classes.
func newMarks(rng *rand.Rand) [][]float64 {
	common := make([]float64, width)
	for j := range common {
		common[j] = rng.NormFloat64()
	}
	marks := make([][]float64, kinds)
	for k := range marks {
		marks[k] = make([]float64, width)
		for j := range marks[k] {
			marks[k][j] = common[j] + rng.NormFloat64()
		}
	}
	return marks
}

// recipe trains the scorer of importance and two recurrences: one on tokens by rising
// importance, the other on tokens as they come.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 0)
	marks := newMarks(rng)
	known, rest := draw(marks, training, rng), draw(marks, pool, rng)
	files := map[string][]byte{"truth.bin": data.Labels(rest.labels)}
	var err error
	if files["importance.tflite"], err = importance(known, rng); err != nil {
		return nil, err
	}
	sorted, plain := make([][]int, training), make([][]int, training)
	for i, tokens := range known.tokens {
		scores, err := digits.Scores(files["importance.tflite"], tokens, tokenQuant)
		if err != nil {
			return nil, err
		}
		column := make([]float64, length)
		for t, v := range scores {
			column[t] = v[0]
		}
		sorted[i], plain[i] = rising(column), kit.Every(length)
	}
	own := data.Rand(seed, 1)
	c := newCell(own)
	c.fit(known, sorted, epochs, rate, own)
	if files["step.tflite"], err = c.model(); err != nil {
		return nil, err
	}
	if files["gates.json"], err = json.Marshal([2][]float64{c.gate.Value, c.start.Value}); err != nil {
		return nil, err
	}
	own = data.Rand(seed, 1)
	other := newCell(own)
	other.fit(known, plain, epochs, rate, own)
	var labels []int
	for _, tokens := range rest.tokens {
		_, y := other.run(tokens, kit.Every(length))
		labels = append(labels, kit.Argmax(y))
	}
	files["plain.bin"] = data.Labels(labels)
	var rows [][]float64
	for _, tokens := range rest.tokens {
		rows = append(rows, tokens...)
	}
	files["rows.bin"] = digits.Rows(rows, tokenQuant)
	return files, nil
}

// rising orders tokens from the least important to the most important one; of equals
// the first one comes first.
func rising(importance []float64) []int {
	list := make([]float64, len(importance))
	for i, v := range importance {
		list[i] = -v
	}
	return kit.Order(list)
}
