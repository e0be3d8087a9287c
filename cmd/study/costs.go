package main

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"upset/faults/mechanism"
	"upset/faults/protect"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats/result"
)

// repriced is the study with the areas of its designs as a set of constants gives them on
// the present machine. All else is as it was measured: no rate and no verdict on transient
// faults has an area in it.
func repriced(s *study, c *netlist.Costs) (*study, error) {
	out := *s
	out.Assessments, out.Together = slices.Clone(s.Assessments), slices.Clone(s.Together)
	for i := range out.Assessments {
		a := &out.Assessments[i]
		p, err := newPricer(a.NPU, c)
		if err != nil {
			return nil, err
		}
		a.Ratios = slices.Clone(a.Ratios)
		list := []*protection{&a.Full, &a.Paper}
		for k := range a.Ratios {
			list = append(list, &a.Ratios[k].protection)
		}
		for _, d := range list {
			if d.Area, err = p.design(d.Choice); err != nil {
				return nil, fmt.Errorf("%s on %s: %w", a.Network, a.NPU, err)
			}
		}
		if a.DuplicateAll.AreaOverhead, err = p.added(p.copies()); err != nil {
			return nil, err
		}
		if a.Lockstep.AreaOverhead, err = p.added([]mechanism.Choice{{Block: mechanism.Whole, Kind: mechanism.Lockstep}}); err != nil {
			return nil, err
		}
		a.HardenAll.AreaOverhead = p.FlopGE() * (mechanism.DefaultCells().DICE.Area - 1) / p.logic
	}
	for i := range out.Together {
		t := &out.Together[i]
		p, err := newPricer(t.NPU, c)
		if err != nil {
			return nil, err
		}
		for _, d := range []*protection{&t.Full, &t.Paper} {
			if d.Area, err = p.design(d.Choice); err != nil {
				return nil, fmt.Errorf("all networks on %s: %w", t.NPU, err)
			}
		}
	}
	return &out, nil
}

// pricer prices mechanisms on a configuration.
type pricer struct {
	*mechanism.Pricing
	table *netlist.Table
	logic float64 // gate equivalents without mechanisms
}

func newPricer(name string, c *netlist.Costs) (*pricer, error) {
	config, err := isa.ParseConfig(name)
	if err != nil {
		return nil, err
	}
	t := netlist.New(config, npu.ECCSECDED)
	p := &pricer{mechanism.NewPricing(t, t.Areas(c), c, mechanism.DefaultCells()), t, 0}
	p.logic, _ = p.Logic()
	return p, nil
}

// added is the share of the logic that choices add.
func (p *pricer) added(list []mechanism.Choice) (float64, error) {
	cost, err := p.Total(list)
	return cost.LogicGE / p.logic, err
}

// design is the same of a stored design, which must fit the present machine.
func (p *pricer) design(list []result.Choice) (float64, error) {
	choices, err := protect.Choices(list)
	if err != nil {
		return 0, err
	}
	if _, err := mechanism.New(p.table, choices, mechanism.DefaultCells(), 0); err != nil {
		return 0, err
	}
	return p.added(choices)
}

// copies duplicate every block that can be.
func (p *pricer) copies() (list []mechanism.Choice) {
	for _, b := range netlist.Blocks() {
		if mechanism.Duplicable(b) {
			list = append(list, mechanism.Choice{Block: b, Kind: mechanism.Duplicate})
		}
	}
	return list
}

// sets are the studies with every set of constants, beside the one in use.
type sets struct {
	names []string
	costs []*netlist.Costs
	all   []*study
	inUse int
}

func newSets(s *study) (*sets, error) {
	x := new(sets)
	for i, m := range netlist.CostSets() {
		if m.Library == netlist.CostsInUse {
			x.inUse = i
		}
		p, err := repriced(s, &m.Costs)
		if err != nil {
			return nil, err
		}
		x.names, x.costs, x.all = append(x.names, m.Library), append(x.costs, &m.Costs), append(x.all, p)
	}
	return x, nil
}

// writeCosts says what hangs on the constants of area.
func writeCosts(b *strings.Builder, s *study) error {
	x, err := newSets(s)
	if err != nil {
		return err
	}
	now := x.all[x.inUse]
	most := 0.0
	for i := range s.Assessments {
		for _, d := range [][2]float64{{s.Assessments[i].Full.Area, now.Assessments[i].Full.Area}, {s.Assessments[i].Paper.Area, now.Assessments[i].Paper.Area}} {
			most = max(most, math.Abs(d[0]-d[1]))
		}
	}
	fmt.Fprintf(b, "\n## Constants of area\n\nAreas are counted with constants of a cell library, those in use being the middle of two open libraries ([area.md](area.md), with every design). "+
		"Here all designs of this page are priced anew on the present machine with the constants in use before libraries were measured (*earlier*), with those in use, and with those of each library; both areas of "+
		"a ratio have the same ones. With those in use the areas differ from the measured ones above by at most %.2g points.\n\n", 100*most)
	writeChangedClaims(b, x)
	return writeOrders(b, x)
}

