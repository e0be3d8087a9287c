package protect

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/mechanism"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats/report"
	"upset/stats/result"
)

// The bound of the search over single registers never lies above what trying every
// design finds, nor its design below; and both are close where there is a design.
func TestRegisterSearchBracketsBruteForce(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	solved, missed, exact, loss := 0, 0, 0, 0.0
	for i := range 400 {
		pr := randomProblem(t, r)
		asCells(pr)
		want, ok := brute(t, pr)
		got, err := pr.approach()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			if got.Feasible {
				t.Fatalf("instance %d: a design where there is none", i)
			}
			continue
		}
		solved++
		if got.Bound > want*(1+1e-9) {
			t.Fatalf("instance %d: the bound %v lies above the optimum %v", i, got.Bound, want)
		}
		if !got.Feasible {
			missed++
			continue
		}
		area, _ := pr.Area(got.Assignment)
		if area < want*(1-1e-9) {
			t.Fatalf("instance %d: area %v lies below the optimum %v", i, area, want)
		}
		if good, err := pr.feasible(got.Assignment); !good || err != nil {
			t.Fatalf("instance %d: the design does not meet the target: %v", i, err)
		}
		if got.Optimal {
			exact++
			if area > want*(1+1e-6) {
				t.Fatalf("instance %d: called optimal at %v, the optimum is %v", i, area, want)
			}
		}
		if want > 0 {
			loss += area/want - 1
		}
	}
	t.Logf("%d with a design, %d not found, %d proven optimal, mean loss %.1f %%", solved, missed, exact, 100*loss/float64(solved-missed))
	// A handful of large units is the hardest case for prices; hundreds of small
	// registers are the easy one.
	if solved < 200 || missed > solved/10 || loss/float64(solved-missed) > 0.15 || exact == 0 {
		t.Errorf("%d with a design, %d not found, %d proven optimal, mean loss %v", solved, missed, exact, loss/float64(solved-missed))
	}
}

// asCells gives the options of a problem the raw rates of real ones: hardened cells
// lower them, all others do not.
func asCells(pr *Problem) {
	for _, list := range pr.Options {
		for k := range list {
			if list[k].Raw = 1; list[k].Kind == mechanism.Harden || list[k].Kind == mechanism.HardenLight {
				list[k].Raw = list[k].Keep
			}
		}
	}
	for _, b := range pr.Blocks {
		if b.Duplicate != nil {
			b.Duplicate.Raw = 1
		}
	}
}

// knownRegisters is a campaign on a machine where some registers of every class do
// harm and others none.
func knownRegisters(t *testing.T, n int, seed uint64) (*campaign.Stored, *netlist.Table) {
	t.Helper()
	return knownRegistersBy(t, campaign.Spec{Injections: n, Seed: seed})
}

func knownRegistersBy(t *testing.T, spec campaign.Spec) (*campaign.Stored, *netlist.Table) {
	t.Helper()
	table := netlist.New(isa.U55x32, npu.ECCSECDED)
	pop, err := campaign.NewTablePopulation(table)
	if err != nil {
		t.Fatal(err)
	}
	outcome := func(f campaign.Fault) faults.Outcome {
		p, err := table.Place(f.Site.ID)
		if err != nil || p.Register.Observer || p.Register.IsSRAM() {
			return faults.Masked
		}
		share := 0.002
		if int(p.Register.First)%4 == 0 {
			share = 0.4
		}
		if rand.New(rand.NewPCG(uint64(f.Site.ID), f.Site.Cycle)).Float64() < share {
			return faults.SDCCritical
		}
		return faults.Masked
	}
	s, err := campaign.FromTruth(campaign.Shape{NPU: "u55-32", Cycles: 5000, Inputs: 4}, pop, spec, outcome)
	if err != nil {
		t.Fatal(err)
	}
	return s, table
}

