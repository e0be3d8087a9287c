package engine

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"upset/faults"
	"upset/models/nettest"
	"upset/npu/isa"
)

// Every upset has its turn once, each worker takes its share in the order of inputs and
// cycles, and the first error ends it.
func TestEach(t *testing.T) {
	e, err := New(nettest.Shipped(t, "fashion-tiny", isa.U55x32), nettest.Inputs(t, "fashion-tiny", 2), faults.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	const n = 100
	at := func(i int) (int, uint64) { return i % 2, uint64(i * 37 % n) }
	for _, workers := range []int{0, 1, 3, 2 * n} {
		var mu sync.Mutex
		times := make([]int, n)
		err := e.Each(context.Background(), n, workers, at, func(*Worker) (func(int) error, error) {
			last := -1
			return func(i int) error {
				mu.Lock()
				defer mu.Unlock()
				times[i]++
				x, c := at(i)
				if key := x*n + int(c); key < last {
					t.Errorf("%d workers: upset %d comes too late", workers, i)
				} else {
					last = key
				}
				return nil
			}, nil
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, k := range times {
			if k != 1 {
				t.Errorf("%d workers: upset %d had %d turns", workers, i, k)
			}
		}
	}
	broken := errors.New("broken")
	err = e.Each(context.Background(), n, 2, at, func(*Worker) (func(int) error, error) {
		return func(i int) error { return broken }, nil
	}, nil)
	if !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

// Until it is enough, upsets begin in their order; one is done in any case.
func TestSome(t *testing.T) {
	e, err := New(nettest.Shipped(t, "fashion-tiny", isa.U55x32), nettest.Inputs(t, "fashion-tiny", 1), faults.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct{ most, want int }{{0, 1}, {7, 8}, {1000, 50}} {
		asked, seen := 0, 0
		done, err := e.Some(context.Background(), 50, 1, func(*Worker) (func(int) error, error) {
			return func(i int) error {
				if i != seen {
					t.Errorf("upset %d in turn %d", i, seen)
				}
				seen++
				return nil
			}, nil
		}, nil, func() bool { asked++; return asked > x.most })
		if err != nil || done != x.want || seen != done {
			t.Errorf("%d done, %d seen, want %d: %v", done, seen, x.want, err)
		}
	}
	var seen atomic.Int64
	done, err := e.Some(context.Background(), 50, 4, func(*Worker) (func(int) error, error) {
		return func(int) error { seen.Add(1); return nil }, nil
	}, nil, nil)
	if err != nil || done != 50 || seen.Load() != 50 {
		t.Errorf("%d done, %d seen, %v", done, seen.Load(), err)
	}
}
