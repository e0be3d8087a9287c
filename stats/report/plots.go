package report

import (
	"fmt"
	"html/template"
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"upset/stats/figure"
	"upset/stats/result"
)

// leastDrawn is the smallest value of a logarithmic axis (our choice: smaller
// limits need more than a million injections and would squeeze the rest).
const leastDrawn = 1e-6

// gap stands between a name and its axis: the page's font may be wider than the one
// that was measured.
const gap = "\u00a0\u00a0\u00a0"

// avfPlot draws violating and critical vulnerability per block on a
// logarithmic axis, the first block on top.
func avfPlot(blocks []result.BlockAVF) (template.HTML, error) {
	if len(blocks) == 0 {
		return "", nil
	}
	p := plot.New()
	violating, critical := figure.Intervals{Color: figure.Blue}, figure.Intervals{Color: figure.Vermillion}
	least := 1.0
	names := make([]string, len(blocks))
	for i, b := range blocks {
		row := len(blocks) - 1 - i
		names[row] = b.Block + gap
		for _, s := range []struct {
			m      *figure.Intervals
			i      result.Interval
			offset float64
		}{{&violating, b.AVFViolating, 0.14}, {&critical, b.AVFCritical, -0.14}} {
			if s.i.N == 0 && s.i.High >= 1 {
				continue
			}
			s.m.List = append(s.m.List, figure.Interval{At: float64(row) + s.offset, Low: s.i.Low, Mid: s.i.Estimate, High: s.i.High, Bound: s.i.Estimate == 0})
			for _, v := range []float64{s.i.Low, s.i.High} {
				if v > 0 {
					least = math.Min(least, v)
				}
			}
		}
	}
	p.X.Min, p.X.Max = decadeBelow(least), 1
	p.Y.Min, p.Y.Max = -0.5, float64(len(blocks))-0.5
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, percentTicks{}
	p.X.Label.Text = "AVF (share of flipped bits)"
	grid := plotter.NewGrid()
	grid.Horizontal.Color = figure.Pale
	grid.Vertical.Color = grid.Horizontal.Color
	p.Add(grid, violating, critical)
	p.NominalY(names...)
	p.Y.Min, p.Y.Max = -0.5, float64(len(blocks))-0.5
	return inline(p, 620, float64(70+26*len(blocks)), "Dots: estimates with their intervals. Open triangles: upper bounds, no failure was seen.",
		key{figure.Blue, "violating"}, key{figure.Vermillion, "critical SDC"})
}

// decadeBelow is the power of ten at or below x, not under leastDrawn.
func decadeBelow(x float64) float64 {
	return math.Max(leastDrawn, math.Min(0.1, math.Pow(10, math.Floor(math.Log10(x)+1e-9))))
}

// percentTicks labels decades in per cent.
type percentTicks struct{}

// Ticks marks the decades and, without labels, their multiples.
func (percentTicks) Ticks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for decade := math.Pow(10, math.Round(math.Log10(low))); decade <= high*1.0001; decade *= 10 {
		ticks = append(ticks, plot.Tick{Value: decade, Label: percent(decade, nearest)})
		for k := 2.0; k < 10 && k*decade <= high; k++ {
			ticks = append(ticks, plot.Tick{Value: k * decade})
		}
	}
	return ticks
}

