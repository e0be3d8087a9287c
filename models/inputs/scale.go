package inputs

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"upset/models/network"
)

// Scale makes real numbers of pixels: (pixel − Mean) ÷ Std, for all channels or for each.
type Scale struct {
	Name      string
	Mean, Std []float32
}

// linear is the scale that brings the pixels 0 to 255 to low to high.
func linear(name string, low, high float64) Scale {
	std := 255 / (high - low)
	return Scale{Name: name, Mean: []float32{float32(-low * std)}, Std: []float32{float32(std)}}
}

// usual are the scalings that networks are trained with: those of Keras's applications and
// of torchvision's models (their documentation: "tf", "torch"). The range that an input's
// quantisation covers tells which of them was used.
var usual = []Scale{
	linear("0..1", 0, 1), linear("-1..1", -1, 1), linear("0..255", 0, 255), linear("-128..127", -128, 127),
	{Name: "imagenet", Mean: []float32{123.675, 116.28, 103.53}, Std: []float32{58.395, 57.12, 57.375}},
}

// ScaleOf is a scaling that a model's metadata declare, or nil where they say nothing that
// can be used.
func ScaleOf(mean, std []float32) *Scale {
	if n := len(mean); n != 1 && n != 3 || len(std) != n {
		return nil
	}
	for c := range mean {
		if m, s := math.Abs(float64(mean[c])), float64(std[c]); !(m <= maxReal && s >= 1/maxReal && s <= maxReal) {
			return nil
		}
	}
	return &Scale{Name: "metadata", Mean: mean, Std: std}
}

// ParseScale reads a scaling: LOW..HIGH, imagenet, or mean:M/M/M,std:S/S/S in pixels.
func ParseScale(text string) (*Scale, error) {
	for i := range usual {
		if usual[i].Name == text {
			return &usual[i], nil
		}
	}
	if a, b, ok := strings.Cut(text, ".."); ok {
		low, err1 := strconv.ParseFloat(a, 64)
		high, err2 := strconv.ParseFloat(b, 64)
		if err1 == nil && err2 == nil && low < high && math.Abs(low) <= maxReal && math.Abs(high) <= maxReal && high-low >= 1/maxReal {
			s := linear(text, low, high)
			return &s, nil
		}
	}
	if a, b, ok := strings.Cut(text, ",std:"); ok && strings.HasPrefix(a, "mean:") {
		s := Scale{Name: text, Mean: numbers(strings.TrimPrefix(a, "mean:"), -maxReal), Std: numbers(b, 1/maxReal)}
		if n := len(s.Mean); (n == 1 || n == 3) && len(s.Std) == n {
			return &s, nil
		}
	}
	return nil, fmt.Errorf("%q: give the range of the numbers that the network was trained with, such as 0..1, -1..1 or 0..255, or imagenet, or mean:127.5,std:127.5 in pixels, with one number or three, such as mean:1/2/3,std:4/5/6", text)
}

// maxReal bounds declared numbers (our choice: far beyond any pixel).
const maxReal = 1e6

// numbers reads a list of numbers from least on; nil if it is none.
func numbers(text string, least float64) (list []float32) {
	for _, w := range strings.Split(text, "/") {
		x, err := strconv.ParseFloat(w, 64)
		if err != nil || !(x >= least && x <= maxReal) {
			return nil
		}
		list = append(list, float32(x))
	}
	return list
}

// at is the number of a pixel in a channel.
func (s *Scale) at(pixel byte, channel int) float32 {
	c := channel % len(s.Mean)
	return (float32(pixel) - s.Mean[c]) / s.Std[c]
}

// span is the range of the numbers over all channels.
func (s *Scale) span() (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for c := range s.Mean {
		low, high = min(low, float64(s.at(0, c))), max(high, float64(s.at(255, c)))
	}
	return low, high
}

// scaleFor is the declared scale, or that which the tensor's range shows: the network
// was calibrated with pictures, so that it covers their range and hardly more (within
// 2 % at both ends, our choice).
func (o *Options) scaleFor(b *network.Binding) (*Scale, error) {
	if o.Scale != nil {
		return o.Scale, nil
	}
	const flag = "declare how pixels become numbers with --image-scale, such as 0..1, -1..1, 0..255 or imagenet"
	least, most, ok := integers(b.Type)
	if !ok || len(b.Quant.Scale) != 1 {
		return nil, errors.New(flag)
	}
	zero := 0.0
	if len(b.Quant.ZeroPoint) > 0 {
		zero = float64(b.Quant.ZeroPoint[0])
	}
	low, high := (float64(least)-zero)*float64(b.Quant.Scale[0]), (float64(most)-zero)*float64(b.Quant.Scale[0])
	for i := range usual {
		a, z := usual[i].span()
		if near := 0.02 * (z - a); math.Abs(a-low) <= near && math.Abs(z-high) <= near {
			return &usual[i], nil
		}
	}
	return nil, fmt.Errorf("its input covers %.3g to %.3g, which is no usual range of pictures: %s", low, high, flag)
}
