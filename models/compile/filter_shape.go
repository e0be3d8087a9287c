package compile

import "fmt"

// foldStride rewrites a convolution of horizontal stride 2 over few channels:
// two neighbouring pixels become one of twice the depth, which fills the dot
// products better. The kernel gets half as wide; taps that it has no weight for
// are zero.
func (k *kernel) foldStride(ow int) {
	const dot = 8 // channels of a dot product (Arm U55)
	d := k.ifm.d
	if k.sx != 2 || k.dx != 1 || 2*d > dot || k.ifm.w%2 != 0 {
		return
	}
	left := (k.left + 1) / 2
	shift := 2*left - k.left // of the taps against the pairs
	kw := (k.kw + shift + 1) / 2
	if kw >= k.kw {
		return
	}
	f, old := k.filter, *k.filter
	f.kw, f.id = kw, 2*d
	f.at = func(oc, ky, kx, ic int) int16 {
		x := 2*kx + ic/d - shift
		if x < 0 || x >= old.kw {
			return 0
		}
		return old.at(oc, ky, x, ic%d)
	}
	k.kw, k.sx, k.left = kw, 1, left
	k.ifm.w, k.ifm.d = k.ifm.w/2, 2*d
	k.ifm.buf.plain = true
	k.right = max(0, ow-1+kw-left-k.ifm.w)
}

// spread rewrites a dilation of more than two, which the registers cannot hold:
// the gaps between the taps become weights of zero, down to a dilation of two
// where it is even and of one where it is odd (as Vela 3.10 does).
func (k *kernel) spread() error {
	y, x := 1, 1
	if k.dy > maxDilation {
		y = k.dy / (2 - k.dy%2)
		k.dy /= y
	}
	if k.dx > maxDilation {
		x = k.dx / (2 - k.dx%2)
		k.dx /= x
	}
	if y == 1 && x == 1 {
		return nil
	}
	if y > maxDim || x > maxDim {
		return fmt.Errorf("dilation %dx%d is larger than the registers hold", y*k.dy, x*k.dx)
	}
	f, old := k.filter, *k.filter
	f.kh, f.kw = (old.kh-1)*y+1, (old.kw-1)*x+1
	if f.kh > maxDim || f.kw > maxDim || f.od*f.id > maxBytes/(f.kh*f.kw) {
		return fmt.Errorf("kernel %dx%d with dilation %dx%d becomes too large", old.kh, old.kw, y*k.dy, x*k.dx)
	}
	f.at = func(oc, ky, kx, ic int) int16 {
		if ky%y != 0 || kx%x != 0 {
			return 0
		}
		return old.at(oc, ky/y, kx/x, ic)
	}
	k.kh, k.kw = f.kh, f.kw
	return nil
}

// maxDilation is the largest dilation of the registers (Arm U55 register header).
const maxDilation = 2

// ungroup turns a filter whose channels see only their own group of the input
// into one over all depth channels, with weights of zero outside the group.
func (f *filter) ungroup(depth int) error {
	old := *f
	if f.od*depth > maxBytes/max(1, f.kh*f.kw) {
		return fmt.Errorf("the weights of %d groups become too many", depth/old.id)
	}
	per := f.od / (depth / old.id) // output channels of a group
	f.id = depth
	f.at = func(oc, ky, kx, ic int) int16 {
		if oc/per != ic/old.id {
			return 0
		}
		return old.at(oc, ky, kx, ic%old.id)
	}
	return nil
}
