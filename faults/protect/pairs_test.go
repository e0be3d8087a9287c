package protect

import (
	"context"
	"math"
	"slices"
	"testing"

	"upset/faults"
	"upset/faults/mechanism"
	"upset/npu"
	"upset/stats"
	"upset/stats/result"
)

// everyKind lists the mechanisms that stand on flops or beside a block.
func everyKind(t testing.TB) (list []mechanism.Kind) {
	t.Helper()
	for k := mechanism.HardenLight; ; k++ {
		if _, err := mechanism.ParseKind(k.String()); err != nil {
			return list
		}
		if k != mechanism.SECDED {
			list = append(list, k)
		}
	}
}

func model(t testing.TB, text string) faults.Model {
	t.Helper()
	m, err := faults.ParseModel(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Beside every mechanism, the fast engine gives the record of the plain machine for
// events of several bits.
func TestSeveralBitsAgreeWithPlain(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 2, npu.ECCSECDED)
	cells := mechanism.DefaultCells()
	cells.DICE.SER = 0.3 // or hardly a cell flips
	for _, text := range []string{"pair", "mcu:shares=0.1/0.3/0.3/0.3:flops"} {
		several := e.With(model(t, text))
		for _, k := range everyKind(t) {
			d, err := mechanism.New(e.Table(), Everywhere(k), cells, 5)
			if err != nil {
				t.Fatal(err)
			}
			list, err := Validate(context.Background(), several, d, uint64(k), 60, 2, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			live := 0
			for i := range list {
				x := &list[i]
				if !x.Same() {
					t.Errorf("%s beside %s, %s@%d: fast %+v, plain %+v", text, k, d.Name(x.Site.ID), x.Site.Cycle, x.Fast, x.Plain)
				}
				if x.Fast.Outcome != faults.Masked {
					live++
				}
			}
			if live < 10 {
				t.Errorf("%s beside %s: only %d of %d do anything", text, k, live, len(list))
			}
		}
	}
}

// Parity misses the pairs in one group; interleaved parity, duplication and voters see
// or correct every pair of flops. Everything is a function of the seed.
func TestPairsByMechanism(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 2, npu.ECCSECDED)
	pairs := func(k mechanism.Kind, workers int) (units []UnitPairs, sum UnitPairs) {
		d, err := mechanism.New(e.Table(), Everywhere(k), mechanism.DefaultCells(), 5)
		if err != nil {
			t.Fatal(err)
		}
		units, err = Pairs(context.Background(), e, d, PairsOptions{Seed: 11, N: 2500, Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		for i := range units {
			u := &units[i]
			if u.N < leastPairs || u.Any+u.Alarms+u.DUE > u.N || u.Critical > u.Any || u.Added && u.PlainAny > 0 || !(u.Bits > 0) {
				t.Errorf("%s: %+v", k, *u)
			}
			if !u.Added {
				sum.plus(u)
			}
		}
		return units, sum
	}
	for k, good := range map[mechanism.Kind]func(s UnitPairs) bool{
		mechanism.Parity:            func(s UnitPairs) bool { return s.Any > s.PlainAny/2 && s.Any <= s.PlainAny && s.Alarms > 0 },
		mechanism.ParityInterleaved: func(s UnitPairs) bool { return s.Any == 0 && s.Alarms > s.PlainAny },
		mechanism.Duplicate:         func(s UnitPairs) bool { return s.Any == 0 && s.Alarms >= s.PlainAny },
		mechanism.Triplicate:        func(s UnitPairs) bool { return s.Any == 0 && s.Alarms == 0 },
		mechanism.HardenLight:       func(s UnitPairs) bool { return s.Any > s.PlainAny/5 && s.Any < s.PlainAny*4/5 },
		mechanism.Residue:           func(s UnitPairs) bool { return s.Any <= s.PlainAny && s.Any > 0 && s.Alarms > 0 },
	} {
		units, sum := pairs(k, 2)
		t.Logf("%s: %+v", k, sum)
		if sum.PlainAny < 20 || !good(sum) {
			t.Errorf("%s: %+v", k, sum)
		}
		if k == mechanism.Parity {
			if again, _ := pairs(k, 1); !slices.Equal(units, again) {
				t.Error("one worker and two count differently")
			}
			const rate = 7.5e-5 * 0.05
			with, plain, err := PairsResidual(units, rate, stats.ViolationAny, 0.95)
			if err != nil || !(with.Estimate > plain.Estimate/2 && with.Estimate < 1.5*plain.Estimate && with.Lower < with.Estimate && with.Estimate < with.Upper) {
				t.Errorf("residual %+v of %+v: %v", with, plain, err)
			}
			bits := 0.0
			for _, u := range units {
				if !u.Added {
					bits += u.Bits
				}
			}
			if share := plain.Estimate / (bits * rate); math.Abs(share-float64(sum.PlainAny)/float64(sum.N)) > 0.01 {
				t.Errorf("%v of the pairs violate, %d of %d counted", share, sum.PlainAny, sum.N)
			}
		}
	}
	d, err := mechanism.New(e.Table(), nil, mechanism.DefaultCells(), 5)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []PairsOptions{{N: 10, Model: model(t, "set")}, {N: 0}} {
		if _, err := Pairs(context.Background(), e, d, o); err == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
}

// With a declared share of events of several bits the search knows that parity misses
// them, and may interleave it; the pairs that the design leaves, injected, stay within
// what it reckoned with. Without a share nothing changes.
func TestSearchUnderSeveralBits(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 4, npu.ECCSECDED)
	s := baseCampaign(t, e, 5000)
	count := func(share float64) (plain, interleaved int, p *result.Protect) {
		p, err := Run(context.Background(), e, s, Options{Several: share, NoProof: true, NoFront: true})
		if err != nil || !p.Meets && p.AreaOverhead == 0 {
			t.Fatal(err, p.Warnings)
		}
		for _, c := range p.Choice {
			switch c.Mechanism {
			case mechanism.Parity.String():
				plain++
			case mechanism.ParityInterleaved.String():
				interleaved++
			}
		}
		t.Logf("share %v: area %.4f, %d units under parity, %d interleaved", share, p.AreaOverhead, plain, interleaved)
		return plain, interleaved, p
	}
	plain, interleaved, single := count(0)
	if plain == 0 || interleaved > 0 {
		t.Errorf("single upsets: %d units under parity, %d interleaved", plain, interleaved)
	}
	const share = 0.3 // of events; large, so that it decides
	_, interleaved, several := count(share)
	if interleaved == 0 || several.AreaOverhead < single.AreaOverhead {
		t.Errorf("share %v: %d units under interleaved parity, area %v, without %v", share, interleaved, several.AreaOverhead, single.AreaOverhead)
	}
	left := func(p *result.Protect) stats.Total {
		choices, err := Choices(p.Choice)
		if err != nil {
			t.Fatal(err)
		}
		d, err := mechanism.New(e.Table(), choices, mechanism.DefaultCells(), 5)
		if err != nil {
			t.Fatal(err)
		}
		units, err := Pairs(context.Background(), e, d, PairsOptions{Seed: 3, N: 4000, Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		with, _, err := PairsResidual(units, share*stats.Scenarios()[0].Flop, stats.ViolationAny, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		return with
	}
	a, b := left(single), left(several)
	t.Logf("pairs leave %+v, of the design that reckons with them %+v", a, b)
	if b.Estimate >= a.Estimate || b.Lower > several.FITViolating.Upper {
		t.Errorf("pairs leave %v FIT, of the design that reckons with them %v of %v: it must be less, and within that", a, b, several.FITViolating)
	}
	for _, bad := range []float64{-0.1, 1.1, math.NaN()} {
		if _, err := Run(context.Background(), e, s, Options{Several: bad, NoProof: true}); err == nil {
			t.Errorf("a share of %v is accepted", bad)
		}
	}
}

// Pulses and faults that stay are refused beside a mechanism, by the plain machine
// as well.
func TestModelsRefusedBesideMechanisms(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 1, npu.ECCSECDED)
	d, err := mechanism.New(e.Table(), Everywhere(mechanism.Parity), mechanism.DefaultCells(), 5)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"set", "intermittent", "stuck-at-1"} {
		w, err := e.With(model(t, text)).Worker()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Inject(0, faults.Site{ID: 3, Cycle: 50}, Guard(d)); err == nil {
			t.Errorf("%s beside parity is injected", text)
		}
		if _, err := w.PlainGuarded(0, faults.Site{ID: 3, Cycle: 50}, Guard(d)); err == nil {
			t.Errorf("%s beside parity is injected plainly", text)
		}
	}
}
