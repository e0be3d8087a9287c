package report

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strings"

	"upset/stats/result"
)

// Sizes of the heat map in pixels (our choice).
const (
	heatCellWidth  = 62
	heatCellHeight = 22
	heatTop        = 70
	heatCharacter  = 7
)

// heatMap draws layers as rows and blocks as columns, since networks have many
// layers and the NPU few blocks. Each cell holds its value.
func heatMap(h result.Heat) template.HTML {
	left := 20
	rows := make([]string, len(h.Layers))
	for i, layer := range h.Layers {
		rows[i] = shorten(fmt.Sprintf("%d %s", layer.Index, layer.Name))
		left = max(left, heatCharacter*len([]rune(rows[i]))+16)
	}
	// Slanted block names reach to the right of the last column.
	width := left + heatCellWidth*len(h.Blocks) + 60
	height := heatTop + heatCellHeight*len(h.Layers) + 8
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="heat" xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-label="Vulnerability per block and layer">`, width, height, width, height)
	for i, name := range h.Blocks {
		x := left + heatCellWidth*i + heatCellWidth/2
		fmt.Fprintf(&b, `<text x="%d" y="%d" transform="rotate(-35 %d %d)">%s</text>`, x, heatTop-8, x, heatTop-8, html.EscapeString(shorten(name)))
	}
	for i, name := range rows {
		y := heatTop + heatCellHeight*i
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text>`, left-8, y+15, html.EscapeString(name))
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" fill="#f6f6f6" stroke="#fff"/>`, left, y, heatCellWidth*len(h.Blocks), heatCellHeight)
	}
	for _, c := range h.Cells {
		if c.Block < 0 || c.Block >= len(h.Blocks) || c.Layer < 0 || c.Layer >= len(h.Layers) || c.AVF.N == 0 {
			continue
		}
		x, y := left+heatCellWidth*c.Block, heatTop+heatCellHeight*c.Layer
		fill, ink := heatColour(c.AVF)
		fmt.Fprintf(&b, `<g><title>%s</title><rect x="%d" y="%d" width="%d" height="%d" fill="%s" stroke="#fff"/><text x="%d" y="%d" text-anchor="middle" fill="%s">%s</text></g>`,
			html.EscapeString(heatTitle(h, c)), x, y, heatCellWidth, heatCellHeight, fill, x+heatCellWidth/2, y+15, ink, html.EscapeString(heatText(c.AVF)))
	}
	b.WriteString("</svg>")
	return template.HTML(b.String())
}

// heatNames are the block and layer of a cell.
func heatNames(h result.Heat, c result.HeatCell) (block, layer string) {
	if c.Block >= 0 && c.Block < len(h.Blocks) {
		block = h.Blocks[c.Block]
	}
	if c.Layer >= 0 && c.Layer < len(h.Layers) {
		layer = fmt.Sprintf("%d %s", h.Layers[c.Layer].Index, h.Layers[c.Layer].Name)
	}
	return block, layer
}

// heatTitle is the text shown when the pointer rests on a cell.
func heatTitle(h result.Heat, c result.HeatCell) string {
	block, layer := heatNames(h, c)
	return fmt.Sprintf("%s, layer %s: violating %s, critical %s, %s injections",
		block, layer, intervalText(c.AVF), intervalText(c.Critical), count(c.AVF.N))
}

// heatText is the value in a cell: two digits in per cent, or the bound.
func heatText(i result.Interval) string {
	if i.Estimate == 0 && i.High > 0 {
		return "≤ " + twoDigits(100*i.High, up)
	}
	return twoDigits(100*i.Estimate, nearest)
}

// twoDigits prints x with two significant digits.
func twoDigits(x float64, way rounding) string {
	if x <= 0 {
		return "0"
	}
	decimals := 1 - int(math.Floor(math.Log10(x)))
	return significant(outward(x, decimals, way), nearest)
}

// heatColour goes from near white at 0.1 % to dark red at 100 %, on a
// logarithmic scale; ink is the colour of the text on it. A bound is grey:
// nothing was seen there; a proven zero is green.
func heatColour(i result.Interval) (fill, ink string) {
	if i.Bound() {
		return "#ececec", "#555"
	}
	if i.Estimate <= 0 {
		return "#e8f1ea", "#333"
	}
	depth := math.Min(1, math.Max(0, (math.Log10(i.Estimate)+3)/3))
	from, to := [3]float64{255, 245, 225}, [3]float64{150, 20, 30}
	var mix [3]int
	for k := range mix {
		mix[k] = int(math.Round(from[k] + (to[k]-from[k])*depth))
	}
	ink = "#222"
	if depth > 0.55 {
		ink = "#fff"
	}
	return fmt.Sprintf("#%02x%02x%02x", mix[0], mix[1], mix[2]), ink
}

// shorten cuts a long name.
func shorten(name string) string {
	const longest = 24
	runes := []rune(name)
	if len(runes) <= longest {
		return name
	}
	return string(runes[:longest-1]) + "…"
}
