package digits

import (
	"math"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/kit"
	"upset/models/train/data"
	"upset/models/train/nets"
)

// numbered are samples whose only pixel and label tell their place.
func numbered(n int) *data.Samples {
	s := &data.Samples{}
	for i := range n {
		s.X, s.Labels = append(s.X, []float64{float64(i)}), append(s.Labels, i%Classes)
	}
	return s
}

func TestTake(t *testing.T) {
	s := numbered(30)
	got := Take(s, []int{7, 7, 2})
	if !slices.Equal(got.Labels, []int{7, 7, 2}) || got.X[2][0] != 2 {
		t.Errorf("took %v", got)
	}
	part := Part(s, 3, 4)
	part.X = append(part.X, []float64{-1}) // must not write into the whole
	if s.X[7][0] != 7 || len(s.X) != 30 {
		t.Error("a part that grows changes the samples behind it")
	}
	if got := OfClass(s, 4, 5, 9); !slices.Equal(got.Labels, []int{4, 4}) || got.X[0][0] != 14 || got.X[1][0] != 24 {
		t.Errorf("of class 4 from place 5: %v", got.X)
	}
}

// Half the labels are drawn anew, of which a tenth are right by chance; the truth stays.
func TestSpoil(t *testing.T) {
	s := &Noisy{Samples: *numbered(4000)}
	s.Truth = slices.Clone(s.Labels)
	s.Spoil(data.Rand(1, 0))
	right := Clean(kit.Every(4000), s.Labels, s.Truth)
	if want := 1 - Noise + Noise/Classes; math.Abs(right-want) > 0.03 {
		t.Errorf("%v of the labels are right, want about %v", right, want)
	}
	for i, v := range s.Truth {
		if v != i%Classes {
			t.Fatal("the truth has changed")
		}
	}
	some := s.Some([]int{5, 9})
	if some.Truth[1] != 9 || some.Labels[0] != s.Labels[5] || some.X[1][0] != 9 {
		t.Errorf("some: %+v", some)
	}
	if Clean(nil, s.Labels, s.Truth) != 0 {
		t.Error("no rows are clean")
	}
}

func TestRandomSets(t *testing.T) {
	p := &Pool{Seed: 3, Rows: make([][]float64, 20)}
	a, b := p.Random(6), p.Random(6)
	if len(a) != randomSets {
		t.Fatalf("%d sets", len(a))
	}
	seen := map[int]bool{}
	for k, set := range a {
		if !slices.Equal(set, b[k]) {
			t.Fatal("a second draw gives other sets")
		}
		distinct := slices.Clone(set)
		slices.Sort(distinct)
		if len(slices.Compact(distinct)) != 6 {
			t.Errorf("a row twice in %v", set)
		}
		for _, i := range set {
			seen[i] = true
		}
	}
	if len(seen) != 20 {
		t.Errorf("%d of 20 rows are ever drawn", len(seen))
	}
	if got := p.Random(50); len(got[0]) != 20 {
		t.Errorf("%d rows of a pool of 20", len(got[0]))
	}
	if got := MeanOf([][]int{{1}, {2, 3}}, func(set []int) float64 { return float64(len(set)) }); got != 1.5 {
		t.Errorf("mean %v", got)
	}
	if got := MeanOf(nil, nil); got != 0 {
		t.Errorf("mean over no sets %v", got)
	}
}

// TestScores: the reference kernels give what a network of floats does, to within the
// steps of its scales.
func TestScores(t *testing.T) {
	rng := data.Rand(2, 0)
	g := nets.Layers(rng, 8, 6, 3)
	var x [][]float64
	for range 40 {
		row := make([]float64, 8)
		for k := range row {
			row[k] = float64(rng.IntN(17)) / levels
		}
		x = append(x, row)
	}
	model, err := g.Export(x, nets.Options{Input: &Pixel})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Scores(model, x, Pixel)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range x {
		for k, want := range g.Forward(row) {
			if math.Abs(got[i][k]-want) > 0.1 {
				t.Errorf("sample %d, output %d: %v, want %v", i, k, got[i][k], want)
			}
		}
	}
	if rows := Rows(x, Pixel); len(rows) != 40*8 || int(int8(rows[1])) != int(x[0][1]*levels)-128 {
		t.Errorf("%d bytes of rows", len(rows))
	}
	two, err := g.Export(x, nets.Options{Input: &Pixel, Outputs: []nets.Node{1, 2}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Scores(two, x, Pixel); err == nil {
		t.Error("two outputs: no error")
	}
	if _, err := Scores([]byte("no network"), x, Pixel); err == nil {
		t.Error("no network: no error")
	}
}

// Taps gives hidden units and what is missing to the right class; the missing parts sum to
// zero, as probabilities do to one.
func TestTaps(t *testing.T) {
	row := make([]byte, Hidden+Classes)
	for j := range row {
		row[j] = byte(j * 3)
	}
	table := selection.Table{Scale: 0.1, Width: len(row), Data: row}
	for class := range Classes {
		hidden, miss := Taps(&table, 0, class)
		sum := 0.0
		for c, v := range miss {
			sum += v
			if (c == class) != (v < 0) {
				t.Errorf("class %d: part %d is %v", class, c, v)
			}
		}
		if len(hidden) != Hidden || math.Abs(hidden[2]-0.6) > 1e-12 || math.Abs(sum) > 1e-12 {
			t.Errorf("%d hidden units, parts sum to %v", len(hidden), sum)
		}
	}
}

// Distances by pictures are those of the last rows to all others.
func TestApart(t *testing.T) {
	rows := [][]byte{{0, 0}, {3, 4}, {0xff, 0}, {0, 0}, {0, 4}}
	d := Apart(rows, 2)
	want := [][]float64{{0, 4}, {5, 3}, {1, math.Sqrt(17)}}
	for i := range want {
		for j := range want[i] {
			if math.Abs(d[i][j]-want[i][j]) > 1e-12 {
				t.Errorf("row %d, target %d: %v, want %v", i, j, d[i][j], want[i][j])
			}
		}
	}
	if len(d) != 3 {
		t.Errorf("%d candidates", len(d))
	}
}

// TestTableAsksForThePool: as many rows as the pool has, and scores of some width.
func TestTableAsksForThePool(t *testing.T) {
	p := &Pool{Rows: make([][]float64, 2)}
	good := selection.Table{Scale: 1, Width: 2, Data: make([]byte, 4)}
	if got, err := p.Table("task", selection.FromTables(good)); err != nil || got.Rows() != 2 {
		t.Errorf("%d rows, error %v", got.Rows(), err)
	}
	long := selection.Table{Scale: 1, Width: 2, Data: make([]byte, 6)}
	for name, ask := range map[string]*selection.Ask{
		"another pool": selection.FromTables(long), "two networks": selection.FromTables(good, good), "none": selection.FromTables(),
	} {
		if _, err := p.Table("task", ask); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// An untrained classifier has one hidden layer and a logit for each class; two generators
// give two of them.
func TestUntrained(t *testing.T) {
	a, b := Untrained(data.Rand(1, 0)), Untrained(data.Rand(2, 0))
	x := make([]float64, data.DigitsSize)
	x[5] = 1
	if y := a.Forward(x); len(y) != Classes || slices.Equal(y, b.Forward(x)) {
		t.Errorf("logits %v", y)
	}
	if n := len(a.Params()); n != 4 {
		t.Errorf("%d arrays of parameters", n)
	}
}
