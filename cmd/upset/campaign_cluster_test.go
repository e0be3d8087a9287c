//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"upset/faults/array"
)

// recipe is a script of docs/cluster.md as its scheduler reads it.
type recipe struct {
	scheduler string
	argv      []string         // of a task
	tasks     []string         // indices
	again     func(c int) bool // the scheduler runs a task again by itself after this exit code
}

// recipes reads the scripts of docs/cluster.md, for so many shards and a folder.
func recipes(t *testing.T, shards int, dir string) []recipe {
	t.Helper()
	page := string(readTestFile(t, "../../docs/cluster.md"))
	page = strings.NewReplacer("/shared/net-run", dir, "64", fmt.Sprint(shards), "63", fmt.Sprint(shards-1)).Replace(page)
	block := func(title, kind string) string {
		_, rest, ok := strings.Cut(page, "\n### "+title+"\n")
		_, rest, ok2 := strings.Cut(rest, "\n```"+kind+"\n")
		text, _, ok3 := strings.Cut(rest, "\n```\n")
		if !ok || !ok2 || !ok3 {
			t.Fatalf("docs/cluster.md has no script for %s", title)
		}
		return text
	}
	var list []recipe
	for _, k := range []struct {
		title, name, directive string
		again                  func(int) bool
	}{
		{"LSF", "lsf", `(?m)^#BSUB -J "shard\[(.*)\]"$`, func(c int) bool { return c == 3 }},
		{"Grid Engine", "sge", `(?m)^#\$ -t (.*)$`, func(c int) bool { return c == 99 }},
		{"PBS", "pbs", `(?m)^#PBS -J (.*)$`, func(int) bool { return false }},
	} {
		text := block(k.title, "sh")
		m := regexp.MustCompile(k.directive).FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("the script for %s has no array", k.title)
		}
		file := filepath.Join(t.TempDir(), k.name+".sh")
		if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		list = append(list, recipe{k.name, []string{"sh", file}, tasksOf(m[1]), k.again})
	}
	var job struct {
		Spec struct {
			CompletionMode string `yaml:"completionMode"`
			Completions    int    `yaml:"completions"`
			Template       struct {
				Spec struct {
					Containers []struct {
						Command []string `yaml:"command"`
					} `yaml:"containers"`
				} `yaml:"spec"`
			} `yaml:"template"`
		} `yaml:"spec"`
	}
	if err := yaml.Unmarshal([]byte(block("Kubernetes", "yaml")), &job); err != nil || job.Spec.CompletionMode != "Indexed" {
		t.Fatalf("the job for Kubernetes: %+v, %v", job, err)
	}
	failed := func(c int) bool { return c != 0 }
	list = append(list, recipe{"kubernetes", job.Spec.Template.Spec.Containers[0].Command, tasksOf(fmt.Sprintf("0-%d", job.Spec.Completions-1)), failed})
	var batch struct {
		ArrayProperties    struct{ Size int }
		ContainerOverrides struct{ Command []string }
	}
	if err := json.Unmarshal([]byte(block("AWS Batch", "json")), &batch); err != nil {
		t.Fatal(err)
	}
	return append(list, recipe{"aws", batch.ContainerOverrides.Command, tasksOf(fmt.Sprintf("0-%d", batch.ArrayProperties.Size-1)), failed})
}

