package faults

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"sync"
	"unsafe"

	"upset/npu"
)

// Cache says how outcomes are remembered: a machine that differs from the fault-free
// run in the same bits at the same point has the same end. Records do not depend on
// it; how many of them are looked up depends on the order of the work.
type Cache struct {
	Entries int // states that are kept, 0 for none
	Verify  int // of the states found again, one in so many is simulated as well; 0 for none
}

// cache is shared by the workers of an engine.
type cache struct {
	Cache
	mu    sync.Mutex
	known map[cacheKey]ending
	found int
}

func newCache(c Cache) *cache {
	if c.Entries <= 0 {
		return nil
	}
	return &cache{Cache: c, known: map[cacheKey]ending{}}
}

// cacheKey is the first half of the SHA-256 of a position and a difference.
type cacheKey [16]byte

// ending is the part of a record that follows from the state behind the upset.
type ending struct {
	outcome Outcome
	cause   Cause
	late    bool
	end     uint64
	output  uint64
}

func (r *Record) ending() ending { return ending{r.Outcome, r.Cause, r.Late, r.End, r.Output} }

// lookup is the part of a run that deals with the cache.
type lookup struct {
	hash    hash.Hash
	looks   int
	keys    []passed // states passed since the upset
	expects *ending  // what the cache says of a run that is simulated all the same
	wrong   int      // of the worker, when it did
}

// passed is a state that a run has passed, and how often the host had taken over
// something wrong by then.
type passed struct {
	key   cacheKey
	wrong int
}

// endingSince is the ending of a run as it is from a state on.
func (w *Worker) endingSince(r *Record, wrong int) ending {
	x := *r
	if x.Outcome == Masked && x.Cause == CauseNone && w.wrong > wrong {
		x.Cause = CauseForgiven
	}
	return x.ending()
}

// find looks the state at a point up and fills in the record when it is known. It
// does so at every look whose number is a power of two: more would cost more than
// they bring.
func (w *Worker) find(r *Record, u *pursuit, corrected uint64) bool {
	c, l := w.e.cache, &w.looked
	l.looks++
	if c == nil || l.expects != nil || l.looks&(l.looks-1) != 0 || w.m.S.RAM.SynLive != 0 {
		return false
	}
	key := w.key(u, int(r.Input), corrected)
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.known[key]
	if !ok {
		l.keys = append(l.keys, passed{key, w.wrong})
		return false
	}
	if c.found++; c.Verify > 0 && c.found%c.Verify == 0 {
		l.expects, l.wrong = &known, w.wrong
		return false
	}
	r.Outcome, r.Cause, r.Late, r.End, r.Output = known.outcome, known.cause, known.late, known.end, known.output
	r.Path = PathCached
	return true
}

// remember keeps the outcome of a run for the states that it passed. The error says
// that the cache knew another one.
func (w *Worker) remember(r *Record) error {
	c, l := w.e.cache, &w.looked
	if end := w.endingSince(r, l.wrong); l.expects != nil && *l.expects != end {
		return fmt.Errorf("site %d at cycle %d, input %d: simulated %+v, but the cache of outcomes says %+v; please report it, and run without a cache", r.Site.ID, r.Site.Cycle, r.Input, end, *l.expects)
	}
	if c == nil || len(l.keys) == 0 {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range l.keys {
		if len(c.known) >= c.Entries {
			clear(c.known)
		}
		c.known[k.key] = w.endingSince(r, k.wrong)
	}
	return nil
}

// begin prepares for a run.
func (l *lookup) begin() { l.keys, l.expects, l.looks = l.keys[:0], nil, 0 }

// key hashes the position, by how much the machine is behind, and how it differs
// from the fault-free run there.
func (w *Worker) key(u *pursuit, input int, corrected uint64) cacheKey {
	l, m, p := &w.looked, w.m, &u.g.points[u.i]
	if l.hash == nil {
		l.hash = sha256.New()
	}
	l.hash.Reset()
	var b [16]byte
	note := func(at, v uint64) {
		binary.LittleEndian.PutUint64(b[:8], at)
		binary.LittleEndian.PutUint64(b[8:], v)
		l.hash.Write(b[:])
	}
	if w.e.planted.anyCycle {
		note(0, uint64(u.shift))
	} else {
		note(p.cycle, uint64(u.shift))
	}
	note(uint64(input), m.Events[npu.EvECC]-corrected)
	note(uint64(w.job), w.armed)
	x, y := flopImage(&m.S.Flops), flopImage(&p.flops)
	for i := range x {
		if x[i] != y[i] {
			note(uint64(i), x[i]^y[i])
		}
	}
	differ := func(space, size int, then [][]byte, now []byte) {
		for i, old := range then {
			if a := now[i*size : i*size+len(old)]; !bytes.Equal(a, old) {
				for k := range old {
					if a[k] != old[k] {
						note(uint64(space+i*size+k), uint64(a[k]))
					}
				}
			}
		}
	}
	const ram, mem = 1 << 40, 1 << 41 // spaces behind the flops
	differ(ram, ramPiece, p.ram, m.S.RAM.Mem[:])
	differ(mem, memPiece, p.mem, m.Mem.SRAM)
	return cacheKey(l.hash.Sum(nil)[:16])
}

// flopImage is the memory of a set of flops, which are flat and hold no pointers.
func flopImage(f *npu.Flops) *[flopWords]uint64 { return (*[flopWords]uint64)(unsafe.Pointer(f)) }

const flopWords = int(unsafe.Sizeof(npu.Flops{})) / 8
