package campaign

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"upset/faults"
	"upset/stats"
	"upset/stats/result"
)

// Contender is one campaign of a comparison.
type Contender struct {
	Name   string
	Stored *Stored
	Result *result.Campaign
}

// minPaired is the least share of common faults for which campaigns are compared
// in pairs (our choice).
const minPaired = 0.5

// Compare sets campaigns side by side, each against the first. Campaigns over the
// same sites and inputs are paired on their common faults (McNemar); others are
// compared as independent samples (Fisher, on the simple samples that
// know the shares as well). The P values of the blocks of a pair
// are adjusted together (Holm).
func Compare(list []Contender, confidence float64) (*result.Compare, error) {
	if len(list) < 2 {
		return nil, errors.New("compare: give at least two campaigns")
	}
	if !(confidence > 0 && confidence < 1) {
		return nil, fmt.Errorf("compare: confidence %v must lie between 0 and 1", confidence)
	}
	out := &result.Compare{Confidence: confidence}
	for _, c := range list {
		out.Campaigns = append(out.Campaigns, result.CompareCampaign{
			Name: c.Name, NPU: c.Result.NPU, Model: c.Result.Model, ResultDigest: c.Result.ResultDigest,
			Injections: c.Result.Injections, AVF: c.Result.AVF, FITViolating: c.Result.FIT.Violating,
			BudgetFIT: c.Result.Assumptions.BudgetFIT, Verdict: c.Result.Verdict,
		})
		if !c.Stored.Complete {
			out.Warnings = append(out.Warnings, result.Warning{
				Code: warnProvisional, Subject: c.Name, Message: "the campaign is not complete; resume it with upset campaign resume",
			})
		}
	}
	for b := 1; b < len(list); b++ {
		p, err := comparePair(&list[0], &list[b], 1-confidence)
		if err != nil {
			return nil, fmt.Errorf("compare %s with %s: %w", list[0].Name, list[b].Name, err)
		}
		p.B = b
		if p.Paired == 0 {
			out.Warnings = append(out.Warnings, result.Warning{
				Code: "unpaired", Subject: list[b].Name,
				Message: "it has too few faults in common with the first campaign and is compared as an independent sample; use the same seed, sites and inputs to pair them",
			})
		}
		out.Pairs = append(out.Pairs, p)
	}
	return out, nil
}

// fault names an injection across campaigns.
type fault struct {
	site  faults.Site
	input uint32
}

// violating says of each fault of a campaign whether it violates, and its block.
func (c *Contender) violating() map[fault]verdictOf {
	s := c.Stored
	out := make(map[fault]verdictOf, len(s.Records))
	w := walker{rounds: s.Rounds}
	for j, i := range s.Index {
		stratum, _ := w.at(i) // the result of the campaign was made: every record has one
		r := s.Records[j]
		cell := s.Frame.draw(s.Spec.Seed, i, stratum).cell
		n := one(r.Outcome).Violating(stats.ViolationAny, !s.Spec.NoWatchdog, s.Spec.AssumeReload)
		out[fault{r.Site, r.Input}] = verdictOf{s.Frame.Groups[s.Frame.Cells[cell].Group].Block, n > 0}
	}
	return out
}

// verdictOf is what became of one fault.
type verdictOf struct {
	block     string
	violating bool
}

// discordant counts the common faults and those that violate in one campaign only.
type discordant struct{ common, onlyA, onlyB int }

// comparePair compares one campaign with the base.
func comparePair(a, b *Contender, alpha float64) (result.ComparePair, error) {
	blocks, total := pairUp(a, b)
	p := result.ComparePair{Paired: total.common}
	var err error
	if p.Total, err = compareBlock("all", a.Result.AVF.Violating, b.Result.AVF.Violating, total, a.Result.Confidence); err != nil {
		return p, err
	}
	p.Total.PHolm = p.Total.P
	p.Total.Sign = sign(&p.Total, alpha)
	var values []float64
	for _, x := range a.Result.Blocks {
		k := slices.IndexFunc(b.Result.Blocks, func(y result.BlockAVF) bool { return y.Block == x.Block })
		if k < 0 {
			continue
		}
		d := discordant{}
		if total.common > 0 {
			d = blocks[x.Block]
			if d.common == 0 {
				continue
			}
		}
		c, err := compareBlock(x.Block, x.AVFViolating, b.Result.Blocks[k].AVFViolating, d, a.Result.Confidence)
		if err != nil {
			return p, err
		}
		p.Blocks = append(p.Blocks, c)
		values = append(values, c.P)
	}
	for i, v := range stats.Holm(values) {
		p.Blocks[i].PHolm = v
		p.Blocks[i].Sign = sign(&p.Blocks[i], alpha)
	}
	return p, nil
}

