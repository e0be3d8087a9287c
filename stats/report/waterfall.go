package report

import (
	"cmp"
	"html/template"
	"image/color"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"upset/stats/figure"
	"upset/stats/result"
)

// mostSteps is the number of steps that a waterfall shows one by one (our choice);
// the smallest of more are one step together.
const mostSteps = 14

// step is a bar of a waterfall: what a mechanism takes from the residual.
type step struct {
	name      string
	mechanism string // empty for the bars at both ends
	from, to  float64
}

// waterfall leads from the residual of the unprotected machine to that of the protected
// one, the largest step first: rates in FIT, as the search estimates them. It is empty
// where the steps do not add up, as with the worst case of several networks.
func waterfall(p result.Protect) []step {
	at := p.Unprotected.FITViolating.Estimate
	if len(p.Choice) == 0 || len(p.Networks) > 1 || !(at > 0) {
		return nil
	}
	out := []step{{name: "unprotected", from: 0, to: at}}
	gain := func(c result.Choice) float64 { return c.FITBefore.Estimate - c.FITAfter.Estimate }
	choices := slices.Clone(p.Choice)
	slices.SortStableFunc(choices, func(a, b result.Choice) int { return cmp.Compare(gain(b), gain(a)) })
	var others float64
	for i, c := range choices {
		if i >= mostSteps-1 && len(choices) > mostSteps {
			others += gain(c)
			continue
		}
		out = append(out, step{strings.TrimSpace(c.Block + " " + c.Group), c.Mechanism, at - gain(c), at})
		at -= gain(c)
	}
	if len(choices) > mostSteps {
		out = append(out, step{"others", "several", at - others, at})
		at -= others
	}
	// Rounding may leave a little less than nothing; more than that does not add up.
	if at < -1e-9*out[0].to {
		return nil
	}
	return append(out, step{name: "expected", from: 0, to: math.Max(at, 0)})
}

// waterfallPlot draws the steps as bars, the unprotected machine on top, with the
// proven residual and its interval last.
func waterfallPlot(r result.Protect) (template.HTML, error) {
	steps := waterfall(r)
	if steps == nil {
		return "", nil
	}
	colours := map[string]color.Color{"": figure.Grey}
	var keys []key
	var list bars
	for _, s := range steps {
		if colours[s.mechanism] == nil {
			// Green and vermillion are the budget and the proof, grey both ends.
			hues := []color.RGBA{figure.Blue, figure.Orange, figure.Purple, figure.Sky}
			c := hues[(len(colours)-1)%len(hues)]
			if s.mechanism == "several" {
				c = figure.Pale
			}
			colours[s.mechanism] = c
			keys = append(keys, key{c, s.mechanism})
		}
		list = append(list, bar{s.from, s.to, colours[s.mechanism]})
	}
	names := make([]string, 0, len(steps)+1)
	for _, s := range steps {
		names = append(names, s.name)
	}
	p := plot.New()
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = figure.Pale, figure.Pale
	p.Add(grid, list)
	p.X.Max = math.Max(steps[0].to, r.BudgetFIT) * 1.05
	if n := len(r.Proof.Attempts); n > 0 {
		l := r.FITViolating
		names = append(names, "proved")
		p.Add(figure.Intervals{Color: figure.Vermillion, List: []figure.Interval{{At: -float64(len(steps)), Low: l.Lower, Mid: l.Estimate, High: l.Upper, Bound: l.Estimate == 0}}})
		p.X.Max = math.Max(p.X.Max, l.Upper*1.05)
		keys = append(keys, key{figure.Vermillion, "proved, with its interval"})
	}
	p.X.Min = 0
	p.Y.Min, p.Y.Max = 0.5-float64(len(names)), 0.5
	p.Y.Tick.Marker, p.Y.Tick.Width, p.Y.Tick.Length, p.Y.Width = rows(names), 0, 0, 0
	p.X.Label.Text = "residual (FIT)"
	if r.BudgetFIT <= p.X.Max {
		p.Add(upright{r.BudgetFIT, figure.Green})
		keys = append(keys, key{figure.Green, "budget"})
	}
	return inline(p, 620, float64(70+22*len(names)), "What each mechanism takes from the residual, estimates of the search campaign.", keys...)
}

// bars are horizontal bars, one to a row: the first at 0, the next at -1.
type (
	bars []bar
	bar  struct {
		from, to float64
		colour   color.Color
	}
)

// Plot draws the bars.
func (b bars) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for i, s := range b {
		low, high := y(-float64(i)-0.34), y(-float64(i)+0.34)
		c.FillPolygon(s.colour, []vg.Point{{X: x(s.from), Y: low}, {X: x(s.to), Y: low}, {X: x(s.to), Y: high}, {X: x(s.from), Y: high}})
		if i+1 < len(b) {
			// What is left goes on in the next row.
			left := s.from
			if i == 0 {
				left = s.to
			}
			c.StrokeLine2(draw.LineStyle{Color: figure.Grey, Width: vg.Points(0.6)}, x(left), low, x(left), y(-float64(i+1)+0.34))
		}
	}
}

// rows names the rows of bars.
type rows []string

// Ticks puts each name at its row.
func (r rows) Ticks(_, _ float64) []plot.Tick {
	ticks := make([]plot.Tick, len(r))
	for i, name := range r {
		ticks[i] = plot.Tick{Value: -float64(i), Label: name + gap}
	}
	return ticks
}

// upright is a dashed line across all rows.
type upright struct {
	at     float64
	colour color.Color
}

// Plot draws the line.
func (u upright) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	style := draw.LineStyle{Color: u.colour, Width: vg.Points(1.4), Dashes: []vg.Length{vg.Points(5), vg.Points(3)}}
	c.StrokeLine2(style, x(u.at), c.Min.Y, x(u.at), c.Max.Y)
}
