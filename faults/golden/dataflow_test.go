package golden

import (
	"testing"

	"upset/faults"
	"upset/models/nettest"
	"upset/models/network"
	"upset/npu/cone"
	"upset/npu/isa"
)

// Every beat that the fault-free run writes belongs to an operation that has begun and has
// not ended, so that what is under way at a moment is all that will still write by itself.
func TestStoresBelongToOperations(t *testing.T) {
	copies := 0
	for _, c := range isa.Configs {
		for _, e := range []*Runs{
			runs(t, "fashion-tiny", c, 1, faults.Options{}),
			runs(t, "fashion-dscnn", c, 1, faults.Options{}),
			runsOf(t, nettest.SharedProgram(t, "kws_ref_model", c)),
		} {
			copies += checkStores(t, e)
		}
	}
	t.Logf("%d copies", copies)
}

func runsOf(t *testing.T, p *network.Program) *Runs {
	t.Helper()
	e, err := New(t.Context(), p, nettest.Random(p, 1), faults.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// checkStores returns the number of copies to memory.
func checkStores(t *testing.T, e *Runs) (copies int) {
	t.Helper()
	f := e.Dataflow
	if len(f.Stores) == 0 {
		t.Fatal("nothing is written")
	}
	for i, o := range f.Ops {
		if o.Kind == cone.Copy {
			copies++
		}
		if o.Kind != cone.Host && (f.issued[i] == 0 || f.ended[i] < f.issued[i]) {
			t.Errorf("operation %d, a %s, begins at %d and ends at %d", i, o.Kind, f.issued[i], f.ended[i])
		}
	}
	for _, s := range f.Stores {
		if !belongs(f, &s) {
			t.Fatalf("%s: the beat to %#x at %d belongs to no operation under way", e.program.Name, s.Addr, s.Cycle)
		}
	}
	return copies
}

func belongs(f *Dataflow, s *Stored) bool {
	for i, o := range f.Ops {
		if s.Cycle < f.issued[i] || s.Cycle > f.ended[i] {
			continue
		}
		for _, r := range o.Writes {
			if s.Addr+7 >= r.Lo && s.Addr < r.Hi {
				return true
			}
		}
	}
	return false
}

// A copy may outlast kernel operations behind it: until it has ended it still writes.
func TestCopyOutlastsKernels(t *testing.T) {
	for _, c := range isa.Configs {
		e := runsOf(t, nettest.LongCopy(t, c, 2048))
		checkStores(t, e)
		end := e.Ended([]int{0}, nil)[0]
		if behind := e.Ended([]int{1}, nil)[0]; end <= behind {
			t.Errorf("%v: the copy ends at %d, the operation behind it at %d: nothing is shown", c, end, behind)
		}
		last := uint64(0)
		for _, s := range e.Dataflow.Stores {
			if s.Addr >= e.Dataflow.Ops[0].Writes[0].Lo && s.Addr < e.Dataflow.Ops[0].Writes[0].Hi {
				last = max(last, s.Cycle)
			}
		}
		if last == 0 || last > end {
			t.Errorf("%v: the copy writes at %d and ends at %d", c, last, end)
		}
	}
}
