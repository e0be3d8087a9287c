package main

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"upset/stats/figure"
	"upset/stats/result"
)

// leastShare is the left end of the axis.
const leastShare = 5e-5

// interval is one share in the figure.
type interval struct {
	share result.Interval
	color color.Color
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
			p.Add(figure.Intervals{Color: i.color, List: []figure.Interval{
				{At: at + 0.27 - 0.18*float64(j), Low: i.share.Low, Mid: i.share.Estimate, High: i.share.High, Bound: i.share.Bound()},
			}})
		}
	}
	grid := plotter.NewGrid()
	grid.Horizontal.Color = nil
	p.Add(grid)
	row(0, r.Classifier+" (class)", interval{share: r.Plain.Label, color: figure.Blue}, interval{share: r.Protected.Label, color: figure.Green})
	for k := range r.Tasks {
		t := &r.Tasks[k]
		row(k+1, t.Plain.Task,
			interval{share: t.Plain.Whole.Label, color: figure.Grey}, interval{share: t.Plain.Whole.Changed, color: figure.Blue},
			interval{share: t.Plain.Whole.Consequential, color: figure.Vermillion}, interval{share: t.Protected.Consequential, color: figure.Green})
	}
	p.Y.Tick.Marker = plot.ConstantTicks(ticks)
	for _, l := range []struct {
		text  string
		color color.Color
	}{{"label of the row", figure.Grey}, {"decision changed", figure.Blue}, {"consequential", figure.Vermillion}, {"consequential, protected", figure.Green}} {
		line := &plotter.Line{LineStyle: draw.LineStyle{Color: l.color, Width: vg.Points(2)}}
		p.Legend.Add(l.text, line)
	}
	p.Legend.Top, p.Legend.Left = true, false
	p.Legend.Padding = vg.Points(3)
	return figure.SVG(p, 510, 21*float64(n)+85)
}
