package main

import (
	"bytes"
	"fmt"
	"math"
	"strings"

	"upset/models/cycles"
	"upset/npu/isa"
	"upset/stats/result"
)

// page is all that the page says.
type page struct {
	readings    []reading
	totals      []total
	assessments []assessment
}

const intro = `# Ports of the shared buffer

This page is written by

    go run ./cmd/ports

The shared buffer is banks of 1 KiB, 64 rows of 128 bits. By default all accesses of a cycle are served in it. The system file may
bound the accesses to a bank (shared_ports: 1 for RAMs with one port, 0 for any number). Then a bank serves the units in this order: OFM
channel, memory-to-memory channel, output stage, MAC array (sums to store, sums to read, inputs), IFM channel. A unit whose bank is taken waits, and what
stands behind it waits too; several words of one bank take a cycle each. Which bank a lookup reads depends on the data, so that it
takes both banks of the tables: the time of an inference depends on no data. The order, the width of 16 bytes
and the rule for tables are our choice.

Where in the banks the bytes lie is not public. Three placements (shared_placement):

* *pixels*: neighbouring pixels in different banks, and a micro-block of sums in a row over as many banks as it is wide. The banks by
  which Vela 3.10 enlarges an accumulator buffer are just as many: two times 4 on the U55-128 for 16 sums of 32 bits, two times 10 on the U55-256
  for 32 sums of 40 bits.
* *words*: words of 16 bytes go round the banks of a buffer, shifted by one from row to row; sums as before.
* *bytes*: a bank holds 1,024 consecutive bytes.
`

func (p *page) text() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(intro)
	p.writeReadings(&b)
	p.writeTotals(&b)
	p.writeAssessments(&b)
	err := p.writeDefault(&b)
	return b.Bytes(), err
}

// heads are the names of the variants as columns.
func heads() string {
	var s []string
	for _, v := range variants {
		s = append(s, v.name)
	}
	return strings.Join(s, " | ")
}

// reading of variant k, as a ratio.
func (p *page) reading(k int) float64 {
	return distance(len(p.readings), func(i int) float64 { return float64(p.readings[i].ours[k]) / float64(p.readings[i].cycles) })
}

func (p *page) writeReadings(b *bytes.Buffer) {
	fmt.Fprintf(b, `
## Cycles and readings

Active cycles of streams whose counters are published, on U55-128, and ours ÷ reading. The memories are those of the system that
the reading names, as in [silicon.md](silicon.md). The last line is the mean distance from the readings as a factor.

| stream | read from | reading | %s |
|---|---|---:|%s
`, heads(), strings.Repeat("---:|", len(variants)))
	for i := range p.readings {
		b.WriteString(p.readings[i].row())
	}
	b.WriteString("| mean distance | | |")
	for k := range variants {
		fmt.Fprintf(b, " %.4f |", p.reading(k))
	}
	b.WriteString("\n")
}

// row is a line of the table of readings.
func (r *reading) row() string {
	line := fmt.Sprintf("| %s | %s | %d |", r.Reading.Name, r.Reading.ReadBy, r.cycles)
	for _, n := range r.ours {
		line += fmt.Sprintf(" %d = %.4f |", n, float64(n)/float64(r.cycles))
	}
	return line + "\n"
}

// row is a line of the table of estimates.
func (t *total) row() string {
	line := fmt.Sprintf("| %s | %s | %.0f |", t.network, strings.ToUpper(t.config.String()), t.vela)
	for _, n := range t.ours {
		line += fmt.Sprintf(" %d = %.2f |", n, float64(n)/t.vela)
	}
	return line + "\n"
}

// estimate is the mean distance of variant k from Vela's totals of networks that are long enough.
func (p *page) estimate(k int) float64 {
	var list []total
	for _, t := range p.totals {
		if t.vela >= cycles.MinNetworkCycles {
			list = append(list, t)
		}
	}
	return distance(len(list), func(i int) float64 { return float64(list[i].ours[k]) / list[i].vela })
}

