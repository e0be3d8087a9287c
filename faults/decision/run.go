package decision

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"upset/faults"
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/faults/protect"
	"upset/models/selection"
	"upset/netlist"
)

// Hit is what became of a fault.
type Hit struct {
	Part    int
	Call    int // the inference that is struck, by its number in the decision
	Row     int // of the pool, −1 for an input that the rule made
	Site    faults.Site
	Outcome faults.Outcome
	Visible bool // the output of the inference is another one
	Endless bool // the rule does not come to an end, which the host notices
	Verdict
}

// locate finds the inference that a fault strikes and the cycle in it. Parts are
// struck by the time that their inferences take.
func (s *Subject) locate(f Fault) (part, index int, site faults.Site) {
	var whole float64
	for i := range s.Parts {
		whole += s.Parts[i].time()
	}
	at := f.Place * whole
	for i := range s.Parts {
		p := &s.Parts[i]
		own := p.time()
		if own == 0 {
			continue
		}
		part, index = i, min(int(at/own*float64(len(p.Struck))), len(p.Struck)-1)
		if at < own {
			break
		}
		at -= own
	}
	p := &s.Parts[part]
	return part, index, faults.Site{ID: f.Flop, Cycle: min(uint64(f.Time*float64(p.cycles)), p.cycles-1)}
}

// time is how many cycles all inferences of a part take.
func (p *Part) time() float64 { return float64(p.cycles) * float64(len(p.Calls)) }

// Run injects transient faults and judges them. The result is in the order of the
// faults and does not depend on the number of workers. Design, which may be nil,
// protects the machine. Progress, which may be nil, is called from one goroutine at
// a time.
func (s *Subject) Run(ctx context.Context, list []Fault, d *mechanism.Design, workers int, progress func(done int)) ([]Hit, error) {
	type job struct{ fault, index int }
	hits := make([]Hit, len(list))
	jobs := make([][]job, len(s.Parts))
	for i, f := range list {
		part, index, site := s.locate(f)
		call := s.Parts[part].Struck[index]
		hits[i] = Hit{Part: part, Call: call, Row: s.row(call), Site: site}
		jobs[part] = append(jobs[part], job{i, index})
	}
	var mu sync.Mutex
	done := 0
	for part := range s.Parts {
		p, todo := &s.Parts[part], jobs[part]
		slices.SortFunc(todo, func(a, b job) int {
			if a.index != b.index {
				return a.index - b.index
			}
			if x, y := hits[a.fault].Site.Cycle, hits[b.fault].Site.Cycle; x != y {
				return int(int64(x) - int64(y))
			}
			return a.fault - b.fault
		})
		if len(todo) == 0 {
			continue
		}
		if d != nil {
			if err := protect.Equip(p.engine, d); err != nil {
				return nil, err
			}
		}
		group, ctx := errgroup.WithContext(ctx)
		n := max(1, min(workers, len(todo)))
		for k := range n {
			group.Go(func() error {
				w, err := p.engine.Worker()
				if err != nil {
					return err
				}
				var guard faults.Guard
				if d != nil {
					guard = protect.Guard(d)
				}
				for _, j := range todo[k*len(todo)/n : (k+1)*len(todo)/n] {
					if err := ctx.Err(); err != nil {
						return err
					}
					if err := s.strike(w, guarded(d, guard, hits[j.fault].Site.ID), j.index, &hits[j.fault]); err != nil {
						return err
					}
					if progress != nil {
						mu.Lock()
						done++
						progress(done)
						mu.Unlock()
					}
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return hits, nil
}

// guarded is the guard of a site, nil where no mechanism of the design looks at it.
func guarded(d *mechanism.Design, g faults.Guard, id netlist.SiteID) faults.Guard {
	if d == nil || !d.Protects(id) {
		return nil
	}
	return g
}

// strike performs one injection and judges it.
func (s *Subject) strike(w *engine.Worker, guard faults.Guard, index int, h *Hit) error {
	r, err := w.Inject(index, h.Site, guard)
	if err != nil {
		return err
	}
	h.Outcome = r.Outcome
	output := w.Output()
	if output == nil || dues(r.Outcome) {
		return nil
	}
	h.Visible = true
	if h.Verdict, err = s.judge(h.Part, h.Call, output); selection.Ended(err) {
		h.Endless, err = true, nil
	}
	return err
}

// dues reports whether an inference ends without a result that is used.
func dues(o faults.Outcome) bool {
	return o == faults.DUEDetected || o == faults.DUEHang || o == faults.Detected
}

// DUE reports whether the fault was noticed instead of deciding anything.
func (h *Hit) DUE() bool { return dues(h.Outcome) || h.Endless }
