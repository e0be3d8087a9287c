package protect

import (
	"math"
	"slices"

	"upset/faults/mechanism"
	"upset/stats"
	"upset/stats/result"
)

// Bounds of the search for break-even values (our choice).
const (
	// mostFactor and leastFactor bound the factors of raw rates and flop counts.
	mostFactor  = 1e4
	leastFactor = 1e-3
	// bisections give six figures.
	bisections = 40
)

// breakEven fills in, for every declared input, the value at which the verdict on the
// chosen design is lost, by calculation on the records of the campaign. All other inputs
// stay as they are.
func (r *run) breakEven(pr *Problem, a Assignment) error {
	r.out.BreakEven = nil
	now, err := pr.Evaluate(a)
	if err != nil || now.Result != stats.Met {
		return err // nothing can be lost
	}
	used := map[mechanism.Kind]bool{}
	for _, c := range pr.Choices(a) {
		used[c.Kind] = true
	}
	for _, d := range r.o.Inputs {
		if d.Ratio == nil || !used[d.Kind] {
			continue
		}
		err := r.lost(result.BreakEven{Input: d.Kind.String() + " rate ratio", Value: d.Ratio.High}, 0, 1, func(x float64) (*Problem, error) {
			return pr.withRatio(d.Kind, x), nil
		}, a)
		if err != nil {
			return err
		}
	}
	q := pr.Target.Question
	err = r.lost(result.BreakEven{Input: "raw rate of a flop", Unit: "FIT", Value: q.Scenario.Flop}, leastFactor*q.Scenario.Flop, mostFactor*q.Scenario.Flop, func(x float64) (*Problem, error) {
		return pr.under(func(t *Target) { t.Question.Scenario.Flop = x })
	}, a)
	if err != nil {
		return err
	}
	r.out.BreakEven = append(r.out.BreakEven,
		result.BreakEven{Input: "residual budget", Unit: "FIT", Value: q.BudgetFIT, Below: &now.FIT.Upper},
		result.BreakEven{Input: "SPFM target", Value: q.Target.SPFM, Above: &now.SPFM.Lower},
	)
	for i := range pr.Blocks {
		name := pr.Blocks[i].Name
		err := r.lost(result.BreakEven{Input: "flops of " + name, Unit: "times", Value: 1}, leastFactor, mostFactor, func(x float64) (*Problem, error) {
			return pr.withFlops(name, x)
		}, a)
		if err != nil {
			return err
		}
	}
	return nil
}

// lost finds the values of an input below and above its own at which the verdict is
// lost, within bounds, and adds the line.
func (r *run) lost(b result.BreakEven, least, most float64, at func(x float64) (*Problem, error), a Assignment) error {
	holds := func(x float64) (bool, error) {
		pr, err := at(x)
		if err != nil {
			return false, err
		}
		e, err := pr.Evaluate(a)
		return e.Result == stats.Met, err
	}
	for _, side := range []struct {
		end float64
		to  **float64
	}{{least, &b.Below}, {most, &b.Above}} {
		if side.end == b.Value {
			continue
		}
		ok, err := holds(side.end)
		if err != nil {
			return err
		}
		if ok {
			continue
		}
		good, bad := b.Value, side.end
		for range bisections {
			middle := (good + bad) / 2
			if good > 0 && bad > 0 {
				middle = math.Sqrt(good * bad)
			}
			if ok, err = holds(middle); err != nil {
				return err
			}
			if ok {
				good = middle
			} else {
				bad = middle
			}
		}
		*side.to = &bad
	}
	r.out.BreakEven = append(r.out.BreakEven, b)
	return nil
}

// copied is the problem with options and evidence of its own, rivals included.
func (pr *Problem) copied() *Problem {
	out := *pr
	out.Options = make([][]Option, len(pr.Options))
	for i := range pr.Options {
		out.Options[i] = slices.Clone(pr.Options[i])
	}
	ev := *pr.Evidence
	ev.Units = slices.Clone(ev.Units)
	out.Evidence = &ev
	out.rivals = nil
	for _, x := range pr.rivals {
		out.rivals = append(out.rivals, x.copied())
	}
	return &out
}

// withRatio is the problem with another rate ratio of a hardened cell.
func (pr *Problem) withRatio(k mechanism.Kind, ratio float64) *Problem {
	out := pr.copied()
	for _, n := range out.networks() {
		for i := range n.Options {
			for j := range n.Options[i] {
				if o := &n.Options[i][j]; o.Kind == k {
					if o.Keep = ratio; k != mechanism.Triplicate {
						o.Raw = ratio
					}
				}
			}
		}
	}
	return out
}

// under is the problem with another target.
func (pr *Problem) under(change func(*Target)) (*Problem, error) {
	out := pr.copied()
	for _, n := range out.networks() {
		change(&n.Target)
		if err := n.prepare(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// withFlops is the problem with so many times the flops of a block, of the same kind.
func (pr *Problem) withFlops(block string, factor float64) (*Problem, error) {
	out := pr.copied()
	for _, n := range out.networks() {
		for i := range n.Evidence.Units {
			u := &n.Evidence.Units[i]
			if u.Block != block || u.SRAM {
				continue
			}
			n.Evidence.FlopBits += (factor - 1) * u.Bits
			u.Bits *= factor
			u.Pieces = slices.Clone(u.Pieces)
			for k := range u.Pieces {
				u.Pieces[k].Weight *= factor
			}
		}
		if err := n.prepare(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// declaredInputs is the table of cells and mechanisms for the result.
func declaredInputs(in mechanism.Inputs) (out []result.DeclaredInput) {
	for _, d := range in {
		x := result.DeclaredInput{Name: d.Kind.String(), Area: [2]float64{d.Area.Low, d.Area.High}, Source: d.Source}
		if d.Ratio != nil {
			x.Ratio = &[2]float64{d.Ratio.Low, d.Ratio.High}
		}
		out = append(out, x)
	}
	return out
}
