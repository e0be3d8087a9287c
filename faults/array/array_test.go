package array

import (
	"slices"
	"strings"
	"testing"
)

// env is an environment.
func env(pairs ...string) func(string) string {
	return func(name string) string {
		for _, p := range pairs {
			if v, ok := strings.CutPrefix(p, name+"="); ok {
				return v
			}
		}
		return ""
	}
}

// Each scheduler's tasks are the shards 1 to n, whatever it counts from.
func TestFind(t *testing.T) {
	for _, k := range []struct {
		set    []string
		first  int
		number int // 0: none, -1: refused
		says   string
	}{
		{nil, -1, 0, ""},
		{[]string{"SLURM_ARRAY_TASK_ID=0", "SLURM_ARRAY_TASK_MIN=0", "SLURM_ARRAY_TASK_MAX=15", "SLURM_ARRAY_TASK_COUNT=16"}, -1, 1, "SLURM_ARRAY_TASK_ID=0, counted from 0"},
		{[]string{"SLURM_ARRAY_TASK_ID=16", "SLURM_ARRAY_TASK_MIN=1", "SLURM_ARRAY_TASK_MAX=16", "SLURM_ARRAY_TASK_COUNT=16"}, -1, 16, "SLURM_ARRAY_TASK_ID=16, counted from 1"},
		// Part of an array says nothing about the whole.
		{[]string{"SLURM_ARRAY_TASK_ID=1", "SLURM_ARRAY_TASK_MIN=1", "SLURM_ARRAY_TASK_MAX=15", "SLURM_ARRAY_TASK_COUNT=2"}, -1, 2, "SLURM_ARRAY_TASK_ID=1, counted from 0"},
		{[]string{"SLURM_ARRAY_TASK_ID=16"}, -1, -1, "counts from 0 to 15"},
		{[]string{"SLURM_ARRAY_TASK_ID=16"}, 1, 16, "counted from 1"},
		{[]string{"SLURM_ARRAY_TASK_ID=-1"}, -1, -1, "none of 16 shards"},
		{[]string{"SLURM_ARRAY_TASK_ID=x"}, -1, -1, "no whole number"},
		{[]string{"LSB_JOBINDEX=0"}, -1, 0, ""},
		{[]string{"LSB_JOBINDEX=1"}, -1, 1, "LSB_JOBINDEX=1, counted from 1"},
		{[]string{"SGE_TASK_ID=undefined"}, -1, 0, ""},
		{[]string{"SGE_TASK_ID=16"}, -1, 16, "SGE_TASK_ID=16, counted from 1"},
		{[]string{"SGE_TASK_ID=17"}, -1, -1, "counts from 1 to 16"},
		{[]string{"PBS_ARRAY_INDEX=15"}, -1, 16, "counted from 0"},
		{[]string{"PBS_ARRAYID=3"}, -1, 4, "PBS_ARRAYID=3"},
		{[]string{"JOB_COMPLETION_INDEX=3"}, -1, 4, "JOB_COMPLETION_INDEX=3"},
		{[]string{"AWS_BATCH_JOB_ARRAY_INDEX=3"}, -1, 4, "AWS_BATCH_JOB_ARRAY_INDEX=3"},
		{[]string{"BATCH_TASK_INDEX=3"}, -1, 4, "BATCH_TASK_INDEX=3"},
		{[]string{"PJM_BULKNUM=3"}, -1, 4, "PJM_BULKNUM=3"},
		{[]string{"AWS_BATCH_JOB_ARRAY_INDEX=3", "JOB_COMPLETION_INDEX=3"}, -1, 4, "JOB_COMPLETION_INDEX=3"},
		{[]string{"AWS_BATCH_JOB_ARRAY_INDEX=3", "JOB_COMPLETION_INDEX=0"}, -1, -1, "two shards"},
	} {
		task, ok, err := Find(env(k.set...), 16, k.first)
		if k.number < 0 {
			if err == nil || !strings.Contains(err.Error(), k.says) {
				t.Errorf("%v: %v, want %q", k.set, err, k.says)
			}
			continue
		}
		if err != nil || ok != (k.number > 0) || task.Number != k.number || ok && !strings.Contains(task.String(), k.says) {
			t.Errorf("%v: shard %d (%v), %v %v; want %d, %q", k.set, task.Number, task, ok, err, k.number, k.says)
		}
	}
}

func TestHere(t *testing.T) {
	if s, ok := Here(env("SLURM_JOB_ID=7")); !ok || s.Name != "slurm" {
		t.Errorf("%+v, %v", s, ok)
	}
	if s, ok := Here(env("SGE_TASK_ID=undefined", "PBS_JOBID=1")); !ok || s.Name != "pbs" {
		t.Errorf("%+v, %v", s, ok)
	}
	if s, ok := Here(env()); ok {
		t.Errorf("%+v", s)
	}
}

func TestAgain(t *testing.T) {
	missing := []int{2, 18, 41, 42, 43, 44}
	for name, want := range map[string][]string{
		"slurm":      {"--array=1,17,40-43"},
		"lsf":        {`-J "shard[2,18,41-44]"`},
		"sge":        {"-t 2", "-t 18", "-t 41-44"},
		"pbs":        {"-v PBS_ARRAY_INDEX=1", "-v PBS_ARRAY_INDEX=17", "-J 40-43"},
		"torque":     {"-t 1,17,40-43"},
		"kubernetes": {"submit the same job again: tasks whose shards are done end at once"},
	} {
		s, err := ByName(name)
		if got := s.Again(missing); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
	if _, err := ByName("cron"); err == nil {
		t.Error("cron is no scheduler of arrays")
	}
}