// fakeArray runs the tasks of an array and kills some of them, the first at once and others at random, with
// everything that they have started; in later rounds they live longer.
func fakeArray(t *testing.T, r recipe, tasks []string, rng *rand.Rand, round int) (killed int) {
	t.Helper()
	patience := time.Duration(100+50*round) * time.Millisecond
	s, err := array.ByName(r.scheduler)
	if err != nil {
		t.Fatal(err)
	}
	for _, index := range tasks {
		for try := 0; ; try++ {
			cmd := exec.Command(r.argv[0], r.argv[1:]...)
			cmd.Env = append(os.Environ(), s.Variable+"="+index)
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			cmd.WaitDelay = time.Second
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			// A third is killed, and a third of the others is asked to stop.
			signal, after := syscall.Signal(0), time.Duration(rng.Int64N(int64(patience)))
			switch {
			case round == 0 && try == 0 && index == tasks[0]:
				signal, after = syscall.SIGKILL, 0
			case try > 3:
			case rng.IntN(3) == 0:
				signal = syscall.SIGKILL
			case rng.IntN(3) == 0:
				signal = syscall.SIGTERM
			}
			stop := func() bool { return true }
			if signal != 0 {
				stop = time.AfterFunc(after, func() { _ = syscall.Kill(-cmd.Process.Pid, signal) }).Stop
			}
			err := cmd.Wait()
			stop() // before the number can be another process's
			code := cmd.ProcessState.ExitCode()
			if err == nil {
				break
			}
			if code >= 0 && code != codeIncomplete && code != 99 && signal == 0 {
				t.Fatalf("task %s of %s: exit %d: %s", index, r.scheduler, code, out.String())
			}
			killed++
			if !r.again(code) {
				break // this scheduler leaves it to the merge
			}
		}
	}
	return killed
}

// Each script of docs/cluster.md, run by a scheduler that sets its variable, kills at random
// and submits again what the merge names, gives the digest of one process.
func TestScriptsOfTheClusterPage(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	noArray(t)
	work, inputs := t.TempDir(), fewInputs(t)
	// Containers and scripts find the command on their path.
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "upset"), fmt.Appendf(nil, "#!/bin/sh\n%s=1 exec %s \"$@\"\n", asCommand, os.Args[0]), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	const shards = 3
	flags := []string{"--inputs", inputs, "--injections", "4000"}
	want := parse(t, mustRun(t, codeDone, append([]string{"campaign", "run", tiny, "--out", filepath.Join(work, "alone"), "--format", "json"}, flags...)...).out)["result_digest"]
	for i, r := range recipes(t, shards, "FOLDER") {
		t.Run(r.scheduler, func(t *testing.T) {
			dir := filepath.Join(work, r.scheduler)
			mustRun(t, codeDone, append([]string{"campaign", "plan", tiny, "--out", dir, "--shards", fmt.Sprint(shards)}, flags...)...)
			r := recipes(t, shards, dir)[i]
			if len(r.tasks) != shards {
				t.Fatalf("tasks %v", r.tasks)
			}
			rng := rand.New(rand.NewPCG(64, uint64(i)))
			tasks, killed := r.tasks, 0
			for round := 0; round < 60; round++ {
				killed += fakeArray(t, r, tasks, rng, round)
				o := invoke("campaign", "merge", dir, "--scheduler", r.scheduler, "--format", "json")
				m := parse(t, o.out)
				if o.code == codeDone {
					if m["result_digest"] != want {
						t.Errorf("%v, want %v", m["result_digest"], want)
					}
					if killed == 0 {
						t.Error("no task was stopped")
					}
					return
				}
				if o.code != codeIncomplete {
					t.Fatalf("merge: exit %d: %s", o.code, o.errors)
				}
				tasks = resubmitted(t, r, m["again"].([]any))
			}
			t.Error("the campaign does not end")
		})
	}
}

// resubmitted reads the indices out of what the merge prints for the scheduler.
func resubmitted(t *testing.T, r recipe, lines []any) (tasks []string) {
	t.Helper()
	for _, l := range lines {
		line := l.(string)
		switch r.scheduler {
		case "lsf":
			tasks = append(tasks, tasksOf(strings.TrimSuffix(strings.TrimPrefix(line, `-J "shard[`), `]"`))...)
		case "sge":
			tasks = append(tasks, tasksOf(strings.TrimPrefix(line, "-t "))...)
		case "pbs":
			if one, ok := strings.CutPrefix(line, "-v PBS_ARRAY_INDEX="); ok {
				tasks = append(tasks, one)
			} else {
				tasks = append(tasks, tasksOf(strings.TrimPrefix(line, "-J "))...)
			}
		default:
			return r.tasks
		}
	}
	return tasks
}
