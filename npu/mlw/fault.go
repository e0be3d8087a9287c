package mlw

import (
	"errors"
	"fmt"
)

// Which bad streams the hardware reports as a decoder fault is not public
// (inferred). The rules are those of CheckHeader, an index above MaxIndex, and a
// stream that ends before all weights are produced. The decoder of this package
// and that of the machine share them.

// MaxIndex is the largest weight index of the format (Vela 3.10).
const MaxIndex = 511

// EndForgetsPalette says whether the first slice behind an end of stream needs a
// palette of its own, as the first of all does. Our choice is that the palette
// stays: a compiled stream ends there.
const EndForgetsPalette = false

// Header is what decides whether a slice header is a decoder fault.
type Header struct {
	ZDiv, WDiv  int  // parameters of zero runs and weight indices
	NewPalette  bool // the slice brings a palette
	HavePalette bool // a slice before it did
	ModeChanges bool // the slice before it coded zero runs and this does not, or the reverse
}

var (
	errNoPalette  = errors.New("first slice has no palette")
	errModeChange = errors.New("zero-run mode changes without a new palette")
)

// CheckHeader returns why a slice header is a decoder fault, or nil. The
// parameter that marks an end of stream is not a slice and must not be given.
func CheckHeader(h Header) error {
	switch {
	case h.ZDiv > zdivMax && h.ZDiv != zdivDisable:
		return fmt.Errorf("zero-run parameter %d is invalid", h.ZDiv)
	case h.WDiv > wdivMax && h.WDiv != wdivUncompressed:
		return fmt.Errorf("weight parameter %d is invalid", h.WDiv)
	case !h.NewPalette && !h.HavePalette:
		return errNoPalette
	case !h.NewPalette && h.ModeChanges:
		return errModeChange
	}
	return nil
}
