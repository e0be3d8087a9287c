package route

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/kit"
	"upset/models/tflite"
	"upset/models/train"
	"upset/models/train/nets"
	"upset/npu/isa"
)

// table makes a table of rows; numbers left out are 0.
func table(width int, rows ...[]int) selection.Table {
	t := selection.Table{Scale: 0.1, Width: width, Data: make([]byte, width*len(rows))}
	for i, row := range rows {
		for j, v := range row {
			t.Data[i*width+j] = byte(int8(v))
		}
	}
	return t
}

// class is a row of logits in which one class leads.
func class(c, lead int) []int {
	row := make([]int, classes)
	row[c] = lead
	return row
}

func decide(t *testing.T, r selection.Rule, scores []selection.Table) selection.Outcome {
	t.Helper()
	o, err := r.Decide(selection.FromTables(scores...))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestRouter reads a row only from the expert that it is sent to; a tie goes to
// the lowest expert.
func TestRouter(t *testing.T) {
	r := &router{truth: []int{0, 0, 0}}
	scores := []selection.Table{table(routerExperts, []int{1, 2, 0, 2}, []int{-5, -5, -5, -4}, []int{3, 3, 3, 3})}
	for e := range routerExperts {
		scores = append(scores, table(classes, class(e+1, 9), class(e+1, 9), class(e+1, 9)))
	}
	golden := decide(t, r, scores)
	if !slices.Equal(golden.Items, []int{1, 3, 0}) || !slices.Equal(golden.Values, []float64{2, 4, 1}) {
		t.Fatalf("experts %v, classes %v", golden.Items, golden.Values)
	}
	for _, c := range []struct {
		name        string
		scorer, row int
		output      []int
		changed     bool
		consequence float64
	}{
		{"an expert that the row does not see", 1, 0, class(7, 100), false, 0},
		{"the expert that it sees", 2, 0, class(7, 100), true, 1},
		{"the same class, less certain", 2, 0, class(2, 1), false, 0},
		{"another expert with another class", 0, 2, []int{0, 9, 0, 0}, true, 1},
	} {
		faulty := slices.Clone(scores)
		one := table(faulty[c.scorer].Width, c.output)
		faulty[c.scorer], _ = faulty[c.scorer].WithRow(c.row, one.Data)
		o := decide(t, r, faulty)
		if changed := !o.Equal(golden); changed != c.changed {
			t.Errorf("%s: changed is %v", c.name, changed)
		} else if v := r.Consequence(scores, golden, o); v != c.consequence {
			t.Errorf("%s: consequence %v", c.name, v)
		}
	}
	same := selection.Outcome{Metric: selection.Route, Items: []int{1, 3, 2}, Values: golden.Values}
	if v := r.Consequence(scores, golden, same); math.Abs(v-1.0/3) > 1e-12 {
		t.Errorf("another expert with the same class: consequence %v", v)
	}
}

// TestFlips counts by hand: every logit is 0 but one, whose lead of 1 a flip of
// its lowest bit or of its sign removes.
func TestFlips(t *testing.T) {
	r := &router{truth: []int{0}}
	scores := []selection.Table{table(routerExperts, []int{0, 1})}
	for range routerExperts {
		scores = append(scores, table(classes, class(3, 1)))
	}
	scores[1] = table(classes, class(5, 1)) // the first expert disagrees
	f := r.flips(scores, decide(t, r, scores))
	// Router: the leader loses by bits 0 and 7 to expert 0; another one wins by
	// bits 1 to 6, and expert 0 also by bit 0, which ties with the leader.
	// Experts: as before, with nine others of which three stand before class 3.
	want := flips{route: float64(2+7+6+6) / 32, class: float64(2+7) / 32, expert: float64(2+3*7+6*6) / 80}
	for _, v := range []struct{ got, want float64 }{{f.route, want.route}, {f.class, want.class}, {f.expert, want.expert}} {
		if math.Abs(v.got-v.want) > 1e-12 {
			t.Fatalf("%+v, want %+v", f, want)
		}
	}
	if !bytes.Equal(scores[0].Data, []byte{0, 1, 0, 0}) {
		t.Error("the scores were changed")
	}
}

// stream makes an expert's table: its loss is about 0 in batches marked with a
// point and large in the others.
func stream(batches string) selection.Table {
	var rows [][]int
	for _, b := range batches {
		for range switchBatch {
			if b == '.' {
				rows = append(rows, class(0, 100))
			} else {
				rows = append(rows, class(1, 100))
			}
		}
	}
	return table(classes, rows...)
}

func TestSwitchingWatches(t *testing.T) {
	for _, c := range []struct {
		name    string
		experts [switchExperts]string
		want    []int
	}{
		{"no change", [...]string{"......", "xxxxxx", "xxxxxx"}, []int{0, 0, 0, 0, 0, 0}},
		{"one strange batch is borne", [...]string{"..x...", "xxxxxx", "xxxxxx"}, []int{0, 0, 0, 0, 0, 0}},
		{"two are a change", [...]string{"..xxxx", "xxxxxx", "xx...."}, []int{0, 0, 0, 2, 2, 2}},
		{"not two apart", [...]string{"..x.x.", "......", "......"}, []int{0, 0, 0, 0, 0, 0}},
		{"a tie goes to the lowest", [...]string{"xx....", "......", "......"}, []int{0, 1, 1, 1, 1, 1}},
		{"there and back", [...]string{"..xx..", "xx..xx", "xxxxxx"}, []int{0, 0, 0, 1, 1, 0}},
		{"no expert fits", [...]string{"..xx..", "xxxxxx", "xxx..."}, []int{0, 0, 0, switchExperts, 0, 0}},
	} {
		rows := switchBatch * len(c.want)
		r := &switching{truth: make([]int, rows), experts: make([]int, rows), bands: make([]kit.Band, switchExperts)}
		for k := range r.bands {
			r.bands[k] = kit.Band{Mean: 0.1, Deviation: 0.1}
		}
		scores := []selection.Table{table(switchExperts, make([][]int, rows)...)}
		for _, s := range c.experts {
			scores = append(scores, stream(s))
		}
		o := decide(t, r, scores)
		if got := o.Items[rows:]; !slices.Equal(got, c.want) {
			t.Errorf("%s: experts in use %v, want %v", c.name, got, c.want)
		}
		if len(o.Values) != rows {
			t.Errorf("%s: %d classes", c.name, len(o.Values))
		}
	}
}

func TestSwitchingRates(t *testing.T) {
	r := &switching{}
	for _, k := range []int{0, 0, 0, 1, 1, 1, 1, 2, 2} {
		for range switchBatch {
			r.experts = append(r.experts, k)
		}
	}
	for _, c := range []struct {
		used []int
		want watched
	}{
		{[]int{0, 0, 0, 0, 1, 1, 1, 1, 2}, watched{switches: 2, latest: 1}},
		{[]int{0, 0, 0, 1, 1, 1, 1, 2, 2}, watched{switches: 2}},
		{[]int{0, 2, 0, 0, 0, 1, 1, 1, 2}, watched{switches: 2, latest: 2, alarms: 1}},
		{[]int{0, 0, 0, 0, 1, 1, 1, 1, 1}, watched{switches: 2, latest: 9}},
	} {
		if got := r.rate(c.used); got != c.want {
			t.Errorf("%v: %+v, want %+v", c.used, got, c.want)
		}
	}
}

// TestSwitchingConsequence: an expert too many stays for ever.
func TestSwitchingConsequence(t *testing.T) {
	r := &switching{}
	golden := selection.Outcome{Metric: selection.Route, Items: []int{0, 1, 2, 0}, Values: []float64{1, 2}}
	for _, c := range []struct {
		name   string
		items  []int
		values []float64
		want   float64
	}{
		{"later switch", []int{0, 1, 0, 0}, golden.Values, 0.25},
		{"new expert", []int{0, 1, switchExperts, 0}, golden.Values, 1},
		{"class", golden.Items, []float64{1, 3}, 1},
	} {
		if got := r.Consequence(nil, golden, selection.Outcome{Metric: selection.Route, Items: c.items, Values: c.values}); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestKAN has modes that are off by a constant: even rows choose and odd rows
// rate. A tie goes to the lowest mode.
func TestKAN(t *testing.T) {
	r := &kan{gates: make([]int, kanFunctions)}
	for range 4 {
		r.targets = append(r.targets, make([]float64, kanFunctions))
	}
	modes := [][2]int{{5, 4}, {2, 8}, {-2, 1}, {9, 0}, {9, 9}, {20, 20}} // codes off in even and odd rows
	var scores []selection.Table
	for _, m := range modes {
		var rows [][]int
		for i := range r.targets {
			rows = append(rows, slices.Repeat([]int{m[i%2]}, kanFunctions))
		}
		scores = append(scores, table(kanFunctions, rows...))
	}
	plain := scores[len(kanModes)]
	scores = scores[:len(kanModes)]
	golden := decide(t, r, scores)
	if !slices.Equal(golden.Items, slices.Repeat([]int{1}, kanFunctions)) {
		t.Fatalf("modes %v", golden.Items)
	}
	for m, want := range []float64{0, 0, 0, 0, 0.125} { // 9 against 8
		o := selection.Outcome{Metric: selection.Route, Items: slices.Clone(golden.Items)}
		o.Items[3] = m
		if got := r.Consequence(scores, golden, o); math.Abs(got-want) > 1e-9 {
			t.Errorf("mode %d: consequence %v, want %v", m, got, want)
		}
	}
	for range modes {
		r.floats = append(r.floats, slices.Repeat([]float64{0.3}, kanFunctions))
	}
	e := r.errors(scores, &plain, golden.Items)
	for _, v := range []struct{ got, want float64 }{
		{e.selected, 0.8}, {e.before, 0.3}, {e.plain, 2}, {e.mode[0], 0.4}, {float64(e.half), kanFunctions}, {float64(e.near), 0}, {float64(e.alike), 0},
	} {
		if math.Abs(v.got-v.want) > 1e-9 {
			t.Errorf("%+v", e)
		}
	}
}

// TestLookUp compares the NPU's tables with the functions for every input code:
// within two of the last place.
func TestLookUp(t *testing.T) {
	cfg, err := isa.ParseConfig("u55-128")
	if err != nil {
		t.Fatal(err)
	}
	input := train.Quant{Scale: 1.0 / 24, ZeroPoint: 5}
	var values []float64
	for code := -128; code < 128; code++ {
		values = append(values, float64(input.Scale)*float64(code-5))
	}
	for _, c := range []struct {
		name string
		add  func(*nets.Graph) nets.Node
		f    func(float64) float64
	}{
		{"tanh", func(g *nets.Graph) nets.Node { return g.Tanh(0) }, math.Tanh},
		{"sigmoid", func(g *nets.Graph) nets.Node { return g.Sigmoid(0) }, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }},
	} {
		g := nets.New(nets.Shape{H: 1, W: 1, C: len(values)})
		c.add(g)
		model, err := g.Export([][]float64{values}, nets.Options{Input: &input})
		if err != nil {
			t.Fatal(err)
		}
		w := selection.Workload{Scorers: []selection.Scorer{{Name: c.name, Model: model, Rows: [][]byte{nets.Row(values, input)}}}}
		tables, err := w.Functional(cfg)
		if err != nil {
			t.Fatal(err)
		}
		worst := 0.0
		for j, x := range values {
			worst = max(worst, math.Abs(tables[0].At(0, j)-c.f(x))/tables[0].Scale)
		}
		if worst > 2 {
			t.Errorf("%s: off by %.2f of the last place", c.name, worst)
		}
	}
}

func TestRulesRefuseOtherTables(t *testing.T) {
	for _, task := range Tasks() {
		w, err := task.Build(1)
		if err != nil {
			t.Fatal(err)
		}
		short := make([]selection.Table, len(w.Scorers))
		for k := range short {
			short[k] = table(classes, nil)
		}
		for _, scores := range [][]selection.Table{nil, short[:1], short} {
			if _, err := w.Rule.Decide(selection.FromTables(scores...)); err == nil {
				t.Errorf("task %s, %d tables: no error", task.Name, len(scores))
			}
		}
		if _, err := task.Build(99); err == nil {
			t.Errorf("task %s: no error for a seed without artefacts", task.Name)
		}
		if _, err := task.Check([]selection.Run{{Workload: &selection.Workload{}}}); err == nil {
			t.Errorf("task %s: no error for a run of another task", task.Name)
		}
	}
}

// TestExpertsArePruned counts the zero weights of the shipped experts.
func TestExpertsArePruned(t *testing.T) {
	const pruned = 0.4 // share that the recipe prunes
	for _, seed := range selection.Seeds() {
		w, err := buildSwitching(seed)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range w.Scorers[1:] {
			m, err := tflite.Parse(s.Model)
			if err != nil {
				t.Fatal(err)
			}
			zeros, n := 0, 0
			for _, op := range m.Subgraphs[0].Operators {
				if op.Code != tflite.OpFullyConnected {
					continue
				}
				data := m.Subgraphs[0].Tensors[op.Inputs[1]].Data
				zeros, n = zeros+bytes.Count(data, []byte{0}), n+len(data)
			}
			if n == 0 || float64(zeros) < pruned*float64(n) {
				t.Errorf("seed %d, %s: %d of %d weights are zero", seed, s.Name, zeros, n)
			}
		}
	}
}

// TestSingleFlips flips bits of scores at random: some change the outcome, and
// every consequence is a share that only a changed outcome has.
func TestSingleFlips(t *testing.T) {
	cfg, err := isa.ParseConfig("u55-128")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range Tasks() {
		w, err := task.Build(1)
		if err != nil {
			t.Fatal(err)
		}
		run := &selection.Run{Seed: 1, Workload: w}
		if run.Scores, err = w.Functional(cfg); err != nil {
			t.Fatal(err)
		}
		run.Outcome = decide(t, w.Rule, run.Scores)
		rng := rand.New(rand.NewPCG(1, 0))
		changed, harmful := 0, 0
		const flips = 400
		for range flips {
			k := rng.IntN(len(w.Scorers))
			row := rng.IntN(run.Scores[k].Rows())
			output := slices.Clone(run.Scores[k].Row(row))
			output[rng.IntN(len(output))] ^= 1 << rng.IntN(8)
			faulty, err := w.Transient(run.Scores, k, row, output)
			if err != nil {
				t.Fatal(err)
			}
			if v := w.Rule.Consequence(run.Scores, run.Outcome, faulty); !(v >= -1e-9) || faulty.Equal(run.Outcome) && v > 1e-9 {
				t.Fatalf("task %s: consequence %v", task.Name, v)
			}
			e := task.Effect(run, faulty)
			if e.Changed {
				changed++
			}
			if e.Consequential {
				harmful++
			}
		}
		t.Logf("task %s: of %d flipped bits of scores %d change the outcome, %d with a consequence", task.Name, flips, changed, harmful)
		if changed == 0 || changed == flips {
			t.Errorf("task %s: %d of %d flips change the outcome", task.Name, changed, flips)
		}
	}
}
