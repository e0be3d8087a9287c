package figure

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"gonum.org/v1/plot"
)

// TestSVG draws intervals and bounds along both axes: the file is well-formed, and
// each kind of mark leaves its own strokes.
func TestSVG(t *testing.T) {
	paths := func(list []Interval, upright bool) int {
		p := plot.New()
		p.X.Max, p.Y.Max = 1, 1
		p.HideAxes()
		p.Add(Intervals{List: list, Color: Blue, Upright: upright})
		svg, err := SVG(p, 300, 200)
		if err != nil {
			t.Fatal(err)
		}
		for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		return strings.Count(string(svg), "<path") + strings.Count(string(svg), "<circle")
	}
	for _, upright := range []bool{false, true} {
		estimate := Interval{At: 0.5, Low: 0.2, Mid: 0.3, High: 0.4}
		limit := Interval{At: 0.5, High: 0.4, Bound: true}
		none := paths(nil, upright)
		for _, c := range []struct {
			name string
			list []Interval
			want int
		}{
			{"estimate", []Interval{estimate}, 4}, // line, two ends, disc
			{"bound", []Interval{limit}, 2},       // line, triangle
			{"proven zero", []Interval{{At: 0.5}}, 0},
		} {
			if got := paths(c.list, upright) - none; got != c.want {
				t.Errorf("%s, upright %v: %d strokes, want %d", c.name, upright, got, c.want)
			}
		}
	}
}
