package main

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// asSbatch makes the test binary behave as sbatch, with the number of milliseconds within
// which it kills tasks, or 0.
const asSbatch = "UPSET_TEST_AS_SBATCH"

// killedTasks names the file to which that sbatch adds a line for each task that it has killed.
const killedTasks = "UPSET_TEST_KILLED_TASKS"

// fakeSlurm puts an sbatch on the path that runs scripts at once, as Slurm would: tasks of
// an array side by side and with their index, jobs behind others after them. It kills
// the first task at once and every third or so at random, within the given time. What it returns
// counts them.
func fakeSlurm(t *testing.T, kill time.Duration) (killed func() int) {
	t.Helper()
	noArray(t)
	bin := t.TempDir()
	list := filepath.Join(bin, "killed")
	t.Setenv(killedTasks, list)
	text := fmt.Sprintf("#!/bin/sh\n%s=%d exec %s \"$@\"\n", asSbatch, kill.Milliseconds(), os.Args[0])
	if err := os.WriteFile(filepath.Join(bin, "sbatch"), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv(asCommand, "1") // for what the scripts run
	return func() int {
		text, _ := os.ReadFile(list) // absent where none was
		return bytes.Count(text, []byte("\n"))
	}
}

// sbatchMain is the fake.
func sbatchMain() int {
	if len(os.Args) != 3 || os.Args[1] != "--parsable" {
		fmt.Fprintln(os.Stderr, "sbatch: unexpected arguments", os.Args)
		return 1
	}
	kill, _ := strconv.Atoi(os.Getenv(asSbatch))
	_ = os.Unsetenv(asSbatch)
	text, err := os.ReadFile(os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	option := map[string]string{}
	for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); {
		if line, ok := strings.CutPrefix(s.Text(), "#SBATCH --"); ok {
			name, value, _ := strings.Cut(line, "=")
			option[name] = value
		}
	}
	var all sync.WaitGroup
	list := os.Getenv(killedTasks)
	_, begun := os.Stat(list)
	for i, index := range tasksOf(option["array"]) {
		all.Go(func() {
			cmd := exec.Command("sh", os.Args[2])
			if index != "" {
				cmd.Env = append(os.Environ(), "SLURM_ARRAY_TASK_ID="+index)
			}
			f, err := os.OpenFile(strings.ReplaceAll(option["output"], "%a", index), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
			if err != nil {
				return
			}
			defer f.Close()
			cmd.Stdout, cmd.Stderr = f, f
			if cmd.Start() != nil {
				return
			}
			switch {
			case kill == 0 || index == "":
			case begun != nil && i == 0:
				_ = cmd.Process.Kill()
			case rand.IntN(3) == 0:
				time.AfterFunc(time.Duration(rand.IntN(kill))*time.Millisecond, func() { _ = cmd.Process.Kill() })
			}
			_ = cmd.Wait()
			if !cmd.ProcessState.Exited() {
				note(list, index)
			}
		})
	}
	all.Wait()
	fmt.Printf("%d;fake\n", os.Getpid())
	return 0
}

// note adds a line to a file.
func note(file, line string) {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return
	}
	defer f.Close()
	fmt.Fprintln(f, line)
}

// tasksOf lists the tasks of an array such as 0-3,7; one without an index for no array.
func tasksOf(array string) (list []string) {
	for _, part := range strings.Split(array, ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			list = append(list, part)
			continue
		}
		a, _ := strconv.Atoi(from)
		b, _ := strconv.Atoi(to)
		for ; a <= b; a++ {
			list = append(list, strconv.Itoa(a))
		}
	}
	return list
}

// The scripts for Slurm, as a dry run prints them.
func TestSubmitDryRun(t *testing.T) {
	noArray(t)
	dir, inputs := filepath.Join(t.TempDir(), "run"), fewInputs(t)
	o := mustRun(t, codeDone, "campaign", "submit", tiny, "--inputs", inputs, "--injections", "500", "--shards", "4", "--engine", "slurm", "--dry-run",
		"--out", dir, "--target", "asil-b", "--cpus", "2", "--batch", "--partition=long --account=npu")
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer(quote(self), "/opt/upset", dir, "/shared/run", here, "/home/me").Replace(o.out)
	file := filepath.Join("testdata", "submit.golden")
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := string(readTestFile(t, file)); text != want {
		t.Errorf("%s", firstDifference(text, want))
	}
	if _, err := os.Stat(filepath.Join(dir, submitFolder)); err == nil {
		t.Error("a dry run leaves scripts")
	}
}

