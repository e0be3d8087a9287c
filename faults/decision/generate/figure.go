package main

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"upset/stats/figure"
)

// Ends of the axis of shares (our choice).
const (
	leastShare = 5e-5
	mostShare  = 0.9
)

// chart is a figure of shares with one row for each of its names, from the top.
type chart struct {
	*plot.Plot
	rows  int
	ticks []plot.Tick
	err   error
	*answer
}

func newChart(a *answer, rows int) *chart {
	p := plot.New()
	p.X.Label.Text = "share of the faults"
	p.X.Scale = plot.LogScale{}
	p.X.Tick.Marker = plot.ConstantTicks{{Value: 1e-4, Label: "0.01 %"}, {Value: 1e-3, Label: "0.1 %"}, {Value: 1e-2, Label: "1 %"}, {Value: 0.1, Label: "10 %"}}
	p.X.Min, p.X.Max = leastShare, mostShare
	p.Y.Min, p.Y.Max = -0.7, float64(rows)-0.3
	grid := plotter.NewGrid()
	grid.Horizontal.Color = nil
	p.Add(grid)
	return &chart{Plot: p, rows: rows, answer: a}
}

// row names the next row and returns its place.
func (c *chart) row(name string) float64 {
	at := float64(c.rows - 1 - len(c.ticks))
	c.ticks = append(c.ticks, plot.Tick{Value: at, Label: name})
	return at
}

// interval draws the share of a list of faults.
func (c *chart) interval(at float64, list numbers, ink color.Color) {
	i, err := c.share(len(list), c.Faults)
	if err != nil {
		c.err = err
	}
	c.Add(figure.Intervals{Color: ink, List: []figure.Interval{{At: at, Low: i.Low, Mid: i.Estimate, High: i.High, Bound: i.Bound()}}})
}

// ink is a line of the legend.
type ink struct {
	text  string
	color color.Color
}

// svg draws the figure with its legend.
func (c *chart) svg(height float64, legend ...ink) ([]byte, error) {
	if c.err != nil {
		return nil, c.err
	}
	c.Y.Tick.Marker = plot.ConstantTicks(c.ticks)
	for _, l := range legend {
		c.Legend.Add(l.text, &plotter.Line{LineStyle: draw.LineStyle{Color: l.color, Width: vg.Points(2)}})
	}
	c.Legend.Top, c.Legend.Left = true, false
	c.Legend.Padding = vg.Points(3)
	return figure.SVG(c.Plot, 510, height*float64(c.rows)+85)
}

// drawShares draws the shares of all tasks under one another.
func drawShares(a *answer) ([]byte, error) {
	c := newChart(a, len(a.findings)+1)
	row := func(name string, list ...ink) func(...numbers) {
		at := c.row(name)
		return func(shares ...numbers) {
			for j, n := range shares {
				c.interval(at+0.27-0.18*float64(j), n, list[j].color)
			}
		}
	}
	legend := []ink{{"label of the row", figure.Grey}, {"decision changed", figure.Blue}, {"consequential", figure.Vermillion}, {"consequential, protected", figure.Green}}
	row(a.Classifier+" (class)", legend[1], legend[3])(a.Plain.Label, a.Protected.Label)
	for _, f := range a.findings {
		row(f.Task, legend...)(f.Plain.Label, f.Plain.Changed, f.Plain.Consequential, f.Protected.Consequential)
	}
	return c.svg(21, legend...)
}

// drawAnswer draws one interval for each task: what the classifier's protection leaves.
func drawAnswer(a *answer) ([]byte, error) {
	c := newChart(a, len(a.findings)+1)
	limit, err := plotter.NewLine(plotter.XYs{{X: a.allowed, Y: c.Y.Min}, {X: a.allowed, Y: c.Y.Max}})
	if err != nil {
		return nil, err
	}
	limit.Color, limit.Dashes = figure.Grey, []vg.Length{vg.Points(3), vg.Points(3)}
	c.Add(limit)
	c.interval(c.row(a.Classifier+" (class)"), a.Protected.Label, figure.Blue)
	colors := map[string]color.Color{isEnough: figure.Green, isShort: figure.Vermillion, notShown: figure.Orange}
	for _, g := range a.families {
		for _, f := range g.tasks {
			c.interval(c.row(g.name+": "+f.Task), f.Protected.Consequential, colors[g.verdict(a.Confidence)])
		}
	}
	return c.svg(15, ink{"classifier", figure.Blue}, ink{"family: " + isEnough, figure.Green}, ink{"family: " + notShown, figure.Orange}, ink{"family: " + isShort, figure.Vermillion})
}