// paretoPlot draws residual upper limits over added area, with the budget, the
// chosen design and the reference designs.
func paretoPlot(r result.Protect) (template.HTML, error) {
	if len(r.Pareto) == 0 {
		return "", nil
	}
	p := plot.New()
	least, most := math.Inf(1), 0.0
	see := func(area, fit float64) plotter.XY {
		if fit > 0 {
			least, most = math.Min(least, fit), math.Max(most, fit)
		}
		return plotter.XY{X: 100 * area, Y: math.Max(fit, leastDrawn)}
	}
	var front, references plotter.XYs
	for _, point := range r.Pareto {
		front = append(front, see(point.AreaOverhead, point.FITViolating.Upper))
	}
	var names []string
	for _, a := range alternatives(r) {
		if a.FITViolating.Upper > 0 {
			references = append(references, see(a.AreaOverhead, a.FITViolating.Upper))
			names = append(names, a.name)
		}
	}
	see(0, r.BudgetFIT)
	chosen := plotter.XYs{see(r.AreaOverhead, r.FITViolating.Upper)}
	// The vertical axis is named above the plot: beside a logarithmic axis,
	// package plot reserves room for its name at the wrong height.
	p.X.Label.Text, p.Title.Text = "added logic area (%)", "upper limit of the residual (FIT)"
	if !(most > 0) {
		return "", nil
	}
	p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, fitTicks{}
	p.Add(plotter.NewGrid())
	line, err := plotter.NewLine(front)
	if err != nil {
		return "", fmt.Errorf("plot the front: %w", err)
	}
	line.StepStyle, line.Color, line.Width = plotter.PostStep, figure.Blue, vg.Points(1.4)
	disc := func(c color.Color, radius float64) draw.GlyphStyle {
		return draw.GlyphStyle{Color: c, Radius: vg.Points(radius), Shape: draw.CircleGlyph{}}
	}
	square := draw.GlyphStyle{Color: figure.Grey, Radius: vg.Points(4), Shape: draw.BoxGlyph{}}
	p.Add(
		line, points{references, names, square}, points{front, nil, disc(figure.Blue, 2.5)},
		points{chosen, []string{"chosen"}, disc(figure.Vermillion, 4.5)},
	)
	p.X.Max = 0
	for _, list := range []plotter.XYs{front, references, chosen} {
		for _, xy := range list {
			p.X.Max = math.Max(p.X.Max, xy.X)
		}
	}
	budget := plotter.NewFunction(func(float64) float64 { return r.BudgetFIT })
	budget.Color, budget.Width, budget.Dashes = figure.Green, vg.Points(1.4), []vg.Length{vg.Points(5), vg.Points(3)}
	p.Add(budget)
	p.X.Min, p.X.Max = 0, math.Max(p.X.Max*1.2, 1)
	p.Y.Min, p.Y.Max = math.Max(least/2, leastDrawn), most*2
	return inline(p, 620, 360, "A design keeps its budget at or below the dashed line; SPFM is in the table.",
		key{figure.Blue, "Pareto front"}, key{figure.Vermillion, "chosen"}, key{figure.Grey, "reference designs"}, key{figure.Green, "budget"})
}

// points draws filled signs with a name beside each. It claims no room beyond
// the axes, unlike the labels of package plotter, which shrink the plot.
type points struct {
	xys   plotter.XYs
	names []string
	style draw.GlyphStyle
}

// Plot draws the signs and names.
func (s points) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	text := p.X.Tick.Label
	text.XAlign, text.YAlign = draw.XLeft, draw.YBottom
	var named []vg.Point
	for i, xy := range s.xys {
		at := vg.Point{X: x(xy.X), Y: y(math.Max(xy.Y, p.Y.Min))}
		c.DrawGlyph(s.style, at)
		if i >= len(s.names) {
			continue
		}
		pos, style := vg.Point{X: at.X + vg.Points(7), Y: at.Y + vg.Points(3)}, text
		if crowded(named, at) {
			pos.Y, style.YAlign = at.Y-vg.Points(3), draw.YTop
		}
		named = append(named, at)
		c.FillText(style, pos, s.names[i])
	}
}

// crowded reports whether a sign stands so close to a named one that their names
// would overlap.
func crowded(named []vg.Point, at vg.Point) bool {
	for _, n := range named {
		if math.Abs(float64(n.X-at.X)) < 70 && math.Abs(float64(n.Y-at.Y)) < 14 {
			return true
		}
	}
	return false
}

// fitTicks labels decades as plain numbers.
type fitTicks struct{}

// Ticks marks decades, and their doubles and fives where few decades show.
func (fitTicks) Ticks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	labelAll := high/low < 100
	for decade := math.Pow(10, math.Floor(math.Log10(low))); decade <= high; decade *= 10 {
		for k := 1.0; k < 10; k++ {
			if v := k * decade; v >= low*0.999 && v <= high {
				tick := plot.Tick{Value: v}
				if k == 1 || labelAll && (k == 2 || k == 5) {
					tick.Label = significant(v, nearest)
				}
				ticks = append(ticks, tick)
			}
		}
	}
	return ticks
}

// key is one entry of the legend, which stands below a figure as text so that
// it can never cover a point.
type key struct {
	color color.RGBA
	name  string
}

// inline draws a plot as an element that can stand in a page, with a legend.
func inline(p *plot.Plot, width, height float64, caption string, keys ...key) (template.HTML, error) {
	svg, err := figure.SVG(p, width, height)
	if err != nil {
		return "", err
	}
	text := string(svg)
	start := strings.Index(text, "<svg")
	if start < 0 {
		return "", fmt.Errorf("draw a figure: the writer gave no svg element")
	}
	var out strings.Builder
	// Names inside were escaped by the writer.
	out.WriteString("<figure>" + text[start:] + "<figcaption>")
	for _, k := range keys {
		fmt.Fprintf(&out, `<span><b style="color:#%02x%02x%02x">■</b> %s</span> `, k.color.R, k.color.G, k.color.B, template.HTMLEscapeString(k.name))
	}
	out.WriteString(template.HTMLEscapeString(caption) + "</figcaption></figure>")
	return template.HTML(out.String()), nil
}
