package engine

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"sync"
	"unsafe"

	"upset/faults"
	"upset/faults/golden"
	"upset/npu"
)

// Cache: a state that an earlier run has passed has the same end.
//
// Premise: what follows from a state depends on the state, on its place in the fault-free
// run, on how far it is behind it and on when the watchdog was armed.
//
// Why it is exact: the key is a hash of all of these, 128 bits of SHA-256, and of every bit
// in which the state differs from the fault-free one. One state in so many is simulated all
// the same, and another end is an error.
//
// Guarded by: TestCache, TestCacheVerifies; planted: "any cycle".

// cache is shared by the workers of an engine.
type cache struct {
	faults.Cache
	mu    sync.Mutex
	known map[cacheKey]ending
	found int
}

func newCache(c faults.Cache) *cache {
	if c.Entries <= 0 {
		return nil
	}
	return &cache{Cache: c, known: map[cacheKey]ending{}}
}

// cacheKey is the first half of the SHA-256 of a position and a difference.
type cacheKey [16]byte

// ending is the part of a record that follows from the state behind the upset.
type ending struct {
	outcome faults.Outcome
	cause   faults.Cause
	late    bool
	end     uint64
	output  uint64
}

func endingOf(r *faults.Record) ending { return ending{r.Outcome, r.Cause, r.Late, r.End, r.Output} }

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
func (w *Worker) endingSince(r *faults.Record, wrong int) ending {
	x := *r
	if x.Outcome == faults.Masked && x.Cause == faults.CauseNone && w.wrong > wrong {
		x.Cause = faults.CauseForgiven
	}
	return endingOf(&x)
}

// find looks the state at a point up and fills in the record when it is known. It
// does so at every look whose number is a power of two: more would cost more than
// they bring.
func (w *Worker) find(r *faults.Record, u *pursuit, corrected uint64) bool {
	c, l := w.e.cache, &w.looked
	l.looks++
	if c == nil || l.expects != nil || l.looks&(l.looks-1) != 0 || w.m.S.RAM.SynLive != 0 {
		return false
	}
	key := w.e.decide.key(w, u, int(r.Input), corrected)
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
	r.Path = faults.PathCached
	return true
}

// remember keeps the outcome of a run for the states that it passed. The error says
// that the cache knew another one.
func (w *Worker) remember(r *faults.Record) error {
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
	l, m, p := &w.looked, w.m, &u.g.Points[u.i]
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
	note(p.Cycle, uint64(u.shift))
	note(uint64(input), m.Events[npu.EvECC]-corrected)
	note(uint64(w.job), w.armed)
	x, y := flopImage(&m.S.Flops), flopImage(&p.Flops)
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
	differ(ram, golden.RAMPiece, p.RAM, m.S.RAM.Mem[:])
	differ(mem, golden.MemPiece, p.Mem, m.Mem.SRAM)
	return cacheKey(l.hash.Sum(nil)[:16])
}

// flopImage is the memory of a set of flops, which are flat and hold no pointers.
func flopImage(f *npu.Flops) *[flopWords]uint64 { return (*[flopWords]uint64)(unsafe.Pointer(f)) }

const flopWords = int(unsafe.Sizeof(npu.Flops{})) / 8