// Every half of the records is a sample of the whole machine, no record is in both, and
// the registers of a class have together what the class has.
func TestHalvesAreSamplesOfTheWholeMachine(t *testing.T) {
	s, table := knownRegisters(t, 6000, 3)
	gathered := func(v view) *Evidence {
		ev, err := gatherAs(s, table, nil, v)
		if err != nil {
			t.Fatal(err)
		}
		return ev
	}
	type total struct{ bits, weight, n, harm float64 }
	sum := func(ev *Evidence) map[string]total {
		m := map[string]total{}
		for _, u := range ev.Units {
			x := m[u.Block+u.Class.String()]
			x.bits += u.Bits
			for _, p := range u.Pieces {
				x.weight, x.n, x.harm = x.weight+p.Weight*float64(p.N), x.n+float64(p.N), x.harm+p.Weight*float64(p.Any)
			}
			m[u.Block+u.Class.String()] = x
		}
		return m
	}
	classes := sum(gathered(view{}))
	whole := sum(gathered(view{registers: true}))
	first, second := gathered(view{registers: true, part: choosing}), gathered(view{registers: true, part: judging})
	if !sameUnits(first, second) || len(first.Units) < 200 {
		t.Fatalf("the halves have %d and %d units", len(first.Units), len(second.Units))
	}
	a, b := sum(first), sum(second)
	near := func(x, y float64) bool { return math.Abs(x-y) <= 1e-6*(1+math.Abs(y)) }
	var harm, harms total
	for name, c := range classes {
		if w := whole[name]; !near(w.bits, c.bits) || !near(w.weight, c.weight) || w.n != c.n || !near(w.harm, c.harm) {
			t.Errorf("%s: registers have %+v, the class has %+v", name, w, c)
		}
		if ram := strings.HasSuffix(name, netlist.SRAM.String()); ram && (a[name].n != c.n || b[name].n != c.n) || !ram && a[name].n+b[name].n != c.n {
			t.Errorf("%s: halves have %v and %v records of %v", name, a[name].n, b[name].n, c.n)
		}
		harm.weight, harm.harm = harm.weight+a[name].weight, harm.harm+a[name].harm
		harms.weight, harms.harm = harms.weight+c.weight, harms.harm+c.harm
	}
	if !near(harm.weight, harms.weight) {
		t.Errorf("one half stands for %v bits, all records for %v", harm.weight, harms.weight)
	}
	if harm.harm < 0.8*harms.harm || harm.harm > 1.2*harms.harm {
		t.Errorf("one half sees %v harmful bits, all records %v", harm.harm, harms.harm)
	}
}

// Rounds of an adaptive campaign draw single records, which judge: the half that judges has
// no bias, whatever the rounds followed.
func TestJudgingHalfOfAnAdaptiveCampaignHasNoBias(t *testing.T) {
	const repeats = 150
	var sum, squares, want float64
	single := 0
	for seed := range uint64(repeats) {
		s, table := knownRegistersBy(t, campaign.Spec{Injections: 3000, Seed: seed, Sampling: campaign.SamplingAdaptive})
		for _, k := range s.Rounds {
			for _, n := range k.Alloc {
				if n == 1 {
					single++
				}
			}
		}
		ev, err := gatherAs(s, table, nil, view{registers: true, part: judging})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := gatherAs(s, table, nil, view{registers: true, part: choosing}); err != nil {
			t.Fatal(err)
		}
		harm := 0.0
		want = 0
		for _, u := range ev.Units {
			for _, p := range u.Pieces {
				harm += p.Weight * float64(p.Any)
			}
		}
		for i := range table.Registers {
			if r := &table.Registers[i]; !r.Observer && !r.IsSRAM() {
				share := 0.002
				if int(r.First)%4 == 0 {
					share = 0.4
				}
				want += share * float64(r.Bits())
			}
		}
		sum, squares = sum+harm, squares+harm*harm
	}
	mean := sum / repeats
	sd := math.Sqrt(squares/repeats - mean*mean)
	t.Logf("mean %.1f, truly %.1f, deviation %.1f, %d rounds of a single record", mean, want, sd, single)
	if z := (mean - want) / sd * math.Sqrt(repeats); math.Abs(z) > 4 {
		t.Errorf("the half that judges is off by %.1f standard errors: mean %v, truly %v", z, mean, want)
	}
	if single == 0 {
		t.Error("no stratum drew a single record in a round: the test says nothing")
	}
}

// The price of single registers under one mechanism is that of a choice that names them
// all: they share one alarm.
func TestRegistersShareAnAlarm(t *testing.T) {
	s, table := knownRegisters(t, 6000, 3)
	ev, err := gatherAs(s, table, nil, view{registers: true})
	if err != nil {
		t.Fatal(err)
	}
	cells := mechanism.DefaultCells()
	p := mechanism.NewPricing(table, table.Areas(nil), nil, cells)
	q := Options{}.normal(s.Spec, table, len(s.Records)).Question
	pr, err := NewProblem(ev, p, Target{Question: q, Margin: Even(0.7)}, OptionsFull, cells, false)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		a := pr.none()
		for u := range a.Option {
			if r.IntN(3) == 0 {
				a.Option[u] = r.IntN(len(pr.Options[u]))
			}
		}
		choices := pr.Choices(a)
		cost, err := p.Total(choices)
		if err != nil {
			t.Fatal(err)
		}
		if area, _ := pr.Area(a); math.Abs(area-cost.LogicGE) > 1e-6*area {
			t.Fatalf("the search says %v GE, the area of %d choices is %v", area, len(choices), cost.LogicGE)
		}
		back, err := pr.assignment(choices)
		if err != nil || !slices.Equal(back.Option, a.Option) {
			t.Fatalf("the choices read back as another design: %v", err)
		}
		if _, err := mechanism.New(table, choices, cells, 1); err != nil {
			t.Fatal(err)
		}
	}
}

