package selection

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

// coarse is a table of three rows of int8 scores.
func coarse() Table {
	return Table{Scale: 0.5, ZeroPoint: 2, Width: 3, Data: []byte{4, 2, 0, 0xfe, 4, 4, 0x80, 0x7f, 2}}
}

func TestTableValues(t *testing.T) {
	c := coarse()
	if c.Rows() != 3 || c.Bytes() != 3 {
		t.Fatalf("%d rows of %d bytes", c.Rows(), c.Bytes())
	}
	if got := c.Real(0); !slices.Equal(got, []float64{1, 0, -1}) {
		t.Errorf("row 0: %v", got)
	}
	if got := c.Column(1); !slices.Equal(got, []float64{0, 1, 62.5}) {
		t.Errorf("column 1: %v", got)
	}
	for i, row := range c.Reals() {
		if !slices.Equal(row, c.Real(i)) {
			t.Errorf("row %d: %v", i, row)
		}
	}
	for i, want := range []int{0, 1, 1} {
		if got := c.Top(i); got != want {
			t.Errorf("row %d: the largest number is at %d, want %d", i, got, want)
		}
	}
	if longer := append(c.Row(1), 9); len(longer) != 4 || c.Data[6] != 0x80 {
		t.Error("a row that grows writes into the next one")
	}
	if (&Table{}).Rows() != 0 {
		t.Error("a table without width has rows")
	}
}

// The same numbers in int16 give the same table.
func TestWideTable(t *testing.T) {
	c := coarse()
	wide := Table{Scale: c.Scale, ZeroPoint: c.ZeroPoint, Width: c.Width, Wide: true}
	for _, b := range c.Data {
		v := int16(int8(b))
		wide.Data = append(wide.Data, byte(v), byte(v>>8))
	}
	if wide.Rows() != 3 || wide.Bytes() != 6 {
		t.Fatalf("%d rows of %d bytes", wide.Rows(), wide.Bytes())
	}
	for i := range 3 {
		if !slices.Equal(wide.Real(i), c.Real(i)) || wide.Top(i) != c.Top(i) || wide.Entropy(i, 1) != c.Entropy(i, 1) {
			t.Errorf("row %d: %v, want %v", i, wide.Real(i), c.Real(i))
		}
	}
	other, err := wide.WithRow(1, []byte{0, 1, 0, 0, 0, 0x80})
	if err != nil || other.Int(1, 0) != 256 || other.Int(1, 2) != math.MinInt16 || other.Int(0, 0) != 4 {
		t.Errorf("%v, %v", other.Data, err)
	}
}

// Confidence is the probability by softmax of the columns alone, and the lead in codes.
func TestConfidence(t *testing.T) {
	c := coarse()
	for _, w := range []struct{ row, from, to, class, lead int }{
		{0, 0, 3, 0, 2}, {0, 1, 3, 0, 2}, {1, 0, 3, 1, 0}, {2, 0, 3, 1, 125}, {2, 0, 1, 0, math.MinInt},
	} {
		class, top, lead := c.Confidence(w.row, w.from, w.to)
		sum := 0.0
		for j := w.from; j < w.to; j++ {
			sum += math.Exp(c.At(w.row, j) - c.At(w.row, w.from+class))
		}
		if class != w.class || math.Abs(top-1/sum) > 1e-12 {
			t.Errorf("row %d: class %d with %v, want %d with %v", w.row, class, top, w.class, 1/sum)
		}
		if w.to-w.from > 1 && lead != w.lead {
			t.Errorf("row %d: lead %d, want %d", w.row, lead, w.lead)
		}
	}
}

// fussy rates every fault by a figure of the outcome.
type fussy struct{}

func (fussy) Decide(ask *Ask) (Outcome, error) {
	o := Outcome{Metric: Label}
	t, err := ask.Table(0)
	if err != nil {
		return o, err
	}
	for i := range t.Rows() {
		o.Items = append(o.Items, t.Top(i))
	}
	return o, nil
}

func (fussy) Consequence(_ []Table, golden, faulty Outcome) float64 {
	return float64(faulty.Items[0] - golden.Items[0])
}

// An effect is within 0 and 1 whatever a rule says; an outcome that is the same has none,
// and one at the bound is not above it.
func TestEffect(t *testing.T) {
	r := &Run{Workload: &Workload{Rule: fussy{}}, Outcome: Outcome{Metric: Label, Items: []int{1, 1}}}
	task := &Task{Epsilon: 1}
	for _, c := range []struct {
		items   []int
		epsilon float64
		want    Effect
	}{
		{[]int{1, 1}, 0, Effect{}},
		{[]int{0, 1}, 0, Effect{Changed: true, Distance: 0.5}},
		{[]int{2, 1}, 1, Effect{Changed: true, Distance: 0.5, Consequence: 1}},
		{[]int{2, 1}, 0.5, Effect{Changed: true, Distance: 0.5, Consequence: 1, Consequential: true}},
		{[]int{9, 9}, 0.5, Effect{Changed: true, Distance: 1, Consequence: 1, Consequential: true}},
	} {
		task.Epsilon = c.epsilon
		if got := task.Effect(r, Outcome{Metric: Label, Items: c.items}); got != c.want {
			t.Errorf("%v: %+v, want %+v", c.items, got, c.want)
		}
	}
}