// Submitted to a scheduler whose tasks die at random, a campaign ends by itself with the
// digest of one process: merges submit what is missing and go on round by round.
func TestSubmit(t *testing.T) {
	if testing.Short() || runtime.GOOS == "windows" {
		t.Skip("starts many processes")
	}
	work, inputs := t.TempDir(), fewInputs(t)
	flags := []string{"--inputs", inputs, "--injections", "6000"}
	want := parse(t, mustRun(t, codeDone, append([]string{"campaign", "run", tiny, "--out", filepath.Join(work, "alone"), "--format", "json"}, flags...)...).out)["result_digest"]
	for _, engine := range []string{engineSlurm, engineLocal} {
		t.Run(engine, func(t *testing.T) {
			dir := filepath.Join(work, engine)
			killed := fakeSlurm(t, 200*time.Millisecond)
			o := invoke(append([]string{"campaign", "submit", tiny, "--engine", engine, "--shards", "3", "--out", dir}, flags...)...)
			for range 20 { // three attempts may all be killed
				if s := parse(t, mustRun(t, codeDone, "campaign", "status", dir, "--format", "json").out); s["complete"] == true {
					break
				}
				o = invoke("campaign", "submit", dir, "--engine", engine)
			}
			if o.code != codeDone {
				t.Fatalf("exit %d: %s", o.code, o.errors)
			}
			if got := parse(t, mustRun(t, codeDone, "report", dir, "--format", "json").out)["result_digest"]; got != want {
				t.Errorf("%v, want %v", got, want)
			}
			if n := killed(); n == 0 && engine == engineSlurm {
				t.Error("no task was killed")
			}
		})
	}
}

// An assessment and a sweep that are submitted end with what they give in one process.
func TestSubmitWhole(t *testing.T) {
	if testing.Short() || runtime.GOOS == "windows" {
		t.Skip("starts many processes")
	}
	work, inputs := t.TempDir(), fewInputs(t)
	model, err := filepath.Abs(tiny)
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(work, "sweep.yaml")
	if err := os.WriteFile(list, []byte("networks: [{model: \""+model+"\", inputs: \""+inputs+"\"}]\nnpu: [u55-32, u55-128]\nprotect: none\ninjections: 400\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	fakeSlurm(t, 0)
	figures := func(dir, name string) string {
		t.Helper()
		r := parse(t, string(readTestFile(t, filepath.Join(dir, name+".json"))))
		if name == "assess" {
			p := r["protect"].(map[string]any)
			return fmt.Sprint(r["campaign"].(map[string]any)["result_digest"], p["choice"], p["proof"], p["area_overhead"])
		}
		return fmt.Sprint(r["rows"])
	}
	for name, args := range map[string][]string{
		"assess": {"assess", model, "--inputs", inputs, "--injections", "2000", "--evidence", "0", "--target", "asil-b", "--budget", "100"},
		"sweep":  {"sweep", list},
	} {
		alone := filepath.Join(work, name+"-alone")
		if o := invoke(append(slices.Clone(args), "--out", alone)...); o.code != codeDone && o.code != codeNotMet {
			t.Fatalf("%s: exit %d: %s", name, o.code, o.errors)
		}
		want := figures(alone, name)
		for _, engine := range []string{engineSlurm, engineLocal} {
			t.Run(name+" "+engine, func(t *testing.T) {
				dir := filepath.Join(work, name+"-"+engine)
				o := invoke(append(slices.Clone(args), "--engine", engine, "--shards", "2", "--out", dir)...)
				if o.code != codeDone && (o.code != codeNotMet || engine == engineSlurm) {
					t.Fatalf("exit %d: %s", o.code, o.errors)
				}
				if got := figures(dir, name); got != want {
					t.Errorf("%s\nwant %s", got, want)
				}
			})
		}
	}
}

func TestWithoutEngine(t *testing.T) {
	got := withoutEngine([]string{"upset", "assess", "--engine", "slurm", "net.tflite", "--dry-run", "--out=x", "-cpus", "2", "--npu", "u55-64", "--batch=--a=b", "--", "-odd.tflite"})
	if want := []string{"assess", "net.tflite", "--npu", "u55-64", "./-odd.tflite"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// What is wrong with a submission is said before anything runs.
func TestSubmitErrors(t *testing.T) {
	noArray(t)
	t.Setenv("PATH", t.TempDir())
	inputs := fewInputs(t)
	dir := filepath.Join(t.TempDir(), "planned")
	mustRun(t, codeDone, "campaign", "plan", tiny, "--inputs", inputs, "--injections", "200", "--shards", "2", "--out", dir)
	for line, says := range map[string]string{
		"campaign submit DIR":                                      "--engine is missing",
		"campaign submit DIR --engine lsf":                         "docs/cluster.md",
		"campaign submit DIR --engine slurm":                       "sbatch is not on this machine",
		"campaign submit DIR --engine slurm --injections 5":        "no flag that defines it",
		"campaign submit DIR --engine slurm --time 0":              "a minute or more",
		"campaign submit DIR --engine slurm --cpus 0":              "--cpus 0",
		"campaign submit DIR --engine slurm --batch long":          "options of sbatch",
		"campaign submit DIR --engine slurm --tried 1":             "ROUND:TIMES",
		"assess MODEL --dry-run":                                   "goes with --engine",
		"assess MODEL --engine slurm --options software":           "one process",
		"campaign submit MODEL --engine slurm --shards 2000":       "between 1 and 1000",
		"campaign submit NOWHERE.tflite --engine slurm --shards 2": "no such file",
	} {
		line := strings.NewReplacer("DIR", dir, "MODEL", tiny+" --inputs "+inputs).Replace(line)
		if o := invoke(strings.Fields(line)...); o.code != codeUsage || !strings.Contains(o.errors, says) {
			t.Errorf("%s: exit %d, %s", line, o.code, o.errors)
		}
	}
}
