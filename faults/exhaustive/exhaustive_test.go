package exhaustive

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"upset/faults"
	"upset/faults/engine"
)

var models = filepath.Join("..", "..", "testdata", "models")

func testEngine(t *testing.T, inputs int) *engine.Engine {
	t.Helper()
	e, err := Engine(models, inputs)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func shipped(t *testing.T) *Table {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "truth", "fashion-nano-u55-32.bin"))
	if err != nil {
		t.Fatal(err)
	}
	table, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// TestShippedTable compares the table with machines stepped from cycle 0 on, and checks
// that the subject is one that campaigns can be judged by.
func TestShippedTable(t *testing.T) {
	e, table := testEngine(t, Inputs), shipped(t)
	c, err := table.Compare(context.Background(), e, 3000, Stepped, 7)
	if err != nil {
		t.Fatal(err)
	}
	if c.Samples != 3000 || c.Differences != 0 {
		t.Errorf("%d differences in %d samples: %s", c.Differences, c.Samples, c.Example)
	}
	sites, critical, blocks := 0, 0, map[string]bool{}
	for _, s := range table.Strata(e) {
		sites += s.Sites()
		if critical += s.Counts[faults.SDCCritical]; s.Share(Violating...) > 0 {
			blocks[s.Block] = true
		}
	}
	if table.Cycles > 1000 || table.Inputs < 8 || float64(critical) < 0.002*float64(sites) || len(blocks) < 5 {
		t.Errorf("%d cycles, %d inputs, %d critical of %d, blocks %v", table.Cycles, table.Inputs, critical, sites, blocks)
	}
}

// TestSolve resolves some of the flops over the second half of an inference anew.
func TestSolve(t *testing.T) {
	const stride = 101
	e, want := testEngine(t, 1), shipped(t)
	got := newTable(e)
	s, err := newSolver(e, got, 0, stride)
	if err != nil {
		t.Fatal(err)
	}
	from := got.Cycles / 2
	if err := s.back(context.Background(), from); err != nil {
		t.Fatal(err)
	}
	counts := map[faults.Outcome]int{}
	for c := from; c < got.Cycles; c++ {
		for f := 0; f < got.Flops; f += stride {
			o := got.Outcome(0, c, f)
			if counts[o]++; o != want.Outcome(0, c, f) {
				t.Fatalf("cycle %d, flop %d: %v, the shipped table says %v", c, f, o, want.Outcome(0, c, f))
			}
		}
	}
	if len(counts) < 5 {
		t.Errorf("only %v were seen", counts)
	}
}

// TestCompareFinds plants wrong outcomes.
func TestCompareFinds(t *testing.T) {
	e := testEngine(t, 1)
	table := newTable(e)
	for i := range table.outcomes {
		table.outcomes[i] = byte(faults.StrayWrite)
	}
	c, err := table.Compare(context.Background(), e, 200, Fast, 1)
	if err != nil || c.Differences < 150 || c.Example == "" {
		t.Errorf("%+v, error %v", c, err)
	}
	table.Digest[0] ^= 1
	if _, err := table.Compare(context.Background(), e, 1, Fast, 1); err == nil {
		t.Error("a table of another network was taken")
	}
}

func small(seed uint64) *Table {
	rng := rand.New(rand.NewPCG(seed, 0))
	table := &Table{Inputs: 1 + rng.IntN(3), Cycles: 1 + rng.IntN(200), Flops: 1 + rng.IntN(30)}
	table.outcomes = make([]byte, table.Inputs*table.Cycles*table.Flops)
	for i := range table.outcomes {
		if rng.IntN(5) == 0 {
			table.outcomes[i] = byte(rng.IntN(int(faults.NumOutcomes)))
		}
	}
	return table
}

func TestRoundTrip(t *testing.T) {
	for seed := range uint64(20) {
		want := small(seed)
		data, err := want.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		got, err := Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		if got.Inputs != want.Inputs || got.Cycles != want.Cycles || got.Flops != want.Flops || !bytes.Equal(got.outcomes, want.outcomes) {
			t.Fatalf("seed %d: the table changed", seed)
		}
		for _, cut := range []int{0, 5, len(magic) + 3, len(data) / 2, len(data) - 6} {
			if _, err := Parse(data[:cut]); err == nil && cut < len(data) {
				t.Errorf("seed %d: %d of %d bytes were taken", seed, cut, len(data))
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for seed := range uint64(3) {
		data, err := small(seed).Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := Parse(data)
		if err != nil {
			return
		}
		again, err := table.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		same, err := Parse(again)
		if err != nil || !bytes.Equal(same.outcomes, table.outcomes) {
			t.Fatalf("not the same after writing and reading: %v", err)
		}
	})
}
