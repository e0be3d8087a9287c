package array

import (
	"fmt"
	"strings"
)

// Batch is what a script for Slurm asks for, and what it runs.
type Batch struct {
	Name   string // of the job
	Array  string // list of tasks such as 0-3,7; empty for a single job
	After  string // job behind whose end, however it ends, this one begins
	CPUs   int
	MiB    int      // of memory; 0 leaves the limit to the scheduler
	Limit  int      // minutes; 0 leaves the limit to the scheduler
	Log    string   // file for output, with Slurm's own patterns
	Extra  []string // more options of sbatch
	Folder string   // in which the command runs
	// Command is the line that runs, its words protected from the shell.
	Command string
}

// grace is the time in seconds from SIGTERM to the end of a job at its limit: what is done
// is stored within a second, so that half a minute is plenty (our choice; the default of
// slurm.conf(5), KillWait, is 30 s).
const grace = 30

// Slurm writes a script for sbatch(1). Tasks of a lost node run again by themselves; a task
// that is killed does not, so that nothing may wait for the success of an array.
func (b Batch) Slurm() string {
	var s strings.Builder
	line := func(format string, values ...any) { fmt.Fprintf(&s, "#SBATCH "+format+"\n", values...) }
	s.WriteString("#!/bin/sh\n")
	line("--job-name=%s", b.Name)
	if b.Array != "" {
		line("--array=%s", b.Array)
	}
	if b.After != "" {
		line("--dependency=afterany:%s", b.After)
	}
	line("--ntasks=1")
	line("--cpus-per-task=%d", b.CPUs)
	if b.MiB > 0 {
		line("--mem=%dM", b.MiB)
	}
	if b.Limit > 0 {
		line("--time=%d", b.Limit)
	}
	line("--requeue")
	line("--signal=B:TERM@%d", grace)
	line("--open-mode=append")
	line("--output=%s", b.Log)
	for _, x := range b.Extra {
		line("%s", x)
	}
	fmt.Fprintf(&s, "cd %s || exit 1\nexec %s\n", b.Folder, b.Command)
	return s.String()
}
