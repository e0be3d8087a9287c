package selection

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"upset/models/network"
)

// adder is a network of one int8 input and one int8 state, whose outputs are their
// sum and the new state, which is the same sum.
type adder struct{ asked int }

func (a *adder) Net(int) (*Net, error) {
	return &Net{
		Program: &network.Program{Inputs: []network.Binding{{Size: 1}, {Size: 1}}},
		outputs: []Table{{Scale: 1, Width: 1}, {Scale: 1, Width: 1}}, carries: []Carry{{Output: 1, Input: 0}}, initial: []byte{0}, size: 1,
	}, nil
}

func (a *adder) Add(*Scorer) (int, error) { return 0, nil }

func (a *adder) Infer(_, _ int, input []byte) ([]byte, error) {
	a.asked++
	sum := input[0] + input[1]
	return []byte{sum, sum}, nil
}

// counting sums the numbers 1 to n in the arena and resets the state after reset steps.
type counting struct{ n, reset int }

func (c counting) Decide(ask *Ask) (Outcome, error) {
	o := Outcome{Metric: Value}
	for k := range c.n {
		if k == c.reset {
			ask.Reset(0)
		}
		a, err := ask.Step(0, []byte{byte(k + 1)})
		if err != nil {
			return o, err
		}
		o.Values = append(o.Values, a.First().At(0, 0))
	}
	return o, nil
}

func (c counting) Consequence(_ []Table, _, _ Outcome) float64 { return 1 }

// A wrong state stays until it is written again: by a reset. An upset of it does the
// same from the step on that reads it.
func TestStepCarriesState(t *testing.T) {
	w := &Workload{Scorers: []Scorer{{Name: "adder"}}, Rule: counting{n: 6, reset: 4}}
	r, err := RunFrom(w, 1, &adder{})
	if err != nil || !slices.Equal(r.Outcome.Values, []float64{1, 3, 6, 10, 5, 11}) {
		t.Fatalf("%v, %v", r.Outcome, err)
	}
	for _, c := range []struct {
		name   string
		faulty func() (Outcome, error)
		want   []float64
	}{
		{"state and answer", func() (Outcome, error) { return r.Struck(1, []byte{13, 13}) }, []float64{1, 13, 16, 20, 5, 11}},
		{"answer alone", func() (Outcome, error) { return r.Struck(1, []byte{13, 3}) }, []float64{1, 13, 6, 10, 5, 11}},
		{"state alone", func() (Outcome, error) { return r.Struck(1, []byte{3, 13}) }, []float64{1, 3, 16, 20, 5, 11}},
		{"resting state", func() (Outcome, error) { o, _, err := r.Upset(2, 4); return o, err }, []float64{1, 3, 22, 26, 5, 11}},
		{"state that is not read again", func() (Outcome, error) { return r.Struck(3, []byte{10, 99}) }, []float64{1, 3, 6, 10, 5, 11}},
	} {
		if o, err := c.faulty(); err != nil || !slices.Equal(o.Values, c.want) {
			t.Errorf("%s: %v, want %v, error %v", c.name, o.Values, c.want, err)
		}
	}
	calls, bits, err := r.Steps()
	if err != nil || !slices.Equal(calls, []int{0, 1, 2, 3, 4, 5}) || bits[3] != 8 {
		t.Errorf("steps %v of %v bits, %v", calls, bits, err)
	}
	if _, output, err := r.Upset(2, 4); err != nil || !slices.Equal(output, []byte{22, 22}) {
		t.Errorf("the step that reads the upset gives %v, %v", output, err)
	}
	if _, err := NewAsk(w, &adder{}).Step(0, []byte{1, 2}); err == nil {
		t.Error("an input with the state in it: no error")
	}
}

// double answers twice the number of an input, and counts what it was asked for.
type double struct{ asked map[string]int }

func (d double) Net(int) (*Net, error) {
	return &Net{outputs: []Table{{Scale: 1, Width: 1}}, Program: &network.Program{}}, nil
}

func (d double) Add(*Scorer) (int, error) { return 0, nil }

func (d double) Infer(scorer, row int, input []byte) ([]byte, error) {
	d.asked[fmt.Sprintf("%d/%d/%d", scorer, row, input)]++
	return []byte{2 * input[0]}, nil
}

