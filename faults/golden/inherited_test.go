package golden

import (
	"fmt"
	"testing"

	"upset/faults"
)

// use is an access of an inference to the shared buffer.
type use struct {
	phase, addr, size, used int
	write                   bool
}

// The first thing that an inference does with a byte decides whether it inherits it, and of
// a word with a code a write of a part counts as a look at it, since the rest has to be
// corrected first. What one phase does not touch is left to the other.
func TestFirstUseDecides(t *testing.T) {
	const size = 64
	for _, c := range []struct {
		what     string
		uses     []use
		ram      [2]string // first byte and number of them, of each phase
		words    [2]string // that must be right, or corrected
		keepsAny bool
	}{
		{"written, then read", []use{{0, 0, 8, 8, true}, {0, 0, 8, 8, false}}, [2]string{"", ""}, [2]string{"", ""}, false},
		{"half of it read, then written", []use{{0, 8, 8, 4, false}, {0, 8, 8, 8, true}}, [2]string{"8+4", "8+4"}, [2]string{"1+1", "1+1"}, true},
		{"a part written", []use{{0, 18, 2, 2, true}}, [2]string{"", ""}, [2]string{"2+1", "2+1"}, false},
		{"written across two words", []use{{0, 28, 8, 8, true}}, [2]string{"", ""}, [2]string{"3+2", "3+2"}, false},
		{"written whole across none", []use{{0, 32, 8, 8, true}, {0, 28, 8, 8, true}}, [2]string{"", ""}, [2]string{"3+1", "3+1"}, false},
		{"read around the end", []use{{0, 60, 8, 8, false}}, [2]string{"0+4 60+4", "0+4 60+4"}, [2]string{"0+1 7+1", "0+1 7+1"}, true},
		{"the second reads what the first wrote", []use{{0, 0, 8, 8, true}, {1, 0, 8, 8, false}}, [2]string{"", "0+8"}, [2]string{"", "0+1"}, true},
		{"only the second touches it", []use{{1, 40, 8, 8, false}, {1, 48, 8, 8, true}}, [2]string{"40+8", "40+8"}, [2]string{"5+1", "5+1"}, true},
		{"an address that is none", []use{{0, -8, 8, 8, false}}, [2]string{"", ""}, [2]string{"", ""}, false},
	} {
		h := new(inheritance)
		for k := range h.ram {
			h.ram[k], h.coded[k] = make([]firstUse, size), make([]firstUse, size/faults.CodeWord)
		}
		for _, u := range c.uses {
			h.phase = u.phase
			h.access(u.addr, u.size, u.used, u.write)
		}
		in := inherited{RAM: asIs(h.ram), coded: asIs(h.coded)}
		for p := range 2 {
			if got := stretches(in.RAM[p]); got != c.ram[p] {
				t.Errorf("%s: phase %d inherits bytes %q, want %q", c.what, p, got, c.ram[p])
			}
			if got := stretches(in.coded[p]); got != c.words[p] {
				t.Errorf("%s: phase %d looks at words %q, want %q", c.what, p, got, c.words[p])
			}
		}
		if in.KeepsData() != c.keepsAny {
			t.Errorf("%s: data are kept: %t", c.what, in.KeepsData())
		}
	}
}

// stretches writes marks as "first+number" of each stretch.
func stretches(marks []bool) (text string) {
	for i := 0; i < len(marks); i++ {
		n := 0
		for i+n < len(marks) && marks[i+n] {
			n++
		}
		if n > 0 {
			if text != "" {
				text += " "
			}
			text += fmt.Sprintf("%d+%d", i, n)
			i += n
		}
	}
	return text
}
