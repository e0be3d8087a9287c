package campaign

import (
	"errors"
	"fmt"
	"slices"

	"upset/stats"
	"upset/stats/result"
)

// ModeLabel gives a failure mode of a part to a failure mode of the user.
type ModeLabel struct {
	Block, Class, Mode string // as in the rows of [result.FMEDARow]
	// Group is the user's failure mode at the boundary of the IP, Point the diagnostic
	// point that notices it.
	Group, Point string
}

// ErrLabels: labels do not fit the campaign.
var ErrLabels = errors.New("failure modes do not fit the campaign")

// GroupModes adds up the rates of failure modes by the groups that labels give them, in
// the order of the labels. Every row of the campaign's failure modes must have one label.
func GroupModes(c *result.Campaign, labels []ModeLabel) ([]result.ModeGroup, error) {
	type key struct{ block, class, mode string }
	of := map[key]ModeLabel{}
	for _, l := range labels {
		k := key{l.Block, l.Class, l.Mode}
		if _, twice := of[k]; twice {
			return nil, fmt.Errorf("%w: %s/%s, %q is named twice", ErrLabels, l.Block, l.Class, l.Mode)
		}
		of[k] = l
	}
	var order []string
	groups := map[string]*result.ModeGroup{}
	modes := map[string]map[key]bool{}
	for _, r := range c.FMEDA {
		k := key{r.Block, r.Class, r.Mode}
		l, ok := of[k]
		if !ok || l.Group == "" {
			return nil, fmt.Errorf("%w: %s/%s, %q has no failure mode: fill in every row", ErrLabels, r.Block, r.Class, r.Mode)
		}
		delete(of, k)
		name := l.Group + "\x00" + l.Point
		g := groups[name]
		if g == nil {
			g = &result.ModeGroup{Mode: l.Group, Point: l.Point}
			groups[name], modes[name] = g, map[key]bool{}
			order = append(order, name)
		}
		g.Rows++
		modes[name][k] = true
	}
	for k := range of {
		return nil, fmt.Errorf("%w: %s/%s, %q is no failure mode of it: use the sheet of this campaign", ErrLabels, k.block, k.class, k.mode)
	}
	single := map[key]bool{}
	for _, r := range c.FMEDA {
		single[key{r.Block, r.Class, r.Mode}] = r.Fault == "single_point"
	}
	var out []result.ModeGroup
	for _, name := range order {
		g := groups[name]
		in := func(k key) bool { return modes[name][k] }
		bad := func(k key) bool { return in(k) && single[k] }
		for _, x := range []struct {
			to   *result.Limits
			take func(key) bool
		}{{&g.Lambda, in}, {&g.Violating, bad}} {
			var list []stats.Stratum
			raw, any := 0.0, false
			for i := range c.Strata {
				raw += rate(c, &c.Strata[i])
			}
			for i := range c.Strata {
				s := &c.Strata[i]
				n := 0
				for _, m := range failureModes(&c.Assumptions) {
					if x.take(key{s.Block, s.Class, m.name}) {
						n += m.count(&s.Outcomes)
						any = true
					}
				}
				// A part without a row in the group takes no share in its limits.
				if slices.ContainsFunc(c.FMEDA, func(r result.FMEDARow) bool {
					return r.Block == s.Block && r.Class == s.Class && x.take(key{r.Block, r.Class, r.Mode})
				}) {
					list = append(list, stats.Stratum{Weight: rate(c, s) / raw, N: s.N, Failures: n, Exact: s.Exact})
				}
				if x.to == &g.Lambda {
					g.Injections += n
				}
			}
			if !any {
				continue
			}
			t, err := stats.Combine(list, c.Assumptions.Confidence)
			if err != nil {
				return nil, err
			}
			*x.to = result.Limits{Estimate: raw * t.Estimate, Lower: raw * max(0, t.Lower), Upper: raw * min(1, t.Upper)}
		}
		out = append(out, *g)
	}
	return out, nil
}