// climb doubles a number until it is above 20, on the host.
type climb struct{}

func (climb) Decide(ask *Ask) (Outcome, error) {
	o, x := Outcome{Metric: Value}, byte(3)
	for x <= 20 {
		a, err := ask.Infer(0, []byte{x})
		if err != nil {
			return o, err
		}
		x = byte(a.First().Int(0, 0))
		o.Values = append(o.Values, float64(x))
	}
	return o, nil
}

func (climb) Consequence(_ []Table, _, _ Outcome) float64 { return 1 }

// A fault that changes the way is followed: inferences that the fault-free decision
// does not take are simulated, those before the fault are not changed.
func TestStruckChangesWhatRuns(t *testing.T) {
	source := double{map[string]int{}}
	r, err := RunFrom(&Workload{Scorers: make([]Scorer, 1), Rule: climb{}}, 1, source)
	if err != nil || !slices.Equal(r.Outcome.Values, []float64{6, 12, 24}) || len(r.Calls) != 3 {
		t.Fatalf("%+v, %v", r, err)
	}
	o, err := r.Struck(1, []byte{5})
	if err != nil || !slices.Equal(o.Values, []float64{6, 5, 10, 20, 40}) || source.asked["0/-1/[10]"] != 1 {
		t.Errorf("%v, %v", o.Values, err)
	}
	if o, err = r.Struck(0, []byte{30}); err != nil || !slices.Equal(o.Values, []float64{30}) {
		t.Errorf("%v, %v", o.Values, err)
	}
	// Zero doubles for ever: the host notices.
	if _, err = r.Struck(0, []byte{0}); !errors.Is(err, ErrEndless) || !Ended(err) {
		t.Errorf("error %v", err)
	}
	for _, c := range []struct {
		call   int
		output []byte
	}{{-1, []byte{1}}, {3, []byte{1}}, {0, nil}} {
		if _, err := r.Struck(c.call, c.output); err == nil {
			t.Errorf("inference %d, %v: no error", c.call, c.output)
		}
	}
}

// fickle asks for another row every time.
type fickle struct{ times *int }

func (f fickle) Decide(ask *Ask) (Outcome, error) {
	*f.times++
	_, err := ask.Row(0, *f.times%2)
	return Outcome{Metric: Set}, err
}

func (f fickle) Consequence(_ []Table, _, _ Outcome) float64 { return 0 }

// A rule that does not repeat itself is found out.
func TestRulesMustRepeat(t *testing.T) {
	w := &Workload{Scorers: []Scorer{{Rows: [][]byte{{1}, {2}}}}, Rule: fickle{new(int)}}
	r, err := RunFrom(w, 1, double{map[string]int{}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Struck(0, []byte{9}); err == nil {
		t.Error("no error")
	}
	if _, err := r.Struck(0, []byte{9}); err != nil {
		t.Errorf("the same question again: %v", err)
	}
}

func TestAskRefuses(t *testing.T) {
	a := FromTables(Table{Width: 1, Data: []byte{1, 2}})
	for name, f := range map[string]func() error{
		"row":    func() error { _, err := a.Row(0, 2); return err },
		"before": func() error { _, err := a.Row(0, -1); return err },
		"scorer": func() error { _, err := a.Row(1, 0); return err },
		"table":  func() error { _, err := a.Table(1); return err },
		"part":   func() error { _, err := a.Part(0, 1, 3); return err },
		"input":  func() error { _, err := a.Infer(0, []byte{1}); return err },
		"step":   func() error { _, err := a.Step(0, []byte{1}); return err },
		"nobody": func() error { _, err := a.Infer(-1, nil); return err },
	} {
		if f() == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if x, err := a.Part(0, 1, 2); err != nil || !slices.Equal(x.Data, []byte{2}) {
		t.Errorf("%v, %v", x, err)
	}
}

func TestWideNumbers(t *testing.T) {
	w := Table{Scale: 0.5, Width: 2, Wide: true, Data: []byte{0, 0x80, 0xff, 0xff, 1, 1, 2, 1}}
	if w.Rows() != 2 || w.Int(0, 0) != -32768 || w.Int(0, 1) != -1 || w.At(1, 0) != 128.5 || w.Top(0) != 1 || w.Top(1) != 1 || len(w.Row(1)) != 4 {
		t.Errorf("%+v", w)
	}
}
