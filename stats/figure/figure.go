// Package figure holds what the figures of reports and documents share: the palette,
// intervals with one-sided bounds, and SVG output.
package figure

import (
	"bytes"
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Colours of the figures: the palette of Okabe and Ito, which colour-blind readers can
// tell apart.
var (
	Blue       = color.RGBA{R: 0, G: 114, B: 178, A: 255}
	Vermillion = color.RGBA{R: 213, G: 94, B: 0, A: 255}
	Green      = color.RGBA{R: 0, G: 158, B: 115, A: 255}
	Purple     = color.RGBA{R: 204, G: 121, B: 167, A: 255}
	Orange     = color.RGBA{R: 230, G: 159, B: 0, A: 255}
	Sky        = color.RGBA{R: 86, G: 180, B: 233, A: 255}
	Grey       = color.RGBA{R: 120, G: 120, B: 120, A: 255}
	Pale       = color.RGBA{R: 230, G: 230, B: 230, A: 255} // of grids
)

// Palette is the order in which the colours are given to series.
var Palette = []color.RGBA{Blue, Vermillion, Green, Purple, Orange, Sky, Grey}

// Interval is one estimate with its limits. A bound has no estimate: only its upper
// end is known.
type Interval struct {
	At             float64 // place on the other axis
	Low, Mid, High float64
	Bound          bool
}

// Intervals draws intervals along one axis, a disc at each estimate; a bound is an
// open triangle at its upper end with no disc.
type Intervals struct {
	List  []Interval
	Color color.Color
	// Upright draws them along the Y axis.
	Upright bool
	// Joined connects the estimates.
	Joined bool
}

// Plot draws the intervals.
func (m Intervals) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	line := draw.LineStyle{Color: m.Color, Width: vg.Points(1.6)}
	least, most := p.X.Min, p.X.Max
	if m.Upright {
		least, most = p.Y.Min, p.Y.Max
	}
	at := func(place, value float64) vg.Point {
		value = math.Min(math.Max(value, least), most)
		if m.Upright {
			return vg.Point{X: x(place), Y: y(value)}
		}
		return vg.Point{X: x(value), Y: y(place)}
	}
	across := vg.Point{Y: vg.Points(3)}
	if m.Upright {
		across = vg.Point{X: vg.Points(3)}
	}
	var path []vg.Point
	for _, k := range m.List {
		if k.High <= 0 { // proven zero: it has no place on a logarithmic axis
			continue
		}
		low, high := at(k.At, k.Low), at(k.At, k.High)
		if k.Bound {
			faint := line
			faint.Dashes = []vg.Length{vg.Points(2), vg.Points(2)}
			c.StrokeLine2(faint, low.X, low.Y, high.X, high.Y)
			c.DrawGlyph(draw.GlyphStyle{Color: m.Color, Radius: vg.Points(3.2), Shape: bound{m.Upright}}, high)
			continue
		}
		c.StrokeLine2(line, low.X, low.Y, high.X, high.Y)
		for _, end := range []vg.Point{low, high} {
			a, b := end.Sub(across), end.Add(across)
			c.StrokeLine2(line, a.X, a.Y, b.X, b.Y)
		}
		mid := at(k.At, k.Mid)
		c.DrawGlyph(draw.GlyphStyle{Color: m.Color, Radius: vg.Points(3), Shape: draw.CircleGlyph{}}, mid)
		path = append(path, mid)
	}
	if m.Joined && len(path) > 1 {
		c.StrokeLines(draw.LineStyle{Color: m.Color, Width: vg.Points(0.8)}, path)
	}
}

// bound is an open triangle that points away from its flat side: at most here.
type bound struct{ upright bool }

// DrawGlyph draws the triangle with its flat side on the limit.
func (g bound) DrawGlyph(c *draw.Canvas, style draw.GlyphStyle, at vg.Point) {
	r := style.Radius
	a, tip := vg.Point{Y: r}, vg.Point{X: -1.6 * r}
	if g.upright {
		a, tip = vg.Point{X: r}, vg.Point{Y: -1.6 * r}
	}
	c.StrokeLines(draw.LineStyle{Color: style.Color, Width: vg.Points(1.4)},
		[]vg.Point{at.Add(a), at.Add(tip), at.Sub(a), at.Add(a)})
}

// SVG draws a plot of a size in points. The canvas has room on the right for the half
// of the last label beyond the axis, and a little on the left for long names.
func SVG(p *plot.Plot, width, height float64) ([]byte, error) {
	canvas := vgsvg.New(vg.Points(width), vg.Points(height))
	p.Draw(draw.Crop(draw.New(canvas), vg.Points(8), -vg.Points(24), 0, 0))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("draw a figure: %w", err)
	}
	return b.Bytes(), nil
}
