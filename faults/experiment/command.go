package experiment

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"upset/faults/array"
	"upset/faults/campaign"
	"upset/stats/report"
	"upset/stats/result"
)

// Exit codes, as those of upset.
const (
	codeDone       = 0
	codeFailed     = 1
	codeUsage      = 2
	codeIncomplete = 3
)

const usage = `usage: %[1]s DIR               run the campaign in one process, or go on with it
       %[1]s DIR plan N        cut it into N shards
       %[1]s DIR shard [K/N]   run a shard, or that of the scheduler's index
       %[1]s DIR merge         fold the shards; exit code 3: some are missing
       %[1]s DIR work          run shards that are free until it is complete
`

// Main is the main function of a program that is an experiment. The arguments are those
// of the program, its name first; it returns the exit code: 0 done, 1 failed, 2 bad usage,
// 3 incomplete.
func (x Experiment[T]) Main(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := x.main(ctx, args, stdout)
	switch {
	case err == nil:
		return codeDone
	case errors.Is(err, errUsage):
		fmt.Fprintf(stderr, usage, args[0])
		return codeUsage
	}
	fmt.Fprintf(stderr, "%s: %v\n", args[0], err)
	if errors.Is(err, campaign.ErrInterrupted) || errors.Is(err, errMissing) {
		return codeIncomplete
	}
	return codeFailed
}

var (
	errUsage   = errors.New("bad usage")
	errMissing = errors.New("incomplete")
)

// main does what the arguments say.
func (x Experiment[T]) main(ctx context.Context, args []string, stdout io.Writer) error {
	if len(args) < 2 || args[1] == "" || strings.HasPrefix(args[1], "-") {
		return errUsage
	}
	dir, rest := args[1], args[2:]
	do := ""
	if len(rest) > 0 {
		do, rest = rest[0], rest[1:]
	}
	if do == "merge" && len(rest) == 0 {
		m, err := x.Merge(ctx, dir)
		if err != nil {
			return err
		}
		return merged(m, stdout)
	}
	shards, number := 0, 0
	var err error
	switch {
	case do == "" || do == "work" && len(rest) == 0:
	case do == "plan" && len(rest) == 1:
		if shards, err = strconv.Atoi(rest[0]); err != nil {
			return errUsage
		}
	case do == "shard" && len(rest) <= 1:
		var done bool
		if number, done, err = which(dir, rest); done || err != nil {
			return err
		}
	default:
		return errUsage
	}
	e, err := x.Prepare(ctx)
	if err != nil {
		return err
	}
	var r *result.Campaign
	switch do {
	case "plan":
		j, err := x.Plan(ctx, e, dir, shards)
		if err == nil {
			fmt.Fprintf(stdout, "round %d of at most %d: %d injections in %d shards\n", j.Round, j.MaxRounds(), j.Size, j.Shards)
		}
		return err
	case "shard":
		return x.Shard(ctx, e, dir, number)
	case "work":
		r, err = x.Work(ctx, e, dir)
	default:
		r, err = x.Run(ctx, e, dir)
	}
	if err != nil {
		return err
	}
	return report.Write(stdout, report.FormatText, r)
}

// which is the shard that is to run, and whether it is done.
func which(dir string, args []string) (number int, done bool, err error) {
	j, err := campaign.OpenJob(dir, 0)
	if err != nil {
		return 0, false, err
	}
	if len(args) == 1 {
		number, of, err := campaign.ParseShard(args[0])
		if err == nil && of != j.Shards {
			err = fmt.Errorf("shard %s: round %d has %d shards", args[0], j.Round, j.Shards)
		}
		if err != nil {
			return 0, false, err
		}
		done, err = j.Done(number)
		return number, done, err
	}
	task, ok, err := array.Find(os.Getenv, j.Shards, -1)
	if err == nil && !ok {
		err = fmt.Errorf("which shard of %d? no scheduler has set an index", j.Shards)
	}
	if err != nil {
		return 0, false, err
	}
	done, err = j.Done(task.Number)
	return task.Number, done, err
}

// merged prints what a merge found.
func merged(m *campaign.Merged, stdout io.Writer) error {
	if m.Result != nil {
		return report.Write(stdout, report.FormatText, m.Result)
	}
	fmt.Fprintf(stdout, "round %d of at most %d: shards %s of %d are to run\n", m.Job.Round, m.Job.MaxRounds(), array.Ranges(m.Missing), m.Job.Shards)
	if s, ok := array.Here(os.Getenv); ok {
		for _, line := range s.Again(m.Missing) {
			fmt.Fprintln(stdout, line)
		}
	}
	return fmt.Errorf("%w: shards are missing", errMissing)
}
