package main

import (
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"upset/stats"
	"upset/stats/figure"
	"upset/stats/result"
)

// writeFigures draws the figures of the page beside the results.
func writeFigures(s *study) error {
	for _, f := range []struct {
		name          string
		draw          func(*study) *plot.Plot
		width, height float64
	}{
		{"spfm", drawSPFM, 640, 300},
		{"growth", drawGrowth, 560, 320},
		{"blocks", drawBlocks, 600, 420},
		{"area", drawArea, 640, 330},
	} {
		svg, err := figure.SVG(f.draw(s), f.width, f.height)
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		if err := os.WriteFile(filepath.Join(filepath.Dir(resultsFile), f.name+".svg"), svg, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// blank is a plot with a pale grid.
func blank(x, y string) *plot.Plot {
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = x, y
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = figure.Pale, figure.Pale
	p.Add(grid)
	p.Legend.Padding = vg.Points(2)
	return p
}

// entry names a colour in the legend.
func entry(p *plot.Plot, name string, c color.Color) {
	p.Legend.Add(name, &plotter.Line{LineStyle: draw.LineStyle{Color: c, Width: vg.Points(3)}})
}

// level is a dashed line across the plot with a name at its end.
type level struct {
	at      float64
	name    string
	upright bool
}

// Plot draws the line.
func (l level) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	style := draw.LineStyle{Color: figure.Grey, Width: vg.Points(1), Dashes: []vg.Length{vg.Points(5), vg.Points(3)}}
	text := p.X.Tick.Label
	text.Color = figure.Grey
	if l.upright {
		c.StrokeLine2(style, x(l.at), c.Min.Y, x(l.at), c.Max.Y)
		text.XAlign, text.YAlign = draw.XLeft, draw.YTop
		c.FillText(text, vg.Point{X: x(l.at) + vg.Points(3), Y: c.Max.Y - vg.Points(2)}, l.name)
		return
	}
	c.StrokeLine2(style, c.Min.X, y(l.at), c.Max.X, y(l.at))
	text.XAlign, text.YAlign = draw.XRight, draw.YBottom
	c.FillText(text, vg.Point{X: c.Max.X, Y: y(l.at) + vg.Points(1)}, l.name)
}

// short is the name of a network that fits under an axis.
func short(name string) string {
	return strings.NewReplacer("_quantized", "", "_ref_model", "", "_int8", "").Replace(name)
}

// drawSPFM shows the unprotected single-point fault metric against the levels.
func drawSPFM(s *study) *plot.Plot {
	p := blank("", "SPFM of flops (%)")
	p.Y.Min, p.Y.Max = 85, 100
	var names []string
	for k, c := range configurations {
		m := figure.Intervals{Color: figure.Palette[k], Upright: true}
		for i := range s.Assessments {
			if a := &s.Assessments[i]; a.NPU == c {
				l := a.SPFM.Any
				m.List = append(m.List, figure.Interval{At: float64(i/len(configurations)) + 0.16*(float64(k)-1.5), Low: 100 * l.Lower, Mid: 100 * l.Estimate, High: 100 * l.Upper})
				p.Y.Min = min(p.Y.Min, math.Floor(100*l.Lower))
			}
		}
		p.Add(m)
		entry(p, c, m.Color)
	}
	for i := 0; i < len(s.Assessments); i += len(configurations) {
		names = append(names, short(s.Assessments[i].Network))
	}
	for _, t := range stats.ASILs() {
		p.Add(level{at: 100 * t.SPFM, name: t.Name})
	}
	top := p.Y.Max
	p.NominalX(names...)
	p.X.Min, p.X.Max = -0.5, float64(len(names))-0.5
	p.Y.Max = top
	p.Legend.XOffs = -vg.Points(4)
	p.Legend.Top = false
	return p
}

// drawGrowth shows the residual rate over the number of MACs.
func drawGrowth(s *study) *plot.Plot {
	p := blank("MACs per cycle", "residual rate (FIT)")
	p.Y.Min, p.Y.Max = 0, 0.3
	var ticks plot.ConstantTicks
	for k, c := range configurations {
		ticks = append(ticks, plot.Tick{Value: float64(k), Label: strings.TrimPrefix(c, "u55-")})
	}
	for i := 0; i < len(s.Assessments); i += len(configurations) {
		n := i / len(configurations)
		m := figure.Intervals{Color: figure.Palette[n%len(figure.Palette)], Upright: true, Joined: true}
		for k := range configurations {
			l := s.Assessments[i+k].FIT.Violating
			m.List = append(m.List, figure.Interval{At: float64(k) + 0.03*(float64(n)-2.5), Low: l.Lower, Mid: l.Estimate, High: l.Upper})
			p.Y.Max = max(p.Y.Max, l.Upper)
		}
		p.Add(m)
		entry(p, short(s.Assessments[i].Network), m.Color)
	}
	for _, v := range s.Assessments[0].Verdicts {
		if v.Default && v.Metric == "fit" {
			p.Add(level{at: v.BudgetFIT, name: "budget"})
			break
		}
	}
	p.X.Tick.Marker = ticks
	p.X.Min, p.X.Max = -0.2, 4.1
	p.Legend.Top = true
	return p
}

// drawBlocks shows the vulnerability of each block: its mean over the networks, and
// their least and greatest.
func drawBlocks(s *study) *plot.Plot {
	p := blank("AVF, any violation: mean, least and greatest of the networks (%)", "")
	names := blocksOf(s.Assessments)
	labels := make([]string, len(names))
	for k, c := range configurations {
		m := figure.Intervals{Color: figure.Palette[k]}
		for i, name := range names {
			row := len(names) - 1 - i
			labels[row] = name
			_, mean := blockMean(s.Assessments, name, c)
			low, high := spread(s.Assessments, func(a *assessment) float64 {
				if a.NPU != c {
					return mean
				}
				return vulnerability(a, name).Estimate
			})
			if high > 0 {
				m.List = append(m.List, figure.Interval{At: float64(row) + 0.16*(1.5-float64(k)), Low: 100 * low, Mid: 100 * mean, High: 100 * high})
			}
			p.X.Max = max(p.X.Max, 105*high)
		}
		p.Add(m)
		entry(p, c, m.Color)
	}
	right := p.X.Max
	p.NominalY(labels...)
	p.X.Min, p.X.Max = 0, right
	p.Y.Min, p.Y.Max = -0.5, float64(len(names))-0.5
	return p
}

// vulnerability is the share of the upsets of a block that violate.
func vulnerability(a *assessment, block string) result.Interval {
	for _, b := range a.Blocks {
		if b.Block == block {
			return b.AVFViolating
		}
	}
	return result.Interval{}
}

// drawArea shows the added area of each way to protect, a disc for each network.
func drawArea(s *study) *plot.Plot {
	p := blank("added logic area (%)", "")
	type way struct {
		name string
		of   func(*assessment) (float64, bool)
	}
	ways := []way{
		{"full options", func(a *assessment) (float64, bool) { return a.Full.Area, a.Full.Meets }},
		{"paper's options", func(a *assessment) (float64, bool) { return a.Paper.Area, a.Paper.Meets }},
	}
	for _, r := range ratios {
		ways = append(ways, way{fmt.Sprintf("paper's, cells at %g", r), func(a *assessment) (float64, bool) {
			for _, x := range a.Ratios {
				if x.Ratio == r {
					return x.Area, x.Meets
				}
			}
			return 0, false
		}})
	}
	ways = append(ways,
		way{"harden all", func(a *assessment) (float64, bool) { return a.HardenAll.AreaOverhead, a.HardenAll.Meets }},
		way{"duplicate all", func(a *assessment) (float64, bool) { return a.DuplicateAll.AreaOverhead, a.DuplicateAll.Meets }},
		way{"lock-step", func(a *assessment) (float64, bool) { return a.Lockstep.AreaOverhead, a.Lockstep.Meets }},
	)
	labels := make([]string, len(ways))
	for k, c := range configurations {
		m := figure.Intervals{Color: figure.Palette[k]}
		for i, w := range ways {
			row := len(ways) - 1 - i
			labels[row] = w.name
			for j := range s.Assessments {
				area, shown := w.of(&s.Assessments[j])
				if s.Assessments[j].NPU == c && shown {
					m.List = append(m.List, figure.Interval{At: float64(row) + 0.16*(1.5-float64(k)), Low: 100 * area, Mid: 100 * area, High: 100 * area})
				}
			}
		}
		for _, t := range s.Together {
			for i, q := range []protection{t.Full, t.Paper} {
				if t.NPU == c && q.Meets {
					p.Add(diamond{100 * q.Area, float64(len(ways)-1-i) + 0.16*(1.5-float64(k)), m.Color})
				}
			}
		}
		p.Add(m)
		entry(p, c, m.Color)
	}
	p.Add(level{at: 38, name: "38 % of the paper", upright: true})
	p.NominalY(labels...)
	p.X.Min, p.X.Max = 0, 110
	p.Y.Min, p.Y.Max = -0.5, float64(len(ways))-0.3
	p.Legend.Top, p.Legend.XOffs = true, -vg.Points(6)
	return p
}

// diamond is a protection that serves all networks.
type diamond struct {
	x, y  float64
	color color.Color
}

// Plot draws the sign.
func (d diamond) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	at, r := vg.Point{X: x(d.x), Y: y(d.y)}, vg.Points(5)
	c.StrokeLines(draw.LineStyle{Color: d.color, Width: vg.Points(1.4)}, []vg.Point{
		{X: at.X, Y: at.Y + r}, {X: at.X + r, Y: at.Y}, {X: at.X, Y: at.Y - r}, {X: at.X - r, Y: at.Y}, {X: at.X, Y: at.Y + r},
	})
}
