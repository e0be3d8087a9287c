package exhaustive

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"upset/faults"
	"upset/faults/engine"
	"upset/npu"
)

// MaxCycles bounds the length of an inference (our choice): every cycle of it is kept.
const MaxCycles = 4096

// every is the distance in cycles at which states are remembered (our choice).
const every = 8

// known is a remembered outcome and the cycles that are left to the end of the run.
type known struct {
	outcome faults.Outcome
	left    uint16
	run     uint32 // of an unfinished run: its number
}

// Marks of known.left.
const (
	never  = 1<<16 - 1 // a proven hang
	onWay  = 1<<16 - 2 // a state of an unfinished run
	unsure = 1<<16 - 3 // ended by the watchdog without a proof
)

// solver resolves the upsets of one input.
type solver struct {
	g      *faultFree
	r      *runner
	flops  []flop
	number []int32 // of a flop by its bit in the image, -1 for other bits
	table  *Table
	input  int
	stride int
	left   [][]uint16 // per cycle and flop: as known.left
	memo   map[key]known
	ends   map[key]faults.Outcome
	path   []step
	runs   uint32
	steps  int64
	walked int64
}

// step is a state of the present run.
type step struct {
	k     key
	cycle uint64
}

// Work counts what it took to resolve the upsets.
type Work struct {
	Steps  int64 // clocks, those of the first step of each upset left out
	Walked int64 // upsets that took more than one
}

// Solve resolves every upset of every flop for every input of an engine. Progress,
// which may be nil, is called as inputs are done.
func Solve(ctx context.Context, e *engine.Engine, progress func(done int)) (*Table, Work, error) {
	t := newTable(e)
	var mu sync.Mutex
	var sum Work
	done := 0
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range t.Inputs {
		group.Go(func() error {
			s, err := newSolver(e, t, i, 1)
			if err == nil {
				err = s.back(ctx, 0)
			}
			if err != nil {
				return fmt.Errorf("input %d: %w", i, err)
			}
			mu.Lock()
			defer mu.Unlock()
			sum.Steps += s.steps
			sum.Walked += s.walked
			done++
			if progress != nil {
				progress(done)
			}
			return nil
		})
	}
	return t, sum, group.Wait()
}

// newSolver records the fault-free runs of an input. It resolves the flops whose number
// is a multiple of stride.
func newSolver(e *engine.Engine, t *Table, input, stride int) (*solver, error) {
	g, r, err := record(e, input)
	if err != nil {
		return nil, err
	}
	s := &solver{g: g, r: r, table: t, input: input, stride: stride, left: make([][]uint16, g.cycles), memo: map[key]known{}, ends: map[key]faults.Outcome{}}
	if s.flops, err = flops(e.Table(), r.m); err != nil {
		return nil, err
	}
	if len(s.flops) != t.Flops {
		return nil, fmt.Errorf("%d flops, the table has %d", len(s.flops), t.Flops)
	}
	s.number = make([]int32, 8*flopBytes)
	for i := range s.number {
		s.number[i] = -1
	}
	for i := 0; i < len(s.flops); i += stride {
		s.number[s.flops[i].bit] = int32(i)
	}
	return s, nil
}

// back goes backwards from the end of the inference to a cycle.
func (s *solver) back(ctx context.Context, from int) error {
	for at := s.g.cycles - 1; at >= from; at-- {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.left[at] = make([]uint16, len(s.flops))
		if s.cycle(at); s.r.full {
			return errJournal
		}
	}
	return nil
}

// cycle resolves all upsets at a cycle.
func (s *solver) cycle(at int) {
	q, m, list, left := &s.g.first[at], s.r.m, s.table.column(s.input, at), s.left[at]
	s.load(q)
	for i := 0; i < len(s.flops); i += s.stride {
		f := s.flops[i]
		m.S.Flops = q.flops
		words(&m.S.Flops)[f.bit/64] ^= 1 << (f.bit % 64)
		s.r.sync()
		v := s.resolve()
		list[i], left[i] = byte(v.outcome), v.left
		s.r.back()
		s.r.hashes = q.hashes
	}
}

// load brings the machine to a moment of the fault-free run.
func (s *solver) load(q *moment) {
	s.r.m.S.Flops = q.flops
	copy(s.r.m.S.RAM.Mem[:], q.ram)
	copy(s.r.ram, q.ram)
	copy(s.r.m.Mem.SRAM, q.mem)
	copy(s.r.mem, q.mem)
	s.r.hashes, s.r.log = q.hashes, s.r.log[:0]
	s.r.sync()
}

// resolve runs the machine, one bit of which was just inverted, until its outcome is
// known, and says how many cycles were left from the upset on.
func (s *solver) resolve() known {
	m := s.r.m
	start := m.Cycle()
	v := s.follow()
	for _, p := range s.path {
		w := v
		if v.left < unsure {
			w.left -= uint16(p.cycle - start)
		}
		s.memo[p.k] = w
	}
	return v
}

// follow steps until the outcome is known.
func (s *solver) follow() known {
	m := s.r.m
	start := m.Cycle()
	s.path = s.path[:0]
	s.runs++
	for m.S.CC.Run != 0 {
		if m.Cycle() >= s.g.limit {
			return known{outcome: s.hung(), left: unsure}
		}
		s.r.step()
		v, ok := s.meet()
		if !ok && m.Cycle()%every == 0 && m.S.CC.Run != 0 {
			v, ok = s.recall()
		}
		if n := m.Cycle() - start; n > 1 {
			s.steps++
			if n == 2 {
				s.walked++
			}
		}
		if ok {
			if v.left < unsure && m.Cycle()+uint64(v.left) > s.g.limit {
				if v.outcome == faults.StrayWrite && m.S.Bus.Stray == 0 {
					continue // in time or not
				}
				return known{outcome: s.hung(), left: unsure}
			}
			if v.left < unsure {
				v.left += uint16(m.Cycle() - start)
			}
			return v
		}
	}
	left := uint16(m.Cycle() - start) // before the inferences that follow
	return known{outcome: s.finish(), left: left}
}