func (p *page) writeTotals(b *bytes.Buffer) {
	fmt.Fprintf(b, `
## Cycles and Vela's estimates

Ours ÷ Vela 3.10's estimate, for its streams with the default system; MobileNetV2 is left out. The last line is the mean distance from the estimates of
at least %d cycles, as a factor.

| network | configuration | Vela | %s |
|---|---|---:|%s
`, cycles.MinNetworkCycles, heads(), strings.Repeat("---:|", len(variants)))
	for i := range p.totals {
		b.WriteString(p.totals[i].row())
	}
	b.WriteString("| mean distance | | |")
	for k := range variants {
		fmt.Fprintf(b, " %.3f |", p.estimate(k))
	}
	b.WriteString("\n")
}

func (p *page) writeAssessments(b *bytes.Buffer) {
	fmt.Fprintf(b, `
## AVF and verdict

upset assess with %d injections, seed %d, on %s with inputs from folders and the defaults otherwise. Shares are of all upsets in flops and RAM,
with intervals at 95 %%. The design is the cheapest protection that was found for the target %s, with its added area. Assessments of one network with equal cycles
draw the same upsets at the same moments; with other cycles they draw others, so that small differences between them are chance.

| network | accesses | cycles | violating | critical SDC | DUE | unprotected | design | area |
|---|---|---:|---:|---:|---:|---|---|---:|
`, p.assessments[0].results[0].Campaign.Injections, seed, isa.U55x128, p.assessments[0].results[0].Protect.Target)
	for _, a := range p.assessments {
		for i, r := range a.results {
			c := &r.Campaign
			fmt.Fprintf(b, "| %s | %s | %d | %s | %s | %s | %s | %s | %.2f %% |\n", a.name, variants[assessed[i]].name, c.Cycles,
				share(c.AVF.Violating), share(c.AVF.Critical), share(c.AVF.DUE), words(c.Verdict), words(r.Protect.Verdict), 100*r.Protect.AreaOverhead)
		}
	}
}

// words is a verdict as prose.
func words(verdict string) string { return strings.ReplaceAll(verdict, "_", " ") }

// share is a proportion in percent with its interval.
func share(i result.Interval) string {
	return fmt.Sprintf("%.3f %% [%.3f, %.3f]", 100*i.Estimate, 100*i.Low, 100*i.High)
}

// Bounds of the conclusion (our choice). Beyond them it has to be thought over again.
const (
	alike = 0.01 // cycles of two variants that readings a few percent away cannot tell apart
	far   = 0.25 // mean distance from the readings that rules a variant out
)

// writeDefault says which variant is nearest to the readings, and why the default is what it is.
func (p *page) writeDefault(b *bytes.Buffer) error {
	nearest := 0
	for k := range variants {
		if p.reading(k) < p.reading(nearest) {
			nearest = k
		}
	}
	most := 0.0
	for _, r := range p.readings {
		most = max(most, math.Abs(float64(r.ours[1])/float64(r.ours[0])-1))
	}
	if most > alike || p.reading(3) < 1+far {
		return fmt.Errorf("the reason for the default no longer holds: one access by pixels changes cycles by up to %.2f %%, the distance of the placement by bytes is %.0f %%: decide again, and write the new reason",
			100*most, 100*(p.reading(3)-1))
	}
	fmt.Fprintf(b, `
## The default

Nearest to the readings is *%s*. Between any number of accesses and one with the placement by pixels lie at most %.2f %% of the cycles of these streams, while their mean distances
from the readings are %.2f %% and %.2f %%, and those from Vela's estimates %.1f %% and %.1f %%: neither can tell the two apart. The placement by bytes is ruled out
(%.0f %%): the array could not do the four cycles per micro-block that Vela reckons with. Since everything but the tables is there twice, units hardly ever meet in a bank; what
costs time is one unit that needs several words of a bank.

The default is any number of accesses. It stands for a placement without such conflicts, comes as near as the best of the others, and rests on no
placement that nobody outside knows.

Not modelled: with the placement by pixels a box of few columns would fill some banks beyond their 64 rows, by up to a third. The counters of the cycles that a unit has
been served (a few bits for each of the seven) are not in the inventory of flops: an upset of one lets a unit go on some cycles earlier or later, and changes no value.
`, variants[nearest].name, 100*most, 100*(p.reading(0)-1), 100*(p.reading(1)-1), 100*(p.estimate(0)-1), 100*(p.estimate(1)-1), 100*(p.reading(3)-1))
	return nil
}