// sameFlops reports frames with the same flops. Flops are numbered before RAM, so
// their numbers mean the same under any RAM code.
func sameFlops(a, b *Frame) bool {
	count := func(f *Frame) map[string]uint64 {
		n := make(map[string]uint64)
		for _, g := range f.Groups {
			if !g.SRAM {
				n[g.Block+" "+g.Class] += g.Bits
			}
		}
		return n
	}
	return maps.Equal(count(a), count(b))
}

// pairUp finds the common faults of two campaigns, by block. Faults of different
// flops or inputs have nothing in common.
func pairUp(a, b *Contender) (map[string]discordant, discordant) {
	x, y := a.Stored.Spec, b.Stored.Spec
	if x.NPU != y.NPU || x.Inputs != y.Inputs || x.Table != y.Table && !sameFlops(a.Stored.Frame, b.Stored.Frame) {
		return nil, discordant{}
	}
	in := b.violating()
	blocks := make(map[string]discordant)
	var total discordant
	for f, va := range a.violating() {
		vb, ok := in[f]
		if !ok {
			continue
		}
		d := blocks[va.block]
		d.common++
		total.common++
		switch {
		case va.violating && !vb.violating:
			d.onlyA++
			total.onlyA++
		case vb.violating && !va.violating:
			d.onlyB++
			total.onlyB++
		}
		blocks[va.block] = d
	}
	if float64(total.common) < minPaired*float64(min(len(a.Stored.Records), len(b.Stored.Records))) {
		return nil, discordant{}
	}
	return blocks, total
}

// compareBlock tests one difference.
func compareBlock(name string, a, b result.Interval, d discordant, confidence float64) (result.CompareBlock, error) {
	c := result.CompareBlock{Block: name, A: a, B: b, OnlyA: d.onlyA, OnlyB: d.onlyB}
	var err error
	if d.common > 0 {
		c.P, err = stats.McNemar(d.onlyA, d.onlyB)
		return c, err
	}
	fa, na := effective(a, confidence)
	fb, nb := effective(b, confidence)
	c.P, err = stats.Fisher(fa, na, fb, nb)
	return c, err
}

// effective turns a weighted proportion into the counts of the simple sample that knows
// it as well: the one whose standard error is that of the interval, or whose upper limit is
// the interval's where nothing was seen. A stratified or adaptive sample of the same size knows
// more, or less.
func effective(i result.Interval, confidence float64) (failures, n int) {
	tail := (1 - confidence) / 2
	size := float64(i.N)
	switch p := i.Estimate; {
	case p > 0 && p < 1 && i.High > i.Low:
		se := (i.High - i.Low) / 2 / distuv.UnitNormal.Quantile(1-tail)
		size = p * (1 - p) / (se * se)
	case p == 0 && i.High > 0 && i.High < 1:
		size = math.Log(tail) / math.Log1p(-i.High)
	}
	n = int(math.Round(min(size, maxEffective)))
	return min(n, int(math.Round(i.Estimate*float64(n)))), n
}

// maxEffective bounds the size of a sample of RAM whose faults a code corrects (our
// choice: no campaign is larger).
const maxEffective = 1e9

// sign shows which campaign violates more, or "~" where no difference is shown.
func sign(c *result.CompareBlock, alpha float64) string {
	up := c.B.Estimate > c.A.Estimate
	if c.OnlyA != c.OnlyB {
		up = c.OnlyB > c.OnlyA
	}
	switch {
	case c.PHolm > alpha:
		return "~"
	case up:
		return "+"
	}
	return "-"
}
