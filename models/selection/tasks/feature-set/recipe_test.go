package features

import (
	"math"
	"slices"
	"testing"

	"upset/models/selection/digits"
	"upset/models/selection/kit"
	"upset/models/train/data"
)

// Every impression has one feature of each field; only those of the first fields bear on
// the chance of a click, and clicks come as often as chances say.
func TestDrawClicks(t *testing.T) {
	c := drawClicks(6000, data.Rand(1, 0))
	chance, clicked := 0.0, 0.0
	same := map[[clickRelevant]int]float64{}
	for i, f := range c.features {
		if len(f) != clickFields {
			t.Fatalf("%d features", len(f))
		}
		for field, v := range f {
			if v/clickValues != field {
				t.Fatalf("feature %d in field %d", v, field)
			}
		}
		key := [clickRelevant]int(f[:clickRelevant])
		if p, ok := same[key]; ok && p != c.chance[i] {
			t.Fatalf("the chances %v and %v of the same relevant features", p, c.chance[i])
		}
		same[key] = c.chance[i]
		chance, clicked = chance+c.chance[i], clicked+float64(c.clicked[i])
	}
	if math.Abs(chance-clicked) > 4*math.Sqrt(6000*0.25) || clicked == 0 {
		t.Errorf("%v clicks where %v are expected", clicked, chance)
	}
}

// A gate starts at one half of the logistic's range by definition and opens with its
// temperature; with fixed gates nothing is learnt about them.
func TestOpen(t *testing.T) {
	m := newMachine(data.Rand(1, 1))
	m.tau = 1
	if g, slope := m.open(3); math.Abs(g-1) > 1e-12 || slope <= 0 {
		t.Errorf("gate %v, slope %v", g, slope)
	}
	m.tau = featureTau
	m.gate.Value[3], m.gate.Value[4] = 0.5, -0.5
	whole, _ := m.open(3)
	shut, _ := m.open(4)
	if whole < 1.5 || shut > 1e-12 {
		t.Errorf("late gates: open %v, shut %v", whole, shut)
	}
	m.tau, m.fixed = 0, make([]float64, clickFields*clickValues)
	m.fixed[4] = 1
	if g, slope := m.open(4); g != 1 || slope != 0 {
		t.Errorf("fixed gate %v, slope %v", g, slope)
	}
}

// TestRetrainLearns: with the relevant features alone, chances of clicks are ranked better
// after training than before.
func TestRetrainLearns(t *testing.T) {
	rng := data.Rand(2, 0)
	c := drawClicks(clickTraining+300, rng)
	m := newMachine(rng)
	gates := make([]float64, clickFields*clickValues)
	for i := range clickRelevant * clickValues {
		gates[i] = 1
	}
	start := slices.Clone(m.embedding.Value)
	m.retrain(start, 0, gates, c, rng)
	var scores []float64
	for _, f := range c.features[clickTraining:] {
		scores = append(scores, logit(m, f))
	}
	if area := rankingArea(scores, c.clicked[clickTraining:]); area < 0.75 {
		t.Errorf("area %v", area)
	}
	for i, v := range m.embedding.Value[clickRelevant*clickValues*clickRow:] {
		if v != start[clickRelevant*clickValues*clickRow+i] {
			t.Fatal("a feature behind a shut gate has learnt")
		}
	}
}

// logit is a factorisation machine by definition: the sum over pairs of features.
func logit(m *machine, f []int) float64 {
	v := func(k, d int) float64 { return m.fixed[f[k]] * m.embedding.Value[f[k]*clickRow+d] }
	sum := m.bias.Value[0]
	for k := range f {
		sum += v(k, clickLatent)
		for l := range k {
			for d := range clickLatent {
				sum += v(k, d) * v(l, d)
			}
		}
	}
	return sum
}

// TestExport: the integer network gives what the machine does, to within its scales.
func TestExport(t *testing.T) {
	rng := data.Rand(3, 0)
	c := drawClicks(1000, rng)
	m := newMachine(rng)
	m.bias.Value[0] = -0.4
	m.fixed = make([]float64, clickFields*clickValues)
	for i := range m.fixed {
		m.fixed[i] = float64(i % 2)
	}
	for i := range m.embedding.Value {
		m.embedding.Value[i] *= 6
	}
	model, err := m.export(c, "test")
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]float64
	var want []float64
	for _, f := range c.features[:60] {
		var row []float64
		for _, v := range f {
			for _, e := range m.embedding.Value[v*clickRow : (v+1)*clickRow] {
				row = append(row, e*m.fixed[v])
			}
		}
		rows, want = append(rows, row), append(want, logit(m, f))
	}
	got, err := digits.Scores(model, rows, m.quant())
	if err != nil {
		t.Fatal(err)
	}
	var list []float64
	for _, v := range got {
		list = append(list, v[0])
	}
	if r := kit.Spearman(list, want); r < 0.97 {
		t.Errorf("rank correlation %v", r)
	}
	spread := slices.Max(want) - slices.Min(want)
	for i := range want {
		if math.Abs(list[i]-want[i]) > spread/8 {
			t.Errorf("impression %d: %v, want %v", i, list[i], want[i])
		}
	}
}

// TestGateNetwork: gates above zero come out wide open with their numbers, the others shut
// without.
func TestGateNetwork(t *testing.T) {
	m := newMachine(data.Rand(4, 0))
	gates := make([]float64, clickFields*clickValues)
	for i := range gates {
		gates[i] = 0.3
		if i%3 == 0 {
			gates[i] = -0.3
		}
	}
	model, rows, err := m.gateNetwork(gates)
	if err != nil {
		t.Fatal(err)
	}
	width := clickValues * gateRow
	if len(rows) != clickFields*width {
		t.Fatalf("%d bytes of rows", len(rows))
	}
	q := digits.Pixel
	q.Scale, q.ZeroPoint = gateWhole/127, 0
	var x [][]float64
	for f := range clickFields {
		var row []float64
		for _, b := range rows[f*width : (f+1)*width] {
			row = append(row, float64(q.Scale)*float64(int8(b)))
		}
		x = append(x, row)
	}
	out, err := digits.Scores(model, x, q)
	if err != nil {
		t.Fatal(err)
	}
	for f, y := range out {
		for v := range clickValues {
			open, feature := y[v*gateRow] >= gateWhole/2, f*clickValues+v
			if open != (gates[feature] > 0) {
				t.Fatalf("feature %d with gate %v comes out as %v", feature, gates[feature], y[v*gateRow])
			}
			for d := 1; d < gateRow; d++ {
				want := 0.0
				if open {
					want = x[f][v*gateRow+d]
				}
				if math.Abs(y[v*gateRow+d]-want) > 2*float64(q.Scale) {
					t.Fatalf("feature %d, number %d: %v, want %v", feature, d, y[v*gateRow+d], want)
				}
			}
		}
	}
}
