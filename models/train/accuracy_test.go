package train

import (
	"errors"
	"math"
	"testing"

	"upset/models/reference"
	"upset/models/tflite"
	"upset/models/zoo"
)

// TestShippedAccuracy measures the int8 top-1 of every shipped network over the
// whole test set with the reference interpreter.
func TestShippedAccuracy(t *testing.T) {
	_, test, err := LoadFashion(DefaultDataDir)
	if errors.Is(err, ErrNoData) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	dir, err := zoo.Dir()
	if err != nil {
		t.Fatal(err)
	}
	// Acceptance limits (our choice), below which a network is not shipped.
	limits := map[string]float64{"fashion-dscnn": 0.89, "fashion-tiny": 0.90}
	for _, n := range zoo.Networks() {
		t.Run(n.Name, func(t *testing.T) {
			recipe, err := RecipeByName(n.Name)
			if err != nil {
				t.Fatal(err)
			}
			if len(n.Classes) != recipe.ClassCount() {
				t.Errorf("%d class names for %d classes", len(n.Classes), recipe.ClassCount())
			}
			set, err := recipe.Prepare(test)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := n.ReadModel(dir)
			if err != nil {
				t.Fatal(err)
			}
			right := countRight(t, raw, set)
			t.Logf("%s: int8 top-1 %d of %d", n.Name, right, set.Len())
			if right != n.Right {
				t.Errorf("%d pictures right, %d recorded", right, n.Right)
			}
			if share := float64(right) / float64(set.Len()); share < limits[n.Name] {
				t.Errorf("top-1 %.2f %%, at least %.0f %% wanted", 100*share, 100*limits[n.Name])
			}
		})
	}
}

func countRight(t *testing.T, raw []byte, set *Images) int {
	t.Helper()
	m, err := tflite.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	machine, err := reference.New(m)
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	for i := 0; i < set.Len(); i++ {
		out, err := machine.Invoke([][]byte{InputTensor(set.Picture(i))})
		if err != nil {
			t.Fatal(err)
		}
		if top(out[0]) == int(set.Labels[i]) {
			right++
		}
	}
	return right
}

// TestInt8FollowsFloat compares the exported network, run by the reference
// interpreter, with the float network that it was made from.
func TestInt8FollowsFloat(t *testing.T) {
	r := smallRecipe()
	r.Softmax = false
	result, err := r.Make(smallSet(320), nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := tflite.Parse(result.Model)
	if err != nil {
		t.Fatal(err)
	}
	machine, err := reference.New(m)
	if err != nil {
		t.Fatal(err)
	}
	g := &m.Subgraphs[0]
	scale := g.Tensors[g.Outputs[0]].Quant
	set := smallSet(50)
	var squares, worst float64
	result.Float.Batches(set.Inputs(), func(i int, logits []float32) {
		out, err := machine.Invoke([][]byte{InputTensor(set.Picture(i))})
		if err != nil {
			t.Fatal(err)
		}
		for c, want := range logits {
			got := float64(int(int8(out[0][c])) - int(scale.ZeroPoint[0]))
			d := math.Abs(got - float64(want)/float64(scale.Scale[0]))
			squares, worst = squares+d*d, max(worst, d)
		}
	})
	// In codes of the output. Rounding in five layers accounts for about two;
	// a wrong weight order, bias scale or padding value gives tens.
	rms := math.Sqrt(squares / float64(set.Len()*r.ClassCount()))
	t.Logf("root mean square %.2f codes, worst %.2f", rms, worst)
	if rms > 3 || worst > 16 {
		t.Errorf("int8 is off by %.2f codes in root mean square, %.2f at worst", rms, worst)
	}
}

// top returns the index of the largest int8 value; ties go to the lowest index.
func top(output []byte) int {
	best := 0
	for i, v := range output {
		if int8(v) > int8(output[best]) {
			best = i
		}
	}
	return best
}