// A search over single registers finds less area than one over classes where some
// registers do the harm; what it prints was judged on records that it did not choose by,
// and a result that was written is read as the same design.
func TestRegisterUnitsAreJudgedOnOtherRecords(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 4, npu.ECCSECDED)
	s := baseCampaign(t, e, 8000)
	found := map[string]*result.Protect{}
	for _, unit := range []string{UnitBlockClass, UnitRegister} {
		p, err := Run(context.Background(), e, s, Options{Unit: unit, Set: OptionsFull, NoFront: true, NoProof: true})
		if err != nil {
			t.Fatal(err)
		}
		if p.Unit != unit || len(p.Choice) == 0 {
			t.Fatalf("%s: %+v", unit, p.Choice)
		}
		found[unit] = p
	}
	fine, coarse := found[UnitRegister], found[UnitBlockClass]
	t.Logf("registers %.4f, at least %.4f; classes %.4f", fine.AreaOverhead, fine.AreaOverheadBound, coarse.AreaOverhead)
	if fine.AreaOverhead >= coarse.AreaOverhead || fine.AreaOverheadBound > fine.AreaOverhead || fine.AreaOverheadBound <= 0 ||
		coarse.AreaOverheadBound != coarse.AreaOverhead || !coarse.Optimal {
		t.Errorf("registers %v (bound %v), classes %v (bound %v)", fine.AreaOverhead, fine.AreaOverheadBound, coarse.AreaOverhead, coarse.AreaOverheadBound)
	}
	if gap := fine.AreaOverhead/fine.AreaOverheadBound - 1; gap > 0.3 || fine.Optimal != (gap < 1e-8) {
		t.Errorf("gap %v, called optimal: %v", gap, fine.Optimal)
	}
	choices, err := Choices(fine.Choice)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := report.Write(&b, report.FormatJSON, fine); err != nil {
		t.Fatal(err)
	}
	read, err := ReadChoices(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	text := func(list []mechanism.Choice) (out string) {
		for _, c := range list {
			out += c.String() + " "
		}
		return out
	}
	if text(read) != text(choices) || !strings.Contains(text(read), "+") {
		t.Errorf("written %s, read %s", text(choices), text(read))
	}
	// The figures are those of the half that judges.
	o := Options{Unit: UnitRegister}.normal(s.Spec, e.Table(), len(s.Records))
	n, err := gather(context.Background(), uncaught{engineBench{e: e}}, s, o)
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(read, func(c mechanism.Choice) bool { return c.Kind.Checker() }) {
		t.Fatal("the design has a checker, whose figures need its records: take another seed")
	}
	r, err := newRun([]subject{n}, o)
	if err != nil {
		t.Fatal(err)
	}
	for name, build := range map[string]func(Shares, int) (*Problem, error){"judge": r.problemBeside, "choose": r.searchable} {
		pr, err := build(Even(1), 0)
		if err != nil {
			t.Fatal(err)
		}
		a, err := pr.assignment(read)
		if err != nil {
			t.Fatal(err)
		}
		x, err := pr.Evaluate(a)
		if err != nil {
			t.Fatal(err)
		}
		if same := math.Abs(x.SPFM.Lower-fine.SPFM.Lower) < 1e-12; same != (name == "judge") {
			t.Errorf("records that %s say SPFM %v, the result %v", name, x.SPFM.Lower, fine.SPFM.Lower)
		}
	}
}

// A design that names registers is judged as given; a register that the machine does not
// have is refused with its name.
func TestGivenRegisters(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 4, npu.ECCSECDED)
	s := baseCampaign(t, e, 5000)
	design := func(names ...string) []mechanism.Choice {
		return []mechanism.Choice{{Block: "cc", Classes: []netlist.Class{netlist.Configuration}, Registers: names, Kind: mechanism.Parity}}
	}
	o := Options{NoProof: true}
	all, err := Judge(context.Background(), e, s, o, []mechanism.Choice{{Block: "cc", Classes: []netlist.Class{netlist.Configuration}, Kind: mechanism.Parity}})
	if err != nil {
		t.Fatal(err)
	}
	some, err := Judge(context.Background(), e, s, o, design("cc.bank1", "cc.bank2"))
	if err != nil {
		t.Fatal(err)
	}
	if some.AreaGE >= all.AreaGE || some.FITViolating.Estimate < all.FITViolating.Estimate || some.FITViolating.Estimate >= some.Unprotected.FITViolating.Estimate {
		t.Errorf("two banks: %v GE, %v FIT; all: %v GE, %v FIT", some.AreaGE, some.FITViolating, all.AreaGE, all.FITViolating)
	}
	for _, name := range []string{"cc.nothing", "mac.prod"} {
		if _, err := Judge(context.Background(), e, s, o, design("cc.bank1", name)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
