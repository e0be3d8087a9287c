package recruitment

import (
	"math"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/kit"
	"upset/models/selection/scoretest"
	"upset/models/train/data"
)

// drawn are people with scores of their own, and codes of both networks that follow them.
func drawn(seed uint64, n int) (*recruitment, selection.Table, selection.Table) {
	rng := data.Rand(seed, 5)
	r := &recruitment{}
	var a, b [][]int
	for range n {
		score, group := rng.NormFloat64(), rng.IntN(2)
		r.groups, r.scores = append(r.groups, group), append(r.scores, score)
		near := func(v float64) []int { return []int{int(max(-127, min(127, math.Round(40*v)+float64(rng.IntN(5)))))} }
		a, b = append(a, near(score-2*penalty*float64(group))), append(b, near(score))
	}
	return r, scoretest.Scores(a...), scoretest.Scores(b...)
}

// Those who are hired are found here by sorting; of equals the first ones. A larger unit of
// the scores hires the same people.
func TestHiresBySorting(t *testing.T) {
	for seed := range uint64(5) {
		r, a, b := drawn(seed, 260)
		o := scoretest.Decide(t, r, a, b)
		for k, table := range []selection.Table{a, b} {
			rows := kit.Every(table.Rows())
			slices.SortStableFunc(rows, func(i, j int) int { return table.Int(j, 0) - table.Int(i, 0) })
			want := slices.Sorted(slices.Values(rows[:hired]))
			if got := r.of(o, k); !slices.Equal(got, want) {
				t.Fatalf("seed %d, network %d: %v, want %v", seed, k, got, want)
			}
		}
		larger := a
		larger.Scale, larger.ZeroPoint = 7, 5
		if other := scoretest.Decide(t, r, larger, b); !other.Equal(o) {
			t.Errorf("seed %d: another unit hires others", seed)
		}
	}
}

// A fault in the score of one person moves that person alone across the line, and one other
// to make room; one that does not reach the line moves nobody.
func TestFaultsAcrossTheLine(t *testing.T) {
	r, a, b := drawn(7, 220)
	golden := scoretest.Decide(t, r, a, b)
	inside := r.of(golden, agnostic)
	line, next := 127, -128 // the least code of those who are hired, the largest of the others
	for i := range r.groups {
		if slices.Contains(inside, i) {
			line = min(line, b.Int(i, 0))
		} else {
			next = max(next, b.Int(i, 0))
		}
	}
	moved, stayed := 0, 0
	for i := range r.groups {
		in := slices.Contains(inside, i)
		for bit := range 8 {
			code := int(int8(byte(b.Int(i, 0)) ^ 1<<bit))
			faulty, err := b.WithRow(i, []byte{byte(code)})
			if err != nil {
				t.Fatal(err)
			}
			o := scoretest.Decide(t, r, a, faulty)
			now := r.of(o, agnostic)
			common := 0
			for _, k := range now {
				if slices.Contains(inside, k) {
					common++
				}
			}
			switch {
			case in && code > line || !in && code < line:
				stayed++
				if common != hired {
					t.Fatalf("person %d with code %d on the same side of %d: %d of those hired stay", i, code, line, common)
				}
			case in && code < next || !in && code > line:
				moved++
				if common != hired-1 || slices.Contains(now, i) == in {
					t.Fatalf("person %d with code %d beyond %d: %d of those hired stay", i, code, line, common)
				}
				// One of 200 hirings: 199 in common and 201 in all.
				if d := o.Distance(golden); math.Abs(d-2.0/201) > 1e-12 {
					t.Fatalf("distance %v", d)
				}
			}
			if !slices.Equal(r.of(o, biased), r.of(golden, biased)) {
				t.Fatal("a fault in one network moves the hires of the other")
			}
		}
	}
	if moved == 0 || stayed == 0 {
		t.Errorf("%d faults cross the line, %d do not", moved, stayed)
	}
}

