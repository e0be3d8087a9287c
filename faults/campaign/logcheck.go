package campaign

import (
	"errors"
	"fmt"
)

// check reports a header that no writer of this format makes.
func (h *header) check() error {
	if err := h.Spec.Check(); err != nil {
		return err
	}
	if d := h.Spec.Digest(); d != h.SpecDigest {
		return fmt.Errorf("the spec has the digest %s, the header says %s", d, h.SpecDigest)
	}
	if h.Frame == nil {
		return errors.New("the header has no frame")
	}
	return h.Frame.check()
}

// check reports a frame whose parts do not fit together.
func (f *Frame) check() error {
	if f.Cycles == 0 || f.Inputs <= 0 || len(f.Segments) == 0 || len(f.Phases) == 0 || len(f.Cells) == 0 || len(f.Strata) == 0 {
		return errors.New("the frame is empty")
	}
	at := uint64(0)
	for _, s := range f.Segments {
		if s.Start != at || s.End <= s.Start || s.End > f.Cycles {
			return errors.New("the segments of the frame do not cover its cycles")
		}
		at = s.End
	}
	for _, p := range f.Phases {
		end := uint64(0)
		for _, s := range p.Spans {
			if s.Start < end || s.End <= s.Start || s.End > f.Cycles {
				return errors.New("a phase of the frame lies outside its cycles")
			}
			end = s.End
		}
		if end == 0 {
			return errors.New("a phase of the frame is empty")
		}
	}
	for _, g := range f.Groups {
		if g.Bits > 1<<32 || !(g.Scale >= 0) {
			return errors.New("a group of the frame has an impossible size or scale")
		}
	}
	for _, c := range f.Cells {
		if c.Group < 0 || c.Group >= len(f.Groups) || c.Phase < 0 || c.Phase >= len(f.Phases) || f.Groups[c.Group].Bits == 0 {
			return errors.New("a cell of the frame names no group or phase")
		}
	}
	if f.Cycles > 1<<48 || f.sites() > 1<<62 {
		return errors.New("the frame has more sites than can be numbered")
	}
	return f.checkStrata()
}

// checkStrata reports strata that are no partition of the cells.
func (f *Frame) checkStrata() error {
	seen := make([]bool, len(f.Cells))
	n := 0
	for _, cells := range f.Strata {
		if len(cells) == 0 {
			return errors.New("a stratum of the frame is empty")
		}
		for _, c := range cells {
			if c < 0 || c >= len(seen) || seen[c] {
				return errors.New("the strata of the frame are no partition of its cells")
			}
			seen[c] = true
			n++
		}
	}
	if n != len(seen) {
		return errors.New("the strata of the frame leave out cells")
	}
	return nil
}