// writeChangedClaims judges the claims with every set of constants.
func writeChangedClaims(b *strings.Builder, x *sets) {
	base := claims(x.all[x.inUse].Assessments)
	var changed []string
	for set, name := range x.names {
		if set == x.inUse {
			continue
		}
		for i, c := range claims(x.all[set].Assessments) {
			if c.says != base[i].says {
				changed = append(changed, fmt.Sprintf("%s: claim %s says *%s* instead of *%s*", name, c.number, c.says, base[i].says))
			}
		}
	}
	b.WriteString("**Verdicts.** Rates, SPFM and verdicts on transient faults have no area in them, neither unprotected nor of a given design. Judged with each set of constants, ")
	if len(changed) == 0 {
		b.WriteString("no claim above changes.")
	} else {
		b.WriteString("these claims change: " + strings.Join(changed, "; ") + ".")
	}
	low, high := map[string]float64{}, map[string]float64{}
	for _, name := range configurations {
		low[name], high[name] = 1, 0
		for _, c := range x.costs {
			p, err := newPricer(name, c)
			if err != nil {
				continue // configurations are known
			}
			share := p.FlopGE() / p.logic
			low[name], high[name] = min(low[name], share), max(high[name], share)
		}
	}
	var text []string
	for _, name := range configurations {
		text = append(text, fmt.Sprintf("%s %s to %s", name, percent(low[name]), percent(high[name])))
	}
	fmt.Fprintf(b, " A declared permanent rate, which the study does not have, is shared between flops and gates by area: the flops' share of the logic is %s over the sets.\n\n", strings.Join(text, ", "))
}

// writeOrders counts the pairs that change places.
func writeOrders(b *strings.Builder, x *sets) error {
	b.WriteString("**Rankings by area.** Pairs that change places against the constants in use; in brackets the largest distance of two that do, in points of the logic. The paper's options " +
		"are among the full ones, so that where their designs change places a search with those constants finds another full design.\n\n| ranking | pairs |")
	line := "|---|---:|"
	for set, name := range x.names {
		if set != x.inUse {
			b.WriteString(" " + name + " |")
			line += "---:|"
		}
	}
	b.WriteString("\n" + line + "\n")
	for _, o := range x.orders() {
		base, err := o.of(x.inUse)
		if err != nil {
			return err
		}
		pairs, _, _ := swaps(base, base)
		fmt.Fprintf(b, "| %s | %d |", o.name, pairs)
		for set := range x.names {
			if set == x.inUse {
				continue
			}
			other, err := o.of(set)
			if err != nil {
				return err
			}
			if _, n, far := swaps(base, other); n > 0 {
				fmt.Fprintf(b, " %d (%.2g) |", n, 100*far)
			} else {
				b.WriteString(" 0 |")
			}
		}
		b.WriteByte('\n')
	}
	return writeKinds(b, x)
}

// writeKinds names the mechanisms that change places on a class of registers.
func writeKinds(b *strings.Builder, x *sets) error {
	base, err := x.options(x.inUse)
	if err != nil {
		return err
	}
	b.WriteString("\nOn classes of registers these change places, the one that is smaller with the constants in use first:\n")
	for set, name := range x.names {
		if set == x.inUse {
			continue
		}
		other, err := x.options(set)
		if err != nil {
			return err
		}
		counts := map[string]int{}
		for g := range base {
			for i := range optionKinds {
				for j := range i {
					pair := [2][][]float64{{{base[g][j], base[g][i]}}, {{other[g][j], other[g][i]}}}
					if _, n, _ := swaps(pair[0], pair[1]); n == 0 {
						continue
					}
					first, second := optionKinds[j], optionKinds[i]
					if base[g][i] < base[g][j] {
						first, second = second, first
					}
					counts[first.String()+" and "+second.String()]++
				}
			}
		}
		var text []string
		for _, pair := range slices.Sorted(maps.Keys(counts)) {
			text = append(text, fmt.Sprintf("%s on %d", pair, counts[pair]))
		}
		if len(text) == 0 {
			text = []string{"none"}
		}
		fmt.Fprintf(b, "\n* %s, of %d classes: %s", name, len(base), strings.Join(text, ", "))
	}
	b.WriteString("\n")
	return nil
}