// By hand: of the harm of both hirings the worse one counts, and of share and merit too.
func TestConsequenceByHand(t *testing.T) {
	r := &recruitment{groups: []int{0, 1, 0, 1}, scores: []float64{4, 4, 4, 0}}
	set := func(first, second []int) selection.Outcome {
		o := selection.Outcome{Metric: selection.Set, Items: slices.Clone(first)}
		for _, i := range second {
			o.Items = append(o.Items, len(r.groups)+i)
		}
		return o
	}
	golden := set([]int{0, 1}, []int{0, 1}) // of merit 4, where lots give 3
	for _, c := range []struct {
		name          string
		first, second []int
		want          float64
	}{
		{"the same", []int{1, 0}, []int{0, 1}, 0},
		{"another person of the same group and merit", []int{2, 1}, []int{0, 1}, 0},
		{"the share falls by a half, no merit is lost", []int{0, 2}, []int{0, 1}, 0.5},
		{"the same in the second hiring", []int{0, 1}, []int{0, 2}, 0.5},
		{"the share stays, and twice the gain is lost", []int{0, 3}, []int{0, 1}, 2},
		{"the worse hiring counts", []int{0, 2}, []int{0, 3}, 2},
	} {
		if got := r.Consequence(nil, golden, set(c.first, c.second)); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// The deserved score is the sum of merits by their weights with little noise, and the faces
// have no part in it; scores survive the form that they are stored in.
func TestDeserved(t *testing.T) {
	weights := []float64{0.5, 0.4, 0.3, 0.2, 0.1, 0.6, 0.3}
	square := 0.0
	for _, p := range draw(weights, 500, data.Rand(3, 0)) {
		want := 0.0
		for k, w := range weights {
			want += w * p.x[k]
		}
		d := p.score - want
		square += d * d / 500
		if len(p.x) != merits+faces || math.Abs(d) > 6*noise {
			t.Fatalf("score %v of merits worth %v", p.score, want)
		}
		if back := scoreForm.Reals(scoreForm.Bytes(p.score))[0]; math.Abs(p.score) < 3.9 && math.Abs(back-p.score) > float64(scoreForm.Scale)/2+1e-9 {
			t.Fatalf("score %v is stored as %v", p.score, back)
		}
	}
	if math.Abs(math.Sqrt(square)-noise) > 0.01 {
		t.Errorf("noise of %v", math.Sqrt(square))
	}
	w, err := build(1)
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range []int{merits + faces, merits} {
		if got := len(w.Scorers[k].Rows[0]); got != want || len(w.Scorers[k].Rows) != pool {
			t.Errorf("network %d sees %d numbers of %d people, want %d", k, got, len(w.Scorers[k].Rows), want)
		}
	}
	// Both networks see the same merits of the same people.
	for i, row := range w.Scorers[agnostic].Rows {
		if !slices.Equal(row, w.Scorers[biased].Rows[i][:merits]) {
			t.Fatalf("person %d has other merits for the other network", i)
		}
	}
}

// Every bound of the check can fail by itself.
func TestCheckBounds(t *testing.T) {
	r, a, b := drawn(9, pool)
	none := make([][]int, pool)
	for i := range none {
		none[i] = []int{int(int8(37 * i))} // knows nothing of merit
	}
	for name, c := range map[string]struct {
		faces, plain selection.Table
		want         bool
	}{
		"as published":               {a, b, true},
		"faces do no harm":           {b, b, false},
		"the other one is as biased": {a, a, false},
		"no merit":                   {a, scoretest.Scores(none...), false},
	} {
		run := selection.Run{Workload: scoretest.Workload(r, pool), Scores: []selection.Table{c.faces, c.plain}, Outcome: scoretest.Decide(t, r, c.faces, c.plain)}
		got, err := check([]selection.Run{run})
		if err != nil || got.Pass != c.want {
			t.Errorf("%s: %+v, error %v", name, got, err)
		}
		if share := r.share(r.of(run.Outcome, biased)); math.Abs(got.Measured-share) > 1e-12 {
			t.Errorf("%s: measured %v, share %v", name, got.Measured, share)
		}
	}
}