// TestTransient patches one row of one table and decides anew.
func TestTransient(t *testing.T) {
	w := &Workload{Scorers: []Scorer{{Rows: make([][]byte, 3)}}, Rule: fussy{}}
	golden := []Table{coarse()}
	o, err := w.Transient(golden, 0, 2, []byte{9, 1, 1})
	if err != nil || !slices.Equal(o.Items, []int{0, 1, 0}) {
		t.Errorf("%v, %v", o.Items, err)
	}
	if o, err = w.Decide(golden); err != nil || !slices.Equal(o.Items, []int{0, 1, 1}) {
		t.Errorf("the golden table has changed: %v, %v", o.Items, err)
	}
	for name, f := range map[string]func() (Outcome, error){
		"another scorer":   func() (Outcome, error) { return w.Transient(golden, 1, 0, []byte{1, 2, 3}) },
		"no such row":      func() (Outcome, error) { return w.Transient(golden, 0, 3, []byte{1, 2, 3}) },
		"too few bytes":    func() (Outcome, error) { return w.Transient(golden, 0, 0, []byte{1, 2}) },
		"too many tables":  func() (Outcome, error) { return w.Decide([]Table{coarse(), coarse()}) },
		"another pool":     func() (Outcome, error) { return w.Decide([]Table{{Scale: 1, Width: 3, Data: make([]byte, 6)}}) },
		"no tables at all": func() (Outcome, error) { return w.Decide(nil) },
	} {
		if _, err := f(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestAskForParts(t *testing.T) {
	ask := FromTables(coarse())
	part, err := ask.Part(0, 1, 3)
	if err != nil || part.Rows() != 2 || part.Int(0, 0) != -2 {
		t.Fatalf("%v, %v", part.Data, err)
	}
	if empty, err := ask.Part(0, 2, 2); err != nil || empty.Rows() != 0 {
		t.Errorf("an empty part: %d rows, error %v", empty.Rows(), err)
	}
	if row, err := ask.Scores(0, 2, 3); err != nil || row.Int(0, 1) != 127 {
		t.Errorf("row 2: %v", err)
	}
	if !ask.Fits(1, 3) || ask.Fits(1, 2) || ask.Fits(2, 3) {
		t.Error("fits")
	}
	for name, f := range map[string]func() error{
		"from beyond to":    func() error { _, err := ask.Part(0, 2, 1); return err },
		"to beyond the end": func() error { _, err := ask.Part(0, 0, 4); return err },
		"before the start":  func() error { _, err := ask.Part(0, -1, 1); return err },
		"another scorer":    func() error { _, err := ask.Table(1); return err },
		"another width":     func() error { _, err := ask.Scores(0, 0, 2); return err },
		"an input":          func() error { _, err := ask.Infer(0, []byte{1}); return err },
		"another network":   func() error { _, err := ask.Add(Scorer{Name: "new"}); return err },
		"state":             func() error { _, err := ask.Step(0, []byte{1}); return err },
	} {
		if f() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestEnded(t *testing.T) {
	for err, want := range map[error]bool{
		ErrEndless: true, ErrNoAnswer: true, errors.Join(errors.New("rule"), ErrNoAnswer): true, errors.New("wrong"): false, nil: false,
	} {
		if Ended(err) != want {
			t.Errorf("%v: ended is %v", err, !want)
		}
	}
}

// TestRegistryFinds: by name, and an unknown name is answered by those that there are.
func TestRegistryFinds(t *testing.T) {
	r, err := NewRegistry(ProductTasks())
	if err != nil {
		t.Fatal(err)
	}
	for i := range r {
		if got, err := r.ByName(r[i].Name); err != nil || got.Title != r[i].Title {
			t.Errorf("%s: %v", r[i].Name, err)
		}
	}
	_, err = r.ByName("nothing")
	if err == nil || !strings.Contains(err.Error(), r[0].Name) || !strings.Contains(err.Error(), r[len(r)-1].Name) {
		t.Errorf("error %v", err)
	}
	for what, spoil := range map[string]func(*Task){
		"name": func(t *Task) { t.Name = "" }, "title": func(t *Task) { t.Title = "" }, "family": func(t *Task) { t.Family = "" },
		"utility": func(t *Task) { t.Utility = "" }, "mechanism": func(t *Task) { t.Mechanism = "" }, "kind": func(t *Task) { t.Kind = "other" },
	} {
		task := r[0]
		spoil(&task)
		if _, err := NewRegistry([]Task{task}); err == nil {
			t.Errorf("without %s: no error", what)
		}
	}
	double := r[1]
	double.Title = r[0].Title
	if _, err := NewRegistry([]Task{r[0], double}); err == nil {
		t.Error("one title twice: no error")
	}
}

func TestSeedsFrom(t *testing.T) {
	if got := SeedsFrom(7); !slices.Equal(got, []uint64{7, 8, 9}) || !slices.Equal(Seeds(), SeedsFrom(1)) {
		t.Errorf("seeds %v and %v", got, Seeds())
	}
}
