package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"

	"upset/faults/array"
	"upset/faults/campaign"
	"upset/stats/report"
)

// submitRound submits the missing shards of a round, and the merge behind them.
func (p *program) submitRound(ctx context.Context, m *campaign.Merged, dir string, s *submission) error {
	slurm, err := array.ByName(engineSlurm)
	if err != nil {
		return err
	}
	tasks := strings.TrimPrefix(slurm.Again(m.Missing)[0], "--array=")
	name := "upset-" + fileName(m.Job.Spec.Model)
	stem := fmt.Sprintf("round-%d", m.Job.Round)
	shards := s.batchOf(dir, name, stem+"-%a.log")
	shards.Array, shards.CPUs, shards.MiB, shards.Limit = tasks, s.cpus, s.memory*5/4, s.limit(m.Job, m.Job.Note)
	shards.Command = s.line("campaign", "shard", dir, fmt.Sprintf("--round=%d", m.Job.Round), fmt.Sprintf("--workers=%d", s.cpus), fmt.Sprintf("--memory=%d", s.memory))
	first, err := p.sbatch(ctx, dir, stem+".sh", shards, s.dryRun)
	if err != nil {
		return err
	}
	merge := s.batchOf(dir, name+"-merge", "merge.log")
	merge.After, merge.Command = first, s.again(dir)
	if _, err := p.sbatch(ctx, dir, stem+"-merge.sh", merge, s.dryRun); err != nil {
		return err
	}
	if !s.dryRun {
		p.note("round %d of at most %d: %d injections folded, %d of %d shards are missing", m.Job.Round, m.Job.MaxRounds(), m.Folded, len(m.Missing), m.Job.Shards)
		p.note("submitted as job %s, attempt %d: --array=%s; the jobs go on by themselves, see upset campaign status %s", first, s.attempt, tasks, quote(dir))
	}
	return nil
}

// batchOf is what all jobs of a campaign have in common.
func (s *submission) batchOf(dir, name, log string) array.Batch {
	return array.Batch{Name: name, CPUs: 1, Log: quote(filepath.Join(dir, submitFolder, log)), Extra: s.batch, Folder: quote(s.folder)}
}

// line is a command line of this program.
func (s *submission) line(words ...string) string {
	list := []string{quote(s.program)}
	for _, w := range words {
		list = append(list, quote(w))
	}
	return strings.Join(list, " ")
}

// again is the command that merges, submits what is missing, and goes on.
func (s *submission) again(dir string) string {
	words := []string{"campaign", "submit", dir, "--engine=" + engineSlurm, fmt.Sprintf("--cpus=%d", s.cpus), fmt.Sprintf("--memory=%d", s.memory), fmt.Sprintf("--tried=%d:%d", s.round, s.attempt)}
	if s.minutes > 0 {
		words = append(words, fmt.Sprintf("--time=%d", s.minutes))
	}
	if len(s.batch) > 0 {
		words = append(words, "--batch="+strings.Join(s.batch, " "))
	}
	if s.then != "" {
		words = append(words, "--then="+s.then)
	}
	return s.line(append(words, s.ask...)...)
}

// submitThen submits what comes behind a complete campaign.
func (p *program) submitThen(ctx context.Context, dir string, s *submission) error {
	if s.then == "" {
		return nil
	}
	b := s.batchOf(dir, "upset-then", "then.log")
	b.CPUs, b.MiB, b.Command = s.workers, s.memory*5/4, "sh "+quote(s.then)
	_, err := p.sbatch(ctx, dir, "then-job.sh", b, s.dryRun)
	return err
}

// sbatch writes a script and submits it; it returns the number of the job. A dry run
// prints it.
func (p *program) sbatch(ctx context.Context, dir, name string, b array.Batch, dry bool) (job string, err error) {
	text := b.Slurm()
	if dry {
		_, err := fmt.Fprintf(p.stdout, "# %s\n%s\n", name, text)
		return "$" + strings.ToUpper(strings.NewReplacer("-", "_", ".sh", "").Replace(name)), err
	}
	folder := filepath.Join(dir, submitFolder)
	if err := makeFolder(folder); err != nil {
		return "", err
	}
	file := filepath.Join(folder, name)
	if err := report.WriteFileAtomic(file, func(w io.Writer) error { _, err := io.WriteString(w, text); return err }); err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, "sbatch", "--parsable", file).Output()
	var failed *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "", usage("sbatch is not on this machine: submit where Slurm is, or see docs/cluster.md for other schedulers")
	case errors.As(err, &failed):
		return "", fmt.Errorf("sbatch %s: %w: %s", file, err, strings.TrimSpace(string(failed.Stderr)))
	case err != nil:
		return "", fmt.Errorf("sbatch: %w", err)
	}
	job, _, _ = strings.Cut(strings.TrimSpace(string(out)), ";")
	return job, nil
}
