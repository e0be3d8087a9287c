package golden

import (
	"slices"
	"testing"
)

// What was used for the longest is dropped first, what is used moves behind all others, and
// the largest that was ever made says how many there is room for; one always stays.
func TestRecentDropsTheOldest(t *testing.T) {
	var r recent[int]
	list := make([]*Run, 5)
	for i := range list {
		list[i] = new(Run)
	}
	kept := func() (out []int) {
		for _, k := range r.kept {
			out = append(out, slices.Index(list, k.gold))
		}
		return out
	}
	made := 0
	use := func(i, bytes, room int) int {
		k := r.take(list[i], room)
		k.once.Do(func() {
			made++
			k.value = made
			r.sized(bytes)
		})
		return k.value
	}
	const room = 300
	for i := range 3 {
		use(i, 100, room)
	}
	if first := use(0, 100, room); first != 1 || made != 3 || !slices.Equal(kept(), []int{1, 2, 0}) {
		t.Errorf("used again, the first is number %d of %d made, kept %v", first, made, kept())
	}
	use(3, 100, room)
	if !slices.Equal(kept(), []int{2, 0, 3}) {
		t.Errorf("a fourth leaves %v", kept())
	}
	if again := use(1, 100, room); again != 5 || !slices.Equal(kept(), []int{0, 3, 1}) {
		t.Errorf("what was dropped is number %d when it is asked for again, kept %v", again, kept())
	}
	use(4, 200, room) // there is room for one of this size
	use(2, 100, room)
	if !slices.Equal(kept(), []int{2}) {
		t.Errorf("one of 200 bytes leaves %v of 300", kept())
	}
	r.Keep(list[0], 77, 1000, room)
	if got := use(0, 1, room); got != 77 || !slices.Equal(kept(), []int{0}) {
		t.Errorf("kept, it is %d, with %v; beyond the room one stays", got, kept())
	}
}
