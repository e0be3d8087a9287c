package protect

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/disk"
	"upset/faults/engine"
	"upset/faults/mechanism"
)

// subsets is the number of sets of checkers.
const subsets = 1 << numCheckers

const numCheckers = 3

// Caught says which mechanisms raise an alarm for a record of a campaign, when it is
// injected again beside each of them: a bit for every checker, and one for parity.
type Caught uint8

// caughtParity is set where parity on the register would raise an alarm, and
// triedParity where that has been tried.
const (
	caughtParity Caught = subsets
	triedParity  Caught = 2 * subsets
)

// Bounds of the records that are tried under parity (our choice): a flop that is
// seldom loaded takes the rest of the inference, so that there are about so many
// clocks, and so many records at the least and at the most.
const (
	parityClocks = 10_000_000
	parityLeast  = 40
	parityMost   = 1500
)

// checkerCycles is the longest inference on which checkers are tried (our choice):
// every harmful record is injected beside each of them, mostly to the end of the
// inference.
const checkerCycles = 2_000_000

// in reports whether one of a set of checkers catches it.
func (c Caught) in(set int) bool { return int(c)&set != 0 }

// beside lists the checkers of a set.
func beside(set int) (list []mechanism.Choice) {
	for i, k := range mechanism.Checkers() {
		if set>>i&1 != 0 {
			list = append(list, mechanism.Choice{Block: mechanism.Home(k), Kind: k})
		}
	}
	return list
}

// harmful reports whether a record can count as violating.
func harmful(o faults.Outcome) bool {
	switch o {
	case faults.Latent, faults.SDCTolerable, faults.SDCCritical, faults.StrayWrite, faults.DUEHang:
		return true
	}
	return false
}

// catch injects the records of a campaign once more beside mechanisms: the harmful
// ones beside the checkers, unless inferences are too long for that, and some upsets
// of flops under parity. Checkers only watch: what none of them sees when all stand
// beside the machine, none sees alone, so that one run settles most records. Progress,
// which may be nil, is called from one goroutine at a time. What was tried is kept in files
// of a folder, if there is one, so that an attempt that is killed need not be made anew.
func catch(ctx context.Context, e *engine.Engine, s *campaign.Stored, cells mechanism.Cells, o repeats, dir string) ([]Caught, error) {
	within := o.deadline
	out := make([]Caught, len(s.Records))
	run := func(list []mechanism.Choice, wanted func(i int, d *mechanism.Design) bool, found func(n int, r faults.Record)) error {
		d, err := mechanism.New(e.Table(), list, cells, 0)
		if err != nil {
			return err
		}
		if err := Equip(e, d); err != nil {
			return err
		}
		if err := d.Delay(within.Reaction); err != nil {
			return err
		}
		at := -1
		next := func(faults.Record) bool { at++; return wanted(at, d) }
		kept := keep(o.disk, dir, s, list, cells, within.Reaction)
		defer kept.Close()
		if err := again(ctx, e, d, s.Records, next, o, kept, found); err != nil {
			return fmt.Errorf("records beside %v: %w", list, err)
		}
		return nil
	}
	if e.Cycles() <= checkerCycles {
		rang := make([]bool, len(s.Records))
		err := run(beside(subsets-1), func(i int, _ *mechanism.Design) bool { return harmful(s.Records[i].Outcome) }, func(n int, r faults.Record) {
			rang[n] = r.Alarm != 0
		})
		if err != nil {
			return nil, err
		}
		for k := range numCheckers {
			err := run(beside(1<<k), func(i int, _ *mechanism.Design) bool { return rang[i] }, func(n int, r faults.Record) {
				if r.Outcome == faults.Detected && !within.Overdue(r) {
					out[n] |= 1 << k
				}
			})
			if err != nil {
				return nil, err
			}
		}
	}
	every := max(1, len(s.Records)/min(parityMost, max(parityLeast, parityClocks/int(e.Cycles()))))
	err := run(everyBlock(e, mechanism.Parity), func(i int, d *mechanism.Design) bool { return (i+1)%every == 0 && d.Protects(s.Records[i].Site.ID) }, func(n int, r faults.Record) {
		out[n] |= triedParity
		if r.Outcome == faults.Detected && !within.Overdue(r) {
			out[n] |= caughtParity
		}
	})
	return out, err
}

