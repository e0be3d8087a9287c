// Package array knows the job arrays of batch schedulers: in which variable a task finds
// its index, from which number it counts, and how a list of tasks is written.
package array

import (
	"fmt"
	"strconv"
	"strings"
)

// Scheduler is a batch scheduler.
type Scheduler struct {
	Name     string // as on the command line
	Variable string // in which a task finds its index
	First    int    // index of the first task, by habit or by rule
	job      string // a variable that every job has, empty where Variable is the only one
}

// schedulers in the order in which their variables are looked for. Where a scheduler lets
// the user choose the first index, 0 is taken (our choice), except where 0 is impossible
// (LSF, Grid Engine).
//
// Sources: sbatch(1); bsub(1) and the environment variables of LSF; qsub(1) of Grid Engine,
// of OpenPBS and of Torque; Kubernetes, Job, completion mode Indexed; AWS Batch, array
// jobs; Google Cloud Batch, environment variables; Fujitsu Technical Computing Suite,
// bulk jobs.
var schedulers = []Scheduler{
	{"slurm", "SLURM_ARRAY_TASK_ID", 0, "SLURM_JOB_ID"},
	{"lsf", "LSB_JOBINDEX", 1, "LSB_JOBID"},
	{"sge", "SGE_TASK_ID", 1, "SGE_CELL"},
	{"pbs", "PBS_ARRAY_INDEX", 0, "PBS_JOBID"},
	{"torque", "PBS_ARRAYID", 0, ""},
	{"kubernetes", "JOB_COMPLETION_INDEX", 0, "KUBERNETES_SERVICE_HOST"},
	{"aws", "AWS_BATCH_JOB_ARRAY_INDEX", 0, "AWS_BATCH_JOB_ID"},
	{"google", "BATCH_TASK_INDEX", 0, "BATCH_JOB_UID"},
	{"pjm", "PJM_BULKNUM", 0, "PJM_JOBID"},
}

// Names are the names of the schedulers.
func Names() []string {
	var list []string
	for _, s := range schedulers {
		list = append(list, s.Name)
	}
	return list
}

// ByName finds a scheduler.
func ByName(name string) (Scheduler, error) {
	for _, s := range schedulers {
		if s.Name == name {
			return s, nil
		}
	}
	return Scheduler{}, fmt.Errorf("unknown scheduler %q: choose %s", name, strings.Join(Names(), ", "))
}

// Here is the scheduler under which a process runs; ok is false where there is none.
func Here(getenv func(string) string) (s Scheduler, ok bool) {
	for _, s := range schedulers {
		if given(getenv(s.Variable)) || s.job != "" && getenv(s.job) != "" {
			return s, true
		}
	}
	return Scheduler{}, false
}

// given reports an index: Grid Engine calls that of a job without an array undefined.
func given(value string) bool { return value != "" && value != "undefined" }

// Task is the place of a process in an array.
type Task struct {
	Scheduler
	Value  int // of the variable
	Number int // of the shard, from 1
}

// String says where the number comes from.
func (t Task) String() string {
	return fmt.Sprintf("%s=%d, counted from %d", t.Variable, t.Value, t.First)
}

// Find reads the task of this process from the environment, as one of so many shards.
// First is the index of the first task, or negative for that of the scheduler. A Slurm
// array from 1 to the number of shards says itself that it counts from 1. Without a
// variable ok is false.
func Find(getenv func(string) string, shards, first int) (t Task, ok bool, err error) {
	for _, s := range schedulers {
		text := getenv(s.Variable)
		if !given(text) || s.Name == "lsf" && text == "0" { // LSF: 0 is a job without an array
			continue
		}
		value, err := strconv.Atoi(text)
		if err != nil {
			return t, false, fmt.Errorf("%s=%q is no whole number", s.Variable, text)
		}
		switch {
		case first >= 0:
			s.First = first
		case s.Name == "slurm" && getenv("SLURM_ARRAY_TASK_MIN") == "1" && getenv("SLURM_ARRAY_TASK_MAX") == strconv.Itoa(shards) &&
			getenv("SLURM_ARRAY_TASK_COUNT") == strconv.Itoa(shards):
			s.First = 1
		}
		found := Task{s, value, value - s.First + 1}
		if ok && found.Number != t.Number {
			return t, false, fmt.Errorf("%s=%d and %s=%d name two shards: say which with --shard k/n", t.Variable, t.Value, s.Variable, value)
		}
		if !ok {
			t, ok = found, true
		}
	}
	if ok && (t.Number < 1 || t.Number > shards) {
		return t, false, fmt.Errorf("%s=%d is none of %d shards, which it counts from %d to %d: give the array these indices, or say with --first from which number it counts",
			t.Variable, t.Value, shards, t.First, t.First+shards-1)
	}
	return t, ok, nil
}

// Again writes what the scheduler takes to run some tasks again: shards are numbered from
// 1 and sorted. Each line is an argument of the command that submits the script, or a
// sentence where there is no such thing.
func (s Scheduler) Again(shards []int) []string {
	index := make([]int, len(shards))
	for i, n := range shards {
		index[i] = n - 1 + s.First
	}
	switch s.Name {
	case "slurm":
		return []string{"--array=" + Ranges(index)}
	case "lsf":
		return []string{fmt.Sprintf("-J \"shard[%s]\"", Ranges(index))}
	case "torque":
		return []string{"-t " + Ranges(index)}
	case "sge": // one range for each job
		var lines []string
		for _, r := range strings.Split(Ranges(index), ",") {
			lines = append(lines, "-t "+r)
		}
		return lines
	case "pbs": // one range for each job, and no range of one
		var lines []string
		for _, r := range strings.Split(Ranges(index), ",") {
			if strings.Contains(r, "-") {
				lines = append(lines, "-J "+r)
			} else {
				lines = append(lines, "-v PBS_ARRAY_INDEX="+r)
			}
		}
		return lines
	}
	return []string{"submit the same job again: tasks whose shards are done end at once"}
}

// Ranges writes sorted numbers as a list such as 1,17,40-43.
func Ranges(list []int) string {
	var parts []string
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n] == list[0]+n {
			n++
		}
		text := strconv.Itoa(list[0])
		if n > 1 {
			text += "-" + strconv.Itoa(list[n-1])
		}
		parts = append(parts, text)
		list = list[n:]
	}
	return strings.Join(parts, ",")
}
