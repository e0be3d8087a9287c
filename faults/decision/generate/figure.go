package main

import (
	"bytes"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"upset/stats/result"
)

// Colours after Okabe and Ito, which colour-blind readers can tell apart.
var (
	blue       = color.RGBA{R: 0, G: 114, B: 178, A: 255}
	vermillion = color.RGBA{R: 213, G: 94, B: 0, A: 255}
	green      = color.RGBA{R: 0, G: 158, B: 115, A: 255}
	grey       = color.RGBA{R: 120, G: 120, B: 120, A: 255}
)

// leastShare is the left end of the axis.
const leastShare = 5e-5

// interval is one share in the figure. What was never seen is an open triangle at
// its upper limit.
type interval struct {
	at    float64
	share result.Interval
	color color.Color
}

// Plot draws the interval.
func (i interval) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	left, right, at := x(math.Max(i.share.Low, p.X.Min)), x(math.Max(i.share.High, p.X.Min)), y(i.at)
	style := draw.LineStyle{Color: i.color, Width: vg.Points(1.4)}
	glyph := draw.GlyphStyle{Color: i.color, Radius: vg.Points(2.6), Shape: draw.CircleGlyph{}}
	mid := x(math.Max(i.share.Estimate, p.X.Min))
	if i.share.Bound() {
		style.Dashes = []vg.Length{vg.Points(2), vg.Points(2)}
		glyph.Shape, mid = draw.TriangleGlyph{}, right
	}
	c.StrokeLine2(style, left, at, right, at)
	c.DrawGlyph(glyph, vg.Point{X: mid, Y: at})
}

// drawShares draws the shares of all tasks under one another.
func drawShares(r *results) ([]byte, error) {
	p := plot.New()
	p.X.Label.Text = "share of the faults"
	p.X.Scale = plot.LogScale{}
	p.X.Tick.Marker = plot.ConstantTicks{{Value: 1e-4, Label: "0.01 %"}, {Value: 1e-3, Label: "0.1 %"}, {Value: 1e-2, Label: "1 %"}, {Value: 0.1, Label: "10 %"}}
	p.X.Min, p.X.Max = leastShare, 0.9
	n := len(r.Tasks) + 1
	p.Y.Min, p.Y.Max = -0.7, float64(n)-0.3
	var ticks []plot.Tick
	row := func(k int, name string, list ...interval) {
		at := float64(n - 1 - k)
		ticks = append(ticks, plot.Tick{Value: at, Label: name})
		for j, i := range list {
			i.at = at + 0.27 - 0.18*float64(j)
			p.Add(i)
		}
	}
	grid := plotter.NewGrid()
	grid.Horizontal.Color = nil
	p.Add(grid)
	row(0, r.Classifier+" (class)", interval{share: r.Plain.Label, color: blue}, interval{share: r.Protected.Label, color: green})
	for k := range r.Tasks {
		t := &r.Tasks[k]
		row(k+1, t.Plain.Task,
			interval{share: t.Plain.Whole.Label, color: grey}, interval{share: t.Plain.Whole.Changed, color: blue},
			interval{share: t.Plain.Whole.Consequential, color: vermillion}, interval{share: t.Protected.Consequential, color: green})
	}
	p.Y.Tick.Marker = plot.ConstantTicks(ticks)
	for _, l := range []struct {
		text  string
		color color.Color
	}{{"label of the row", grey}, {"decision changed", blue}, {"consequential", vermillion}, {"consequential, protected", green}} {
		line := &plotter.Line{LineStyle: draw.LineStyle{Color: l.color, Width: vg.Points(2)}}
		p.Legend.Add(l.text, line)
	}
	p.Legend.Top, p.Legend.Left = true, false
	p.Legend.Padding = vg.Points(3)
	canvas := vgsvg.New(18*vg.Centimeter, vg.Length(n)*0.75*vg.Centimeter+3*vg.Centimeter)
	p.Draw(draw.New(canvas))
	var b bytes.Buffer
	_, err := canvas.WriteTo(&b)
	return b.Bytes(), err
}
