package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// process is the command in a process of its own, which can be killed.
func process(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	return cmd
}

// Tasks of an array that are killed at random, and submitted again until nothing is
// missing, give the digest of one process.
func TestArrayUnderFire(t *testing.T) {
	if testing.Short() || runtime.GOOS == "windows" {
		t.Skip("kills processes")
	}
	noArray(t)
	work, inputs := t.TempDir(), fewInputs(t)
	flags := []string{"--inputs", inputs, "--injections", "6000"}
	want := parse(t, mustRun(t, codeDone, append([]string{"campaign", "run", tiny, "--out", filepath.Join(work, "alone"), "--format", "json"}, flags...)...).out)["result_digest"]
	dir := filepath.Join(work, "array")
	mustRun(t, codeDone, append([]string{"campaign", "plan", tiny, "--out", dir, "--shards", "4"}, flags...)...)
	rng := rand.New(rand.NewPCG(20, 26))
	killed, merges := 0, 0
	for ; merges < 200; merges++ {
		o := invoke("campaign", "merge", dir, "--format", "json", "--scheduler", "slurm")
		m := parse(t, o.out)
		if o.code == codeDone {
			if m["result_digest"] != want {
				t.Errorf("after %d kills: %v, want %v", killed, m["result_digest"], want)
			}
			break
		}
		if o.code != codeIncomplete {
			t.Fatalf("merge: exit %d: %s", o.code, o.errors)
		}
		for _, k := range m["missing"].([]any) {
			cmd := process("campaign", "shard", dir, "--workers", "1")
			cmd.Env = append(cmd.Env, fmt.Sprintf("SLURM_ARRAY_TASK_ID=%d", int(k.(float64))-1))
			var errs bytes.Buffer
			cmd.Stderr = &errs
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			// Most of the first tasks die somewhere; later ones live longer.
			after := time.Duration(rng.IntN(60+40*merges)) * time.Millisecond
			timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
			err := cmd.Wait()
			timer.Stop()
			switch code := cmd.ProcessState.ExitCode(); {
			case code == -1:
				killed++
			case err != nil:
				t.Fatalf("shard: exit %d: %s", code, errs.String())
			}
		}
	}
	if merges == 200 || killed == 0 {
		t.Errorf("%d merges, %d tasks killed", merges, killed)
	}
	t.Logf("%d tasks killed, %d merges", killed, merges)
}

// Two processes share a folder; one is killed in the middle of a shard, and the other
// takes it over. The digest is that of one process.
func TestWorkUnderFire(t *testing.T) {
	if testing.Short() || runtime.GOOS == "windows" {
		t.Skip("kills processes")
	}
	noArray(t)
	work, inputs := t.TempDir(), fewInputs(t)
	flags := []string{"--inputs", inputs, "--injections", "40000"}
	want := parse(t, mustRun(t, codeDone, append([]string{"campaign", "run", tiny, "--out", filepath.Join(work, "alone"), "--format", "json"}, flags...)...).out)["result_digest"]
	dir := filepath.Join(work, "shared")
	mustRun(t, codeDone, append([]string{"campaign", "plan", tiny, "--out", dir, "--shards", "3"}, flags...)...)
	start := func() (*exec.Cmd, *bytes.Buffer, *bytes.Buffer) {
		cmd := process("campaign", "work", dir, "--workers", "1", "--lease", "2", "--format", "json")
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd, &out, &errs
	}
	victim, _, _ := start()
	// It is killed once it has something on the disk.
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if parts, _ := filepath.Glob(filepath.Join(dir, "shards", "*.part")); len(parts) > 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the first process does not begin")
		}
	}
	survivor, out, errs := start()
	time.Sleep(100 * time.Millisecond)
	_ = victim.Process.Kill()
	if err := victim.Wait(); err == nil {
		t.Fatal("the first process was done before it was killed: make the campaign longer")
	}
	if err := survivor.Wait(); err != nil {
		t.Fatalf("%v: %s", err, errs)
	}
	if got := parse(t, out.String())["result_digest"]; got != want {
		t.Errorf("%v, want %v", got, want)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "shards", "*.lease")); left != nil {
		t.Errorf("leases are left: %v", left)
	}
}
