package experiment

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/criterion"
	"upset/faults/engine"
	"upset/npu/isa"
)

const root = "../.."

// example builds the example, which is the reader's first program.
func example(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("example/main.go")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "\n"); n > 40 {
		t.Errorf("the example has %d lines, more than 40", n)
	}
	binary := filepath.Join(t.TempDir(), "example")
	if out, err := exec.Command("go", "build", "-o", binary, "./example").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return binary
}

// run runs the example.
func run(binary string, kill time.Duration, env string, args ...string) (out string, code int) {
	cmd := exec.Command(binary, args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), env)
	var b strings.Builder
	cmd.Stdout, cmd.Stderr = &b, &b
	if err := cmd.Start(); err != nil {
		return err.Error(), -2
	}
	if kill > 0 {
		defer time.AfterFunc(kill, func() { _ = cmd.Process.Kill() }).Stop()
	}
	_ = cmd.Wait()
	return b.String(), cmd.ProcessState.ExitCode()
}

// digest is the digest of the campaign in a folder.
func digest(t *testing.T, dir string) string {
	t.Helper()
	s, err := campaign.Load(dir)
	if err != nil || !s.Complete {
		t.Fatalf("%s is not complete: %v", dir, err)
	}
	return s.ResultDigest()
}

// The example gives one digest in one process, in shards of which some are killed, and in
// two processes that share a folder.
func TestExample(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs a program")
	}
	binary, work := example(t), t.TempDir()
	alone, shards, shared := filepath.Join(work, "alone"), filepath.Join(work, "shards"), filepath.Join(work, "shared")
	if out, code := run(binary, 0, "", alone); code != codeDone || !strings.Contains(out, "VERDICT") {
		t.Fatalf("exit %d: %s", code, out)
	}
	want := digest(t, alone)

	if out, code := run(binary, 0, "", shards, "plan", "3"); code != codeDone {
		t.Fatalf("exit %d: %s", code, out)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	killed := 0
	for i := 0; ; i++ {
		out, code := run(binary, 0, "SLURM_JOB_ID=1", shards, "merge")
		if code == codeDone {
			break
		}
		if code != codeIncomplete || !strings.Contains(out, "--array=") || i > 100 {
			t.Fatalf("merge: exit %d: %s", code, out)
		}
		for k := range 3 {
			kill := time.Duration(rng.IntN(300*(i+1))+1) * time.Millisecond
			if out, code := run(binary, kill, fmt.Sprintf("SLURM_ARRAY_TASK_ID=%d", k), shards, "shard"); code == -1 {
				killed++
			} else if code != codeDone {
				t.Fatalf("shard: exit %d: %s", code, out)
			}
		}
	}
	if got := digest(t, shards); got != want {
		t.Errorf("in shards %s, want %s", got, want)
	}
	t.Logf("%d shards were killed", killed)

	if out, code := run(binary, 0, "", shared, "plan", "4"); code != codeDone {
		t.Fatalf("exit %d: %s", code, out)
	}
	second := make(chan string)
	go func() {
		out, code := run(binary, 0, "", shared, "work")
		second <- fmt.Sprint(code, out[:min(len(out), 300)])
	}()
	if out, code := run(binary, 0, "", shared, "work"); code != codeDone {
		t.Errorf("exit %d: %s", code, out)
	}
	if out := <-second; !strings.HasPrefix(out, "0") {
		t.Error(out)
	}
	if got := digest(t, shared); got != want {
		t.Errorf("shared %s, want %s", got, want)
	}
	for _, args := range [][]string{nil, {"-h"}, {alone, "plan"}, {alone, "fly"}, {alone, "merge", "x"}} {
		if out, code := run(binary, 0, "", args...); code != codeUsage || !strings.Contains(out, "usage:") {
			t.Errorf("%q: exit %d: %s", args, code, out)
		}
	}
}

// tiny is an experiment on the smallest network.
func tiny(rule string, critical func(want, got int) bool) Experiment[int] {
	models := filepath.Join(root, "testdata", "models")
	return Experiment[int]{
		Rule: rule, Network: Files(filepath.Join(models, "fashion-tiny.tflite"), filepath.Join(models, "fashion-tiny.inputs"), isa.U55x32),
		Observe: func(output []byte) int {
			best := 0
			for i := range output {
				if int8(output[i]) > int8(output[best]) {
					best = i
				}
			}
			return best
		},
		Critical: critical, Spec: campaign.Spec{Model: "fashion-tiny", Seed: 3, Injections: 1500}, Workers: 2,
	}
}

// A function that asks what a built-in criterion asks gives its outcomes; another one gives
// others, and its campaign is not taken for the first.
func TestFunctionIsTheCriterion(t *testing.T) {
	ctx := context.Background()
	x := tiny("another class", func(want, got int) bool { return want != got })
	e, err := x.Prepare(ctx)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	got, err := x.Run(ctx, e, dir)
	if err != nil {
		t.Fatal(err)
	}
	p, inputs, err := x.Network()
	if err != nil {
		t.Fatal(err)
	}
	built, err := engine.New(p, inputs, faults.Options{Criterion: criterion.Criterion{Kind: criterion.Top1}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want, err := campaign.Run(ctx, built, x.Spec, t.TempDir(), campaign.RunOptions{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	if got.Outcomes != want.Outcomes || got.Outcomes.SDCCritical == 0 || got.Outcomes.SDCTolerable == 0 {
		t.Errorf("outcomes %+v, built in %+v", got.Outcomes, want.Outcomes)
	}
	if got.SpecDigest == want.SpecDigest || got.Assumptions.Criterion != "go:another class" {
		t.Errorf("the spec does not tell the criteria apart: %s", got.Assumptions.Criterion)
	}
	y := tiny("every change", nil)
	if e, err = y.Prepare(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := y.Run(ctx, e, dir); !errors.Is(err, campaign.ErrSpecMismatch) {
		t.Errorf("another rule goes on with the campaign: %v", err)
	}
	all, err := y.Run(ctx, e, t.TempDir())
	if err != nil || all.Outcomes.SDCTolerable != 0 || all.Outcomes.SDC() != got.Outcomes.SDC() {
		t.Errorf("every wrong output is critical, but: %+v, %v", all.Outcomes, err)
	}
	for _, bad := range []string{"", "a\nb", "#", strings.Repeat("x", 101)} {
		if _, err := tiny(bad, nil).Prepare(ctx); err == nil {
			t.Errorf("%q is taken for the name of a rule", bad)
		}
	}
}