// hung is the outcome of a run that the watchdog ends.
func (s *solver) hung() faults.Outcome {
	if s.r.m.S.Bus.Stray != 0 {
		return faults.StrayWrite
	}
	return faults.DUEHang
}

// meet looks whether the state is the fault-free one of the same cycle, with at most
// one flop inverted. The performance counters are left out: nothing depends on them.
func (s *solver) meet() (known, bool) {
	m := s.r.m
	at := int(m.Cycle())
	if at >= s.g.cycles {
		return known{}, false
	}
	q := &s.g.first[at]
	if s.r.hashes != q.hashes {
		return known{}, false
	}
	m.S.PMU = q.flops.PMU
	d := difference(&m.S.Flops, &q.flops)
	if d == same {
		return known{outcome: faults.Masked, left: uint16(s.g.cycles - at)}, true
	}
	if d == other || s.number[d] < 0 {
		return known{}, false
	}
	i := s.number[d]
	return known{outcome: faults.Outcome(s.table.column(s.input, at)[i]), left: s.left[at][i]}, true
}

// equals reports whether the machine is that of a moment, but for the performance
// counters.
func (s *solver) equals(q *moment) bool {
	if s.r.hashes != q.hashes {
		return false
	}
	s.r.m.S.PMU = q.flops.PMU
	return difference(&s.r.m.S.Flops, &q.flops) == same
}

// recall looks for a state with the same future.
func (s *solver) recall() (known, bool) {
	m := s.r.m
	k := s.stateKey()
	if v, ok := s.memo[k]; ok {
		switch {
		case v.left == onWay && v.run == s.runs:
			return known{outcome: s.hung(), left: never}, true
		case v.left == never:
			return v, true
		case v.left < unsure:
			return v, true
		}
	}
	s.memo[k] = known{left: onWay, run: s.runs}
	s.path = append(s.path, step{k, m.Cycle()})
	return known{}, false
}

// stateKey is the hash of the whole state.
func (s *solver) stateKey() key {
	h := hashFlops(&s.r.m.S.Flops)
	for i, x := range s.r.hashes {
		h[0] = fold(h[0]^x[0], k1+uint64(i)) + h[1]
		h[1] = fold(h[1]^x[1], k2-uint64(i)) ^ x[0]
	}
	if s.r.m.S.Bus.Stray != 0 {
		h[0] ^= k3
	}
	return h
}

// finish names the outcome of a machine that has stopped.
func (s *solver) finish() faults.Outcome {
	if o, ok := s.first(); ok {
		return o
	}
	k := s.stateKey()
	o, ok := s.ends[k]
	if !ok {
		o = s.followed()
		s.ends[k] = o
	}
	return o
}

// first names the outcome as far as the inference itself tells.
func (s *solver) first() (faults.Outcome, bool) {
	m := s.r.m
	if m.S.Bus.Stray != 0 {
		return faults.StrayWrite, true
	}
	switch m.Status() {
	case npu.Running, npu.Timeout:
		return faults.DUEHang, true
	case npu.Done:
	default:
		return faults.DUEDetected, true
	}
	out := s.g.program.ReadOutputs(m.Mem)
	if bytes.Equal(out, s.g.output) {
		return faults.Masked, false
	}
	// Only a criterion of the user's fails, and the table is made with a built-in one.
	if critical, err := s.g.engine.Criterion().Critical(s.g.program, s.g.input, s.g.output, out); err == nil && !critical {
		return faults.SDCTolerable, true
	}
	return faults.SDCCritical, true
}

// right reports whether the k-th inference behind the first ended as it should.
func (s *solver) right(k int) bool {
	m := s.r.m
	return m.Status() == npu.Done && m.S.Bus.Stray == 0 && bytes.Equal(s.g.program.ReadOutputs(m.Mem), s.g.later[k-1].output)
}

// followed runs the inferences behind the first from what the upset left behind, as many
// as package faults follows: latent where one goes wrong, or where after all of them that
// package still finds something that another one reads. Nothing is cut short but where the
// state is that of the fault-free machine to the bit, or one repeats itself.
func (s *solver) followed() faults.Outcome {
	m, g := s.r.m, s.g
	for k := 1; k <= faults.MaxFollowed; k++ {
		g.again(s.r, k)
		s.r.sync()
		seen := map[key]bool{}
		for start := uint64(g.cycles); m.S.CC.Run != 0 && m.Cycle() < start+g.limit; s.r.step() {
			i := m.Cycle() - start
			if k == 1 && i < uint64(len(g.second)) && s.equals(&g.second[i]) {
				return faults.Masked
			}
			if s.steps++; i > uint64(g.cycles) && i%every == 0 { // it takes longer than it should
				k := s.stateKey()
				if seen[k] {
					return faults.Latent // it repeats itself
				}
				seen[k] = true
			}
		}
		if !s.right(k) {
			return faults.Latent
		}
	}
	return s.settled()
}

// settled tells masked from latent after the last inference that is followed.
func (s *solver) settled() faults.Outcome {
	k := faults.MaxFollowed + 1
	s.g.again(s.r, k)
	s.r.sync()
	// The inputs were read when the engine was made: no error is left.
	if yes, err := s.g.engine.Settled(s.r.m, s.g.number, k); err == nil && yes {
		return faults.Masked
	}
	return faults.Latent
}
