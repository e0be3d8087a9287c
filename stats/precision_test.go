package stats

import (
	"math"
	"slices"
	"testing"
)

// stopped is what becomes of all samples of one stratum that stop on a precision.
type stopped struct {
	low, high          float64 // chance of a two-sided interval below, above the truth
	oneLow, oneHigh    float64 // of one-sided limits
	reached            float64
	sizes              map[int]float64 // chances
	p                  float64
	interval, oneSided float64 // confidences at a look
	precision          Precision
	first, step, most  int
	waiting            map[int][]float64 // chance of every number of failures, by size
}

// enumerate follows every number of failures at every look.
func enumerate(t *testing.T, s *stopped) {
	t.Helper()
	s.sizes, s.waiting = map[int]float64{}, map[int][]float64{0: {1}}
	s.spread(0, s.first, 0, 1)
	delete(s.waiting, 0)
	for len(s.waiting) > 0 {
		n := math.MaxInt
		for k := range s.waiting {
			n = min(n, k)
		}
		row := s.waiting[n]
		delete(s.waiting, n)
		for k, mass := range row {
			if mass < 1e-9 {
				continue
			}
			low, high, err := ClopperPearson(k, n, s.interval)
			if err != nil {
				t.Fatal(err)
			}
			wide := s.precision.Excess(Total{Estimate: float64(k) / float64(n), Lower: low, Upper: high})
			if wide > 1 && n < s.most {
				next, err := NextLook(n, wide, s.step, s.most)
				if err != nil || next <= n || next > s.most {
					t.Fatalf("after %d of %d: next look at %d, %v", n, s.most, next, err)
				}
				s.spread(n, next, k, mass)
				continue
			}
			oneLow, _ := ClopperPearsonLower(k, n, s.oneSided)
			oneHigh, _ := ClopperPearsonUpper(k, n, s.oneSided)
			for _, c := range []struct {
				into *float64
				miss bool
			}{{&s.low, high < s.p}, {&s.high, low > s.p}, {&s.oneLow, oneHigh < s.p}, {&s.oneHigh, oneLow > s.p}, {&s.reached, wide <= 1}} {
				if c.miss {
					*c.into += mass
				}
			}
			s.sizes[n] += mass
		}
	}
}

// spread adds a round of trials to k failures of n.
func (s *stopped) spread(n, next, k int, mass float64) {
	trials := next - n
	middle := int(float64(trials) * s.p)
	chance := func(x int) float64 {
		return math.Exp(logChoose(trials, x) + float64(x)*math.Log(s.p) + float64(trials-x)*math.Log1p(-s.p))
	}
	row := s.waiting[next]
	add := func(x int) bool {
		c := mass * chance(x)
		if c < 1e-12 {
			return false
		}
		for len(row) <= k+x {
			row = append(row, 0)
		}
		row[k+x] += c
		return true
	}
	for x := middle; x >= 0 && add(x); x-- {
	}
	for x := middle + 1; x <= trials && add(x); x++ {
	}
	s.waiting[next] = row
}

// fixedSize is the least number of trials whose expected failures reach the precision.
func (s *stopped) fixedSize(t *testing.T, confidence float64) int {
	t.Helper()
	low, high := 1, s.most
	for low < high {
		n := (low + high) / 2
		k := int(math.Round(float64(n) * s.p))
		a, b, err := ClopperPearson(k, n, confidence)
		if err != nil {
			t.Fatal(err)
		}
		if s.precision.Excess(Total{Estimate: float64(k) / float64(n), Lower: a, Upper: b}) <= 1 {
			high = n
		} else {
			low = n + 1
		}
	}
	return low
}

func (s *stopped) median() int {
	var list []int
	for n := range s.sizes {
		list = append(list, n)
	}
	slices.Sort(list)
	sum := 0.0
	for _, n := range list {
		if sum += s.sizes[n]; sum >= 0.5 {
			return n
		}
	}
	return 0
}

