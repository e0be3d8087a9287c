package qualify

import (
	"context"
	"slices"
	"testing"

	"upset/faults/exhaustive"
	"upset/npu/isa"
)

// Every malfunction names checks that there are, and every check serves one.
func TestMalfunctionsNameChecks(t *testing.T) {
	used := map[string]bool{}
	var ids []string
	for _, c := range Checks() {
		if slices.Contains(ids, c.ID) {
			t.Errorf("%s stands twice", c.ID)
		}
		ids = append(ids, c.ID)
	}
	uses := map[string]bool{}
	for _, u := range useCases {
		uses[u.ID] = false
	}
	for _, m := range malfunctions {
		for _, c := range m.Checks {
			if !slices.Contains(ids, c) {
				t.Errorf("%s names check %s, which there is not", m.ID, c)
			}
			used[c] = true
		}
		for _, u := range m.UseCases {
			if _, ok := uses[u]; !ok {
				t.Errorf("%s names use %s, which there is not", m.ID, u)
			}
			uses[u] = true
		}
		if len(m.Checks) == 0 && m.Beside == "" {
			t.Errorf("%s: no check, and no word why", m.ID)
		}
	}
	for _, id := range ids {
		if !used[id] {
			t.Errorf("check %s serves no malfunction", id)
		}
	}
	for id, hit := range uses {
		if !hit {
			t.Errorf("use %s has no malfunction", id)
		}
	}
}

func testBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{Options: Options{Dir: t.TempDir(), Seed: 3, Workers: 2, Divide: 20}}
	var err error
	if b.models, err = unpack(b.Dir); err != nil {
		t.Fatal(err)
	}
	if b.known, err = readKnown(); err != nil {
		t.Fatal(err)
	}
	return b
}

// Checks fail where something is wrong: a known answer, a network, a truth.
func TestChecksFail(t *testing.T) {
	ctx := context.Background()
	b := testBench(t)
	f, err := answers(ctx, b)
	if err != nil || f.failures != 0 || f.cases != 3*len(isa.Configs) {
		t.Fatalf("known answers: %+v, %v", f, err)
	}
	b.known.Answers[5].Cycles++
	b.known.Answers[7].Outputs = b.known.Answers[0].Outputs
	b.known.Answers = append(b.known.Answers, Answer{Network: "none"})
	if f, err := answers(ctx, b); err != nil || f.failures != 3 || f.example == "" {
		t.Errorf("three wrong answers: %+v, %v", f, err)
	}
	b.known.Probe = "0"
	if f, err := probes(ctx, b); err != nil || f.failures != 1 {
		t.Errorf("another digest: %+v, %v", f, err)
	}
	table, e, err := b.truth()
	if err != nil {
		t.Fatal(err)
	}
	if c, err := table.WithMistakes(0.1, 1).Compare(ctx, e, 500, exhaustive.Fast, 1); err != nil || c.Differences < 20 {
		t.Errorf("a wrong truth: %+v, %v", c, err)
	}
}

// A check that did not run, or looked at nothing, does not pass.
func TestNothingIsNoPass(t *testing.T) {
	b := testBench(t)
	f, err := killed(context.Background(), b)
	if err != nil || f.left == "" || f.cases != 0 {
		t.Errorf("%+v, %v: a kill without a program", f, err)
	}
}
