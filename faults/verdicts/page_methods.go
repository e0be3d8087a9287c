package verdicts

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"upset/stats"
)

// title begins the part of docs/validation.md that this package writes.
const title = "\n## Verdicts on machines of known truth\n"

// Rewrite puts this package's part, which ends docs/validation.md, in the place of the
// one that stands there.
func Rewrite(page []byte, part string) ([]byte, error) {
	i := bytes.Index(page, []byte(title))
	if i < 0 {
		return nil, errors.New("the page has no part named \"" + strings.TrimSpace(title) + "\": write it with faults/exhaustive/generate first")
	}
	return append(bytes.Clone(page[:i]), part...), nil
}

// compared is another method beside the default on the same machines.
type compared struct {
	Method
	n, median int // machines, and injections of their campaigns
	all, near Count
	// Met among machines whose best design lies at half the budget: by the method, by
	// the default, and by one of them alone.
	half, met, metBase, gained, lost int
	// area and areaBase are what proven designs of the method and of the default add in
	// the mean, where both have one.
	area, areaBase float64
}

// compare counts what another method says.
func compare(o Other, base []Verdict) (c compared, err error) {
	c = compared{Method: o.Method, n: len(o.Verdicts)}
	near := func(v Verdict) bool { return v.Kind == Near }
	if c.all, err = count(o.Verdicts, func(Verdict) bool { return true }, Verdict.False); err != nil {
		return c, err
	}
	if c.near, err = count(o.Verdicts, near, Verdict.False); err != nil {
		return c, err
	}
	var sizes []int
	both := 0.0
	for i, v := range o.Verdicts {
		b := base[i]
		sizes = append(sizes, v.Size)
		if v.Met && b.Met {
			c.area, c.areaBase, both = c.area+v.Area, c.areaBase+b.Area, both+1
		}
		if v.Kind != Half {
			continue
		}
		c.half++
		if v.Met {
			c.met++
		}
		if b.Met {
			c.metBase++
		}
		switch {
		case v.Met && !b.Met:
			c.gained++
		case b.Met && !v.Met:
			c.lost++
		}
	}
	slices.Sort(sizes)
	c.median = sizes[len(sizes)/2]
	c.area, c.areaBase = c.area/max(1, both), c.areaBase/max(1, both)
	return c, nil
}

// honest reports that no kind of false claim is more frequent than it may be.
func (c compared) honest() bool {
	return c.all.Upper <= mostFalse && c.near.Upper <= mostFalse
}

// powerful reports that the wanted share of targets is shown to be met, and that no loss
// beside the default is shown at 5 % (McNemar's exact test; of two sides each has half).
func (c compared) powerful() (bool, error) {
	p, err := stats.McNemar(c.gained, c.lost)
	return float64(c.met) >= leastMet*float64(c.half) && (c.gained >= c.lost || p > 2*(1-Confidence)), err
}

// methods is the part of the page about other methods.
func methods(r Comparison) (string, error) {
	var list []compared
	for _, o := range r.Lists {
		base := r.Lists[0].Verdicts
		if len(o.Verdicts) == 0 || len(o.Verdicts) != len(base) {
			return "", fmt.Errorf("%s: %d machines beside %d of the default", o.Method, len(o.Verdicts), len(base))
		}
		c, err := compare(o, base)
		if err != nil {
			return "", err
		}
		list = append(list, c)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `
### Single registers, and campaigns that stop on their precision

%s

The first of the same machines, near the budget and half as many at half of it, judged in other ways. Within a group the
probabilities of registers spread over %d decades; classes see their mean. With **single registers** (--unit register) one half of
the records chooses what is protected and the other judges it. Campaigns that **stop at ±%g %%** of the critical AVF (--relative %g,
at most %d injections) look at their interval between rounds.

| method | machines | injections, median | false "met" | upper limit at 95 %% | near the budget | upper limit | |
|---|---:|---:|---:|---:|---:|---:|---|
`, r.Made.Line(), spread, 100*Relative, Relative, MostInjections)
	percent := func(c Count) string { return fmt.Sprintf("%d of %d | %.2f %%", c.N, c.Of, 100*c.Upper) }
	for _, c := range list {
		fmt.Fprintf(&b, "| %s | %d | %d | %s | %s | %s |\n", c.Method, c.n, c.median, percent(c.all), percent(c.near), holds(c.honest()))
	}
	fmt.Fprintf(&b, `
A campaign that stops, put on the best design without asking the search, where that lies up to 5 %% beyond the budget, claims "met" in
%d of %d cases, upper limit %.2f %%: %s. Every upper limit may be %.0f %%.

The power is that on machines whose best design lies at half the budget; it holds where %.0f %% are shown to meet it and no loss
beside the default, machine by machine, is shown at 5 %% (McNemar, one-sided).

| method | "met" at half the budget | by the default | by the method alone | by the default alone | | added logic, mean | of the default |
|---|---:|---:|---:|---:|---|---:|---:|
`, r.Stopped.N, r.Stopped.Of, 100*r.Stopped.Upper, holds(r.Stopped.Upper <= mostFalse), 100*mostFalse, 100*leastMet)
	for _, c := range list {
		ok, err := c.powerful()
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "| %s | %d of %d | %d | %d | %d | %s | %.1f %% | %.1f %% |\n", c.Method, c.met, c.half, c.metBase, c.gained, c.lost, holds(ok), 100*c.area, 100*c.areaBase)
	}
	return b.String(), nil
}