// TestStopKeepsError: the exact chances of a sample of one stratum that stops on its
// precision. Two-sided intervals and one-sided limits miss in at most 5 % each, and the
// stop costs little where it takes more than a few failures. With a share of 0.85 instead of stopShare some one-sided limit misses
// more often.
func TestStopKeepsError(t *testing.T) {
	const confidence = 0.95
	at, err := StopConfidence(confidence)
	if err != nil {
		t.Fatal(err)
	}
	worst := 0.0 // of one-sided limits with a share of 0.85
	for _, p := range []float64{0.006, 0.012, 0.021, 0.04} {
		for _, wide := range []float64{0.25, 0.37, 0.55, 0.7, 0.85, 1} {
			for _, precision := range []Precision{{Absolute: wide * p}, {Relative: wide}} {
				if precision.Relative == 1 {
					continue
				}
				s := stopped{p: p, interval: at, oneSided: at, precision: precision, first: 250, step: 10, most: 200_000}
				fixed := s.fixedSize(t, confidence)
				if fixed < 150 || fixed > 5000 {
					continue
				}
				enumerate(t, &s)
				if s.low+s.high > 0.05 || max(s.oneLow, s.oneHigh) > 0.05 {
					t.Errorf("p %v, %+v: misses %.4f and %.4f, one-sided %.4f and %.4f", p, precision, s.low, s.high, s.oneLow, s.oneHigh)
				}
				if s.reached < 1-1e-5 {
					t.Errorf("p %v, %+v: reached in %v", p, precision, s.reached)
				}
				if ratio := float64(s.median()) / float64(fixed); fixed > 250 && float64(fixed)*p > 15 && ratio > 1.25 {
					t.Errorf("p %v, %+v: %d trials at the stop, %d suffice: ratio %.3f", p, precision, s.median(), fixed, ratio)
				}
				if p == 0.021 && wide == 0.85 {
					more := stopped{p: p, interval: 1 - 0.85*(1-confidence), oneSided: 1 - 0.85*(1-confidence), precision: precision, first: 250, step: 10, most: 200_000}
					enumerate(t, &more)
					worst = max(worst, more.oneLow, more.oneHigh)
				}
			}
		}
	}
	if worst <= 0.05 {
		t.Errorf("with a share of 0.85 one-sided limits would miss in %.4f: the share in use is needlessly small", worst)
	}
}

func TestExcess(t *testing.T) {
	total := Total{Estimate: 0.1, Lower: 0.06, Upper: 0.15}
	near(t, "absolute", Precision{Absolute: 0.025}.Excess(total), 2, 1e-12)
	near(t, "relative", Precision{Relative: 0.25}.Excess(total), 2, 1e-12)
	if x := (Precision{Relative: 0.25}).Excess(Total{Upper: 0.1}); !math.IsInf(x, 1) {
		t.Errorf("nothing seen: %v", x)
	}
}

func TestNextLook(t *testing.T) {
	for _, c := range []struct {
		done   int
		excess float64
		step   int
		most   int
		want   int
	}{
		{1000, 1.04, 0, 1e6, 1100},          // 1,081.6 predicted, 10 more, whole tens
		{1000, 1.2, 0, 1e6, 1300},           // 440 to go: two thirds of the way
		{1000, 1.001, 0, 1e6, 1040},         // the least step
		{1000, 1.001, 300, 1e6, 1300},       // that of the caller
		{1000, math.Inf(1), 0, 1e6, 4000},   // nothing predicted
		{1000, 100, 0, 1e6, 4000},           // never more than four times
		{100_000, 1.2, 0, 110_000, 110_000}, // the cap
	} {
		got, err := NextLook(c.done, c.excess, c.step, c.most)
		if err != nil || got != c.want {
			t.Errorf("NextLook(%d, %v, %d, %d) = %d, %v; want %d", c.done, c.excess, c.step, c.most, got, err, c.want)
		}
	}
	for _, bad := range []struct {
		done   int
		excess float64
		most   int
	}{{0, 2, 10}, {10, 1, 100}, {10, math.NaN(), 100}, {10, 2, 10}} {
		if _, err := NextLook(bad.done, bad.excess, 0, bad.most); err == nil {
			t.Errorf("%+v: accepted", bad)
		}
	}
	// The least steps are the most looks.
	looks, done := 1, 250
	for ; done < 20_000; looks++ {
		var err error
		if done, err = NextLook(done, 1.0001, 0, 20_000); err != nil {
			t.Fatal(err)
		}
	}
	if got := MostLooks(250, 20_000); got != looks {
		t.Errorf("at most %d looks, %d are possible", got, looks)
	}
	if _, err := StopConfidence(1); err == nil {
		t.Error("confidence 1 accepted")
	}
}
