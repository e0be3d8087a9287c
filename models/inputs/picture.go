package inputs

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // the formats that are read
	_ "image/png"

	"upset/models/network"
)

// maxPixels bounds a picture (our choice: 16 megapixels).
const maxPixels = 16 << 20

// frame is the size of the pictures that a tensor holds.
type frame struct {
	h, w, c int
	planes  bool // the channels come first
}

// frameOf reads the size out of a shape: height, width and channels, channels first where
// there are 1 or 3 of them and the last dimension is none, or a square without channels.
func frameOf(shape []int) (frame, bool) {
	for len(shape) > 2 && shape[0] == 1 && len(shape) != 3 {
		shape = shape[1:]
	}
	colour := func(n int) bool { return n == 1 || n == 3 }
	switch {
	case len(shape) == 3 && colour(shape[2]):
		return frame{shape[0], shape[1], shape[2], false}, true
	case len(shape) == 3 && colour(shape[0]):
		return frame{shape[1], shape[2], shape[0], true}, true
	}
	if dims := LongDims(shape); len(dims) == 2 {
		return frame{dims[0], dims[1], 1, false}, true
	} else if len(dims) == 1 {
		for n := 1; n*n <= dims[0]; n++ {
			if n*n == dims[0] {
				return frame{n, n, 1, false}, true
			}
		}
	}
	return frame{}, false
}

// decodePicture brings a PNG or JPEG into a tensor.
func decodePicture(data []byte, b *network.Binding, o Options) ([]byte, error) {
	f, ok := frameOf(b.Shape)
	if !ok {
		return nil, fmt.Errorf("the network takes %s %v, which is no picture", b.Type, b.Shape)
	}
	c, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("no picture: %w", err)
	}
	if c.Width < 1 || c.Height < 1 || c.Width > maxPixels/c.Height {
		return nil, fmt.Errorf("the picture has %d by %d pixels: at most %d are read", c.Width, c.Height, maxPixels)
	}
	if (c.Width != f.w || c.Height != f.h) && !o.Resize {
		return nil, fmt.Errorf("the picture is %d wide and %d high, the network takes %d by %d: make it that size, or let --resize stretch it", c.Width, c.Height, f.w, f.h)
	}
	scale, err := o.scaleFor(b)
	if err != nil {
		return nil, err
	}
	if len(scale.Mean) > 1 && len(scale.Mean) != f.c {
		return nil, fmt.Errorf("the scaling has %d channels, the network takes %d", len(scale.Mean), f.c)
	}
	m, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("damaged picture: %w", err)
	}
	pixels := sample(m, f)
	real := make([]float32, len(pixels))
	for i, x := range pixels {
		at := i
		if f.planes {
			at = i%f.c*f.h*f.w + i/f.c
		}
		real[at] = scale.at(x, i%f.c)
	}
	return Quantise(real, b)
}

// sample takes the pixels of a picture in the size of a frame, row by row, the channels
// of a pixel together. Every pixel is the mean of the rectangle of the picture that it
// covers: of one pixel where the sizes agree.
func sample(m image.Image, f frame) []byte {
	r := m.Bounds()
	out := make([]byte, 0, f.h*f.w*f.c)
	for y := range f.h {
		y0, y1 := covered(y, f.h, r.Dy())
		for x := range f.w {
			x0, x1 := covered(x, f.w, r.Dx())
			var sum [3]int
			for v := y0; v < y1; v++ {
				for u := x0; u < x1; u++ {
					p := pixel(m.At(r.Min.X+u, r.Min.Y+v), f.c)
					for c := range f.c {
						sum[c] += int(p[c])
					}
				}
			}
			n := (y1 - y0) * (x1 - x0)
			for c := range f.c {
				out = append(out, byte((2*sum[c]+n)/(2*n)))
			}
		}
	}
	return out
}

// covered is the part of a side of size from that pixel i of a side of size to covers: at
// least one pixel.
func covered(i, to, from int) (first, end int) {
	first = i * from / to
	return first, max(first+1, (i+1)*from/to)
}

// pixel is a colour as one grey value or as red, green and blue, without transparency.
// Grey is the luma of ITU-R BT.601, as image/color takes it.
func pixel(c color.Color, channels int) [3]byte {
	if channels == 1 {
		return [3]byte{color.GrayModel.Convert(c).(color.Gray).Y}
	}
	p := color.NRGBAModel.Convert(c).(color.NRGBA)
	return [3]byte{p.R, p.G, p.B}
}
