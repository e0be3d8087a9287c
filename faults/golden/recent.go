package golden

import "sync"

// recent keeps what is made for single inputs when it is first asked for, as much as there
// is room for: what was not used for the longest is dropped, and made again when it is
// asked for again.
type recent[T any] struct {
	mu   sync.Mutex
	kept []*made[T] // the last one used is the last
	size int        // bytes of the largest
}

// made is what belongs to one input. It is made once.
type made[T any] struct {
	gold  *Run
	once  sync.Once
	value T
}

// Keep adds what is already made and takes so many bytes.
func (r *recent[T]) Keep(g *Run, value T, bytes, room int) {
	k := &made[T]{gold: g, value: value}
	k.once.Do(func() {})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.size = max(r.size, bytes)
	r.add(k, room)
}

// take finds what belongs to an input, or makes room for it.
func (r *recent[T]) take(g *Run, room int) *made[T] {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, k := range r.kept {
		if k.gold == g {
			copy(r.kept[i:], r.kept[i+1:])
			r.kept[len(r.kept)-1] = k
			return k
		}
	}
	k := &made[T]{gold: g}
	r.add(k, room)
	return k
}

// sized notes how many bytes something took that was made.
func (r *recent[T]) sized(bytes int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.size = max(r.size, bytes)
}

// add puts something behind all others and drops the first ones where there is no room.
func (r *recent[T]) add(k *made[T], room int) {
	r.kept = append(r.kept, k)
	for most := max(1, room/max(1, r.size)); len(r.kept) > most; {
		r.kept[0] = nil
		r.kept = r.kept[1:]
	}
}