// keep opens the file in which records of a campaign beside mechanisms are kept; nil where
// that is not possible, which costs work that is done twice and nothing else.
func keep(d disk.Disk, dir string, s *campaign.Stored, beside []mechanism.Choice, cells mechanism.Cells, reaction uint64) *campaign.Kept {
	if dir == "" {
		return nil
	}
	program, err := campaign.ThisProgram()
	if err != nil {
		return nil
	}
	key := campaign.Digest([]any{program, s.ResultDigest(), beside, cells, reaction})
	kept, err := campaign.OpenKept(d, filepath.Join(dir, "tried-"+key[:16]+".log"), key)
	if err != nil {
		return nil
	}
	return kept
}

// everyBlock puts a mechanism on the flops of all blocks.
func everyBlock(e *engine.Engine, k mechanism.Kind) (list []mechanism.Choice) {
	t := e.Table()
	for i := range t.Registers {
		r := &t.Registers[i]
		c := mechanism.Choice{Block: r.Block, Kind: k}
		if c.Covers(r) && !slices.ContainsFunc(list, func(o mechanism.Choice) bool { return o.Block == c.Block }) {
			list = append(list, c)
		}
	}
	return list
}

// repeats says how records are injected again: what is too late, where it is kept, by how many
// workers, and who follows it.
type repeats struct {
	deadline campaign.Deadline
	disk     disk.Disk
	workers  int
	trying   func(done, total int) // may be nil
}

// again injects records beside the mechanisms of a design, or beside none, and calls found with the
// number and the new record of every one. Those that an earlier attempt kept are not
// injected. A worker takes its share in the order of inputs and cycles.
func again(ctx context.Context, e *engine.Engine, d *mechanism.Design, records []faults.Record, wanted func(faults.Record) bool, o repeats, kept *campaign.Kept, found func(n int, r faults.Record)) error {
	var order []int
	done := 0
	for i, r := range records {
		if !wanted(r) {
			continue
		}
		if old, ok := kept.Record(i, r.Input, r.Site); ok {
			found(i, old)
			done++
			continue
		}
		order = append(order, i)
	}
	total := done + len(order)
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := records[a], records[b]
		if x.Input != y.Input {
			return int(x.Input) - int(y.Input)
		}
		return int(int64(x.Site.Cycle) - int64(y.Site.Cycle))
	})
	workers := max(1, min(o.workers, len(order)))
	group, ctx := errgroup.WithContext(ctx)
	var mu sync.Mutex
	for k := range workers {
		group.Go(func() error {
			w, err := e.Worker()
			if err != nil {
				return err
			}
			var g faults.Guard
			if d != nil {
				g = Guard(d)
			}
			for _, i := range order[k*len(order)/workers : (k+1)*len(order)/workers] {
				if err := ctx.Err(); err != nil {
					return err
				}
				r, err := w.Inject(int(records[i].Input), records[i].Site, g)
				if err != nil {
					return err
				}
				found(i, r)
				kept.Keep(i, r)
				if o.trying != nil {
					mu.Lock()
					done++
					o.trying(done, total)
					mu.Unlock()
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// under is the evidence on the machine beside a set of checkers: what they catch
// violates no more, but is reported.
func (ev *Evidence) under(set int) *Evidence {
	out := &Evidence{FlopBits: ev.FlopBits, Units: slices.Clone(ev.Units)}
	for i := range out.Units {
		out.Units[i].Pieces = slices.Clone(out.Units[i].Pieces)
		for k := range out.Units[i].Pieces {
			p := &out.Units[i].Pieces[k]
			p.Any -= p.caughtAny[set]
			p.Critical -= p.caughtCritical[set]
			p.DUE += p.caughtAny[set]
		}
	}
	return out
}
